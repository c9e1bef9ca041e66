"""The same work done by several processes on a stream of blocks, with the results in the order of the blocks.

Processes, not threads: matching calls back into Python for every hit. They are forked once everything is loaded, so each
starts at once and shares the compiled rules. The process that asks works, too: whenever the others have enough to do it takes
the next block itself, so that as many processes are busy as there are cores, and its own blocks go through no pipe.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import pickle
import queue
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Generic, Self, TypeVar

from vigilog.core.errors import VigilogError

Block = TypeVar("Block")
Result = TypeVar("Result")

_PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: a signal for when its parent is gone. What holds its locks must not live longer."""
PIPE_SIZE = 1 << 20
WAITING = 3
"""Blocks that another process may have: one that it works on, and some that wait for it."""
AHEAD = 16
"""So many results for each process may wait until those before them are there."""


@dataclass(slots=True)
class _Worker:
    """A process, the pipes to it and from it, how many blocks it has, and a counter of results that are ready (an eventfd)."""

    process: int
    blocks: BinaryIO
    results: BinaryIO
    ready: int
    has: int = 0


class Workers(Generic[Block, Result]):
    """`others` processes that do the same work as this one, until they are closed. To be used with `with`. Raises OSError
    if they cannot be had."""

    def __init__(self, work: Callable[[Block], Result], others: int) -> None:
        self._work = work
        self._workers: list[_Worker] = []
        try:
            for _ in range(others):
                self._workers.append(_start(work, self._workers))
        except OSError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ordered(self, blocks: Iterable[Block]) -> Iterator[Result]:
        """The work applied to each block: the results, in the order of the blocks.

        To be taken to its end before the next call. Raises VigilogError if a process dies; then these can only be closed.
        """
        expected: deque[_Worker | tuple[Result]] = deque()
        """Whom the next results come from; those made by this process already."""
        for block in blocks:
            idle = min(self._workers, key=_has, default=None)
            if idle is not None and idle.has < WAITING:
                _send(idle, block)
                expected.append(idle)
            else:
                expected.append((self._work(block),))
            while expected and (len(expected) > AHEAD * (len(self._workers) + 1) or _is_there(expected[0])):
                yield _next(expected)
        while expected:
            yield _next(expected)

    def close(self) -> None:
        """Ends the processes. They are killed: who waited until they saw the end of their pipes would wait for whatever other
        process was forked meanwhile and has those pipes, too."""
        for worker in self._workers:
            with suppress(ProcessLookupError):
                os.kill(worker.process, signal.SIGKILL)
            with suppress(BrokenPipeError):
                worker.blocks.close()
            worker.results.close()
            os.close(worker.ready)
        for worker in self._workers:
            with suppress(ChildProcessError):
                os.waitpid(worker.process, 0)
        self._workers = []


def ordered(work: Callable[[Block], Result], blocks: Iterable[Block], others: int) -> Iterator[Result]:
    """`work` applied to each block, by this process and `others` more: the results, in the order of the blocks.

    Raises VigilogError if a process dies.
    """
    with Workers(work, others) as workers:
        yield from workers.ordered(blocks)


def _has(worker: _Worker) -> int:
    return worker.has


def _is_there(expected: _Worker | tuple[Result]) -> bool:
    if isinstance(expected, tuple):
        return True
    waiting = select.poll()  # select() takes no descriptor above 1023
    waiting.register(expected.ready, select.POLLIN)
    return bool(waiting.poll(0))


def _next(expected: deque[_Worker | tuple[Result]]) -> Result:
    first = expected.popleft()
    return first[0] if isinstance(first, tuple) else _received(first)


def _received(worker: _Worker) -> Any:
    try:
        result = pickle.load(worker.results)  # noqa: S301 - written by our own child into a pipe that only it has
    except (EOFError, pickle.UnpicklingError):
        raise _dead(worker) from None
    os.eventfd_read(worker.ready)
    worker.has -= 1
    return result


def _send(worker: _Worker, block: object) -> None:
    try:
        pickle.dump(block, worker.blocks, protocol=5)
        worker.blocks.flush()
        worker.has += 1
    except BrokenPipeError:
        raise _dead(worker) from None


def _dead(worker: _Worker) -> VigilogError:
    return VigilogError(f"process {worker.process} ended while it matched lines", remedy="run again, or with --jobs 1")


def _wide_pipe() -> tuple[int, int]:
    """A pipe that holds a whole block, so that neither side waits for the other in the middle of one."""
    ends = os.pipe()
    with suppress(OSError):  # a user may have used up what the kernel lets unprivileged pipes hold: a narrow one does, too
        fcntl.fcntl(ends[0], fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    return ends


def _start(work: Callable[[Any], object], others: Iterable[_Worker]) -> _Worker:
    descriptors: list[int] = []
    parent = os.getpid()
    try:
        descriptors += _wide_pipe()
        descriptors += _wide_pipe()
        descriptors.append(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_SEMAPHORE))
        process = os.fork()
    except OSError:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    from_parent, to_child, from_child, to_parent, ready = descriptors
    if process:
        os.close(from_parent)
        os.close(to_parent)
        return _Worker(process, open(to_child, "wb"), open(from_child, "rb"), ready)
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before it could be asked for
            os._exit(status)
        signal.set_wakeup_fd(-1)  # what is sent to this process is not for its parent
        os.close(to_child)
        os.close(from_child)
        for other in others:
            os.close(other.blocks.fileno())
            os.close(other.results.fileno())
            os.close(other.ready)
        _serve(work, open(from_parent, "rb"), open(to_parent, "wb"), ready)  # noqa: SIM115 - closed by the end of the process
        status = 0
    except BrokenPipeError:
        status = 0
    finally:
        os._exit(status)


def _serve(work: Callable[[Any], object], blocks: BinaryIO, results: BinaryIO, ready: int) -> None:
    """Works until the blocks end. A thread takes the next block in while this one is worked on, so that whoever sends
    blocks and collects results never waits for both ends at once."""
    waiting: queue.SimpleQueue[tuple[Any] | None] = queue.SimpleQueue()

    def take() -> None:
        with suppress(EOFError):
            while True:
                waiting.put((pickle.load(blocks),))  # noqa: S301 - written by the process that forked this one
        waiting.put(None)

    threading.Thread(target=take, daemon=True).start()
    while (block := waiting.get()) is not None:
        result = work(*block)
        os.eventfd_write(ready, 1)  # whoever reads now waits no longer than the writing takes
        pickle.dump(result, results, protocol=5)
        results.flush()
