"""`vigilog ledger check` as people call it."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.cli.conftest import SOURCE
from vigilog.blackbox.death_log import ProcessRecord, add

OPEN = b"+10635:6b000226:203|GET /slow?n=1 HTTP/1.1|Host:www.example.test|User-Agent:slow/1.0\n"


@pytest.fixture
def check(vigilog):
    """A function that runs the command and gives its standard output as bytes, its messages and its status."""

    def run(*arguments, **options):
        done = vigilog("ledger", "check", *map(str, arguments), text=False, **options)
        return done.stdout, done.stderr.decode(), done.returncode

    return run


def test_the_real_logs_have_six_that_did_not_end(check, sample_data):
    for kind in ("pid-ids", "unique-ids"):
        folder = sample_data / "apache" / "mod_log_forensic" / kind
        assert check(folder / "forensic_log") == ((folder / "unfinished.expected").read_bytes(), "", 0)


def test_the_order_is_by_id_or_as_in_the_file(check, tmp_path):
    (tmp_path / "l").write_bytes(b"+1:a:9|x\n+1:a:10|y\n")
    assert check("l")[0] == b"+1:a:10|y\n+1:a:9|x\n"
    assert check("--order", "file", "l")[0] == b"+1:a:9|x\n+1:a:10|y\n"


def test_lines_go_out_as_they_stand(check, tmp_path):
    line = b"+a\x1b[31m|GET /\x00\xff\r HTTP/1.1|Host:%zz"
    (tmp_path / "l").write_bytes(line)
    assert check("l") == (line + b"\n", "", 0)


def test_a_terminal_is_shown_what_would_have_changed_it(tmp_path):
    (tmp_path / "l").write_bytes(b"+a|GET /\x1b[31m\xff\x9b HTTP/1.1\n")
    here, there = pty.openpty()
    program = [sys.executable, "-c", "from vigilog.cli.main import run; run()", "ledger", "check", "l"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    subprocess.run(program, stdout=there, cwd=tmp_path, env=environment, check=True, timeout=60)
    assert os.read(here, 1000) == b"+a|GET /\\x1b[31m\\xff\\x9b HTTP/1.1\r\n"
    os.close(here)
    os.close(there)


def test_the_status_tells_of_findings_only_when_asked(check, tmp_path):
    (tmp_path / "open").write_bytes(OPEN)
    (tmp_path / "clean").write_bytes(b"+1|x\n-1\n")
    assert [check(name)[2] for name in ("open", "clean")] == [0, 0]
    assert [check("--strict", name)[2] for name in ("open", "clean")] == [1, 0]
    assert check("--strict", "--all", "open")[2] == 1


def test_what_cannot_be_read_is_told_and_the_rest_is_checked(check, tmp_path):
    (tmp_path / "l").write_bytes(OPEN)
    (tmp_path / "d").mkdir()
    output, said, status = check("gone", "d", "l")
    assert (output, status) == (OPEN, 2)
    assert said == ("vigilog ledger check: gone: No such file or directory\nvigilog ledger check: d: Is a directory\n")
    assert check("--strict", "gone", "l")[2] == 2
    assert check()[2] == 2


def test_a_standard_input_that_is_closed_cannot_be_read(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = f"{sys.executable} -c 'from vigilog.cli.main import run; run()' ledger check - <&-"
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (2, b"vigilog ledger check: standard input: Bad file descriptor\n")


def test_a_name_with_a_blank_is_one_name(check, tmp_path):
    (tmp_path / "a b").write_bytes(OPEN)
    assert check("a b") == (OPEN, "", 0)


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_standard_input(check, tmp_path, kind):
    content = b"+1|x\n-1\n+1|again\n" + OPEN + b"-2\n+2|early\n"
    if kind == "pipe":
        assert check("-", input=content) == (OPEN, "", 0)
        return
    (tmp_path / "l").write_bytes(b"skipped\n" + content)
    with (tmp_path / "l").open("rb") as file:
        file.seek(8)
        os.lseek(file.fileno(), 8, os.SEEK_SET)
        assert check("-", stdin=file) == (OPEN, "", 0)


def test_a_named_pipe_is_read_like_standard_input(check, tmp_path):
    os.mkfifo(tmp_path / "p")
    writer = subprocess.Popen(["sh", "-c", "printf '+1|x\\n-1\\n+1|again\\n+2|y\\n' > p"], cwd=tmp_path)
    assert check("p") == (b"+2|y\n", "", 0)
    assert writer.wait() == 0


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("ending", [*PACKERS, "zst"])
def test_rotated_and_packed_files_are_one_ledger_in_the_right_order(check, tmp_path, ending, need):
    oldest, middle, newest = b"+1|x\n+2|x\n+5|x\n", b"-1\n+3|x\n", b"-2\n+4|x\n-3\n"
    if ending == "zst":
        need("zstd")
        packed = subprocess.run(["zstd", "-qc"], input=oldest, capture_output=True, check=True).stdout
    else:
        packed = PACKERS[ending](oldest)
    (tmp_path / f"l.2.{ending}").write_bytes(packed)
    (tmp_path / "l.1").write_bytes(middle)
    (tmp_path / "l").write_bytes(newest)
    assert check("l", "l.1", f"l.2.{ending}") == (b"+4|x\n+5|x\n", "", 0)
    assert check("--all", "--order", "file", "l.1", "l")[0].decode().splitlines() == [
        "l:2: began and did not end: +4|x",
        "l.1:1: ended, and its begin is not there: -1",
        "l:1: ended, and its begin is not there: -2",
    ]


def test_logs_of_two_names_are_two_ledgers(check, tmp_path):
    (tmp_path / "a").write_bytes(b"+1|x\n+2|x\n")
    (tmp_path / "b").write_bytes(b"-1\n+0|x\n")
    assert check("a", "b")[0] == b"+1|x\n+2|x\n+0|x\n"


def test_a_damaged_archive_is_read_to_the_damage_and_told(check, tmp_path):
    whole = gzip.compress(OPEN + os.urandom(100_000).hex().encode())
    (tmp_path / "l.gz").write_bytes(whole[:-30_000])
    output, said, status = check("l.gz")
    assert (output, status) == (OPEN, 2)
    assert said.startswith("vigilog ledger check: l.gz: ")


def test_findings_name_their_place_and_are_always_visible(check, tmp_path):
    (tmp_path / "l").write_bytes(b"+1|\x1b%2\n-1\n-1\n+2|x\n+2|y\n-3\nfoo")
    output = check("--all", "l")[0].decode()
    assert output == (
        "l:1: an escape is damaged, or missing: +1|\\x1b%2\n"
        "l:3: ended, and its begin is not there (it had ended already): -1\n"
        "l:5: the ID was used before (that of line 4 of l is open): +2|y\n"
        "l:7: no whole line (no sign and ID at its begin): foo\n"
        "l:7: no whole line (the last line has no newline): foo\n"
        "l:4: began and did not end: +2|x\n"
        "l:5: began and did not end: +2|y\n"
        "l:6: ended, and its begin is not there: -3\n"
    )


def test_json_has_each_request_unescaped(check, tmp_path):
    (tmp_path / "l").write_bytes(b"+10635:6b000226:3|GET /a%2520b?c%3ad HTTP/1.1|Host:h%3a80|X:%ff\n")
    assert [json.loads(line) for line in check("--format", "json", "l")[0].splitlines()] == [
        {
            "kind": "open",
            "id": "10635:6b000226:3",
            "time": 0x6B000226,
            "pid": 10635,
            "method": "GET",
            "target": "/a%20b?c:d",
            "protocol": "HTTP/1.1",
            "headers": [["Host", "h:80"], ["X", "\\xff"]],
            "text": "+10635:6b000226:3|GET /a%2520b?c%3ad HTTP/1.1|Host:h%3a80|X:%ff",
            "file": "l",
            "line": 1,
        }
    ]
    kinds = [json.loads(line)["kind"] for line in check("--format", "json", "--all", "-", input=b"-1\n+2|%\n")[0].splitlines()]
    assert kinds == ["escape", "open", "orphan"]


def test_only_requests_that_began_so_long_ago(check, tmp_path):
    now = int(time.time())
    (tmp_path / "l").write_bytes(b"+1:%x:0|old\n+1:%x:1|young\n+x|who knows\n" % (now - 400, now - 20))
    assert check("--older-than", "5m", "l")[0] == b"+1:%x:0|old\n+x|who knows\n" % (now - 400)
    assert "is no duration" in check("--older-than", "soon", "l")[1]


def test_whom_a_process_had_when_it_died(check, tmp_path):
    (tmp_path / "l").write_bytes(
        b"+4711:6b000120:1|GET /second HTTP/1.1\n+4711:6b000110:0|GET /first HTTP/1.1\n+4712:6b000110:0|GET /other HTTP/1.1\n"
    )
    (tmp_path / "box").mkdir(mode=0o700)
    for pid, ring in ((4711, "a"), (99, "b")):
        add(str(tmp_path / "box"), ring, ProcessRecord(pid, "web", 0x6B000100, 0x6B000130, alive=False), 0)
    output, said, status = check("--blackbox", "box", "l", environment={"TZ": "UTC"})
    assert (said, status) == ("", 0)
    assert output.decode() == (
        "4711 (web) died, last seen 2026-11-20 08:13:36 +0000, with 2 requests in flight:\n"
        "  2026-11-20 08:13:04  +4711:6b000110:0|GET /first HTTP/1.1\n"
        "  2026-11-20 08:13:20  +4711:6b000120:1|GET /second HTTP/1.1\n"
        "1 open, of no process that is known to have died:\n"
        "  2026-11-20 08:13:04  +4712:6b000110:0|GET /other HTTP/1.1\n"
    )
    lines = check("--blackbox", "box", "--format", "json", "l")[0].splitlines()
    pids = [(found["process"] or {}).get("pid") for found in map(json.loads, lines)]
    assert pids == [4711, 4711, None]
    assert check("--blackbox", "nowhere", "l")[2] == 2


class Following:
    """A `vigilog ledger check --follow` at work."""

    def __init__(self, directory, *arguments):
        program = [sys.executable, "-c", "from vigilog.cli.main import run; run()", "ledger", "check", "--follow", *arguments]
        self.output, output = os.pipe()
        given, self.input = os.pipe()
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        self.process = subprocess.Popen(program, cwd=directory, stdout=output, stdin=given, env=environment)
        os.close(output)
        os.close(given)
        self.rest = b""

    def line(self):
        """The next line that it prints."""
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.output], [], [], 60)
            assert ready, "it prints nothing"
            data = os.read(self.output, 65536)
            assert data, "it has ended"
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def give(self, data):
        """Writes all of its standard input."""
        os.write(self.input, data)
        os.close(self.input)
        self.input = -1

    def close(self):
        """Ends it."""
        self.process.kill()
        self.process.wait()
        for descriptor in {self.output, self.input} - {-1}:
            os.close(descriptor)


@pytest.fixture
def following(tmp_path):
    """A function that starts one."""
    started = []

    def start(*arguments):
        started.append(Following(tmp_path, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.close()


def append(path, data):
    with path.open("ab", buffering=0) as file:
        file.write(data)


def test_what_hangs_is_named_as_it_comes_of_age_and_again_when_it_ends(tmp_path, following):
    log = tmp_path / "l"
    log.write_bytes(b"+x|GET /hangs HTTP/1.1\n+y|GET /quick HTTP/1.1\n-y\n")
    process = following("--older-than", "300ms", "l")
    assert process.line() == b"+x|GET /hangs HTTP/1.1"
    append(log, b"+z|GET /also HTTP/1.1\n")
    assert process.line() == b"+z|GET /also HTTP/1.1"
    append(log, b"-x\n")
    assert process.line() == b"-x"


def test_what_began_long_ago_by_its_id_is_named_at_once(tmp_path, following):
    now = int(time.time())
    (tmp_path / "l").write_bytes(b"+1:%x:0|young\n+1:%x:1|old\n" % (now + 30, now - 4000))
    process = following("--older-than", "1h", "--format", "json", "l")
    found = json.loads(process.line())
    assert (found["kind"], found["text"]) == ("hanging", f"+1:{now - 4000:x}:1|old")
    assert found["age"] >= 4000


def test_a_rotation_changes_nothing(tmp_path, following):
    log = tmp_path / "l"
    (tmp_path / "l.2.gz").write_bytes(gzip.compress(b"+oldest|x\n+gone|x\n"))
    (tmp_path / "l.1").write_bytes(b"-gone\n")
    log.write_bytes(b"+before|x\n")
    process = following("--older-than", "300ms", "l", "l.1", "l.2.gz")
    assert {process.line(), process.line()} == {b"+oldest|x", b"+before|x"}
    (tmp_path / "l.2.gz").rename(tmp_path / "l.3.gz")
    (tmp_path / "l.1").rename(tmp_path / "l.2")
    log.rename(tmp_path / "l.1")
    append(tmp_path / "l.1", b"+late|x\n")
    log.write_bytes(b"-before\n+after|x\n-oldest\n")
    assert {process.line() for _ in range(4)} == {b"-before", b"-oldest", b"+late|x", b"+after|x"}


def test_standard_input_is_followed_to_its_end(following):
    process = following("--older-than", "0s", "-")
    process.give(b"+a|x\n+b|y\n-a\n")
    assert process.line() == b"+b|y"
    assert process.process.wait(60) == 0


def test_age_counts_for_open_requests_among_all_findings(check, tmp_path):
    now = int(time.time())
    (tmp_path / "l").write_bytes(b"+1:%x:0|young\n+1:%x:1|old\n-gone\n" % (now - 20, now - 400))
    lines = check("--all", "--older-than", "5m", "l")[0].splitlines()
    assert [line.split(b":")[1] for line in lines] == [b"2", b"3"]


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path):
    (tmp_path / "l").write_bytes(b"".join(b"+%d|GET / HTTP/1.1\n" % number for number in range(50_000)))
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = f"{sys.executable} -c 'from vigilog.cli.main import run; run()' ledger check l | head -n 1"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"+0|GET / HTTP/1.1\n", b"")


def test_a_ledger_that_is_followed_to_its_end_can_have_findings(check):
    assert check("--follow", "--strict", "--older-than", "0s", "-", input=b"+a|x\n") == (b"+a|x\n", "", 1)
    assert check("--follow", "--strict", "--older-than", "0s", "-", input=b"+a|x\n-a\n") == (b"", "", 0)
