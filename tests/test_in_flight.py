"""Real processes with a black box and a ledger are killed, and it is said which requests they had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.cli.conftest import SOURCE, vigilog  # noqa: F401 - a fixture
from vigilog.blackbox.recovery import recover

WORKER = """
import sys, time
from vigilog.blackbox.box import BlackBox
from vigilog.ledger import ApacheIdentifiers, Ledger, UniqueIdentifiers

identifiers = {"own": ApacheIdentifiers, "unique": UniqueIdentifiers}[sys.argv[1]]()
box = BlackBox(None, directory=sys.argv[2], service="shop")
ledger = Ledger(sys.argv[3], identifiers=identifiers)
session = box.begin()
for number in range(20):
    entry = ledger.begin(b"GET /done/%d HTTP/1.1" % number, [(b"Host", b"shop")])
    session.keep("syslog", 6, b"a request")
    entry.end()
ledger.begin(b"GET /first/%s HTTP/1.1" % sys.argv[4].encode(), [])
ledger.begin(b"GET /second/%s HTTP/1.1" % sys.argv[4].encode(), [])
session.keep("syslog", 6, b"at work")
print("ready", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def worker(tmp_path):
    """A function that starts a worker, whose requests hold its name, and waits until it is at work."""
    started = []
    (tmp_path / "box").mkdir(mode=0o700)

    def start(name, identifiers="own"):
        program = [sys.executable, "-c", WORKER, identifiers, str(tmp_path / "box"), str(tmp_path / "ledger"), name]
        process = subprocess.Popen(program, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(SOURCE)})
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def requests(vigilog, directory):  # noqa: F811
    """The paths of the open requests, each with the number of the process that had it and is dead."""
    done = vigilog("ledger", "check", "--blackbox", f"{directory}/box", "--format", "json", f"{directory}/ledger")
    assert done.stderr == ""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [(each["target"], (each["process"] or {}).get("pid")) for each in found]


@pytest.mark.parametrize("recovered", [False, True])
def test_only_the_requests_of_the_worker_that_was_killed_are_said_to_be_its(worker, vigilog, tmp_path, recovered):  # noqa: F811
    killed, alive = worker("killed"), worker("alive")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    if recovered:
        recover(str(tmp_path / "box"))
    assert requests(vigilog, tmp_path) == [
        ("/first/killed", killed.pid),
        ("/second/killed", killed.pid),
        ("/first/alive", None),
        ("/second/alive", None),
    ]
    assert alive.poll() is None


def test_ids_that_name_no_process_go_by_the_lives_of_processes(worker, vigilog, tmp_path):  # noqa: F811
    killed = worker("killed", "unique")
    killed.kill()
    killed.wait()
    assert requests(vigilog, tmp_path) == [("/first/killed", killed.pid), ("/second/killed", killed.pid)]
