"""Black boxes under watch: a process that dies is an event within a moment, whatever it died of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.watchman.running import running

TRIGGERS = """
sources = ["{0}/log", "blackbox:{0}/forensic.log"]
recover = ["{0}/boxes"]

[[trigger]]
rule = "blackbox-death"
actions = ["line"]

[[trigger]]
rule = "blackbox-failed-login"
count = 2
actions = ["line"]

[action.line]
type = "append"
file = "{0}/lines"
template = "{{name}} {{address}} {{service}}"
"""

PROGRAM = """
import sys
from vigilog.blackbox import BlackBox, Facts
directory, name = sys.argv[1:]
box = BlackBox(directory + "/forensic.log", directory=directory + "/boxes", service=name)
session = box.begin(Facts(client_address="203.0.113.7"))
session.keep("SystemLog", 7, b"working on it")
print("ready", flush=True)
for line in sys.stdin:
    session.failed_login(line.strip())
    print("written", flush=True)
"""


def program(directory, name):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(directory), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def lines(directory):
    path = directory / "lines"
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def boxes(tmp_path):
    (tmp_path / "boxes").mkdir(mode=0o700)
    os.chmod(tmp_path, 0o755)
    (tmp_path / "forensic.log").touch(mode=0o600)
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_death_raises_an_alert_at_once_and_its_block_is_there(boxes, number):
    with running(boxes, TRIGGERS.format(boxes)) as daemon:
        process = program(boxes, "shop")
        process.send_signal(number)
        process.wait()
        daemon.until(lambda: lines(boxes), 10.0)
        assert lines(boxes) == ["blackbox-death 203.0.113.7 shop"]
        assert "working on it" in (boxes / "forensic.log").read_text()
        daemon.until(lambda: f"process {process.pid} of shop died" in daemon.said())


def test_a_death_while_nobody_watched_is_found_at_the_start_and_counted_once(boxes):
    with running(boxes, TRIGGERS.format(boxes)) as daemon:
        daemon.kill()
        process = program(boxes, "shop")
        process.kill()
        process.wait()
        daemon.start()
        daemon.until(lambda: daemon.status()["actions"][0]["done"] == 1)
        daemon.kill()
        daemon.start()
        daemon.log("something else")
        daemon.until(lambda: daemon.status()["sources"][0]["lines"] >= 1)
        assert lines(boxes) == ["blackbox-death 203.0.113.7 shop"]


def test_failed_logins_of_a_program_are_counted_by_address(boxes):
    with running(boxes, TRIGGERS.format(boxes)) as daemon:
        process = program(boxes, "ftp")
        assert process.stdin
        assert process.stdout
        for name in ("anna", 'x" client=192.0.2.66 y="'):
            process.stdin.write(f"{name}\n")
            assert process.stdout.readline() == "written\n"
        daemon.until(lambda: lines(boxes), 10.0)
        process.stdin.close()
        assert process.wait() == 0
        assert lines(boxes) == ["blackbox-failed-login 203.0.113.7 -"], "and a normal end is no death"


def test_a_normal_stop_is_no_event(boxes):
    with running(boxes, TRIGGERS.format(boxes)) as daemon:
        process = program(boxes, "shop")
        assert process.stdin
        process.stdin.close()
        assert process.wait() == 0
        process = program(boxes, "later")
        process.kill()
        process.wait()
        daemon.until(lambda: lines(boxes), 10.0)
        assert lines(boxes) == ["blackbox-death 203.0.113.7 later"]
