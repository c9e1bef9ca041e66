"""`vigilog run` as a process of its own: killed at any moment, reloaded all the time, asked by everybody."""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.watch.nobody import let_in, only_root
from vigilog.run.control import NotRunning, Refused, ask

SOURCE = Path(__file__).resolve().parents[2] / "src"


class Process:
    """`vigilog run` with a configuration; it can be killed and started again."""

    def __init__(self, directory, triggers, run=""):
        self.directory = directory
        self.control = f"{directory}/run/control"
        self.configuration = directory / "vigilog.toml"
        self.configure(triggers, run)
        (directory / "log").touch()
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, triggers, run=""):
        # a daemon of root that runs scripts makes its place in the firewall: not in that of whoever runs the tests
        ban = '[ban]\nbackend = "command"\ncommand = "/bin/true"\n'
        head = f'[state]\ndirectory = "{self.directory}/state"\n{ban}[run]\ncontrol = "{self.control}"\n'
        sources = "" if "sources =" in run else f'sources = ["{self.directory}/log"]\n'
        self.configuration.write_text(head + sources + run + triggers)

    def start(self, *options, before=(), **given):
        command = [
            *before,
            sys.executable,
            "-c",
            "from vigilog.cli.main import run; run()",
            "run",
            "--config",
            self.configuration,
        ]
        with open(self.directory / "said", "ab") as said:
            given = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said, **given}
            self.process = subprocess.Popen([*command, *options], env={**os.environ, "PYTHONPATH": str(SOURCE)}, **given)

    def kill(self, number=signal.SIGKILL):
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(60)

    def is_up(self):
        with suppress(NotRunning, Refused):
            return bool(ask(self.control, "status"))
        return False

    def rows(self, query):
        with closing(sqlite3.connect(f"{self.directory}/state/vigilog.db", timeout=20)) as connection:
            return connection.execute(query).fetchall()

    def said(self):
        return (self.directory / "said").read_text()


@pytest.fixture
def daemon(tmp_path):
    """A function that makes a Process, which is not started yet."""
    made = []

    def make(triggers, run=""):
        made.append(Process(tmp_path, triggers, run))
        return made[-1]

    yield make
    for each in made:
        if each.process and each.process.poll() is None:
            each.kill()


def wait_for(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


EACH = """
[[trigger]]
name = "each"
pattern = "number %d end"
language = "scanf"
fields = ["n"]
actions = ["out"]

[[trigger]]
name = "fives"
pattern = "number %d end"
language = "scanf"
fields = [""]
count = 5
after = "count-anew"
actions = ["null"]

[action.out]
type = "append"
file = "{directory}/out"
template = "{n}"
"""


def test_killed_at_any_moment_every_line_is_one_alert_and_no_count_is_lost(daemon, tmp_path):
    """The kills come by chance, and so while it starts, reads, stores, acts."""
    one = daemon(EACH.replace("{directory}", str(tmp_path)))
    one.start()
    assert wait_for(one.is_up)
    over, written = threading.Event(), 0

    def write():
        nonlocal written
        with open(tmp_path / "log", "a") as log:
            while not over.is_set():
                for _ in range(random.randrange(1, 60)):
                    log.write(f"number {written} end\n")
                    written += 1
                log.flush()
                time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    kills = 8
    for _ in range(kills):
        time.sleep(random.random() * 0.8)
        one.kill()
        one.start()
    over.set()
    writer.join()
    assert wait_for(
        lambda: one.is_up() and one.rows("SELECT count(*) FROM outbox WHERE status = 'done'")[0][0] == written + written // 5
    )
    done = Counter(map(int, (tmp_path / "out").read_text().split()))
    assert set(done) == set(range(written))
    # each of them was under way when it was killed, and is begun again: the batches that were, no more
    assert sum(done.values()) - written <= kills * 2000
    alerts = dict(one.rows("SELECT rule, count(*) FROM alerts GROUP BY rule"))
    assert alerts == {"each": written, "fives": written // 5}
    again = Counter(
        int(key[0]) for (key,) in one.rows("SELECT cast(substr(key, 3) AS TEXT) || ' ' FROM alerts WHERE rule = 'never'")
    )
    assert not again
    assert one.kill(signal.SIGTERM) == 0


def test_reloaded_all_the_time_it_loses_nothing_of_what_comes_by_tcp(daemon, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    one = daemon(EACH.replace("{directory}", str(tmp_path)), f'sources = ["syslog:tcp:127.0.0.1:{port}"]\n')
    one.start()
    assert wait_for(one.is_up)
    total, over, reloads = 3000, threading.Event(), 0

    def reload():
        nonlocal reloads
        while not over.is_set():
            one.process.send_signal(signal.SIGHUP)
            ask(one.control, "reload")
            reloads += 1

    reloading = threading.Thread(target=reload)
    reloading.start()
    with socket.create_connection(("127.0.0.1", port)) as sender:
        for number in range(total):
            sender.sendall(b"<13>Nov 20 08:30:00 host app: number %d end\n" % number)
            if number % 10 == 0:
                time.sleep(0.005)
    try:
        assert wait_for(lambda: one.rows("SELECT count(*) FROM alerts WHERE rule = 'each'")[0][0] >= total)
    finally:
        over.set()
        reloading.join()
    assert dict(one.rows("SELECT rule, count(*) FROM alerts GROUP BY rule")) == {"each": total, "fives": total // 5}
    assert reloads > 3


def test_many_who_ask_at_once_all_get_their_answers_and_no_line_waits(daemon, tmp_path):
    one = daemon(EACH.replace("{directory}", str(tmp_path)))
    one.start()
    assert wait_for(one.is_up)
    failures: list[Exception] = []

    def asking():
        try:
            for _ in range(20):
                ask(one.control, "status")
        except (NotRunning, Refused) as error:
            failures.append(error)

    threads = [threading.Thread(target=asking) for _ in range(8)]
    silent = [socket.socket(socket.AF_UNIX) for _ in range(20)]
    for connection in silent:
        connection.connect(one.control)
    for thread in threads:
        thread.start()
    with open(tmp_path / "log", "a") as log:
        log.write("number 1 end\n")
    assert wait_for(lambda: (tmp_path / "out").exists() and (tmp_path / "out").read_text() == "1\n", 5)
    for thread in threads:
        thread.join()
    for connection in silent:
        connection.close()
    assert failures == []


def test_a_mistake_refuses_the_start_with_78_and_a_line_for_each(daemon, tmp_path):
    one = daemon('[[trigger]]\nname = "x"\npattern = "%q"\nlanguage = "scanf"\nactions = ["none"]\n')
    one.start()
    assert one.process.wait(30) == 78
    assert "none" in one.said()
    assert "%q" in one.said()
    assert not os.path.exists(one.control)


def test_a_second_one_is_refused_and_the_first_goes_on(daemon, tmp_path):
    one = daemon(EACH.replace("{directory}", str(tmp_path)))
    one.start()
    assert wait_for(one.is_up)
    first = one.process
    one.start()
    assert one.process.wait(30) == 1
    one.process = first
    assert one.is_up()


SCRIPT = """
[[trigger]]
name = "each"
pattern = "number %d end"
language = "scanf"
fields = ["n"]
actions = ["script"]

[action.script]
type = "script"
script = "{directory}/script"
"""


def script(directory, text):
    path = directory / "script"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return SCRIPT.replace("{directory}", str(directory))


def write(directory, *numbers):
    with open(directory / "log", "a") as log:
        log.write("".join(f"number {number} end\n" for number in numbers))


def test_told_to_end_it_lets_a_script_finish_and_knows_what_came_of_it(daemon, tmp_path):
    one = daemon(script(tmp_path, f"touch {tmp_path}/begun; sleep 1; touch {tmp_path}/ended"))
    one.start()
    assert wait_for(one.is_up)
    write(tmp_path, 1)
    assert wait_for((tmp_path / "begun").exists)
    assert one.kill(signal.SIGTERM) == 0
    assert (tmp_path / "ended").exists()
    assert one.rows("SELECT status, attempts FROM outbox") == [("done", 1)]


def test_killed_under_a_script_the_next_one_is_told_that_it_may_have_run_before(daemon, tmp_path):
    one = daemon(script(tmp_path, f"echo $VIGILOG_ORDER $VIGILOG_ATTEMPT $LT_n >> {tmp_path}/calls; sleep 2"))
    one.start()
    assert wait_for(one.is_up)
    write(tmp_path, 7)
    assert wait_for((tmp_path / "calls").exists)
    one.kill()
    one.start()
    assert wait_for(lambda: len((tmp_path / "calls").read_text().splitlines()) == 2)
    assert (tmp_path / "calls").read_text().splitlines() == ["1 1 7", "1 2 7"]


def test_what_is_written_while_it_is_down_is_read_at_the_next_start(daemon, tmp_path):
    one = daemon(EACH.replace("{directory}", str(tmp_path)))
    write(tmp_path, 1)
    one.start()
    assert wait_for(one.is_up)
    write(tmp_path, 2)
    assert wait_for((tmp_path / "out").exists)
    one.kill(signal.SIGTERM)
    write(tmp_path, 3)
    one.start()
    assert wait_for(lambda: (tmp_path / "out").read_text().split()[-1] == "3")
    assert (tmp_path / "out").read_text().split() == ["2", "3"]


def test_a_log_that_is_not_there_yet_is_read_from_its_first_line(daemon, tmp_path):
    one = daemon(EACH.replace("{directory}", str(tmp_path)))
    (tmp_path / "log").unlink()
    one.start()
    assert wait_for(one.is_up)
    write(tmp_path, 1, 2)
    assert wait_for(lambda: (tmp_path / "out").exists() and (tmp_path / "out").read_text().split() == ["1", "2"])


@pytest.mark.parametrize("broken", ["pipe", "disk"])
def test_when_nobody_takes_its_log_it_watches_on(daemon, tmp_path, broken):
    """`vigilog run 2>&1 | logger`, and logger dies; or its log is a file on the disk that is full."""
    one = daemon(EACH.replace("{directory}", str(tmp_path)))
    ours, theirs = os.pipe()
    if broken == "disk":
        os.close(theirs)
        theirs = os.open("/dev/full", os.O_WRONLY)
    one.start(stderr=theirs, stdout=theirs)
    os.close(theirs)
    try:
        assert wait_for(one.is_up, 10)
    finally:
        os.close(ours)
    write(tmp_path, 1)
    assert wait_for((tmp_path / "out").exists, 3)
    write(tmp_path, 2)
    assert wait_for(lambda: (tmp_path / "out").read_text().split() == ["1", "2"], 3)
    assert one.is_up()


def test_a_dry_run_of_a_new_configuration_beside_the_daemon(daemon, tmp_path):
    one = daemon(EACH.replace("{directory}", str(tmp_path)))
    one.start()
    assert wait_for(one.is_up)
    first = one.process
    one.start("--dry-run")
    try:
        assert wait_for(lambda: "dry run: watching" in one.said(), 10)
        write(tmp_path, 1)
        assert wait_for(lambda: one.process is None or one.process.poll() is not None or "would" in one.said(), 5)
        assert one.process
        assert one.process.poll() is None
        one.kill(signal.SIGTERM)
    finally:
        one.process = first


AMBIENT = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_admin,+net_bind_service",
           "--ambient-caps=-all,+net_admin,+net_bind_service", "--no-new-privs"]  # fmt: skip


@only_root
@pytest.mark.peer
def test_a_script_has_none_of_the_rights_that_the_unit_gives_to_the_daemon(daemon, tmp_path, need):
    need("setpriv")
    readable = subprocess.run(
        [*AMBIENT, sys.executable, "-c", "import vigilog.run.launch"], env={"PYTHONPATH": str(SOURCE)}, check=False
    )
    if readable.returncode:
        pytest.skip("this checkout or its Python is closed to other users")
    one = daemon(script(tmp_path, f"grep CapEff /proc/self/status > {tmp_path}/held"))
    (tmp_path / "script").chmod(0o755)
    let_in(tmp_path)
    for path in (tmp_path, *tmp_path.iterdir()):
        os.chown(path, 65534, 65534)
    one.start(before=AMBIENT)
    assert wait_for(one.is_up)
    write(tmp_path, 1)
    assert wait_for(lambda: (tmp_path / "held").exists() and (tmp_path / "held").read_text(), 5)
    assert int((tmp_path / "held").read_text().split()[1], 16) == 0


def test_what_a_reload_cannot_change_is_said(daemon, tmp_path):
    text = EACH.replace("{directory}", str(tmp_path))
    one = daemon(text)
    one.start()
    assert wait_for(one.is_up)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    one.configure(text, f'metrics_listen = "127.0.0.1:{port}"\n')
    answer = ask(one.control, "reload")
    listens = False
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        listens = True
    assert listens or "metrics_listen" in str(answer) + one.said()
