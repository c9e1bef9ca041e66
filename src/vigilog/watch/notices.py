"""What is said about logs that cannot be read as they should be. `name` is the source's, `path` the log's."""

from __future__ import annotations

from vigilog.core.nouns import Notice
from vigilog.watch.generation import Generation
from vigilog.watch.identity import Mark, is_same_inode
from vigilog.watch.records import LIMIT


def absence(name: str, path: str, reason: OSError | ValueError) -> Notice:
    """The log could not be opened, for `reason`; ValueError: it is no regular file, which logcheck does not tell from none."""
    if isinstance(reason, FileNotFoundError | NotADirectoryError | ValueError):
        return Notice("missing", name, f"File could not be read: {path}")
    return Notice("unreadable", name, f"File could not be read: {path}: {reason.strerror}")


def too_long(name: str, path: str) -> Notice:
    """A record went over the limit."""
    return Notice("long", name, f"{path}: a record longer than {LIMIT} bytes was cut into pieces")


def damage(name: str, packed: Generation, end: int) -> Notice:
    """A packed file could be unpacked to byte `end` only."""
    text = f"{packed.path} is damaged ({packed.damage}): what follows its byte {end} cannot be read"
    return Notice("lost", name, text)


def gap(name: str, path: str) -> Notice:
    """The file that was being read is deleted by now, and others have come behind it: maybe some of these were deleted, too."""
    return Notice("lost", name, f"{path} is rotated and deleted faster than it is read: some of it may be lost")


def loss(name: str, path: str, current: Generation, own: Mark) -> Notice:
    """The marked file was not found again. What is said of a file that shrank are logtail's words (1.11 and Debian's 1.4.2)."""
    size = current.size()
    if not is_same_inode(own, current):
        gone = "is another file now, and the former one is not there any more: what was appended to that"
    elif size is None or size >= own.offset:
        gone = "was cut or rewritten since: what was appended before that"
    else:
        warning = f"*** WARNING ***: Log file {path} is smaller than last time checked!"
        text = f"***************\n{warning}\n*************** This could indicate tampering."
        return Notice("shrank", name, text)
    return Notice("lost", name, f"{path} was read to byte {own.offset} and {gone} is lost")
