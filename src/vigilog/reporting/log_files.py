"""Which files a log file group has, and what they hold (logwatch 7.7): Perl's globs, logs and archives, packed or not."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from vigilog.config.logwatch import Group
from vigilog.watch.compressed import opener
from vigilog.watch.streams import DamagedError

Say = Callable[[str], None]

SIZE = 1 << 20
"""Bytes that are read at once, and about what a block of lines has."""
_BRACES = re.compile(r"\{([^{}]*)\}")
_DIGITS = re.compile(r"\d$")
_TWO_DAYS = 2 * 86_400


class Files(NamedTuple):
    """Paths, in the order in which they are read: archives before logs. A packed log is both."""

    logs: tuple[str, ...]
    archives: tuple[str, ...]


def files(group: Group, directories: tuple[str, ...], *, archives: bool) -> Files:
    """The files of a group that exist now, each once. `directories`: where its relative globs are looked for, with a /."""
    found: dict[bool, list[str]] = {False: [], True: []}
    seen: dict[bool, set[str]] = {False: set(), True: set()}
    for pattern in group.patterns:
        if pattern.archive and not archives:
            continue
        if not pattern.glob:
            found[pattern.archive].clear()
            seen[pattern.archive].clear()
            continue
        starts = ("",) if pattern.glob.startswith("/") else directories
        for path in [path for start in starts for path in globbed(start + pattern.glob)]:
            if path in seen[False] or path in seen[pattern.archive]:
                continue
            seen[False].add(path)
            seen[pattern.archive].add(path)
            found[pattern.archive].append(path)
    packed = [path for path in found[False] if opener(path)]
    return Files(tuple(found[False]), tuple(found[True] + packed))


def globbed(pattern: str) -> list[str]:
    """The existing paths that a pattern stands for: names that end in a digit first, then by name, case aside. Blanks part
    patterns, and braces hold alternatives."""
    paths = [path for word in pattern.split() for one in braced(word) for path in glob.glob(one)]
    return sorted((path for path in dict.fromkeys(paths) if os.path.exists(path)), key=_order)


def _order(path: str) -> tuple[bool, str]:
    return not _DIGITS.search(path), path.upper()


def braced(word: str) -> list[str]:
    """A word with `{a,b}` as the words that it stands for."""
    found = _BRACES.search(word)
    if not found:
        return [word]
    before, behind = word[: found.start()], word[found.end() :]
    return [each for inner in found[1].split(",") for each in braced(before + inner + behind)]


def to_read(chosen: Files, begin: float) -> list[str]:
    """What is read for a range that begins at `begin` (seconds since the epoch): archives that were written to after that
    (two days of grace), then logs that are not packed."""
    archives = [path for path in chosen.archives if os.path.isfile(path) and os.stat(path).st_mtime >= begin - _TWO_DAYS]
    return archives + [path for path in chosen.logs if not opener(path) and _readable_kind(path)]


def once(paths: Iterable[str]) -> list[str]:
    """The paths without those that lead to a file that an earlier one leads to: `/service` may be a link to `/etc/service`."""
    found: dict[str, str] = {}
    for path in paths:
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _readable_kind(path: str) -> bool:
    return os.path.isfile(path) or path == os.devnull


def size(paths: list[str]) -> int | None:
    """How many bytes `blocks` will give; None if that is not known, since one of the files is packed, or has no size."""
    total = 0
    for path in paths:
        if opener(path) or not os.path.isfile(path):
            return None
        total += os.path.getsize(path)
    return total


def blocks(paths: list[str], say: Say) -> Iterator[bytes]:
    """What the files hold, one behind the other, in blocks of whole lines; only the last of all may lack its newline.

    A file that cannot be read, or that is damaged, is told to `say`; what could be read of it counts.
    """
    rest = b""
    for data in _pieces(paths, say):
        end = data.rfind(b"\n") + 1
        if not end:
            rest += data
            continue
        yield rest + data[:end] if rest else data if end == len(data) else data[:end]
        rest = data[end:]
    if rest:
        yield rest


def _pieces(paths: list[str], say: Say) -> Iterator[bytes]:
    for path in paths:
        try:
            with open(path, "rb", buffering=0) as file:
                begin = opener(path)
                stream = begin(file.fileno()) if begin else file
                while data := stream.read(SIZE):
                    yield data
        except DamagedError as error:
            say(f"File {path} is damaged: {error}. What stands before that is reported.")
        except PermissionError:
            say(f"File {path} is not readable.  Check permissions.")
        except OSError as error:
            say(f"File {path} cannot be read: {error.strerror}.")
