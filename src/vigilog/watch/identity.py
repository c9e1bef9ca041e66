"""Which file is which: a mark says how far a file was read and how to know it again, whatever it is called by then.

A file is known by a fingerprint of its first bytes and one of the bytes just before the mark: both survive renaming,
copying and packing, and tell a file that was cut and written anew (copytruncate) from one that only grew. The inode decides
where there is no fingerprint: when nothing was read yet, and in the offset files of logtail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Scalar
from vigilog.watch.generation import Generation, digest

HEAD = 1024
TAIL = 256
UNKNOWN = -1
OF_PREVIOUS = "previous_"
OF_FOLLOWING = "following_"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in one file. `offset` counts (unpacked) bytes; UNKNOWN is its end, where nobody has counted them.

    `device` is UNKNOWN in what logtail left; where there was no file yet, `inode` is, too. `modified` is the file's last
    change when the mark was made, in nanoseconds. `head` is the fingerprint of its first `head_length` bytes, `tail` that of
    the up to 256 bytes before `offset`; empty where not known. `inside` says that the mark lies within a record whose first
    pieces were handed on already. `packed` says that the file was packed already, so that nobody appends to it.
    """

    device: int
    inode: int
    offset: int
    modified: int = 0
    head_length: int = 0
    head: str = ""
    tail: str = ""
    inside: bool = False
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a log was read: `own` is the mark in the file that is being read, `previous` the one in the file before it, which
    a slow writer may still have open, and which tells where in the history `own` must lie. None: there was no such file.
    `log` is the real path of the log itself at that time.

    `following` is the beginning of the file after it, if that one was empty and nothing was left to read before it. The mark
    waits where it is, in a file that is still written to perhaps; when that one is gone, nothing is lost."""

    log: str
    own: Mark
    previous: Mark | None
    following: Mark | None = None


def mark(generation: Generation, offset: int, head: bytes, before: bytes, *, inside: bool = False) -> Mark:
    """The mark at `offset`. `head` are the first up to 1024 bytes that stand before it, `before` the last up to 256."""
    return Mark(
        generation.device,
        generation.inode,
        offset,
        generation.modified,
        len(head),
        digest(head) if head else "",
        digest(before) if before else "",
        inside,
        generation.is_packed,
    )


def end_of(generation: Generation) -> Mark:
    """The mark at the end of a file that need not be read: what is in it now is old."""
    size = generation.size()
    if size is not None:
        return mark(generation, size, head(generation, size), before(generation, size))
    start = generation.read_at(0, HEAD)
    found = digest(start) if start else ""
    return Mark(generation.device, generation.inode, UNKNOWN, generation.modified, len(start), found, packed=True)


def begins_alike(seen: Mark, generation: Generation) -> bool:
    """The file begins with the bytes that the marked file began with. False if nothing is known of those."""
    return seen.head_length > 0 and digest(generation.read_at(0, seen.head_length)) == seen.head


def is_same_inode(seen: Mark, generation: Generation) -> bool:
    """The file has the marked file's inode. (Inodes are used again: this proves little.)"""
    return seen.inode == generation.inode and seen.device in {generation.device, UNKNOWN}


def holds(seen: Mark, generation: Generation) -> bool:
    """The file is the marked one, or a copy of it, and reaches to the mark."""
    if seen.head_length:
        return begins_alike(seen, generation) and digest(before(generation, seen.offset)) == seen.tail
    size = generation.size()
    return size is not None and size >= seen.offset and is_same_inode(seen, generation)


def head(generation: Generation, offset: int) -> bytes:
    """The first up to 1024 bytes that stand before `offset`."""
    return generation.read_at(0, min(HEAD, offset))


def before(generation: Generation, offset: int) -> bytes:
    """The up to 256 bytes that stand before `offset`."""
    start = max(0, offset - TAIL)
    return generation.read_at(start, offset - start)


def state(marks: Marks) -> dict[str, Scalar]:
    """Marks as a Position's state: one key for each field, those of `previous` and `following` with that word in front."""
    found: dict[str, Scalar] = {"log": marks.log}
    for word, one in (("", marks.own), (OF_PREVIOUS, marks.previous), (OF_FOLLOWING, marks.following)):
        if one is not None:
            found |= {word + name: getattr(one, name) for name in _NAMES}
    return found


def marks(source: str, state: Mapping[str, Scalar]) -> Marks:
    """The marks in a Position's state. Raises SourceError if the state is not one of a file."""
    log = _value(source, state, "log", str)
    beside = (_mark(source, state, word) if word + "inode" in state else None for word in (OF_PREVIOUS, OF_FOLLOWING))
    return Marks(log, _mark(source, state, ""), *beside)


_KINDS: dict[str, type] = {field.name: {"int": int, "str": str, "bool": bool}[str(field.type)] for field in fields(Mark)}
_NAMES = tuple(_KINDS)


def _mark(source: str, state: Mapping[str, Scalar], word: str) -> Mark:
    return Mark(**{name: _value(source, state, word + name, kind) for name, kind in _KINDS.items()})


def _value(source: str, state: Mapping[str, Scalar], name: str, kind: type) -> Any:
    value = state.get(name)
    if isinstance(value, kind):
        return value
    raise SourceError(
        f"the stored position of {source} says {name} = {value!r}",
        expected=f"a value of type {kind.__name__}",
        remedy="remove the position to read this log as if for the first time",
    )
