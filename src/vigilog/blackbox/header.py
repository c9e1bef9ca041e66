"""The header of a block, from what is known about a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from vigilog.blackbox.bounded import Texts
from vigilog.blackbox.facts import COUNTERS, Facts
from vigilog.blackbox.stamp import iso

_NUMBERS = attrgetter(*COUNTERS)


class Identity(NamedTuple):
    """The facts of a session but its counters, as text; what is not known is None. `extra` are further fields."""

    client_address: str | None
    server_address: str | None
    protocol: str | None
    user: str | None
    uid: int
    gid: int
    unique_id: str | None
    attempted_user: str | None
    extra: tuple[tuple[str, str], ...]


class Circumstances(NamedTuple):
    """What a block says of itself: when it was made and when its session began (seconds since the epoch), whose process it was,
    and how many messages are not in it: evicted by newer ones, or damaged. `withheld` blocks were not written before it."""

    now: float
    began: float
    service: str
    pid: int
    evicted: int = 0
    damaged: int = 0
    withheld: int = 0


def identity(facts: Facts, uid: int, gid: int) -> Identity:
    """What stands in `facts`; `uid` and `gid` are the process's own, for as long as nobody is logged in."""
    return Identity(
        _text(facts.client_address),
        _text(facts.server_address),
        _text(facts.protocol),
        _text(facts.user),
        uid if facts.uid is None else facts.uid,
        gid if facts.gid is None else facts.gid,
        _text(facts.unique_id),
        _text(facts.attempted_user),
        tuple((str(key), _text(value) or "") for key, value in facts.extra.items()),
    )


def counters(facts: Facts) -> tuple[int, ...]:
    """The six numbers of `facts`, in the order of the header."""
    numbers: tuple[int, ...] = _NUMBERS(facts)
    return numbers


def header(who: Identity, numbers: Sequence[int], what: Circumstances) -> Iterator[tuple[str, str]]:
    """The header's fields: ProFTPD's in its order, then Vigilog's own, then the session's."""
    for key, value in (("Client-Address", who.client_address), ("Server-Address", who.server_address)):
        if value is not None:
            yield key, value
    yield "Elapsed", str(max(0, int((what.now - what.began) * 1000)))
    if who.protocol is not None:
        yield "Protocol", who.protocol
    if who.user is not None:
        yield "User", who.user
    yield "UID", str(who.uid)
    yield "GID", str(who.gid)
    if who.unique_id is not None:
        yield "UNIQUE_ID", who.unique_id
    for name, number in zip(COUNTERS, numbers, strict=True):
        yield name.title().replace("_", "-"), str(number)
    yield from _own(who, what)
    yield from who.extra


def _text(value: object) -> str | None:
    """What a program put among the facts, whatever its type: a user's number must not cost the block."""
    return value if value is None or type(value) is str else Texts().shown(value)


def _own(who: Identity, what: Circumstances) -> Iterator[tuple[str, str]]:
    yield "Time", iso(what.now)
    if what.service:
        yield "Service", what.service
    yield "PID", str(what.pid)
    if who.user is None and who.attempted_user is not None:
        yield "Attempted-User", who.attempted_user
    for key, number in (
        ("Evicted-Messages", what.evicted),
        ("Damaged-Messages", what.damaged),
        ("Withheld-Blocks", what.withheld),
    ):
        if number:
            yield key, str(number)
