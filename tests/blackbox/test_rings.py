"""Rings, in memory and in a file: what they keep, what they evict, and what they never take more of."""

from __future__ import annotations

import contextvars
import gc
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigilog.blackbox import BlackBox, Facts
from vigilog.blackbox.layout import HEAD, PAGE
from vigilog.blackbox.page_writer import LONGEST
from vigilog.blackbox.recovery import recover
from vigilog.blackbox.ring_file import RingFile
from vigilog.parse.forensics import LOG_TYPES, Message, blocks


@pytest.fixture
def file(tmp_path):
    return tmp_path / "forensic.log"


@pytest.fixture(params=["memory", "file"])
def box(request, tmp_path, file):
    """A function that makes a box of either kind."""
    made: list[BlackBox] = []

    def make(**options):
        directory = str(tmp_path / f"rings{len(made)}") if request.param == "file" else None
        made.append(BlackBox(str(file), directory=directory, notice=pytest.fail, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def numbers(session) -> list[int]:
    return [int(message.text.split(b".")[0]) for message in session.ring.take().messages]


@pytest.mark.parametrize("size", [1, 2, 5, 10, 1024])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 3000])
def test_the_last_messages_are_kept_and_the_others_counted(box, size, count):
    session = box(buffer_size=size).begin()
    for number in range(count):
        session.keep("SystemLog", 7, b"%d" % number)
    assert numbers(session) == list(range(count))[-size:]
    assert session.ring.take().evicted == max(0, count - size)


def test_bytes_are_bounded_as_well(box):
    session = box(buffer_bytes=100_000).begin()
    for number in range(1000):
        session.keep("SystemLog", 7, b"%d" % number + b"." * 1000)
    kept = session.ring.take()
    assert 40 <= len(kept.messages) <= 100
    assert kept.evicted + len(kept.messages) == 1000
    assert numbers(session)[-1] == 999


def test_a_quiet_session_loses_nothing_to_a_noisy_one(box):
    shared = box(total_bytes=1 << 20)
    quiet, noisy = shared.begin(), shared.begin()
    for number in range(100):
        quiet.keep("SystemLog", 7, b"%d" % number + b"." * 500)
    for number in range(20_000):
        noisy.keep("SystemLog", 7, b"%d" % number + b"." * 500)
    assert numbers(quiet) == list(range(100))
    assert numbers(noisy)[-1] == 19_999


def test_every_kind_of_message_comes_back_as_it_was(box):
    session = box().begin()
    given_ = [
        Message(log_type, level, b"\xff\x00 text", pid)
        for log_type in LOG_TYPES
        for level in (0, 7, 49, 255)
        for pid in (None, 1)
    ]
    for message in given_:
        session.keep(message.log_type, message.level, message.text, None, message.pid)
    assert list(session.ring.take().messages) == given_


def test_levels_out_of_range_do_no_harm(box):
    session = box().begin()
    session.keep("SystemLog", -1, b"low")
    session.keep("SystemLog", 10**9, b"high")
    session.dump("FAILED LOGIN")


def test_the_time_is_put_before_the_text_on_request(box):
    session = box().begin()
    moment = 1_763_626_469.032
    session.keep("TraceLog", 7, b"[1] <a:7>: text", moment)
    (message,) = session.ring.take().messages
    assert message.text == time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment)).encode() + b",032 [1] <a:7>: text"


def test_an_entry_is_rendered_when_it_is_read_and_a_renderer_that_fails_costs_one_message(box):
    session = box().begin()

    def render(entry):
        return Message("TraceLog", 3, b"%d" % (100 // entry[1]))

    for number in (1, 0, 2):
        session.later((render, number), 300)
    texts = [message.text for message in session.ring.take().messages]
    assert texts == [b"100", b"(a message could not be rendered: ZeroDivisionError)", b"50"]


def test_a_session_that_is_over_keeps_nothing_and_does_no_harm(box):
    shared = box()
    session = shared.begin()
    session.end()
    for _ in range(1000):
        session.keep("SystemLog", 7, b"x" * 1000)
        session.later((lambda _: None, 1), 1000)
        session.facts.user = "late"
        session.facts.raw_bytes_in += 1
    assert not session.dump("FAILED LOGIN", on_demand=True)
    session.end("FAILED LOGIN")
    assert shared.sessions() == []


def test_what_is_no_bytes_is_not_the_hosts_trouble(tmp_path):
    told: list[str] = []
    session = BlackBox(str(tmp_path / "f"), directory=str(tmp_path / "rings"), notice=told.append).begin()
    session.keep("SystemLog", 7, "no bytes")
    session.keep("SystemLog", 7, b"bytes")
    assert [message.text for message in session.ring.take().messages][-1:] == [b"bytes"]
    assert len(told) == 1


@pytest.mark.parametrize("length", [3000, 3900, 4096, 8000, 40_000, LONGEST])
def test_a_message_longer_than_a_page_is_kept_whole(box, length):
    session = box().begin()
    text = os.urandom(length)
    session.keep("SystemLog", 7, b"before")
    session.keep("SystemLog", 7, text)
    session.keep("SystemLog", 7, b"after")
    assert [message.text for message in session.ring.take().messages] == [b"before", text, b"after"]


def test_a_message_that_is_too_long_is_cut_and_marked_in_a_file(tmp_path):
    box = BlackBox(str(tmp_path / "f"), directory=str(tmp_path / "rings"), notice=pytest.fail, buffer_bytes=1 << 24)
    session = box.begin()
    session.keep("SystemLog", 7, b"x" * 10 * LONGEST)
    (message,) = session.ring.take().messages
    assert len(message.text) == LONGEST
    assert message.text.endswith(b"....")
    small = BlackBox(str(tmp_path / "f"), directory=str(tmp_path / "rings"), notice=pytest.fail, buffer_bytes=20_000).begin()
    small.keep("SystemLog", 7, b"x" * 100_000)
    (message,) = small.ring.take().messages
    assert message.text.endswith(b"xxx....")
    assert len(message.text) < 20_000


texts = st.binary(max_size=300) | st.integers(0, 9000).map(lambda length: b"x" * length)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 3), texts), max_size=200),
    st.integers(1, 50),
    st.integers(8192, 200_000),
    st.integers(65_536, 1 << 20),
)
def test_whatever_is_kept_the_newest_come_back_in_order_and_the_others_are_counted(box, kept, size, limit, total):
    bounded = box(buffer_size=size, buffer_bytes=limit, total_bytes=total)
    sessions = [bounded.begin() for _ in range(4)]
    for session, text in kept:
        sessions[session].keep("SystemLog", 7, text)
    for number, session in enumerate(sessions):
        own = [text for of, text in kept if of == number]
        found = session.ring.take()
        texts_ = [message.text for message in found.messages]
        assert len(texts_) + found.evicted == len(own)
        assert found.damaged == 0
        for was, now in zip(own[len(own) - len(texts_) :], texts_, strict=True):
            assert was == now or (now.endswith(b"....") and was.startswith(now[:-4]))
    bounded.close()


def test_many_threads_in_one_session_lose_nothing(box):
    session = box(buffer_size=100_000, buffer_bytes=1 << 24, total_bytes=1 << 25).begin()

    def work(thread):
        for number in range(2000):
            session.keep("SystemLog", 7, b"%d %d " % (thread, number) + b"x" * (number % 300))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    found = session.ring.take()
    assert (found.evicted, found.damaged) == (0, 0)
    order: dict[int, list[int]] = {}
    for message in found.messages:
        name, number = map(int, message.text.split()[:2])
        order.setdefault(name, []).append(number)
    assert order == {thread: list(range(2000)) for thread in range(8)}


def test_a_signal_handler_that_logs_and_dumps_disturbs_nobody(box):
    session = box(buffer_size=100_000, buffer_bytes=1 << 24).begin()
    count = 0

    def handle(*_):
        nonlocal count
        count += 1
        session.keep("SystemLog", 7, b"handler %d" % count)
        if count % 10 == 0:
            session.dump("ASKED FOR", on_demand=True)

    former = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for number in range(20_000):
            session.keep("SystemLog", 7, b"%d" % number)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    session.dump("ASKED FOR", on_demand=True)
    assert count > 0


def test_ten_thousand_sessions_hold_the_memory_bound():
    code = """
import sys
from vigilog.blackbox import BlackBox, Facts
from vigilog.parse.forensics import Message
def resident(): return int(open("/proc/self/statm").read().split()[1]) * 4096
render = lambda entry: Message("SystemLog", 7, b"")
box = BlackBox(None, total_bytes=64 << 20)
before = resident()
sessions = [box.begin(Facts("192.0.2.1", "192.0.2.2:21", "ftp")) for _ in range(10_000)]
for number in range(15):
    for session in sessions:
        session.keep("SystemLog", 7, b"%d " % number + b"x" * 300)
        session.later((render, "logger", 10, 1.5, "%s %d", ("y" * 100, number)), 256 + 100)
print(resident() - before, min(len(session.ring.take().messages) for session in sessions))
for session in sessions: session.end()
print(box._storage._pool.used)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    used, least, left = map(int, said)
    # A sixth more for what the allocator cannot give back.
    assert used < (64 << 20) * 7 // 6
    assert least >= 2
    assert left == 0


def test_ten_thousand_sessions_share_one_ring_file(tmp_path):
    rings = tmp_path / "rings"
    box = BlackBox(str(tmp_path / "f"), directory=str(rings), total_bytes=64 << 20, notice=pytest.fail)
    sessions = [box.begin() for _ in range(10_000)]
    for number in range(20):
        for session in sessions:
            session.keep("SystemLog", 7, b"%d." % number + b"x" * 300)
    (ring,) = rings.glob("*.ring")
    assert ring.stat().st_size == HEAD + (64 << 20)
    for session in sessions[::97]:
        kept = numbers(session)
        assert kept == list(range(20 - len(kept), 20))
        assert len(kept) >= 1
    box.close()
    assert os.listdir(rings) == []


def test_more_sessions_than_pages_are_survived_and_what_found_no_room_is_counted(tmp_path):
    told: list[str] = []
    box = BlackBox(str(tmp_path / "f"), directory=str(tmp_path / "rings"), total_bytes=64 * PAGE, notice=told.append)
    sessions = [box.begin() for _ in range(200)]
    for session in sessions:
        session.keep("SystemLog", 7, b"1")
    found = [session.ring.take() for session in sessions]
    assert all(len(each.messages) + each.evicted == 1 for each in found)
    assert sum(len(each.messages) for each in found) >= 50
    assert len(told) == 1
    for session in sessions:
        session.end()
    again = box.begin()
    again.keep("SystemLog", 7, b"2")
    assert len(again.ring.take().messages) == 1


@pytest.mark.parametrize("sessions", [1, 5])
def test_a_page_rests_before_it_is_used_again_and_a_new_one_is_had_before_an_old_one_goes(tmp_path, monkeypatch, sessions):
    """Another thread may still be writing to a page that was given back."""
    real_take, real_give = RingFile.take, RingFile.give
    given: list[int] = []
    taken: list[int | None] = []

    def take(file):
        taken.append(real_take(file))
        assert taken[-1] not in given[-7:]
        return taken[-1]

    def give(file, index):
        given.append(index)
        real_give(file, index)

    monkeypatch.setattr(RingFile, "take", take)
    monkeypatch.setattr(RingFile, "give", give)
    box = BlackBox(str(tmp_path / "f"), directory=str(tmp_path / "rings"), total_bytes=32 * PAGE, notice=pytest.fail)
    its = [box.begin() for _ in range(sessions)]
    for number in range(2000):
        its[number % sessions].keep("SystemLog", 7, b"%d." % number + b"x" * 1000)
    assert len(given) > 300
    assert None not in taken


def test_a_full_disk_costs_messages_but_not_the_process(tmp_path):
    code = """
import resource, sys
from vigilog.blackbox import BlackBox
box = BlackBox(sys.argv[1], directory=sys.argv[2], total_bytes=1 << 20)
import os
real = os.posix_fallocate
def full(*arguments): raise OSError(28, "No space left on device")
os.posix_fallocate = full
session = box.begin()
for number in range(10_000): session.keep("SystemLog", 7, b"x" * 100)
found = session.ring.take()
print(len(found.messages) + found.evicted)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "f"), str(tmp_path / "rings")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "10000\n"


@pytest.mark.parametrize("why", ["others may write", "missing", "a file"])
def test_a_directory_that_cannot_be_used_means_memory_and_one_word(tmp_path, why):
    rings = tmp_path / "rings"
    if why == "others may write":
        rings.mkdir()
        rings.chmod(0o777)
    elif why == "a file":
        rings.touch()
    else:
        rings = rings / "below"
    told: list[str] = []
    session = BlackBox(str(tmp_path / "f"), directory=str(rings), notice=told.append).begin()
    session.keep("SystemLog", 7, b"text")
    assert session.dump("FAILED LOGIN")
    assert told[0].startswith("messages are kept in memory only: ")


def test_a_ring_file_is_the_owners_only(tmp_path):
    rings = tmp_path / "rings"
    BlackBox(str(tmp_path / "f"), directory=str(rings)).begin()
    (ring,) = rings.glob("*.ring")
    assert ring.stat().st_mode & 0o777 == 0o600
    assert rings.stat().st_mode & 0o777 == 0o700


def test_a_child_has_a_ring_file_of_its_own_and_leaves_the_parents_alone(tmp_path, file):
    rings = tmp_path / "rings"
    box = BlackBox(str(file), directory=str(rings), service="forking", notice=pytest.fail)
    shared, own = box.begin(Facts("192.0.2.1")), box.begin(Facts("192.0.2.2"))
    shared.keep("SystemLog", 7, b"before the fork")
    own.keep("SystemLog", 7, b"before the fork")
    child = os.fork()
    if not child:
        shared.keep("SystemLog", 7, b"in the child")
        box.begin(Facts("192.0.2.3")).keep("SystemLog", 7, b"of the child")
        os._exit(9)
    os.waitpid(child, 0)
    own.keep("SystemLog", 7, b"after the fork")
    assert len(list(rings.glob("*.ring"))) == 2
    assert recover(str(rings), str(file)).blocks == 2
    found = {each.value("Client-Address"): each for each in blocks(file.open("rb"))}
    assert {client: [message.text for message in each.messages] for client, each in found.items()} == {
        "192.0.2.1": [b"in the child"],
        "192.0.2.3": [b"of the child"],
    }
    assert {each.value("PID") for each in found.values()} == {str(child)}
    assert [message.text for message in own.ring.take().messages] == [b"before the fork", b"after the fork"]
    assert [message.text for message in shared.ring.take().messages] == [b"before the fork"]
    box.close()
    assert os.listdir(rings) == ["deaths.jsonl"]


def test_a_child_that_keeps_nothing_makes_no_file_and_its_parents_death_is_noticed_while_it_lives(tmp_path, file):
    rings = tmp_path / "rings"
    code = (
        "import os, sys, time; from vigilog.blackbox import BlackBox\n"
        "box = BlackBox(sys.argv[1], directory=sys.argv[2]); session = box.begin()\n"
        "session.keep('SystemLog', 7, b'text')\n"
        "child = os.fork()\n"
        "if not child: time.sleep(60)\n"
        "print(child, flush=True); os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(file), str(rings)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        assert parent.wait() == -signal.SIGKILL
        assert recover(str(rings), str(file)).blocks == 1
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


def test_a_fork_in_the_middle_of_other_threads_work_stops_nobody(tmp_path, file):
    box = BlackBox(str(file), directory=str(tmp_path / "rings"), notice=pytest.fail)
    session = box.begin()
    stop = threading.Event()

    def work():
        while not stop.is_set():
            session.keep("SystemLog", 7, b"x" * 1000)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            child = os.fork()
            if not child:
                signal.alarm(20)
                for _ in range(20):
                    session.keep("SystemLog", 7, b"y" * 1000)
                os._exit(0 if len(session.ring.take().messages) == 20 and session.dump("ASKED FOR", on_demand=True) else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        box.close()


def test_sessions_are_forgotten_when_they_have_ended(box):
    shared = box()
    for _ in range(50):
        shared.begin().end()
    gc.collect()
    from vigilog.blackbox.session import Session

    assert not [each for each in gc.get_objects() if isinstance(each, Session) and each._home is shared]


def test_the_current_session_is_each_threads_and_each_contexts_own():
    from vigilog.blackbox import CURRENT

    assert CURRENT.get() is None
    context = contextvars.copy_context()
    context.run(CURRENT.set, BlackBox(None).begin())
    assert CURRENT.get() is None


def test_sessions_that_ended_leave_nothing_in_the_pool(box):
    shared = box()
    for _ in range(2000):
        session = shared.begin()
        session.keep("SystemLog", 7, b"x" * 100)
        session.end()
    pool = shared._storage._pool
    assert len(pool._turn) < 50
    assert len(pool._rings) == 0
    assert getattr(pool, "used", 0) == 0


def test_several_entries_at_once_are_kept_like_one_after_the_other(box):
    session = box(buffer_size=5).begin()
    session.ring.many([(lambda entry: Message("SystemLog", 7, b"%d" % entry[1]), number) for number in range(8)], 8 * 128)
    assert numbers(session) == [3, 4, 5, 6, 7]
    assert session.ring.take().evicted == 3


def test_the_newest_of_many_large_messages_is_kept_though_they_came_at_once(box):
    session = box(buffer_bytes=100_000).begin()
    entries = [(lambda entry: Message("SystemLog", 7, b"%d" % entry[1] + b"." * 10_000), number) for number in range(50)]
    session.ring.many(entries, 50 * 10_128)
    kept = numbers(session)
    assert kept[-1] == 49
    assert 1 <= len(kept) <= 12
    assert session.ring.take().evicted == 50 - len(kept)
