"""Requests that began and have not ended yet, followed line by line while a ledger grows.

In the ledger's order, unlike check_forensic: an ID that is used again after its end is open again, and an end belongs to the
last begin of its ID (whoever asks again after a death asks last).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from vigilog.parse.forensic_id import made

_AHEAD = 60.0
_BEHIND = 366 * 86_400.0


class Begun(NamedTuple):
    """A request that began: its ID, its `+` line (without newline) and since when it is open (seconds since the epoch): the
    time that its ID tells, else that at which the line came."""

    id: bytes
    line: bytes
    since: float


class Change(NamedTuple):
    """What some lines changed: the requests that began in them and are open still, and those that were open before and have
    ended."""

    begun: tuple[Begun, ...]
    ended: tuple[Begun, ...]


class Pairs:
    """What is open; `begun` was so already. `see` is given whole lines, in order."""

    def __init__(self, begun: Iterable[Begun] = ()) -> None:
        self._open: dict[bytes, list[Begun]] = {}
        for each in begun:
            self._open.setdefault(each.id, []).append(each)

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def __contains__(self, begun: Begun) -> bool:
        return any(begun is other for other in self._open.get(begun.id, ()))

    def forget(self, begun: Begun) -> None:
        """One that is open counts as ended."""
        same = self._open[begun.id]
        same.remove(begun)
        if not same:
            del self._open[begun.id]

    def open(self) -> list[Begun]:
        """All that are open, in the order in which their IDs came."""
        return [begun for same in self._open.values() for begun in same]

    def see(self, lines: bytes, arrived: float) -> Change:
        r"""Takes lines, each with its newline, that came at a moment (seconds since the epoch). A `\r` at a line's end is not
        part of it."""
        fresh: dict[bytes, list[bytes]] = {}
        ended: list[Begun] = []
        for line in lines.split(b"\n"):
            sign = line[:1]
            if sign == b"+":
                identity = line[1:].partition(b"|")[0].removesuffix(b"\r")
                if identity:
                    fresh.setdefault(identity, []).append(line.removesuffix(b"\r"))
            elif sign == b"-":
                identity = line[1:].partition(b"|")[0].removesuffix(b"\r")
                same = fresh.get(identity)
                if same:
                    same.pop()
                    if not same:
                        del fresh[identity]
                elif former := self._open.get(identity):
                    ended.append(former.pop())
                    if not former:
                        del self._open[identity]
        begun = [
            Begun(identity, line, arrived if (moment := began(identity, arrived)) is None else moment)
            for identity, same in fresh.items()
            for line in same
        ]
        for each in begun:
            self._open.setdefault(each.id, []).append(each)
        return Change(tuple(begun), tuple(ended))


def began(identity: bytes, now: float) -> float | None:
    """When a request began, by its ID (seconds since the epoch); None if that says nothing, or nothing that can be believed at
    the present time."""
    found = made(identity)
    return float(found.time) if found and now - _BEHIND <= found.time <= now + _AHEAD else None
