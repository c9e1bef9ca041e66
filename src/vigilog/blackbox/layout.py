"""How a ring file is laid out: a head, then pages, each of one session. Native byte order; only this machine reads it.

Head (HEAD bytes): who the process is, written once before the file has its name; when it was last seen alive; how far a
recovery is.

Page (PAGE bytes): a header (state, checksum, session, order, number of its first message, number of the last message that is
in a block already, when the session began, two slots for the session's counters), then records from RECORDS on, each at a
multiple of 8:

    time f64 | length u16 | kind u8 | level u8 | crc32 u32 | payload

The checksum comes last and covers kind, level, length and payload; it begins with a number that only this use of this page
has. So a record that was torn, that is left of an earlier use, or that somebody logged as text is no record.
"""

from __future__ import annotations

import struct
from typing import NamedTuple
from zlib import crc32

from vigilog.blackbox.encoding import encoded
from vigilog.blackbox.header import Identity
from vigilog.parse.forensics import LOG_TYPES

MAGIC = b"VIGILOG RING 1\n\0"
PAGE = 4096
HEAD = 2 * PAGE
SEEN = 6144
"""Where the head says when the process was last seen alive: one f64, seconds since the epoch."""
END = 6272
ENDED = b"ended"
"""What stands at END when the process ended as it should."""
JOURNAL = 6400
"""Where the head says which block is being recovered."""

FREE, OPEN, OVER = 0, 1, 2
"""States of a page; a session is over as soon as its newest page is."""

TYPE, STAMPED, WITH_PID, PART, IDENTITY = 0x07, 0x08, 0x10, 0x20, 0x80
"""Bits of a kind: the log type (from 1); the time belongs in front of the text; the payload begins with a process number; it is
part of a long message; it is what is known about the session and no message."""
TYPES = {name: number for number, name in enumerate(LOG_TYPES, 1)}

STATE = struct.Struct("=I")
PAGE_HEADER = struct.Struct("=IQQQQd")
"""After the state: checksum, session, order, first, base, began."""
SLOT = struct.Struct("=6QII")
"""Counters, a number that rises, checksum."""
SLOTS = STATE.size + PAGE_HEADER.size
RECORDS = (SLOTS + 2 * SLOT.size + 7) & -8
RECORD = struct.Struct("=dHBBI")
PID = struct.Struct("=I")
FRAGMENT = struct.Struct("=IHH")
"""In front of the payload of a PART: which message (a number), which part of it, of how many."""
SEEN_AT = struct.Struct("=d")
_HEAD = struct.Struct("=IIIIIIBdd")
_LONGEST = 1400
_VALUE = 400


class Head(NamedTuple):
    """Who wrote a ring file. `wanted` says whether its sessions are to become blocks; times in seconds since the epoch."""

    pid: int
    secret: int
    pages: int
    messages: int
    uid: int
    gid: int
    wanted: bool
    began: float
    made: float
    service: str
    file: str


class PageHeader(NamedTuple):
    """What a page says of itself. Messages of a session are numbered from 1."""

    session: int
    order: int
    first: int
    base: int
    began: float


def head_bytes(head: Head) -> bytes:
    """The head of a file."""
    texts = b"".join(len(text).to_bytes(2, "little") + text for text in map(encoded, (head.service[:200], head.file)))
    rest = _HEAD.pack(*head[:9]) + texts
    return (MAGIC + PID.pack(crc32(rest)) + PID.pack(len(rest)) + rest).ljust(HEAD, b"\0")


def head_of(data: bytes) -> Head | None:
    """The head that `data` begins with, or None: it is damaged, or of something else."""
    start = len(MAGIC) + 8
    if len(data) < HEAD or not data.startswith(MAGIC):
        return None
    checksum, length = struct.unpack_from("=II", data, len(MAGIC))
    rest = data[start : start + length]
    if not _HEAD.size + 4 <= length <= SEEN - start or crc32(rest) != checksum:
        return None
    texts = []
    at = _HEAD.size
    for _ in range(2):
        size = int.from_bytes(rest[at : at + 2], "little")
        texts.append(rest[at + 2 : at + 2 + size].decode("utf-8", "surrogateescape"))
        at += 2 + size
    pid, secret, pages, messages, uid, gid, wanted, began, made = _HEAD.unpack_from(rest)
    return Head(pid, secret, pages, messages, uid, gid, bool(wanted), began, made, texts[0], texts[1])


def seed_of(secret: int, order: int) -> int:
    """What checksums of the records begin with in the page that is the `order`th that was taken."""
    return (secret ^ order * 2654435761) & 0xFFFFFFFF


def page_header(header: PageHeader) -> bytes:
    """The header of a page, without its state and its counters."""
    rest = PAGE_HEADER.pack(0, *header)
    return PID.pack(crc32(rest)) + rest[PID.size :]


def page_header_of(page: bytes) -> tuple[int, PageHeader] | None:
    """The state of `page` and its header, or None if it is damaged or never was used."""
    (state,) = STATE.unpack_from(page)
    checksum, *values = PAGE_HEADER.unpack_from(page, STATE.size)
    if crc32(PAGE_HEADER.pack(0, *values)) != checksum:
        return None
    return state, PageHeader(*values)


def slot(numbers: tuple[int, ...], generation: int) -> bytes:
    """`numbers` as they are stored. Of two slots the whole one of the higher generation counts."""
    try:
        rest = SLOT.pack(*numbers, generation & 0xFFFFFFFF, 0)[:-4]
    except struct.error:
        return slot(tuple(min(max(int(number), 0), (1 << 64) - 1) for number in numbers), generation)
    return rest + PID.pack(crc32(rest))


def counters_of(page: bytes) -> tuple[int, ...] | None:
    """The counters in `page`, or None if there are none."""
    found: list[tuple[int, tuple[int, ...]]] = []
    for number in range(2):
        start = SLOTS + number * SLOT.size
        *numbers, generation, checksum = SLOT.unpack_from(page, start)
        if generation and crc32(page[start : start + SLOT.size - 4]) == checksum:
            found.append((generation, tuple(numbers)))
    return max(found)[1] if found else None


def identity_bytes(who: Identity) -> bytes:
    """What is known about a session, so that it fits in a page: long values are cut, further fields that find no room left
    out."""
    known = (who.client_address, who.server_address, who.protocol, who.user, str(who.uid), str(who.gid), who.unique_id)
    names = ("c", "s", "p", "u", "U", "G", "i", "a")
    parts = [_pair(name, value) for name, value in zip(names, (*known, who.attempted_user), strict=True) if value is not None]
    length = sum(map(len, parts))
    for key, value in who.extra:
        more = _pair(f"+{key[:80]}", value)
        if length + len(more) > _LONGEST:
            break
        parts.append(more)
        length += len(more)
    return b"".join(parts)[:-1]


def identity_of(data: bytes) -> Identity:
    """What `identity_bytes` made of it."""
    words = data.decode("utf-8", "surrogateescape").split("\0")
    pairs = list(zip(words[::2], words[1::2], strict=False))
    known = dict(pair for pair in pairs if not pair[0].startswith("+"))
    extra = tuple((key[1:], value) for key, value in pairs if key.startswith("+"))
    uid, gid = (int(value) if (value := known.get(name, "")).isdigit() else 0 for name in "UG")
    get = known.get
    return Identity(get("c"), get("s"), get("p"), get("u"), uid, gid, get("i"), get("a"), extra)


def _pair(name: str, value: str) -> bytes:
    return encoded(name.replace("\0", "")) + b"\0" + encoded(value)[:_VALUE].replace(b"\0", b"") + b"\0"
