"""Several processes give the same results in the same order as one, and never leave anybody waiting."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from vigilog.core.errors import VigilogError
from vigilog.parallel import ordered
from vigilog.patterns.confirm import KillableSearch

JOBS = [1, 2, 3]


def children() -> set[str]:
    """The processes that this one has started and not yet taken leave of."""
    return {child for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()}


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before, descriptors = children(), len(os.listdir("/proc/self/fd"))
    yield
    assert children() <= before
    assert len(os.listdir("/proc/self/fd")) <= descriptors


@pytest.mark.parametrize("jobs", JOBS)
def test_results_come_in_the_order_of_the_blocks(jobs: int) -> None:
    def work(block: bytes) -> tuple[bytes, int]:
        time.sleep(Random(block).random() / 200)
        return block[::-1], os.getpid()

    blocks = [b"%d" % number for number in range(100)]
    results = list(ordered(work, blocks, jobs))
    assert [result for result, _ in results] == [block[::-1] for block in blocks]
    assert len({process for _, process in results} - {os.getpid()}) == jobs


@pytest.mark.parametrize("jobs", JOBS)
def test_large_blocks_and_large_results_do_not_wait_for_each_other(jobs: int) -> None:
    blocks = [bytes([number]) * 3_000_000 for number in range(10)]
    results = list(ordered(lambda block: {"block": block, "again": [block]}, blocks, jobs))
    assert [result["block"] for result in results] == blocks


@pytest.mark.parametrize("jobs", JOBS)
def test_nothing_in_is_nothing_out(jobs: int) -> None:
    assert list(ordered(len, [], jobs)) == []
    assert list(ordered(len, [b"", b"a", b""], jobs)) == [0, 1, 0]


@pytest.mark.parametrize("jobs", JOBS)
def test_blocks_are_taken_as_they_are_needed(jobs: int) -> None:
    taken = 0

    def blocks() -> Iterator[bytes]:
        nonlocal taken
        for taken in range(1, 1001):  # noqa: B007 - counted outside
            yield b"x"

    results = ordered(len, blocks(), jobs)
    assert next(results) == 1
    assert taken <= 2 * jobs + 1
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("jobs", JOBS)
def test_a_process_that_dies_is_an_error(jobs: int) -> None:
    def work(block: bytes) -> bytes:
        if block == b"5":
            os.kill(os.getpid(), signal.SIGKILL)
        return block

    results = ordered(work, [b"%d" % number for number in range(50)], jobs)
    with pytest.raises(VigilogError, match=r"ended while it matched lines.*--jobs 1"):
        list(results)


def test_a_process_that_fails_is_an_error() -> None:
    def work(block: bytes) -> int:
        return int(block)

    results = ordered(work, [b"1", b"2", b"x", b"3"], 2)
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(VigilogError, match="ended while it matched lines"):
        next(results)


def test_a_process_that_dies_in_the_middle_of_a_result_is_an_error() -> None:
    def work(block: bytes) -> bytes:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()
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
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()
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
