"""The same work done by several processes on a stream of blocks, with the results in the order of the blocks.

Processes, not threads: matching calls back into Python for every hit. They are forked once everything is loaded, so each
starts at once and shares the compiled rules.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

from vigilog.core.errors import VigilogError

Result = TypeVar("Result")

PIPE_SIZE = 1 << 20
WAITING = 2
"""Blocks that a process may have: one that it works on, one that waits for it."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A process, and the pipes to it and from it."""

    process: int
    blocks: BinaryIO
    results: BinaryIO


def ordered(work: Callable[[bytes], Result], blocks: Iterable[bytes], jobs: int) -> Iterator[Result]:
    """`work` applied to each block by `jobs` processes: the results, in the order of the blocks.

    Raises VigilogError if a process dies.
    """
    workers: list[Worker] = []
    try:
        for _ in range(jobs):
            workers.append(_start(work, workers))
        expected: deque[Worker] = deque()
        for number, block in enumerate(blocks):
            if len(expected) == WAITING * jobs:
                yield _received(expected.popleft())
            worker = workers[number % jobs]
            _send(worker, block)
            expected.append(worker)
        while expected:
            yield _received(expected.popleft())
    finally:
        for worker in workers:
            with suppress(BrokenPipeError):
                worker.blocks.close()
            worker.results.close()
        for worker in workers:
            os.waitpid(worker.process, 0)


def _received(worker: Worker) -> Any:
    try:
        return pickle.load(worker.results)  # noqa: S301 - written by our own child into a pipe that only it has
    except (EOFError, pickle.UnpicklingError):
        raise _dead(worker) from None


def _send(worker: Worker, block: bytes) -> None:
    try:
        worker.blocks.write(len(block).to_bytes(8, "big"))
        worker.blocks.write(block)
        worker.blocks.flush()
    except BrokenPipeError:
        raise _dead(worker) from None


def _dead(worker: Worker) -> VigilogError:
    return VigilogError(f"process {worker.process} ended while it matched lines", remedy="run again, or with --jobs 1")


def _wide_pipe() -> tuple[int, int]:
    """A pipe that holds a whole block, so that neither side waits for the other in the middle of one."""
    ends = os.pipe()
    with suppress(OSError):  # a user may have used up what the kernel lets unprivileged pipes hold: a narrow one does, too
        fcntl.fcntl(ends[0], fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    return ends


def _start(work: Callable[[bytes], object], others: Iterable[Worker]) -> Worker:
    from_parent, to_child = _wide_pipe()
    from_child, to_parent = _wide_pipe()
    process = os.fork()
    if process:
        os.close(from_parent)
        os.close(to_parent)
        return Worker(process, open(to_child, "wb"), open(from_child, "rb"))
    status = 1
    try:
        os.close(to_child)
        os.close(from_child)
        for other in others:
            os.close(other.blocks.fileno())
            os.close(other.results.fileno())
        _serve(work, open(from_parent, "rb"), open(to_parent, "wb"))  # noqa: SIM115 - closed by the end of the process
        status = 0
    except BrokenPipeError:
        status = 0
    finally:
        os._exit(status)


def _serve(work: Callable[[bytes], object], blocks: BinaryIO, results: BinaryIO) -> None:
    """Works until the blocks end. A thread takes the next block in while this one is worked on, so that whoever sends
    blocks and collects results never waits for both ends at once."""
    waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def take() -> None:
        while head := blocks.read(8):
            waiting.put(blocks.read(int.from_bytes(head, "big")))
        waiting.put(None)

    threading.Thread(target=take, daemon=True).start()
    while (block := waiting.get()) is not None:
        pickle.dump(work(block), results, protocol=5)
        results.flush()
