"""blackbox show: lists and shows blocks, of the real ProFTPD and of Vigilog; blackbox recover: writes those of the dead."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as some

from vigilog.cli.blackbox_facts import Facts, address, network
from vigilog.cli.blackbox_files import Found
from vigilog.cli.blackbox_text import described, whole
from vigilog.cli.moments import moment
from vigilog.parse.forensics import Block, Message

OURS = """\
-----BEGIN FAILED LOGIN FORENSICS-----
Client-Address: 2001:db8::7
Server-Address: 192.0.2.1:22
Elapsed: 1500
Protocol: ssh2
UID: 0
GID: 0
Time: 2026-11-20T10:00:02.500+00:00
Service: sshd
PID: 4711
Attempted-User: mallory

[SystemLog:7] debug1: without a time
[SystemLog:6] Failed password
-----END FAILED LOGIN FORENSICS-----
-----BEGIN UNTIMELY DEATH FORENSICS-----
Client-Address: ::ffff:203.0.113.9
Elapsed: 10
User: anna
Time: 2026-11-19T09:00:00.000+00:00
PID: 12

[SystemLog:3] 2026-11-19 08:59:59,990 trouble
[syslog:5, PID 12] 2026-11-19 08:59:59,995 news
-----END UNTIMELY DEATH FORENSICS-----
-----BEGIN CUSTOM KIND FORENSICS-----
Client-Address: \x1b]0;owned\x07

[SystemLog:7] \x1b[2J\x9b31m evil
"""


@pytest.fixture
def show(vigilog, tmp_path):
    """A function that shows our three blocks with options, and gives the lines."""
    (tmp_path / "ours").write_bytes(OURS.encode("latin-1"))

    def run(*options, file="ours", status=0, **more):
        done = vigilog("blackbox", "show", *options, file, environment={"TZ": "UTC"}, **more)
        assert done.returncode == status, done.stderr
        return done.stdout.splitlines()

    return run


@pytest.fixture
def real(sample_data):
    return sample_data / "ftp" / "proftpd-1.3.8" / "forensic.log"


def test_the_list_of_the_real_proftpds_file(show, real):
    heading, *lines = show(file=real)
    assert heading.split() == ["BLOCK", "FIRST", "LAST", "KIND", "CLIENT", "USER", "MESSAGES"]
    assert len(lines) == 44
    assert [int(line.split()[0]) for line in lines] == list(range(1, 45))
    assert sum(" FAILED LOGIN " in line for line in lines) == 41
    assert " ".join(lines[0].split()) == "1 2026-11-20 08:18:45 2026-11-20 08:18:45 FAILED LOGIN 127.0.0.20 (nobody) 59"
    assert " ".join(lines[41].split()) == "42 2026-11-20 08:18:48 2026-11-20 08:18:49 UNTIMELY DEATH 127.0.0.5 tj 59"


def test_packed_files_and_several_and_standard_input(show, real, tmp_path):
    (tmp_path / "forensic.log.1.gz").write_bytes(gzip.compress(real.read_bytes()))
    assert show(file="forensic.log.1.gz") == show(file=real)
    assert len(show(str(real), file="forensic.log.1.gz")) == 1 + 2 * 44
    with real.open() as file:
        assert show(file="-", stdin=file) == show(file=real)


def test_the_list_of_our_own_file(show):
    assert [" ".join(line.split()) for line in show()[1:]] == [
        "1 2026-11-20 10:00:01 2026-11-20 10:00:02 FAILED LOGIN 2001:db8::7 (mallory) 2",
        "2 2026-11-19 08:59:59 2026-11-19 08:59:59 UNTIMELY DEATH ::ffff:203.0.113.9 anna 2",
        r"3 - - CUSTOM KIND \x1b]0;owned\x07 1 +",
    ]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--user", "anna"], [2]),
        (["--user", "mallory", "--user", "anna"], [1, 2]),
        (["--address", "203.0.113.9"], [2]),
        (["--address", "203.0.113.0/24"], [2]),
        (["--address", "2001:db8::/32"], [1]),
        (["--address", "::/0"], [1]),
        (["--kind", "failed-login"], [1]),
        (["--kind", "UntimelyDeath", "--kind", "CUSTOM KIND"], [2, 3]),
        (["--since", "2026-11-20"], [1]),
        (["--until", "2026-11-20"], [2]),
        (["--since", "2026-11-20 10:00:02", "--until", "2026-11-20 10:00:02"], [1]),
        (["--since", "2026-11-19T10:59:59.994+02:00", "--kind", "untimelydeath"], [2]),
        (["--kind", "failed-login", "--user", "anna"], []),
    ],
)
def test_filters(show, options, numbers):
    lines = show(*options)
    assert lines == ["No blocks."] if not numbers else [int(line.split()[0]) for line in lines[1:]] == numbers


def test_filters_find_users_of_the_real_proftpd_whose_header_does_not_name_them(show, real):
    lines = show("--user", "ftp user", "--address", "127.0.0.0/30", file=real)
    assert [line.split()[0] for line in lines[1:]] == ["4"]


def test_one_block_whole(show):
    lines = show("--block", "2")
    assert lines[0] == "-----BEGIN UNTIMELY DEATH FORENSICS-----"
    assert lines[-1] == "-----END UNTIMELY DEATH FORENSICS-----"
    assert "User: anna" in lines
    assert "[syslog:5, PID 12] 2026-11-19 08:59:59,995 news" in lines


def test_one_block_of_the_real_proftpd_stands_there_as_in_its_file(show, real):
    written = real.read_text().splitlines()
    begins = [number for number, line in enumerate(written) if line.startswith("-----BEGIN")]
    shown = show("--block", "42", file=real)  # what goes on from the line before is set in
    assert [line.removeprefix("    ") for line in shown] == written[begins[41] : begins[42]]


def test_a_block_that_is_not_there_is_1(show):
    assert show("--block", "4", status=1) == []
    assert show("--block", "1", "--user", "anna", status=1) == []


def test_all_that_a_filter_leaves_can_be_shown(show):
    lines = show("--block", "all", "--kind", "failed-login", "--kind", "untimely-death")
    assert sum(line.startswith("-----BEGIN") for line in lines) == 2


def test_json(show):
    first, second, third = map(json.loads, show("--format", "json"))
    assert (first["number"], first["kind"], first["client"], first["user"], first["tried"]) == (
        1,
        "FAILED LOGIN",
        "2001:db8::7",
        None,
        "mallory",
    )
    assert (first["first"], first["last"]) == ("2026-11-20T10:00:01.000+00:00", "2026-11-20T10:00:02.500+00:00")
    assert (second["user"], second["messages"], second["line"]) == ("anna", 2, 16)
    assert (third["complete"], third["header"]) == (False, {"Client-Address": "\x1b]0;owned\x07"})
    (whole,) = map(json.loads, show("--format", "json", "--block", "2"))
    assert whole["messages"][1] == {"type": "syslog", "level": 5, "pid": 12, "text": "2026-11-19 08:59:59,995 news"}


def test_nothing_that_others_wrote_reaches_a_terminal_as_it_is(show):
    for options in ([], ["--block", "3"], ["--format", "json"], ["--format", "json", "--block", "3"]):
        text = "".join(show(*options))
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\x9b" not in text
    assert r"\x1b[2J\x9b31m evil" in "".join(show("--block", "3"))


LINE = some.text(max_size=30)


@given(LINE, some.lists(some.tuples(LINE, some.text())), some.lists(some.tuples(some.integers(0, 50), some.binary())))
def test_whatever_a_block_holds_only_our_own_colours_are_printed(kind, header, messages):
    block = Block(kind, tuple(header), tuple(Message("SystemLog", *each) for each in messages), complete=True, line=1)
    facts = Facts(Found(1, "f", 0.0, block))
    for line in whole(facts, colour=False):
        assert line.isprintable()
    for line in whole(facts, colour=True):
        for code in ("0", "1", "2", "1;31", "1;33", "36"):
            line = line.replace(f"\x1b[{code}m", "")  # noqa: PLW2901
        assert line.isprintable()
    assert json.loads(json.dumps(described(facts, messages=True)))["kind"] == kind


def test_colours_only_where_there_is_a_terminal(tmp_path):
    (tmp_path / "ours").write_bytes(OURS.encode("latin-1"))
    code = (
        "import os, pty, sys\n"
        "process, terminal = pty.fork()\n"
        "if not process:\n"
        "    sys.argv[1:] = ['blackbox', 'show', '--block', '2', 'ours']\n"
        "    from vigilog.cli.main import run; run()\n"
        "said = b''\n"
        "try:\n"
        "    while more := os.read(terminal, 1000): said += more\n"
        "except OSError: pass\n"
        "sys.stdout.buffer.write(said)"
    )
    for variables, coloured in (
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ):
        environment = {key: value for key, value in os.environ.items() if key not in ("TERM", "NO_COLOR")} | variables
        said = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True
        ).stdout
        assert b"trouble" in said
        assert (b"\x1b[1;31m2026-11-19 08:59:59,990 trouble\x1b[0m" in said) is coloured


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--block", "0"], 78, "the number of a block"),
        (["--block", "x"], 78, "the number of a block"),
        (["--since", "someday"], 78, "a time such as"),
        (["--address", "nowhere"], 78, "an address or a network"),
        (["no-such-file"], 66, "No such file"),
        (["damaged.gz"], 66, "cannot be unpacked"),
    ],
)
def test_mistakes(vigilog, tmp_path, options, status, told):
    (tmp_path / "ours").write_bytes(OURS.encode("latin-1"))
    (tmp_path / "damaged.gz").write_bytes(gzip.compress(b"x" * 1000)[:-9])
    done = vigilog("blackbox", "show", *options, "ours")
    assert done.returncode == status
    assert told in done.stderr


def test_a_file_without_blocks(show, tmp_path):
    (tmp_path / "empty").write_text("")
    assert show(file="empty") == ["No blocks."]
    assert show("--format", "json", file="empty") == []


def test_times_as_people_give_them():
    now = 1_795_168_800.0
    assert moment("now", now) == now
    assert moment("90m", now) == now - 5400
    assert moment("2026-11-20T10:00:00+00:00", now) == 1_795_168_800.0
    assert moment("yesterday", now) is not None
    assert moment("today", now) == (moment("yesterday", now) or 0) + 86_400
    assert moment("08:30", now) == (moment("today", now) or 0) + 8.5 * 3600
    assert moment("whenever", now) is None


def test_addresses_of_clients():
    assert str(address("::ffff:192.0.2.1")) == "192.0.2.1"
    assert address("192.0.2.1.example") is None
    assert str(network("::ffff:192.0.2.1")) == "192.0.2.1/32"
    assert str(network("192.0.2.77/24")) == "192.0.2.0/24"


DYING = """
import os, sys
from vigilog.blackbox.box import BlackBox
from vigilog.blackbox.facts import Facts
box = BlackBox(sys.argv[1] + "/blocks", directory=sys.argv[1] + "/rings", service="shop")
session = box.begin(Facts("203.0.113.7", user="anna"))
session.keep("SystemLog", 6, b"the last thing that happened")
os.kill(os.getpid(), 9)
"""


def test_recover_writes_the_blocks_of_a_process_that_was_killed(vigilog, tmp_path):
    (tmp_path / "rings").mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", DYING, tmp_path], check=False)
    assert done.returncode == -signal.SIGKILL
    told = vigilog("blackbox", "recover", "rings")
    assert told.returncode == 0, told.stderr
    assert "(shop), begun " in told.stdout
    assert told.stdout.splitlines()[-1] == "1 dead, 1 blocks written"
    listed = vigilog("blackbox", "show", "blocks").stdout.splitlines()
    assert " UNTIMELY DEATH " in listed[1]
    assert " anna " in listed[1]
    assert "the last thing that happened" in vigilog("blackbox", "show", "--block", "1", "blocks").stdout
    assert vigilog("blackbox", "recover", "rings").stdout == "0 dead, 0 blocks written\n"


def test_recover_of_a_directory_that_is_not_there(vigilog):
    done = vigilog("blackbox", "recover", "nowhere")
    assert done.returncode == 66
    assert "cannot be read" in done.stderr
    assert vigilog("blackbox", "recover", "--file", "relative", ".").returncode == 78
