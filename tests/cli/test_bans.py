"""`vigilog ban`, `unban` and `bans`: through the daemon where one runs, and by themselves where none does."""

import json
import os
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.act.namespaces import namespaces
from vigilog.cli.bans import table
from vigilog.run.control import Control
from vigilog.store import bans
from vigilog.store.bans import Banned
from vigilog.store.database import open_store, transaction

SOURCE = Path(__file__).resolve().parent.parent.parent / "src"


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "vigilog.toml"
    file.write_text(
        f'[state]\ndirectory = "{tmp_path}/state"\n[run]\ncontrol = "{tmp_path}/control/socket"\n[ban]\nallow = ["192.0.2.0/28"]\n'
    )
    return str(file)


@contextmanager
def daemon(tmp_path, answer):
    """Something that answers at the control socket; gives the list of what it was asked."""
    asked, control, end = [], Control(str(tmp_path / "control" / "socket")), threading.Event()

    def handle(command, arguments):
        asked.append((command, arguments))
        return answer

    def serve():
        while not end.is_set():
            control.serve(handle)
            time.sleep(0.01)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield asked
    finally:
        end.set()
        thread.join()
        control.close()


@pytest.fixture
def host(need, config):
    """A host of which `run` runs a command line, in a namespace of its own, where no daemon is."""
    need("nft", "ip")
    with namespaces() as (server, client), server.listen("tcp", 22):

        def run(*arguments):
            program = [sys.executable, "-c", "from vigilog.cli.main import run; run()", *arguments, "--config", config]
            return server.run(*program, check=False, env={**os.environ, "PYTHONPATH": str(SOURCE)})

        yield SimpleNamespace(
            run=run,
            connects=lambda source: client.connects(server.ipv6 if ":" in source else server.ipv4, 22, source=source),
            listed=lambda: server.run("nft", "list", "ruleset").stdout,
        )


def test_the_daemon_is_asked_where_there_is_one(vigilog, config, tmp_path):
    with daemon(tmp_path, {"lines": ["banned 192.0.2.77"]}) as asked:
        done = vigilog("ban", "192.0.2.77", "2001:db8::1", "--time", "1h30m", "--ports", "tcp/22,udp/53", "--config", config)
        vigilog("ban", "192.0.2.78", "--config", config)
        vigilog("unban", "192.0.2.77", "--config", config)
        vigilog("unban", "--all", "--config", config)
    assert (done.stdout, done.stderr, done.returncode) == ("banned 192.0.2.77\n", "", 0)
    assert asked == [
        ("ban", {"addresses": ["192.0.2.77", "2001:db8::1"], "seconds": 5400.0, "ports": ["tcp/22", "udp/53"]}),
        ("ban", {"addresses": ["192.0.2.78"], "seconds": None, "ports": []}),
        ("unban", {"addresses": ["192.0.2.77"]}),
        ("unban", {"all": True}),
    ]


def test_what_was_not_done_is_told_on_standard_error_with_status_1(vigilog, config, tmp_path):
    with daemon(tmp_path, {"ok": False, "error": "x", "lines": ["not banned: '\x1b[2J' is not an address"]}):
        done = vigilog("ban", "\x1b[2J", "--config", config)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr == "vigilog ban: not banned: '\\x1b[2J' is not an address\n"


def test_a_daemon_that_refuses_is_an_error(vigilog, config, tmp_path):
    with daemon(tmp_path, {"ok": False, "error": "the store is gone"}):
        done = vigilog("unban", "--all", "--config", config)
    assert done.returncode == 1
    assert "the store is gone" in done.stderr


def test_the_list_of_the_daemon_is_a_table_or_json(vigilog, config, tmp_path):
    first = Banned("2001:db8::/64", "tcp/22", "sshd", 1_700_000_000.5, 1_700_000_600.5, 1, "5 times in 3 s")._asdict()
    second = Banned("192.0.2.7", "", "evil\x1b[2J", 1_700_000_100.0, 1_700_000_900.0, 12, "x")._asdict()
    with daemon(tmp_path, {"bans": [first, second]}):
        text = vigilog("bans", "--config", config, environment={"TZ": "UTC"}).stdout
        listed = json.loads(vigilog("bans", "--format", "json", "--config", config).stdout)
    assert text.splitlines() == [
        "TARGET         PORT    RULE         SINCE                UNTIL                TIMES  REASON",
        "192.0.2.7      -       evil\\x1b[2J  2023-11-14 22:15:00  2023-11-14 22:28:20  12     x",
        "2001:db8::/64  tcp/22  sshd         2023-11-14 22:13:20  2023-11-14 22:23:20  1      5 times in 3 s",
    ]
    assert listed == [second, first]


def test_an_empty_list_says_so(vigilog, config, tmp_path):
    with daemon(tmp_path, {"bans": []}):
        assert vigilog("bans", "--config", config).stdout == "Nobody is banned.\n"
        assert vigilog("bans", "--format", "json", "--config", config).stdout == "[]\n"


def test_columns_are_as_wide_as_their_content():
    (heading, row) = table([Banned("1.2.3.4", "", "r", 0.0, 1.0, 1, "")._asdict()])
    assert heading.index("PORT") == row.index("-")


@pytest.mark.parametrize(
    "arguments", [["unban"], ["unban", "--all", "192.0.2.7"], ["ban"], ["ban", "192.0.2.7", "--until", "1h"]]
)
def test_what_is_not_a_command_line_is_refused_with_status_2(vigilog, arguments):
    assert vigilog(*arguments).returncode == 2


@pytest.mark.parametrize("time", ["", "soon", "0", "-5", "1x", "1e3"])
def test_a_time_that_is_none_is_refused(vigilog, config, time):
    done = vigilog("ban", "192.0.2.77", f"--time={time}", "--config", config)
    assert done.returncode == 78
    assert "--time: " in done.stderr


def test_without_a_daemon_the_list_comes_from_the_store(vigilog, config, tmp_path):
    store = open_store(str(tmp_path / "state"))
    with transaction(store):
        bans.record(store, [Banned("192.0.2.77", "", "sshd", time.time(), time.time() + 600, 2, "x")])
    store.close()
    done = vigilog("bans", "--config", config)
    assert done.returncode == 0
    assert "192.0.2.77" in done.stdout.splitlines()[1]


@pytest.mark.peer
def test_without_a_daemon_a_ban_is_made_recorded_and_ended_by_this_process(host):
    done = host.run("ban", "10.77.0.2", "fd00:77:0:2::1", "--time", "1h")
    assert done.returncode == 0
    assert [line.split(", until")[0] for line in done.stdout.splitlines()] == [
        "banned 10.77.0.2 for 1h",
        "banned fd00:77:0:2::/64 for 1h",
    ]
    assert done.stderr == "vigilog ban: no daemon is running; it is done without one\n"
    assert not host.connects("10.77.0.2")
    assert not host.connects("fd00:77:0:2::2")
    assert host.connects("10.77.0.3")
    assert [line.split()[0] for line in host.run("bans").stdout.splitlines()] == ["TARGET", "10.77.0.2", "fd00:77:0:2::/64"]
    assert host.run("unban", "10.77.0.2").stdout == "let in: 10.77.0.2\n"
    assert host.connects("10.77.0.2")
    assert not host.connects("fd00:77:0:2::2")


@pytest.mark.peer
def test_without_a_daemon_nobody_is_banned_who_never_is(host):
    done = host.run("ban", "192.0.2.7", "10.77.0.1", "10.0.0.0/8", "127.0.0.1", "1.2.3.4; reboot", "2001:db8::1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert [line.split()[2:4] for line in done.stderr.splitlines()[1:]] == [["not", "banned:"]] * 5 + [
        ["banned", "2001:db8::/64"]
    ]
    assert "10.77" not in host.listed()


@pytest.mark.peer
def test_unban_all_works_without_a_daemon_and_with_a_broken_configuration_and_leaves_nothing(host, config):
    host.run("ban", "10.77.0.2", "192.0.2.99")
    Path(config).write_text(Path(config).read_text() + "[ban]\nfactor = lots\n[what\n")
    done = host.run("unban", "--all")
    assert (done.stdout, done.returncode) == ("let in: all 2\n", 0)
    assert "not used: " in done.stderr
    assert host.connects("10.77.0.2")
    assert host.listed() == ""
    assert host.run("bans").stdout == "Nobody is banned.\n"
    assert host.run("unban", "--all").stdout == "nobody was banned\n"


@pytest.mark.peer
def test_with_a_broken_configuration_nobody_is_banned(host, config):
    Path(config).write_text(Path(config).read_text() + "[check]\nlevel = 3\n")
    done = host.run("ban", "10.77.0.2")
    assert done.returncode == 78
    assert host.listed() == ""


@pytest.mark.peer
def test_a_daemon_that_has_nothing_to_do_with_bans_is_no_obstacle(host, tmp_path):
    host.run("ban", "10.77.0.2")
    with daemon(tmp_path, {"ok": False, "error": "no trigger bans", "bans": False}):
        assert "10.77.0.2" in host.run("bans").stdout
        assert host.run("unban", "10.77.0.2").returncode == 0
    assert host.connects("10.77.0.2")


@pytest.mark.peer
def test_a_daemon_that_holds_its_lock_and_does_not_answer_is_said(host, tmp_path):
    """It would know of the ban, and put it in again."""
    from vigilog.store.lock import RUN, alone

    host.run("ban", "10.77.0.2")
    with alone(str(tmp_path / "state"), "vigilog run", name=RUN):
        done = host.run("unban", "10.77.0.2")
    assert done.returncode == 1
    assert "still running, but does not answer" in done.stderr
    assert not host.connects("10.77.0.2")
