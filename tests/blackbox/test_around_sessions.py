"""Sessions of a program: which end well, which have died, and what tells, also where the kernel does not."""

from __future__ import annotations

import os
import signal

import pytest

from vigilog.blackbox.around_burials import Burials
from vigilog.blackbox.around_facts import learn
from vigilog.blackbox.around_processes import Processes, exit_status
from vigilog.blackbox.around_sessions import Sessions
from vigilog.blackbox.box import BlackBox
from vigilog.blackbox.facts import Facts
from vigilog.parse.forensics import blocks

MAIN = 1
PROCESS = 4711


class Time:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def made(tmp_path):
    """A function that makes sessions; `written` gives the kinds of the blocks that came of them."""
    tmp_path.chmod(0o755)
    closed = []

    def make(**options):
        time = Time()
        box = BlackBox(str(tmp_path / "blocks"), clock=time)
        sessions = Sessions(box, Processes(MAIN, {}), time, **options)
        closed.append((box, sessions.processes))
        return sessions, time

    yield make
    for box, processes in closed:
        processes.close()
        box.close()


@pytest.fixture
def written(tmp_path):
    def kinds():
        file = tmp_path / "blocks"
        return [block.kind for block in blocks(file.read_bytes().splitlines())] if file.exists() else []

    return kinds


def ended(code):
    """How wait(2) tells of a process that exited with a status (0 or more) or died of a signal (its number, negative)."""
    return code << 8 if code >= 0 else -code


@pytest.mark.parametrize(
    ("status", "says_end", "stopping", "dies"),
    [
        (ended(0), False, False, False),
        (ended(255), False, False, False),
        (ended(-signal.SIGSEGV), False, False, True),
        (ended(-signal.SIGSEGV), True, False, True),
        (ended(-signal.SIGTERM), False, False, True),
        (ended(-signal.SIGTERM), False, True, False),
        (ended(-signal.SIGKILL), False, True, False),
        (ended(-signal.SIGSEGV), False, True, True),
        (None, False, False, True),  # nobody tells how it ended, and it has not said good bye
        (None, True, False, False),
        (None, False, True, False),
    ],
)
def test_who_has_died(made, written, status, says_end, stopping, dies):
    sessions, _ = made(tells_end=True)
    live = sessions.get(b"a", PROCESS)
    other = sessions.get(b"b", PROCESS + 1)
    live.ends = says_end
    sessions.stopping = stopping
    sessions.die(PROCESS, status)
    assert written() == ["UNTIMELY DEATH"] * dies
    assert live.session.over
    assert not other.session.over
    assert sessions.find(b"a") is None


def test_where_no_end_is_ever_said_its_absence_tells_nothing(made, written):
    sessions, _ = made(tells_end=False)
    sessions.get(b"a", PROCESS)
    sessions.die(PROCESS, None)
    assert written() == []


@pytest.mark.parametrize(
    ("word", "stopping", "dies"),
    [
        ("11", False, True),
        ("SIGABRT", True, True),
        ("15", True, False),
        ("SIGTERM", True, False),
        ("15", False, True),
        ("", True, True),
    ],
)
def test_who_says_that_it_dies_is_believed_when_it_has_ended(made, written, word, stopping, dies):
    sessions, _ = made()
    sessions.stopping = stopping
    child = os.fork()
    if not child:
        signal.pause()
    try:
        live = sessions.get(b"a", child)
        sessions.doom(live, word)
        assert written() == []
        sessions.die(child, ended(1))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert written() == ["UNTIMELY DEATH"] * dies


def test_all_sessions_of_a_process_die_with_it(made, written):
    sessions, _ = made()
    for name in (b"a", b"b", b"c"):
        sessions.get(name, PROCESS)
    sessions.die(PROCESS, ended(-signal.SIGKILL))
    assert written() == ["UNTIMELY DEATH"] * 3
    assert len(sessions) == 0


def test_silence_ends_a_session_whose_process_is_not_known_and_no_other(made, written):
    sessions, time = made()
    sessions.get(b"unknown", 0)
    sessions.get(b"ours", os.getpid())
    time.now += 100
    sessions.get(b"new", 0)
    sessions.silent(60)
    assert [sessions.find(name) is not None for name in (b"unknown", b"ours", b"new")] == [False, True, True]
    assert written() == []


def test_when_there_are_too_many_whoever_was_silent_longest_makes_room(made):
    sessions, time = made(most=3)
    for name in (b"a", b"b", b"c"):
        time.now += 1
        sessions.get(name, 0)
    live = sessions.find(b"a")
    assert live
    live.heard = time.now
    sessions.get(b"d", 0)
    assert [sessions.find(name) is not None for name in (b"a", b"b", b"c", b"d")] == [True, False, True, True]
    assert sessions.removed == 1


def test_how_somebody_elses_child_ended_is_known_where_the_kernel_tells():
    """From Linux 6.15 on, once its parent has asked."""
    reads, writes = os.pipe()
    parent = os.fork()
    if not parent:
        child = os.fork()
        if not child:
            signal.pause()
        os.write(writes, b"%d\n" % child)
        os.waitpid(child, 0)
        os.write(writes, b"asked\n")
        signal.pause()
    with open(reads, "rb") as told:
        child = int(told.readline())
        descriptor = os.pidfd_open(child)
        assert exit_status(descriptor) is None
        os.kill(child, signal.SIGUSR1)
        assert told.readline() == b"asked\n"
    status = exit_status(descriptor)
    release = tuple(map(int, os.uname().release.split(".")[:2]))
    assert status == (ended(-signal.SIGUSR1) if release >= (6, 15) else None)
    os.close(descriptor)
    os.close(writes)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)


def test_writers_are_of_the_session_of_the_process_that_the_program_has_begun():
    parents = {31: 30, 30: 20, 20: MAIN + 10**7, 41: 40, 40: 10**7 + 5}
    processes = Processes(
        MAIN + 10**7, {key + 10**7: value if value > 10**6 else value + 10**7 for key, value in parents.items()}
    )
    root = {number: processes.root(number + 10**7) - 10**7 for number in (20, 30, 31, 41, 1)}
    assert root[31] == root[30] == root[20] == 20
    assert root[1] == 1
    assert root[41] == 41  # of nobody that is known
    processes.adopt(10**7 + 99, 10**7 + 20)
    assert processes.root(10**7 + 99) == 10**7 + 20
    assert set(processes.forget(10**7 + 20)) >= {10**7 + 30, 10**7 + 31, 10**7 + 99}
    processes.close()


def test_fields_find_their_places_in_the_header():
    facts = Facts()
    learn(
        facts,
        {
            "client_address": b"::ffff:192.0.2.7",
            "server_address": b"2001:db8::1",
            "server_port": b"22",
            "user": b"an\xffna",
            "uid": b"1000",
            "gid": b"x",
            "raw_bytes_in": b"77",
            "request_line": b"GET / " + b"x" * 5000,
            "session": b"5",
            "process": b"6",
        },
    )
    assert (facts.client_address, facts.server_address) == ("192.0.2.7", "2001:db8::1:22")
    assert (facts.user, facts.uid, facts.gid, facts.raw_bytes_in) == ("an\udcffna", 1000, None, 77)
    assert list(facts.extra) == ["Request-Line"]
    assert len(facts.extra["Request-Line"]) == 1024


def test_a_process_that_had_ended_before_its_first_line_was_looked_at_is_buried_too(made, written):
    sessions, time = made()
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    last_lines: list[int] = []
    burials = Burials(sessions.processes, sessions, last_lines.append, time)
    assert not burials.pending
    sessions.doom(sessions.get(b"a", child), "SIGABRT")
    assert burials.pending
    burials.look(lambda: True)
    time.now += 1
    burials.look(lambda: True)
    assert not burials.pending
    assert last_lines == [child]
    assert written() == ["UNTIMELY DEATH"]
