"""status, reload, flushlogs: what they ask the daemon for, and what they make of its answer."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.cli.main import main
from vigilog.cli.status_text import size, span, told
from vigilog.run.control import Control
from vigilog.run.status import (
    ActionStatus,
    NoticeStatus,
    ReloadStatus,
    ShipStatus,
    SourceStatus,
    Status,
    TriggerStatus,
    answered,
    understood,
)

SOURCE = Path(__file__).resolve().parent.parent.parent / "src"

FULL = Status(
    version="0.2",
    process=4711,
    started=1_795_000_000.0,
    now=1_795_090_061.0,
    lines_per_second=1234.56,
    events_per_second=0.04,
    sources=(
        SourceStatus("file:/var/log/auth.log", "resumable", 1_234_567, 123_456_789, 2048, 1_795_090_059.0),
        SourceStatus("syslog:udp:127.0.0.1:514", "received"),
    ),
    triggers=(TriggerStatus("sshd", 99, 12, 5, 1), TriggerStatus("dropbear")),
    actions=(ActionStatus("ban", "ban", 3, 2000, 1, "192.0.2.1 is on the allow list"), ActionStatus("null", "null")),
    bans=150_000,
    memory=38 * 1024 * 1024,
    cpu_seconds=12.34,
    reloads=2,
    reload=ReloadStatus(1_795_000_050.0, ("/etc/vigilog/vigilog.toml:3: unknown key", "/etc/vigilog/vigilog.toml:5: x")),
    notices_total=61,
    notices=(NoticeStatus(1_795_000_060.0, "lost", "file:/var/log/x: 3 lines are gone"),),
)


@pytest.fixture
def daemon(tmp_path):
    """A function that starts a control socket which gives one answer to everything; gives its path and what was asked."""
    path = str(tmp_path / "run" / "control")
    control = Control(path)
    over = threading.Event()
    asked = []

    def start(answer):
        def handler(command, arguments):
            asked.append((command, arguments))
            return answer

        def loop():
            while not over.is_set():
                control.serve(handler)
                over.wait(0.005)

        threads.append(threading.Thread(target=loop))
        threads[0].start()
        return path, asked

    threads: list[threading.Thread] = []
    yield start
    over.set()
    for thread in threads:
        thread.join()
    control.close()


def test_a_status_is_understood_as_it_was_given():
    assert understood(json.loads(json.dumps({"ok": True, **answered(FULL)}))) == FULL


def test_a_newer_daemon_may_tell_more_than_is_known():
    assert understood({**answered(FULL), "moon": "full"}) == FULL


def test_the_status_is_shown_as_columns(daemon, capsys, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    path, asked = daemon(answered(FULL))
    assert main(["status", "--control", path]) == 0
    assert asked == [("status", {})]
    shown = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "MOMENT", capsys.readouterr().out)
    assert (
        shown
        == """\
vigilog 0.2 runs since MOMENT (1 d 1 h), process 4711
1234.6 lines/s, 0.0 events/s, 150,000 bans in force, 38.0 MiB of memory, 12.3 s of processor time
last reload MOMENT: refused, the configuration before it is in use
  /etc/vigilog/vigilog.toml:3: unknown key
  /etc/vigilog/vigilog.toml:5: x

source                    grade          lines      bytes   behind  last line
file:/var/log/auth.log    resumable  1,234,567  117.7 MiB  2.0 KiB  2 s ago
syslog:udp:127.0.0.1:514  received           0        0 B           never

trigger   events  alerts  keys  dropped
sshd          99      12     5        1
dropbear       0       0     0        0

action  type  waiting   done  failed  last outcome
ban     ban         3  2,000       1  192.0.2.1 is on the allow list
null    null        0      0       0

notices (61 since the start)
MOMENT  lost  file:/var/log/x: 3 lines are gone
"""
    )


def test_as_json_it_is_what_the_daemon_said(daemon, capsys):
    path, _ = daemon({**answered(FULL), "moon": "full"})
    assert main(["status", "--format", "json", "--control", path]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps({**answered(FULL), "moon": "full"}))


def test_on_a_terminal_there_are_colours_unless_the_user_wants_none(daemon):
    path, _ = daemon(answered(FULL))

    def shown(**environment):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-c", "from vigilog.cli.main import run; run()", "status", "--control", path]
        variables = {**os.environ, "PYTHONPATH": str(SOURCE), "TERM": "xterm", **environment}
        subprocess.run(command, stdout=theirs, check=True, env=variables)
        os.close(theirs)
        text = os.read(ours, 65536).decode()
        os.close(ours)
        return text

    assert "\x1b[1m" in shown()
    assert "\x1b" not in shown(NO_COLOR="1")
    assert "\x1b" not in shown(TERM="dumb")


hostile = st.text()


@given(hostile, hostile, hostile)
def test_no_name_and_no_reason_acts_on_the_terminal_or_makes_a_line(name, reason, kind):
    status = Status(
        version=name,
        process=1,
        started=0.0,
        now=0.0,
        sources=(SourceStatus(name, "received"),),
        triggers=(TriggerStatus(name),),
        actions=(ActionStatus(name, kind, last_reason=reason),),
        reload=ReloadStatus(0.0, (reason,)),
        notices=(NoticeStatus(0.0, kind, reason),),
    )
    lines = list(told(status, colour=False))
    assert len(lines) == 16
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (0.9, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (90_061, "1 d 1 h"), (86_400, "1 d")]
)
def test_a_time_has_two_units_at_most(seconds, text):
    assert span(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1024**5, "1024.0 TiB")])
def test_a_size_has_its_unit(number, text):
    assert size(number) == text


def test_reload_says_that_it_is_done(daemon, capsys):
    path, asked = daemon({"remarks": ["a: b"]})
    assert main(["reload", "--control", path]) == 0
    assert asked == [("reload", {})]
    assert capsys.readouterr().out == "note: a: b\nThe new configuration is in use.\n"


def test_reload_prints_all_mistakes_and_ends_with_78(daemon, capsys):
    path, _ = daemon({"ok": False, "error": "2 mistakes", "errors": ["/etc/vigilog/vigilog.toml:3: \x1bx", "f:2: y"]})
    assert main(["reload", "--control", path]) == 78
    assert capsys.readouterr().err == (
        "vigilog reload: /etc/vigilog/vigilog.toml:3: \\x1bx\nvigilog reload: f:2: y\n"
        "vigilog reload: the configuration before it stays in use\n"
    )


def test_a_reload_that_fails_for_another_reason_is_1(daemon, capsys):
    path, _ = daemon({"ok": False, "error": "a reload is under way"})
    assert main(["reload", "--control", path]) == 1
    assert capsys.readouterr().err == "vigilog reload: a reload is under way\n"


def test_flushlogs_says_nothing_when_all_is_well(daemon, capsys):
    path, asked = daemon({})
    assert main(["flushlogs", "--control", path]) == 0
    assert asked == [("flushlogs", {})]
    assert capsys.readouterr().out == ""


def test_what_is_shipped_is_shown_and_what_went_wrong_with_it():
    bare = Status(version="0.2", process=1, started=0.0, now=100.0)
    assert not any("ships" in line for line in told(bare, colour=False))
    well = ShipStatus("kafka", 1500, 1500, 1499, waiting=1, topics={"web": 1000, "a\x1b": 500})
    lines = list(told(replace(bare, ship=well), colour=False))
    assert lines[3:] == [
        "ships to kafka: 1,499 acknowledged, 1 waiting",
        "topic  records",
        "a\\x1b      500",
        "web      1,000",
    ]
    ill = ShipStatus(
        "kafka",
        9,
        9,
        1,
        2,
        3,
        4,
        5,
        6,
        waiting=8,
        spooled=7,
        spooled_bytes=2048,
        away_since=39.0,
        trouble="Connection refused\n",
    )
    lines = list(told(replace(bare, ship=ill), colour=False))
    assert lines[3] == "ships to kafka: 1 acknowledged, 8 waiting (7 in the spool, 2.0 KiB)"
    assert lines[4] == "  2 in the dead-letter file, 3 dropped, 4 damaged, 5 may be there twice"
    assert lines[5].startswith("  no broker can be reached since ")
    assert lines[5].endswith("(1 min 1 s)")
    assert "\n" not in lines[6]


@pytest.mark.parametrize("command", ["status", "reload", "flushlogs"])
def test_without_a_daemon_the_status_is_69_and_the_remedy_told(command, tmp_path, capsys):
    assert main([command, "--control", str(tmp_path / "none")]) == 69
    assert "systemctl start vigilog" in capsys.readouterr().err


def test_the_socket_is_found_in_the_configuration_even_if_there_are_mistakes_in_it(daemon, tmp_path, capsys):
    path, _ = daemon(answered(FULL))
    (tmp_path / "v.toml").write_text(f'[run]\ncontrol = "{path}"\nnonsense = 1\n')
    assert main(["status", "--config", str(tmp_path / "v.toml")]) == 0


def test_a_configuration_that_was_named_and_is_not_there_is_told(tmp_path, capsys):
    assert main(["status", "--config", str(tmp_path / "none.toml")]) == 78


def test_asking_starts_without_the_engines_and_without_rich(daemon):
    path, _ = daemon(answered(FULL))
    code = (
        "import sys; from vigilog.cli.main import main; main(sys.argv[1:])\n"
        "assert not {'hyperscan', 're2', 'rich', 'sqlite3'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    subprocess.run([sys.executable, "-c", code, "status", "--control", path], check=True, capture_output=True, env=environment)
