"""The offset files of logtail and logtail2: an inode and how many bytes were read of it.

Format (logtail 1.11; logtail and logtail2 of Debian's logtail 1.4.2): inode in decimal, newline, offset in decimal, and in
Debian's two a final newline. Both of Debian's read it as Perl turns text into numbers, so this does too.
"""

from __future__ import annotations

import os
import re
import stat
from typing import NamedTuple

_NUMBER = re.compile(rb"[ \t\n\r\f\v]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_NO_DIGITS = re.compile(rb"[ \t\n\r\f\v]*([+-]?)(inf|nan|1\.?#inf|1\.?#ind)", re.IGNORECASE)
_LONGEST = 4096
_MOST = 2**63 - 1


class Offset(NamedTuple):
    """What an offset file says: `inode` of the log (0: none known) and `offset`, the bytes of it that were read.

    Both are as Perl compares them: a fraction stays one, and an offset may be infinite or negative.
    """

    inode: float
    offset: float


def number(text: bytes) -> float:
    """`text` as the number Perl 5 reads at its start: blanks, sign, digits, fraction, exponent; 0 if there is none.

    `12abc` is 12, `0x10` is 0, `1e3` is 1000. Whole numbers come out as `int`, however long.
    """
    if word := _NO_DIGITS.match(text):
        endless = word[2].lower().endswith(b"inf")
        return float(word[1] + (b"inf" if endless else b"nan"))
    digits = _NUMBER.match(text)
    if not digits:
        return 0
    try:
        return int(digits[1])
    except ValueError:
        return float(digits[1])


def parse(content: bytes) -> Offset:
    """The content of an offset file, with or without its final newline; what is missing or no number is 0."""
    inode, _, rest = content.partition(b"\n")
    return Offset(number(inode), number(rest.partition(b"\n")[0]))


def render(inode: int, offset: int) -> bytes:
    """The content of an offset file as logtail2 writes it."""
    return b"%d\n%d\n" % (inode, offset)


def start(offset: float) -> int:
    """The byte that reading starts at: fractions are cut off, what is negative or no number is 0, and what is more than any
    file can have is 2^63 - 1."""
    if offset >= _MOST:
        return _MOST
    return int(offset) if offset > 0 else 0


def read(path: str) -> Offset | None:
    """What the offset file `path` says, or None if it cannot be read. Only its first 4 KiB are looked at."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return parse(os.read(descriptor, _LONGEST))
    except OSError:
        return None
    finally:
        os.close(descriptor)


def write(path: str, inode: int, offset: int) -> None:
    """Puts an offset file in place at once (mode 0600): whoever reads it sees the old one or the new one, never a part.

    A link at `path` is replaced, not followed. Where the directory takes no new file but the old one may be written,
    and where `path` is a device, it is written in place, as logtail does. Raises OSError.
    """
    content = render(inode, offset)
    new = f"{path}.{os.getpid()}.new"
    if _is_special(path):
        _write_in_place(path, content)
        return
    try:
        descriptor = _create(new)
    except PermissionError:
        _write_in_place(path, content)
        return
    try:
        with os.fdopen(descriptor, "wb", 0) as file:
            file.write(content)
            os.fsync(descriptor)
        os.rename(new, path)
    except OSError:
        os.unlink(new)
        raise


def _is_special(path: str) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def _create(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileExistsError:
        os.unlink(path)  # left by a process of this number that was killed
        return os.open(path, flags, 0o600)


def _write_in_place(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.write(descriptor, content)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)
