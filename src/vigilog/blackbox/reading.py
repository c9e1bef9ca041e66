"""Reads what a ring file holds: bytes in, values out. Nothing in it is believed that has no right checksum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

from vigilog.blackbox.header import Identity
from vigilog.blackbox.layout import (
    FRAGMENT,
    FREE,
    HEAD,
    IDENTITY,
    OPEN,
    OVER,
    PAGE,
    PART,
    PID,
    RECORD,
    RECORDS,
    SEEN,
    SEEN_AT,
    STAMPED,
    STATE,
    TYPE,
    WITH_PID,
    Head,
    PageHeader,
    counters_of,
    identity_of,
    page_header_of,
    seed_of,
)
from vigilog.blackbox.stamp import stamp
from vigilog.parse.forensics import LOG_TYPES, Message

_UNKNOWN = Identity(None, None, None, None, 0, 0, None, None, ())
_NO_COUNTERS = (0, 0, 0, 0, 0, 0)
_EMPTY = bytes(PAGE)


class Record(NamedTuple):
    """One record of a page; `moment` is in seconds since the epoch."""

    moment: float
    kind: int
    level: int
    payload: bytes


class Contents(NamedTuple):
    """What the pages of one session hold. `evicted` of its messages are gone, `damaged` ones cannot be read. `last` is when its
    newest message was kept, in seconds since the epoch (0: none was)."""

    identity: Identity
    counters: tuple[int, ...]
    messages: list[Message]
    evicted: int
    damaged: int
    began: float
    last: float


def records(page: bytes, seed: int) -> Iterator[Record]:
    """The whole records of `page`, in their order. One that is torn or damaged is passed over, those behind it are found."""
    at = RECORDS
    while at + RECORD.size <= PAGE:
        moment, length, kind, level, checksum = RECORD.unpack_from(page, at)
        end = at + RECORD.size + length
        if kind and end <= PAGE:
            payload = page[at + RECORD.size : end]
            if crc32(payload, seed ^ (length << 16 | kind << 8 | level)) == checksum:
                yield Record(moment, kind, level, payload)
                at = (end + 7) & -8
                continue
        elif page[at:] == _EMPTY[at:]:
            return
        at += 8


def contents(pages: Sequence[tuple[PageHeader, bytes]], secret: int, total: int | None = None) -> Contents:
    """What `pages`, those of one session in their order, hold. `total` is the number of its newest message, if that is
    known."""
    messages: list[Message] = []
    parts: dict[int, list[bytes]] = {}
    identity = b""
    counters: tuple[int, ...] = _NO_COUNTERS
    evicted = damaged = 0
    last = 0.0
    for number, (header, page) in enumerate(pages):
        found = 0
        counters = counters_of(page) or counters
        for record in records(page, seed_of(secret, header.order)):
            if record.kind & IDENTITY:
                identity = record.payload
                continue
            last = max(last, record.moment)
            payload: bytes | None = record.payload
            if record.kind & PART:
                payload, ended = _joined(record.payload, parts)
                if not ended:
                    continue
                evicted += payload is None
            found += 1
            message = None if payload is None else _message(record, payload)
            if message is not None:
                messages.append(message)
        upto = pages[number + 1][0].first - 1 if number + 1 < len(pages) else total
        damaged += 0 if upto is None else max(0, upto - header.first + 1 - found)
    oldest = pages[0][0]
    evicted += max(0, oldest.first - 1 - pages[-1][0].base)
    return Contents(identity_of(identity) if identity else _UNKNOWN, counters, messages, evicted, damaged, oldest.began, last)


def sessions(data: bytes, head: Head) -> Iterator[tuple[int, list[tuple[PageHeader, bytes]]]]:
    """The sessions that were open: the number of each, and those of its pages whose messages are in no block yet."""
    pages: dict[int, list[tuple[PageHeader, int, bytes]]] = {}
    for at in range(HEAD, min(len(data), HEAD + head.pages * PAGE) - PAGE + 1, PAGE):
        page = data[at : at + PAGE]
        found = page_header_of(page)
        if found and found[0] != FREE:
            pages.setdefault(found[1].session, []).append((found[1], found[0], page))
    for number, its in sorted(pages.items()):
        its.sort(key=lambda each: each[0].order)
        newest, state, _ = its[-1]
        if state != OVER:
            yield number, [(header, page) for header, _, page in its if header.first > newest.base or header is newest]


def unreadable(data: bytes, head: Head) -> int:
    """How many pages say that they are of a session, but are damaged so that it is not known of which."""
    places = range(HEAD, min(len(data), HEAD + head.pages * PAGE) - PAGE + 1, PAGE)
    return sum(STATE.unpack_from(data, at)[0] in (OPEN, OVER) and page_header_of(data[at : at + PAGE]) is None for at in places)


def last_seen(data: bytes) -> float:
    """When its process is known to have been alive, in seconds since the epoch, as the head says."""
    (moment,) = SEEN_AT.unpack_from(data, SEEN)
    return float(moment) if 0 < moment < 1e11 else 0.0


def _joined(payload: bytes, parts: dict[int, list[bytes]]) -> tuple[bytes | None, bool]:
    """Takes one part of a long message: the whole of it (None: a part is missing), and whether this was the last part."""
    if len(payload) < FRAGMENT.size:
        return None, False
    name, index, last = FRAGMENT.unpack_from(payload)
    its = parts.setdefault(name, [])
    if index == len(its):
        its.append(payload[FRAGMENT.size :])
    if not last:
        return None, False
    del parts[name]
    return (b"".join(its) if index == len(its) - 1 else None), True


def _message(record: Record, payload: bytes) -> Message | None:
    number = record.kind & TYPE
    pid = None
    if record.kind & WITH_PID:
        if len(payload) < PID.size:
            return None
        (pid,) = PID.unpack_from(payload)
        payload = payload[PID.size :]
    if not 1 <= number <= len(LOG_TYPES):
        return None
    text = b"%b %b" % (stamp(record.moment), payload) if record.kind & STAMPED else payload
    return Message(LOG_TYPES[number - 1], record.level, text, pid)
