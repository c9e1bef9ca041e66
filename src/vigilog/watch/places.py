"""What must be watched so that nothing happens to a log unseen: its file, and every directory that its name depends on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from glob import has_magic
from stat import S_ISDIR, S_ISLNK
from typing import NamedTuple

from vigilog.watch.inotify import ATTRIBUTES, CREATE, DELETE, DELETE_SELF, MODIFY, MOVE_SELF, MOVED_FROM, MOVED_TO

_FILE = MODIFY | ATTRIBUTES | MOVE_SELF | DELETE_SELF
ITSELF = MOVE_SELF | DELETE_SELF
"""A directory on the way to a log: that it is moved or deleted."""
_NAMES = CREATE | MOVED_TO | MOVED_FROM | DELETE | ATTRIBUTES | ITSELF
_MOST_LINKS = 40


class Place(NamedTuple):
    """Something to watch: `path`, which events (bits of `inotify`), and which names in it count (a shell pattern)."""

    path: str
    what: int
    names: str = ""


def of_file(path: str) -> list[Place]:
    """For a log at `path` (absolute): the file if it is there, the directories of its name and of each link on the way, and the
    nearest directory that is there for one that is not."""
    places: list[Place] = []
    waiting = [part for part in reversed(path.split("/")) if part]
    at = "/"
    links = 0
    while waiting:
        name = waiting.pop()
        there = os.path.join(at, name)
        try:
            mode = os.lstat(there).st_mode
            target = os.readlink(there) if S_ISLNK(mode) and links < _MOST_LINKS else ""
        except OSError:
            return [*places, Place(at, _NAMES, _literal(name))]
        if target:
            links += 1
            places.append(Place(at, _NAMES, _literal(name)))
            waiting += [part for part in reversed(target.split("/")) if part]
            at = "/" if target.startswith("/") else at
        elif waiting:
            places.append(Place(there, ITSELF))
            at = there
        else:
            places += [Place(at, _NAMES, _literal(name)), Place(there, ITSELF if S_ISDIR(mode) else _FILE)]
    return places


def of_directory(directory: str) -> list[Place]:
    """For a log that is a whole directory: all names in it count."""
    return [
        *of_file(os.path.join(directory, "current")),
        *([Place(directory, _NAMES, "*")] if os.path.isdir(directory) else []),
    ]


def of_pattern(pattern: str) -> list[Place]:
    """For the files that match `pattern` (absolute): each of them, and each directory where another may appear."""
    top = root(pattern)
    return [*of_file(top), *_below(top, [part for part in pattern.removeprefix(top).split("/") if part])]


def root(pattern: str) -> str:
    """The directory below which the files that match `pattern` (absolute) are."""
    parts = [part for part in pattern.split("/") if part]
    return "/" + "/".join(parts[: next((index for index, part in enumerate(parts) if has_magic(part)), len(parts))])


def of_open(descriptor: int) -> Place:
    """For an open file, whatever its name is by now."""
    return Place(f"/proc/self/fd/{descriptor}", _FILE)


def _below(directory: str, parts: list[str]) -> Iterator[Place]:
    part, *others = parts
    names = _entries(directory)
    if names is None:
        return
    yield Place(directory, _NAMES, "*" if part == "**" else part)
    if part == "**" and others:
        yield from _below(directory, others)
    for name in names:
        path = os.path.join(directory, name)
        if part == "**":
            if os.path.isdir(path) and not os.path.islink(path) and not name.startswith("."):
                yield from _below(path, parts)
        elif fnmatchcase(name, part):
            if others:
                yield from _below(path, others)
            elif os.path.isfile(path):
                yield Place(path, _FILE)


def _entries(directory: str) -> list[str] | None:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return None


def _literal(name: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)
