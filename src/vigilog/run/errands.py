"""Work that somebody asked for and that may take its time: done in a thread, one after the other, while the loop goes on."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from vigilog.core.errors import VigilogError
from vigilog.run.control import Deferred


class Done(NamedTuple):
    """What came of an errand: the answer, and rows for the store, which must be there before the answer is given. `then` is
    what is left to do in the loop; its answer is given instead."""

    answer: Mapping[str, object]
    changes: tuple[object, ...] = ()
    then: Callable[[], Mapping[str, object]] | None = None


class Errands:
    """`fileno` is readable when something is done."""

    def __init__(self) -> None:
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._waiting: queue.SimpleQueue[tuple[Callable[[], Done], Deferred] | None] = queue.SimpleQueue()
        self._done: deque[tuple[Done, Deferred]] = deque()
        self._thread: threading.Thread | None = None

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._bell

    def add(self, work: Callable[[], Done]) -> Deferred:
        """Has `work` done; gives what its answer will be given through."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="errands", daemon=True)
            self._thread.start()
        later = Deferred()
        self._waiting.put((work, later))
        return later

    def finished(self) -> list[tuple[Done, Deferred]]:
        """What is done since the last call. The caller stores the changes, then gives the answers."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._bell)
        found = []
        while self._done:
            found.append(self._done.popleft())
        return found

    def close(self) -> list[tuple[Done, Deferred]]:
        """Takes no more; what is under way is done first. Gives what is done since the last call of `finished`."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
        last = self.finished()
        os.close(self._bell)
        return last

    def _work(self) -> None:
        while (errand := self._waiting.get()) is not None:
            work, later = errand
            try:
                done = work()
            except (VigilogError, OSError, ValueError) as error:
                done = Done({"ok": False, "error": str(error)})
            self._done.append((done, later))
            os.eventfd_write(self._bell, 1)
