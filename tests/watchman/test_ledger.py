"""`vigilog run` and a request ledger: what died is told, once, whatever happens to the daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.ledger.apache import Apache
from tests.watchman.running import running

TEXT = """
sources = ["ledger:{log}"]
[[trigger]]
rule = "ledger-unfinished"
actions = ["note"]
[action.note]
type = "append"
file = "{directory}/notes"
template = "{{why}} {{id}} {{method}} {{path}} {{host}}"
"""


def text(directory, log):
    return TEXT.format(log=log, directory=directory)


def notes(directory):
    file = directory / "notes"
    return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def worker():
    """A process that stands for a worker."""
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


def test_a_request_that_was_open_before_a_kill_of_the_daemon_is_told_after_it(tmp_path, worker):
    now = int(time.time())
    with running(tmp_path, text(tmp_path, f"{tmp_path}/log")) as daemon:
        daemon.log(b"+%d:%x:0|GET /of%%3athis HTTP/1.1|Host:h" % (os.getpid(), now))
        daemon.log(b"+%d:%x:0|GET /lost HTTP/1.1|Host:h|User-Agent:x" % (worker.pid, now))
        daemon.until(lambda: b'"open"' in b"".join(row[0].encode() for row in daemon.rows("SELECT state FROM positions")) or 0)
        daemon.kill()
        worker.kill()
        worker.wait()
        daemon.start()
        daemon.until(lambda: notes(tmp_path), seconds=60)
        daemon.log(b"-%d:%x:0" % (os.getpid(), now))
        daemon.kill()
        daemon.start()
        daemon.log(b"+q|GET / HTTP/1.1", b"-q")
        daemon.until(
            lambda: daemon.rows('SELECT 1 FROM positions WHERE state LIKE \'%"open": ""%\' OR state LIKE \'%"open":""%\'')
        )
    assert notes(tmp_path) == [f"gone {worker.pid}:{now:x}:0 GET /lost h"]


@pytest.mark.peer
def test_requests_of_a_child_of_the_real_apache_that_was_killed(tmp_path, need):
    need("apache2")
    server = Apache()
    try:
        with running(tmp_path, text(tmp_path, server.log)) as daemon:
            for _ in range(20):
                server.ask(b"GET /quick HTTP/1.0\r\n\r\n")
            for number in range(8):
                server.begin(b"/%d" % number)
            server.until(lambda: len(server.backend.waiting) == 8, "not all requests reached the backend")
            slow = [line for line in server.lines() if b"|GET /slow/" in line]
            pid = int(slow[0][1:].partition(b":")[0])
            lost = {line.split(b"|")[1].split()[1].decode() for line in slow if line.startswith(b"+%d:" % pid)}
            os.kill(pid, signal.SIGKILL)
            daemon.until(lambda: len(notes(tmp_path)) >= len(lost), seconds=90)
            server.backend.answer()
            server.until(lambda: server.log.read_bytes().count(b"\n-") >= 28 - len(lost), "the others do not end")
        assert sorted(note.split()[3] for note in notes(tmp_path)) == sorted(lost)
        assert all(note.startswith(f"gone {pid}:") for note in notes(tmp_path))
    finally:
        server.close()
