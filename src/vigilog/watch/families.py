"""Several files that somebody named: which of them are one log, and in which order it was written.

The names are those of `rotation`. Here nothing but the names is looked at (and the times of change, where several kinds of
names lie side by side): a family need not be complete, and the log itself need not be among them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from heapq import merge
from typing import NamedTuple

from vigilog.watch.compressed import OPENERS
from vigilog.watch.rotation import YEAR_FIRST

_ROTATED = re.compile(
    rf"(?P<stem>.+?)(?:\.(?P<number>\d{{1,4}})|[-.](?P<date>{YEAR_FIRST}|\d{{10}}))(?P<extension>\.[A-Za-z]\w*)?"
)


class _Member(NamedTuple):
    path: str
    number: int | None
    date: str
    packed: bool


def families(paths: Iterable[str]) -> list[list[str]]:
    """The paths in families, each oldest first, the families in the order in which they were named first. A file that is named
    twice is there once; of one that is there both plain and packed, the plain one counts: it is just being packed."""
    found: dict[str, dict[str, _Member]] = {}
    for path in paths:
        log, member = _member(path)
        members = found.setdefault(os.path.realpath(log), {})
        slot = member.date or str(member.number)
        if slot == "None" and member.packed:
            slot = path
        if slot not in members or members[slot].packed:
            members[slot] = member
    return [_oldest_first(list(members.values())) for members in found.values()]


def _member(path: str) -> tuple[str, _Member]:
    """The path of the log that a file belongs to, and what its name says."""
    directory, name = os.path.split(path)
    bare, ending = os.path.splitext(name)
    packed = ending in OPENERS
    if not packed:
        bare = name
    rotated = _ROTATED.fullmatch(bare)
    if not rotated:
        return os.path.join(directory, bare), _Member(path, None, "", packed)
    log = os.path.join(directory, rotated["stem"] + (rotated["extension"] or ""))
    number = int(rotated["number"]) if rotated["number"] else None
    return log, _Member(path, number, re.sub(r"\D", "", rotated["date"] or ""), packed)


def _oldest_first(members: Sequence[_Member]) -> list[str]:
    numbered = sorted((member for member in members if member.number is not None), key=lambda each: -(each.number or 0))
    dated = sorted((member for member in members if member.date), key=lambda each: each.date)
    itself = [member for member in members if member.number is None and not member.date]
    packed = [member for member in itself if member.packed]
    older = merge(numbered, dated, packed, key=lambda each: _modified(each.path))
    return [member.path for member in (*older, *(member for member in itself if not member.packed))]


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
