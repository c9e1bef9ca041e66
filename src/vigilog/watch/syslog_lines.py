"""Chunks of lines out of syslog messages that came together from one sender."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vigilog.core.clock import Clock, local
from vigilog.core.nouns import Chunk, Notice, Position, Scalar
from vigilog.parse.syslog_message import FACILITIES, SEVERITIES, record
from vigilog.watch.notices import too_long
from vigilog.watch.records import LIMIT


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent messages: `host` stands in lines that name none; `peer` is its address, empty for a local one."""

    host: bytes
    peer: str = ""


def this_host() -> Sender:
    """This host, as the sender of what comes through a local socket."""
    return Sender(socket.gethostname().encode() or b"localhost")


def chunks(source: str, sender: Sender, messages: Sequence[bytes], clock: Clock) -> Iterator[Chunk | Notice]:
    """The lines of `messages`, one each, in their order. What belongs to a line of more than 1 MiB comes in pieces.

    A chunk's facts are the `peer`, and `facility` and `severity` (syslog.conf's words) where they are the same for all of it.
    Notices: long.
    """
    arrived = clock()
    stamped = _once(lambda: local(arrived).isoformat(timespec="microseconds").encode())
    waiting: list[bytes] = []
    priorities: set[int | None] = set()
    for message in messages:
        line, priority = record(message, sender.host, stamped, is_local=not sender.peer)
        if len(line) <= LIMIT:
            waiting.append(line)
            priorities.add(priority)
            continue
        if waiting:
            yield _chunk(source, waiting, arrived, _facts(sender, priorities))
            waiting, priorities = [], set()
        yield too_long(source, source)
        facts = _facts(sender, {priority})
        for start in range(0, len(line), LIMIT):
            yield _chunk(source, [line[start : start + LIMIT]], arrived, facts, piece=start + LIMIT < len(line))
    if waiting:
        yield _chunk(source, waiting, arrived, _facts(sender, priorities))


def _chunk(source: str, lines: Sequence[bytes], arrived: float, facts: dict[str, Scalar], *, piece: bool = False) -> Chunk:
    return Chunk(source, b"\n".join(lines) + b"\n", arrived, Position(source, {}), facts, piece)


def _facts(sender: Sender, priorities: set[int | None]) -> dict[str, Scalar]:
    facts: dict[str, Scalar] = {"peer": sender.peer} if sender.peer else {}
    numbers = [number for number in priorities if number is not None]
    if len(numbers) < len(priorities):
        return facts
    facilities = {number // 8 for number in numbers}
    severities = {number % 8 for number in numbers}
    if len(facilities) == 1:
        facts["facility"] = FACILITIES[facilities.pop()]
    if len(severities) == 1:
        facts["severity"] = SEVERITIES[severities.pop()]
    return facts


def _once(make: Callable[[], bytes]) -> Callable[[], bytes]:
    made: list[bytes] = []

    def give() -> bytes:
        if not made:
            made.append(make())
        return made[0]

    return give
