"""Which open requests of a ledger will never end."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

from vigilog.parse.forensic_id import made
from vigilog.parse.forensic_pairs import Begun, Pairs
from vigilog.parse.ledger_records import Why, record
from vigilog.watch.processes import lives

OLD = 3600.0
"""A request whose process is not known is given up after so long (seconds)."""
MOST = 2000
"""So many open requests are remembered."""
LONGEST = 8192
"""Bytes of a line that are remembered."""
_RECENT = 64

Lives = Callable[[int, float], bool]


class Requests:
    """Takes the lines of a ledger. `state` is what another one needs to go on from here.

    An ID in mod_log_forensic's own form names a process. If it is gone, so is the request. That can be known only of a ledger
    of this host: one of the processes that wrote to it lately must be seen here. `alive` says of a number and a moment whether
    that process is.
    """

    def __init__(self, state: str = "", *, host: str = "", alive: Lives = lives) -> None:
        kept = [Begun(text[0].encode("latin-1"), text[1].encode("latin-1"), text[2]) for text in json.loads(state or "[]")]
        self._pairs = Pairs(kept)
        self._host = host or socket.gethostname()
        self._alive = alive
        self._writers: dict[int, float] = {}
        self._suspects: list[Begun] = []

    @property
    def state(self) -> str:
        """The open requests, '' if there are none."""
        kept = [(one.id.decode("latin-1"), one.line[:LONGEST].decode("latin-1"), one.since) for one in self._pairs.open()]
        return json.dumps(kept) if kept else ""

    @property
    def open(self) -> int:
        """How many are open."""
        return len(self._pairs)

    @property
    def suspected(self) -> bool:
        """The process of some is gone, and the next `look` will tell of them, if no end of theirs is seen before."""
        return bool(self._suspects)

    def see(self, lines: bytes, arrived: float) -> bytes:
        """Takes lines, each with its newline, that came at a moment (seconds since the epoch). Gives records of requests that
        are dropped, because there are too many."""
        self._pairs.see(lines, arrived)
        for line in lines.rsplit(b"\n", _RECENT + 1)[-_RECENT - 1 : -1]:
            found = made(line[1:].partition(b"|")[0])
            if found and found.pid is not None:
                self._writers.pop(found.pid, None)
                self._writers[found.pid] = float(found.time)
        for pid in list(self._writers)[:-_RECENT]:
            del self._writers[pid]
        dropped = self._pairs.open()[: max(0, self.open - MOST)]
        return self._told(dropped, "many")

    def look(self, now: float) -> bytes:
        """Records of those that are given up. Of one whose process is gone that is at the second look: its end may have been
        written meanwhile, and must be seen first."""
        here = any(self._alive(pid, time) for pid, time in self._writers.items())
        gone: list[Begun] = []
        old: list[Begun] = []
        for begun in self._pairs.open():
            found = made(begun.id)
            pid = found.pid if found and here else None
            if pid is None:
                if now - begun.since >= OLD:
                    old.append(begun)
            elif not self._alive(pid, begun.since):
                gone.append(begun)
        sure = [begun for begun in gone if any(begun is suspect for suspect in self._suspects)]
        self._suspects = [begun for begun in gone if begun not in sure]
        return self._told(sure, "gone") + self._told(old, "old")

    def _told(self, given_up: list[Begun], why: Why) -> bytes:
        for begun in given_up:
            self._pairs.forget(begun)
        return b"".join(record(begun, why, self._host) for begun in given_up)
