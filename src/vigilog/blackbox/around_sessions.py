"""The sessions of a program that is run: begun by their lines, ended by a line, by their process, or by silence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from heapq import nsmallest

from vigilog.blackbox.around_processes import Processes
from vigilog.blackbox.around_signals import STOPS
from vigilog.blackbox.box import BlackBox
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.session import Session
from vigilog.core.clock import Clock

DIED = "UNTIMELY DEATH"
MOST = 10_000
ORDERLY = frozenset(word for number in STOPS for word in (str(int(number)), number.name))
"""How a program says that it dies of what an orderly stop sends."""


class Live:
    """One open session: its key, the process it lives in (0: not known), when something was last heard of it (`steady`
    seconds), whether it has said that it ends, of what it has said to die (None: nothing of the kind), and how many bytes
    of output had been lost when it was told of that last."""

    __slots__ = ("dies_of", "ends", "heard", "key", "lost", "process", "session")

    def __init__(self, key: bytes | int, session: Session, process: int, heard: float) -> None:
        self.key, self.session, self.process, self.heard = key, session, process, heard
        self.ends = False
        self.dies_of: str | None = None
        self.lost: int | None = None


class Sessions:
    """Those that are open, by their keys: a text of their lines, or the number of their process. `main` is the program's own.

    `tells_end`: orderly ends can be told by what is said in them, so that a process which is gone without it died.
    At most `most` are open; the one of which nothing was heard for the longest time makes room.
    """

    def __init__(
        self,
        box: BlackBox,
        processes: Processes,
        steady: Clock,
        *,
        protocol: str = "",
        tells_end: bool = False,
        most: int = MOST,
    ) -> None:
        self._box, self.processes, self._steady = box, processes, steady
        self._protocol, self._tells_end, self._most = protocol, tells_end, most
        self._open: dict[bytes | int, Live] = {}
        self._in_process: dict[int, set[bytes | int]] = {}
        self.main = Live(processes.main, box.begin(Facts(protocol=protocol or None)), processes.main, steady())
        self.main.session.facts.extra["Process"] = str(processes.main)
        self.begun = self.removed = 0
        self.before: Callable[[Live], None] = lambda live: None  # noqa: ARG005 - until somebody wants to know
        """Called before a block of a session is written."""
        self.stopping = False
        """The program was told to end: that its processes go with it is no death."""

    def __len__(self) -> int:
        return len(self._open)

    def get(self, key: bytes | int, process: int) -> Live:
        """The session of this key, begun if there is none."""
        return self._open.get(key) or self._begin(key, process)

    def find(self, key: bytes | int) -> Live | None:
        """The session of this key, if it is open."""
        return self._open.get(key)

    def doom(self, live: Live, number: str) -> None:
        """It has said that it dies, of this signal ('' if none was said). If it will be told when its process ends, what it
        says until then belongs to it, too."""
        if live is self.main or self.processes.watches(live.process):
            live.dies_of = number
        elif not (self.stopping and number in ORDERLY):
            self.end(live, DIED)

    def leave(self, live: Live) -> None:
        """It has said that it ends. If it will be told when its process ends, it is over then."""
        live.ends = True
        if not self.processes.watches(live.process):
            self.end(live)

    def end(self, live: Live, kind: str | None = None) -> None:
        """The session is over; with `kind` its block is written."""
        if kind:
            self.before(live)
        if live is self.main:
            if kind:
                live.session.dump(kind)
            return
        live.session.end(kind)
        self._open.pop(live.key, None)
        together = self._in_process.get(live.process)
        if together is not None:
            together.discard(live.key)
            if not together:
                self._leave(live.process)

    def of_process(self, process: int) -> list[Live]:
        """The sessions that live in a process."""
        return [self._open[key] for key in self._in_process.get(process, ()) if key in self._open]

    def die(self, process: int, status: int | None) -> None:
        """A process is gone, with this status as wait(2) has it (None: not known); everything that it wrote has been routed."""
        signaled = status is not None and os.WIFSIGNALED(status)
        for live in self.of_process(process):
            unsaid = status is None and self._tells_end and not live.ends
            orderly = not _is_fault(status) and (live.dies_of is None or live.dies_of in ORDERLY)
            if (signaled or unsaid or live.dies_of is not None) and not (self.stopping and orderly):
                if signaled and status is not None:
                    live.session.facts.extra["Signal"] = str(os.WTERMSIG(status))
                self.end(live, DIED)
            else:
                self.end(live)

    def silent(self, seconds: float) -> None:
        """Ends the sessions of which nothing was heard for so long, but for those whose process is watched and lives."""
        limit = self._steady() - seconds
        watches = self.processes.watches
        for live in [live for live in self._open.values() if live.heard < limit and not watches(live.process)]:
            self.end(live)

    def all(self) -> Iterator[Live]:
        """Those that are open, the program's own last."""
        yield from list(self._open.values())
        yield self.main

    def _begin(self, key: bytes | int, process: int) -> Live:
        if len(self._open) >= self._most:
            self._make_room()
        facts = Facts(protocol=self._protocol or None)
        if process:
            facts.extra["Process"] = str(process)
        live = self._open[key] = Live(key, self._box.begin(facts), process, self._steady())
        self.begun += 1
        if process and process != self.main.process:
            together = self._in_process.get(process)
            if together is None:
                together = self._in_process[process] = set()
                self.processes.watch(process)
            together.add(key)
        return live

    def _make_room(self) -> None:
        """Throws away the sessions that were silent longest: one in fifty, for looking for them takes its time."""
        for live in nsmallest(max(1, self._most // 50), self._open.values(), key=lambda live: live.heard):
            self.removed += 1
            self.end(live)

    def _leave(self, process: int) -> None:
        """No session lives in it any more."""
        self._in_process.pop(process, None)
        self.processes.release(process)
        self.processes.forget(process)


def _is_fault(status: int | None) -> bool:
    """Whether it died of something that no orderly stop sends."""
    return status is not None and os.WIFSIGNALED(status) and os.WTERMSIG(status) not in STOPS
