"""Several processes give the same results in the same order as one, and never leave anybody waiting."""

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from vigilog.core.errors import VigilogError
from vigilog.parallel import AHEAD, WAITING, Workers, ordered
from vigilog.patterns.confirm import KillableSearch

ASKING = os.getpid()
OTHERS = [1, 2, 3]
"""How many processes work besides the one that asks."""


def children() -> set[str]:
    """The processes that this one has started and not yet taken leave of."""
    return {child for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()}


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before, descriptors = children(), len(os.listdir("/proc/self/fd"))
    yield
    assert children() <= before
    assert len(os.listdir("/proc/self/fd")) <= descriptors


def in_another_process(work: Callable[[], object]) -> None:
    """Does `work` unless this is the process that asks: in tests that is pytest."""
    if os.getpid() != ASKING:
        work()


def die() -> None:
    """As the kernel ends a process that uses too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("others", [0, *OTHERS])
def test_results_come_in_the_order_of_the_blocks(others: int) -> None:
    def work(block: bytes) -> tuple[bytes, int]:
        time.sleep(Random(block).random() / 200)
        return block[::-1], os.getpid()

    blocks = [b"%d" % number for number in range(200)]
    results = list(ordered(work, blocks, others))
    assert [result for result, _ in results] == [block[::-1] for block in blocks]
    processes = {process for _, process in results}
    assert os.getpid() in processes
    assert len(processes) == others + 1


@pytest.mark.parametrize("others", OTHERS)
def test_large_blocks_and_large_results_do_not_wait_for_each_other(others: int) -> None:
    blocks = [bytes([number]) * 3_000_000 for number in range(10)]
    results = list(ordered(lambda block: {"block": block, "again": [block]}, blocks, others))
    assert [result["block"] for result in results] == blocks


@pytest.mark.parametrize("others", [0, *OTHERS])
def test_nothing_in_is_nothing_out(others: int) -> None:
    assert list(ordered(len, [], others)) == []
    assert list(ordered(len, [b"", b"a", b""], others)) == [0, 1, 0]


class Blocks:
    """A thousand blocks; `taken` is how many of them were asked for."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for self.taken in range(1, 1001):
            yield b"%d" % self.taken


def longest_wait(others: int) -> int:
    """How many blocks may be taken before the first result is there: as many as may wait, and the one that is too many."""
    return AHEAD * (others + 1) + 1


@pytest.mark.parametrize("others", OTHERS)
def test_blocks_are_taken_as_they_are_needed(others: int) -> None:
    blocks = Blocks()
    results = ordered(len, blocks, others)
    assert next(results) == 1
    assert blocks.taken <= longest_wait(others)
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("others", OTHERS)
def test_while_one_block_takes_long_others_are_done_but_no_more_than_may_wait(others: int) -> None:
    def work(block: bytes) -> int:
        if block == b"1":
            time.sleep(0.5)
        return int(block)

    blocks = Blocks()
    results = ordered(work, blocks, others)
    assert next(results) == 1
    assert blocks.taken == longest_wait(others)
    assert list(results) == list(range(2, 1001))


@pytest.mark.parametrize("others", [1, 2])
def test_this_process_takes_a_block_only_where_all_others_have_some_that_wait(others: int) -> None:
    def work(_block: bytes) -> int:
        in_another_process(lambda: time.sleep(0.2))
        return os.getpid()

    results = list(ordered(work, [b""] * (WAITING * others + 1), others))
    assert [result == os.getpid() for result in results] == [False] * WAITING * others + [True]


def test_results_come_where_many_files_are_open() -> None:
    """A descriptor above 1023 is none that select() could take."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = len(os.listdir("/proc/self/fd")) + 2048
    if before[1] != resource.RLIM_INFINITY and before[1] < wanted:
        pytest.skip(f"no {wanted} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, before[0]), before[1]))
    opened: list[int] = []
    try:
        with open(os.devnull, "rb") as file:
            opened += [os.dup(file.fileno()) for _ in range(1100)]
        assert list(ordered(len, [b"a"] * 50, 2)) == [1] * 50
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("others", OTHERS)
def test_a_process_that_dies_is_an_error(others: int) -> None:
    def work(block: bytes) -> bytes:
        if block == b"1":
            in_another_process(die)
        return block

    results = ordered(work, [b"%d" % number for number in range(50)], others)
    with pytest.raises(VigilogError, match=r"ended while it matched lines.*--jobs 1"):
        list(results)


def test_a_process_that_dies_when_it_has_nothing_left_to_do_is_an_error_to_whoever_has() -> None:
    def work(block: bytes) -> bytes:
        in_another_process(threading.Timer(0.1, die).start)
        return block

    def blocks() -> Iterator[bytes]:
        yield b"1"
        time.sleep(0.5)
        yield from [b"2"] * 3

    with pytest.raises(VigilogError, match="ended while it matched lines"):
        list(ordered(work, blocks(), 1))


def test_a_process_that_fails_is_an_error() -> None:
    def work(block: bytes) -> int:
        return int(block)

    results = ordered(work, [b"1", b"2", b"x", b"3"], 2)
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(VigilogError, match="ended while it matched lines"):
        next(results)


@pytest.mark.parametrize("others", [0, 1])
def test_what_fails_in_this_process_is_heard(others: int) -> None:
    def work(_block: bytes) -> None:
        if os.getpid() == ASKING:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(ordered(work, [b""] * 50, others))


def test_a_process_that_dies_in_the_middle_of_a_result_is_an_error() -> None:
    def work(block: bytes) -> bytes:
        in_another_process(threading.Timer(0.2, die).start)
        return block * 50_000_000

    def blocks() -> Iterator[bytes]:
        yield b"x"
        time.sleep(0.6)

    with pytest.raises(VigilogError, match="ended while it matched lines"):
        list(ordered(work, blocks(), 1))


@pytest.mark.parametrize("line", [b"aabaacaax", b"a" * 60 + b"baacaaaax"])
def test_a_process_that_dies_while_its_searches_live_is_an_error(line: bytes) -> None:
    """Processes started by the one that died hold its pipes, too; they must not keep anybody waiting."""

    def work(block: bytes) -> bytes:
        searches = [KillableSearch(rb"^(aa+)+b\1c\1x$") for _ in range(3)]
        for search in searches[:-1]:
            search.search(b"x")
        in_another_process(threading.Timer(0.2, die).start)
        while True:
            searches[-1].search(line)

    with pytest.raises(VigilogError, match="ended while it matched lines"):
        list(ordered(work, [b"x"], 1))


def test_a_source_that_fails_is_heard() -> None:
    def blocks() -> Iterator[bytes]:
        yield b"a"
        raise VigilogError("the disk is gone")

    with pytest.raises(VigilogError, match="the disk is gone"):
        list(ordered(len, blocks(), 2))


def test_what_is_printed_before_is_printed_once(capfd: pytest.CaptureFixture[str]) -> None:
    print("before", end="")
    assert list(ordered(len, [b"a"] * 8, 2)) == [1] * 8
    print("after")
    assert capfd.readouterr().out == "beforeafter\n"


def test_they_end_also_where_a_process_that_was_forked_meanwhile_has_their_pipes() -> None:
    search = KillableSearch(rb"(a)\1")
    workers: Workers[bytes, int] = Workers(len, 2)
    assert list(workers.ordered([b"a", b"bb"])) == [1, 2]
    assert search.search(b"aa")
    workers.close()
    assert search.worker
    search.worker[1].close()
    search.worker[0].join(10)


def test_where_no_more_processes_are_to_be_had_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)
    with pytest.raises(BlockingIOError):
        Workers(len, 2)


def test_who_asks_is_not_told_of_signals_to_the_others() -> None:
    """A daemon would take them for its own and end."""
    here, there = os.pipe()
    os.set_blocking(there, False)
    former = signal.signal(signal.SIGTERM, lambda *_: None), signal.set_wakeup_fd(there)
    try:
        made: Workers[bytes, None] = Workers(lambda _: os.kill(os.getpid(), signal.SIGTERM), 1)
        with made as workers:
            list(workers.ordered([b"x"]))
        os.set_blocking(here, False)
        with pytest.raises(BlockingIOError):
            os.read(here, 1)
    finally:
        signal.set_wakeup_fd(former[1])
        signal.signal(signal.SIGTERM, former[0])
        os.close(here)
        os.close(there)
