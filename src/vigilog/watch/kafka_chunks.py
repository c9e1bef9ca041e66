"""Chunks of lines out of records of Kafka that came together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from vigilog.core.clock import Clock
from vigilog.core.nouns import Chunk, Notice, Scalar
from vigilog.watch.kafka_offsets import Partition, position
from vigilog.watch.notices import too_long
from vigilog.watch.records import BLOCK, LIMIT


class Message(Protocol):
    """A record as confluent_kafka has it."""

    def topic(self) -> str | None: ...
    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...
    def timestamp(self) -> tuple[int, int]: ...


@dataclass(slots=True)
class _Gathered:
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    second: float = 0.0
    partitions: set[Partition] = field(default_factory=set)
    keys: set[bytes | None] = field(default_factory=set)


def chunks(
    source: str, messages: Iterable[Message], reached: dict[Partition, int], line_of: Callable[[bytes], bytes], clock: Clock
) -> Iterator[Chunk | Notice]:
    """The lines of `messages`, one each, in their order; `reached` (where each partition was read to) goes with them. Records
    from before that, and those without a value, which only delete, are no lines.

    All records of a chunk came in the same second, as the broker says (or their sender, where the topic has it so): that is
    when the chunk arrived, unless that lies in the future. Its facts are `topic`, `partition` and `key`, where they are
    the same for all of it. A line of more than 1 MiB comes in pieces, whose position is that behind the whole. If the
    position moved without a line, a last chunk without data carries it. Notices: long.
    """
    now = clock()
    found = _Gathered()
    is_behind = False

    def chunk() -> Chunk:
        nonlocal found, is_behind
        data, made = b"\n".join(found.lines), found
        found, is_behind = _Gathered(), False
        return Chunk(source, data + b"\n", made.second, position(source, reached), _facts(made))

    for message in messages:
        partition = Partition(message.topic() or "", message.partition() or 0)
        offset = message.offset() or 0
        if offset < reached.get(partition, 0):
            continue
        value = message.value()
        if value is None:
            reached[partition] = offset + 1
            is_behind = True
            continue
        line = line_of(value)
        kind, stamp = message.timestamp()
        second = min(float(stamp // 1000), now) if kind and stamp > 0 else now
        if found.lines and (second != found.second or found.size >= BLOCK or len(line) > LIMIT):
            yield chunk()
        found.second = second
        found.partitions.add(partition)
        found.keys.add(message.key())
        reached[partition] = offset + 1
        if len(line) > LIMIT:
            yield too_long(source, str(partition))
            here, facts = position(source, reached), _facts(found)
            for start in range(0, len(line), LIMIT):
                piece = line[start : start + LIMIT] + b"\n"
                yield Chunk(source, piece, second, here, facts, piece=start + LIMIT < len(line))
            found, is_behind = _Gathered(), False
            continue
        found.lines.append(line)
        found.size += len(line) + 1
    if found.lines:
        yield chunk()
    elif is_behind:
        yield Chunk(source, b"", now, position(source, reached))


def _facts(found: _Gathered) -> dict[str, Scalar]:
    facts: dict[str, Scalar] = {}
    topics = {partition.topic for partition in found.partitions}
    if len(topics) == 1:
        facts["topic"] = topics.pop()
    if len(found.partitions) == 1:
        facts["partition"] = next(iter(found.partitions)).number
    keys = found.keys
    if len(keys) == 1 and (key := next(iter(keys))) is not None:
        facts["key"] = key.decode("utf-8", "backslashreplace")
    return facts
