"""The spool: numbers, room, and what survives whatever happens to the process."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ship.files import bounded, directory, values
from vigilog.core.errors import AlreadyRunning, StoreError
from vigilog.ship.block import Batch
from vigilog.ship.settings import SMALLEST, SpoolSettings
from vigilog.ship.spool import Spool, SpoolFull


def spool(path, *, said=None, hold=False, committed=None, **options):
    settings = SpoolSettings(str(path), **{"write_after": None, **options})
    return Spool(settings, say=(said if said is not None else []).append, hold=hold, committed=committed)


def numbers(first, count, size=10):
    return (Batch("t", None, [b"%0*d" % (size, first + index) for index in range(count)]),)


def offer(to, count=1, size=10):
    return to.offer(numbers(to.stock.last + 1, count, size))


def taken(from_, records=1_000_000, size=1 << 30):
    return values(from_.take(records, size))


def died(it):
    """What the kernel does for a process that is killed: its files are closed, nothing else."""
    it._files.close()


def test_what_is_offered_is_numbered_and_taken_in_order(tmp_path):
    it = spool(tmp_path)
    assert [offer(it, count) for count in (3, 1, 4)] == [3, 4, 8]
    assert it.offer(()) == 8
    assert taken(it) == list(range(1, 9))
    assert taken(it) == []
    it.acknowledge()
    assert (it.stock.done, it.stock.acknowledged, it.stock.last) == (8, 8, 8)
    it.close()


def test_nothing_touches_the_disk_while_brokers_keep_up(tmp_path):
    it = spool(tmp_path)
    for _ in range(100):
        offer(it, 100)
        it.tend()
        taken(it)
        it.acknowledge()
    assert it.settle(0)
    assert it.spooled == (0, 0)
    it.close()


def test_what_is_settled_is_on_the_disk_and_survives_a_kill(tmp_path):
    it = spool(tmp_path)
    offer(it, 5)
    assert it.stock.safe == 0
    assert it.settle(0)
    assert (it.stock.safe, it.spooled[0]) == (5, 5)
    offer(it, 5)
    died(it)
    again = spool(tmp_path)
    assert (again.stock.last, again.origin) == (5, it.origin)
    assert taken(again) == [1, 2, 3, 4, 5]
    again.close()


def test_what_is_settled_is_synced_after_it_was_written(tmp_path, monkeypatch):
    it = spool(tmp_path, size=SMALLEST)
    calls: list[tuple[str, int]] = []

    def noted(name):
        real = getattr(os, name)

        def call(*given):
            calls.append((name, given[0]))
            return real(*given)

        return call

    for name in ("pwrite", "fdatasync"):
        monkeypatch.setattr(os, name, noted(name))
    for _ in range(3):
        offer(it, 100, 1000)  # more than a file takes
    assert it.settle(0)
    written = {descriptor for name, descriptor in calls if name == "pwrite"}
    assert len(written) > 1
    for descriptor in written:
        assert [name for name, each in calls if each == descriptor][-1] == "fdatasync"
    it.close()


def test_only_what_is_asked_for_is_written(tmp_path):
    it = spool(tmp_path)
    offer(it, 5)
    offer(it, 5)
    assert it.settle(0, 5)
    assert it.spooled[0] == 5
    assert not it.stock.safe >= 10
    it.close()


def test_what_waited_too_long_is_written_without_being_asked(tmp_path):
    it = spool(tmp_path, write_after=0.0)
    offer(it, 5)
    it.tend()
    assert it.spooled[0] == 5
    it.close()


def test_held_records_are_not_taken_before_they_are_released(tmp_path):
    it = spool(tmp_path, hold=True)
    offer(it, 3)
    offer(it, 3)
    assert it.settle(0)
    assert taken(it) == []
    it.release(3)
    assert taken(it) == [1, 2, 3]
    it.release(6)
    assert taken(it) == [4, 5, 6]
    it.close()


def test_held_records_are_kept_by_close_and_sent_after_the_next_start_if_they_were_committed(tmp_path):
    it = spool(tmp_path, hold=True)
    offer(it, 3)
    offer(it, 3)
    it.settle(0)
    it.close()
    again = spool(tmp_path, hold=True, committed=3)
    assert again.stock.last == 3
    assert taken(again) == [1, 2, 3]
    again.close()


def test_numbers_go_on_from_the_committed_one_and_what_may_come_twice_is_counted(tmp_path):
    it = spool(tmp_path)
    offer(it, 10)
    taken(it)
    died(it)
    again = spool(tmp_path, committed=4)
    assert (again.stock.last, again.stock.repeated) == (4, 6)
    assert offer(again, 2) == 6
    assert taken(again) == [5, 6]
    again.close()


def test_what_was_given_and_is_sent_again_after_a_crash_is_counted(tmp_path):
    it = spool(tmp_path)
    offer(it, 4)
    taken(it)
    it.acknowledge()
    offer(it, 3)
    taken(it)
    offer(it, 2)
    it.settle(0)
    died(it)
    again = spool(tmp_path)
    assert again.stock.repeated == 3
    assert taken(again) == [5, 6, 7, 8, 9]
    again.close()


def test_a_spool_with_nothing_left_leaves_nothing_on_the_disk(tmp_path):
    it = spool(tmp_path)
    offer(it, 100, 1000)
    it.settle(0)
    taken(it)
    it.acknowledge()
    assert it.close() == (0, 0)
    assert sum(file.stat().st_size for file in tmp_path.glob("segment-*")) == 0


def test_a_spool_belongs_to_one_process_and_to_its_owner_only(tmp_path):
    it = spool(tmp_path / "spool")
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "spool").iterdir()} == {0o600}
    child = os.fork()
    if not child:
        try:
            spool(tmp_path / "spool")
        except AlreadyRunning:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    it.close()


def test_a_child_that_outlives_a_killed_process_does_not_hold_its_spool(tmp_path):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        spool(tmp_path)
        if not os.fork():
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        os._exit(0)
    os.waitpid(child, 0)
    spool(tmp_path).close()
    os.close(write)


def test_after_the_end_nothing_is_taken(tmp_path):
    it = spool(tmp_path)
    it.close()
    with pytest.raises(StoreError, match="closed"):
        offer(it)


def test_when_it_is_full_the_source_waits_and_nothing_is_lost(tmp_path):
    it = spool(tmp_path, size=SMALLEST)
    while it.room():
        offer(it, 10, 1000)
        assert it.settle(0)
    with pytest.raises(SpoolFull):
        offer(it)
    offered = it.stock.last
    assert it.room() == 0
    assert SMALLEST <= it.spooled[1] < SMALLEST + 20_000
    found = []
    while more := taken(it, 100):
        found += more
        it.acknowledge()
    assert found == list(range(1, offered + 1))
    assert it.room() > SMALLEST * 0.9
    offer(it, 10, 1000)
    it.close()


def test_when_it_is_full_the_oldest_make_room_and_are_counted(tmp_path):
    it = spool(tmp_path, size=SMALLEST, when_full="drop-oldest")
    for _ in range(300):
        offer(it, 10, 1000)
        it.tend()
        assert it.settle(0)
        assert it.room() > 0
        assert it.spooled[1] <= SMALLEST + 20_000
    found = taken_all(it)
    assert found == list(range(it.stock.dropped + 1, 3001))
    assert 1900 < it.stock.dropped < 2200
    it.close()


def taken_all(it):
    found = []
    while more := taken(it, 100):
        found += more
        it.acknowledge()
    return found


def test_what_the_producer_holds_is_not_dropped(tmp_path):
    it = spool(tmp_path, size=SMALLEST, when_full="drop-oldest")
    offer(it, 10, 1000)
    assert taken(it) == list(range(1, 11))
    for _ in range(300):
        offer(it, 10, 1000)
        it.settle(0)
    it.acknowledge()
    assert it.stock.done == 10
    assert taken_all(it) == list(range(11 + it.stock.dropped, 3011))
    it.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_it_needs_no_rights_but_those_it_was_opened_with(tmp_path):
    """A server acts as the user who is logged in, and so does the thread that writes."""
    it = spool(tmp_path, size=SMALLEST, when_full="drop-oldest")
    child = os.fork()
    if not child:
        status = 1
        try:
            os.seteuid(65534)
            for _ in range(300):
                offer(it, 10, 1000)
                assert it.settle(0)
            assert taken_all(it) == list(range(it.stock.dropped + 1, 3001))
            offer(it, 10, 1000)
            assert it.close() == (10, 0)
            status = 7
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    died(it)


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that takes nothing while `full` is true."""
    real = os.pwrite

    class Disk:
        full = False

    def pwrite(descriptor, data, offset):
        if Disk.full and len(data) != 48:  # the note, which has its place already
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    return Disk


def test_a_full_disk_is_said_once_and_nothing_is_lost_in_memory(tmp_path, full_disk):
    said: list[str] = []
    it = spool(tmp_path, said=said, size=SMALLEST)
    offer(it, 5)
    full_disk.full = True
    assert not it.settle(0)
    assert not it.settle(0)
    assert len(said) == 1
    assert "No space left on device" in said[0]
    assert it.trouble
    assert it.stock.safe == 0
    while it.room():
        offer(it, 100, 1000)
    with pytest.raises(SpoolFull):
        offer(it)
    offered = it.stock.last
    full_disk.full = False
    assert it.settle(0)
    assert it.stock.safe == offered
    assert not it.trouble
    assert taken_all(it) == list(range(1, offered + 1))
    it.close()


def test_with_a_full_disk_the_oldest_in_memory_make_room_and_are_counted(tmp_path, full_disk):
    it = spool(tmp_path, size=SMALLEST, when_full="drop-oldest")
    full_disk.full = True
    for _ in range(300):
        offer(it, 10, 1000)
    assert taken_all(it) == list(range(it.stock.dropped + 1, 3001))
    assert 1500 < it.stock.dropped < 2500
    it.close()


def test_what_cannot_be_written_at_the_end_is_reported(tmp_path, full_disk):
    it = spool(tmp_path)
    offer(it, 7)
    it.settle(0)
    full_disk.full = True
    offer(it, 5)
    assert it.close() == (7, 5)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.integers(1, 400)),
        st.tuples(st.just("settle"), st.just(0)),
        st.tuples(st.just("tend"), st.just(0)),
        st.tuples(st.just("take"), st.integers(1, 500)),
        st.tuples(st.just("acknowledge"), st.just(0)),
        st.tuples(st.just("die"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=40,
)


@bounded
@given(STEPS)
def test_nothing_that_was_safe_is_lost_and_nothing_comes_in_another_order(steps):
    """A model beside it: what was acknowledged, what was safe, and that the rest comes again from there."""
    with directory() as path:
        it = spool(path, size=SMALLEST)
        acknowledged = expected = safe = 0
        for what, number in steps:
            match what:
                case "offer":
                    if it.room():
                        offer(it, number, 1000)
                case "settle":
                    assert it.settle(0)
                    safe = it.stock.last
                    assert it.stock.safe == safe
                case "tend":
                    it.tend()
                case "take":
                    found = taken(it, number)
                    assert found == list(range(expected + 1, expected + len(found) + 1))
                    expected += len(found)
                case "acknowledge":
                    it.acknowledge()
                    acknowledged = expected
                case _:
                    last = it.stock.last
                    if what == "die":
                        died(it)
                    else:
                        it.close()
                        safe = last
                    before = max(it.stock.safe, acknowledged)
                    it = spool(path, size=SMALLEST)
                    assert it.stock.last >= max(safe, before)
                    kept = taken_all(it)
                    assert kept[: max(0, safe - acknowledged)] == list(range(acknowledged + 1, safe + 1))
                    assert kept == list(range(acknowledged + 1, acknowledged + 1 + len(kept)))
                    acknowledged = expected = safe = it.stock.last
        it.close()
