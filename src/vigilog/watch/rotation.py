"""The history of a log: its file and those that were rotated away, in the order in which they were written.

Names, for a log called LOG or NAME.EXT, each also with .gz .bz2 .xz .zst at its end:

    LOG.1 LOG.2 ...   NAME.1.EXT        logrotate, newsyslog, savelog (which begins with LOG.0); the lowest is the newest
    LOG-20261120   LOG-20261120-083000  logrotate's dateext and others: the year first, or seconds since the epoch; `.` may
    LOG-2026-11-20   NAME-20261120.EXT  stand for the first `-`; the last by its digits is the newest
    LOG.gz                              a log that was packed where it stood

Where several kinds lie side by side, each keeps its order, and the time of change decides between them.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from heapq import merge

from vigilog.watch.compressed import OPENERS
from vigilog.watch.generation import Generation, open_generation

YEAR_FIRST = r"(?:19|20)\d\d[-_.]?[01]\d(?:[-_.]?[0-3]\d(?:[-_T.]?\d[\d:]*)?)?"
"""The dates that a rotated file may have in its name."""
_ADDED = re.compile(rf"\.(?P<number>\d{{1,4}})|[-.](?P<date>{YEAR_FIRST}|\d{{10}})|(?P<nothing>)")
_ATTEMPTS = 20
_MOST = 400
"""So many of each kind are looked at, the newest: each takes a descriptor."""


@dataclass(frozen=True, slots=True)
class History:
    """The files of a log that could be opened, oldest first. `log` is its real path; `current` is the last of them, or None if
    the log itself is not there or cannot be read; then `reason` says why. `is_unmoved` looks whether it is all the same still:
    whoever cuts a log that was copied has made the copy before."""

    log: str
    generations: tuple[Generation, ...]
    current: Generation | None
    reason: OSError | ValueError | None
    is_unmoved: Callable[[], bool]


Series = list[list[str]]
"""Paths of older files of a log, oldest first, in one series for each way of naming them."""


def look(path: str, former: str, opened: ExitStack, finished: Callable[[str], Series] | None = None) -> History:
    """Opens the files of the log `path` as they stood together at one moment; `opened` closes them.

    `finished` gives the paths of the older files of a log: by default those of `rotated`.

    `former` is what the log's real path was when it was last read, or empty: where `path` is a link that points elsewhere
    by now (a dated file each day), the former file and its history come first. Rotated files that are links are left out.
    """
    older = finished or rotated
    for attempt in range(1, _ATTEMPTS + 1):
        with ExitStack() as trial:
            history = _open(path, former, older, trial)
            if history.is_unmoved() or attempt == _ATTEMPTS:
                opened.push(trial.pop_all())
                break
    return history


def rotated(path: str) -> Series:
    """The rotated files of the log `path` that lie beside it: the numbered ones, the dated ones, and one that has neither.

    Of a file that is there both plain and packed, the plain one counts: it is just being packed.
    """
    directory, name = os.path.split(path)
    try:
        names = os.listdir(directory or ".")
    except OSError:
        return []
    stem = os.path.splitext(name)[0]
    numbered: dict[int, str] = {}
    dated: dict[str, str] = {}
    packed: list[str] = []
    for other in sorted(
        (other for other in names if other.startswith(stem)), reverse=True
    ):  # the plain one comes last, and wins
        found = _added(name, other)
        if found is None or other == name:
            continue
        if found["number"]:
            numbered[int(found["number"])] = os.path.join(directory, other)
        elif found["date"]:
            dated[re.sub(r"\D", "", found["date"])] = os.path.join(directory, other)
        else:
            packed = [os.path.join(directory, other)]
    return [[numbered[number] for number in sorted(numbered, reverse=True)], [dated[date] for date in sorted(dated)], packed]


def is_rotated(path: str, of: Iterable[str]) -> bool:
    """`path` is a rotated file of one of the logs `of`, or one of them packed."""
    directory, name = os.path.split(path)
    logs = (os.path.split(log) for log in of if log != path)
    return any(other == directory and _added(log, name) for other, log in logs)


def _added(name: str, other: str) -> re.Match[str] | None:
    """What rotating added to the log's `name` to make `other` of it, or None if `other` is not made of it."""
    bare, ending = os.path.splitext(other)
    if ending not in OPENERS:
        bare = other
    if bare.startswith(name) and (found := _ADDED.fullmatch(bare, len(name))):
        return found
    stem, extension = os.path.splitext(name)
    if extension and bare.startswith(stem) and bare.endswith(extension):
        return _ADDED.fullmatch(bare, len(stem), len(bare) - len(extension))
    return None


def _open(path: str, former: str, older: Callable[[str], Series], opened: ExitStack) -> History:
    real = os.path.realpath(path)
    former = former or real
    names = older(former)
    groups = [list(filter(None, (_open_rotated(name, opened) for name in series[-_MOST:]))) for series in names]
    generations = list(merge(*groups, key=lambda generation: generation.modified))
    if former != real and (generation := _open_rotated(former, opened)):
        generations.append(generation)
    current: Generation | None = None
    reason: OSError | ValueError | None = None
    try:
        current = open_generation(real, follow=True)
        opened.callback(current.close)
        generations.append(current)
    except (OSError, ValueError) as error:
        reason = error

    def is_unmoved() -> bool:
        return real == os.path.realpath(path) and names == older(former) and all(map(_is_in_place, generations))

    once = {(file.device, file.inode): file for file in reversed(generations)}  # one that was renamed just now was found twice
    return History(real, tuple(reversed(once.values())), current, reason, is_unmoved)


def _open_rotated(path: str, opened: ExitStack) -> Generation | None:
    try:
        generation = open_generation(path, follow=False)
    except (FileNotFoundError, PermissionError, ValueError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:  # it is a link
            return None
        raise
    opened.callback(generation.close)
    return generation


def _is_in_place(generation: Generation) -> bool:
    try:
        status = os.lstat(generation.path)
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == (generation.device, generation.inode)
