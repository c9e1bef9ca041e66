r"""What hosts and the fleet tell each other on Kafka: one JSON object each.

A host's events lie on one topic, keyed by what is counted, so that whoever counts a key sees all of it, and what one host saw
in its order. Bytes of a log that are no UTF-8 are written as `\xNN` (Python's "backslashreplace") in these messages; Kafka's
key has them as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

BETWEEN = b"\x1f"
"""Stands between the values of a key that has several (ASCII's unit separator)."""

Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Sighted(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One occurrence of a trigger on one host. `time` and `arrived` are seconds since the epoch; `key` the values that are
    counted together and `fields` all that the line had. `origin` and `number` are those of the host's spool: numbers of an
    origin grow, so an event that comes again is known. `clears`: the key is forgotten; if `trigger` is '' for every trigger,
    and what was decided about it, too."""

    trigger: str
    key: tuple[str, ...]
    time: float
    arrived: float
    host: str
    source: str
    line: str
    fields: dict[str, str]
    origin: str
    number: Number
    clears: bool = False


class Evidence(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One event that an alert is made of: seconds since the epoch, the host, its source, and the line, perhaps cut; '' where
    there were too many lines to keep."""

    time: float
    host: str
    source: str
    line: str


class Alarm(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A trigger's threshold was crossed over all hosts: by `count` events of `hosts` hosts within `span` seconds. The one that
    crossed it was at `time` (seconds since the epoch) and has the `fields`. `evidence` is all of them, or the newest of them,
    by time. `made`: when this was found."""

    trigger: str
    kind: str
    key: tuple[str, ...]
    time: float
    count: int
    hosts: int
    span: float
    fields: dict[str, str]
    evidence: tuple[Evidence, ...]
    made: float


class Decision(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Whom every host shuts out `until` (seconds since the epoch; None: the host's own time), or lets in. `target` is an
    address or a network; `ports` such as "tcp/22", none: all. `by` is who decided (a worker, or a person at a host), at
    `made`. `key`: what was counted, where that is known."""

    decision: Literal["ban", "unban"]
    target: str
    until: float | None
    reason: str
    trigger: str
    evidence: tuple[Evidence, ...]
    by: str
    made: float
    ports: tuple[str, ...] = ()
    key: tuple[str, ...] = ()


_encoder = msgspec.json.Encoder()
_sighted = msgspec.json.Decoder(Sighted)
_alarm = msgspec.json.Decoder(Alarm)
_decision = msgspec.json.Decoder(Decision)


def encoded(message: Sighted | Alarm | Decision) -> bytes:
    """A message as it travels: JSON, one line without its end. Raises UnicodeEncodeError for text that `text` did not make."""
    return _encoder.encode(message)


def sighted(value: bytes) -> Sighted:
    """What a host told. Raises msgspec.DecodeError (ValidationError among them) for anything else."""
    return _sighted.decode(value)


def alarm(value: bytes) -> Alarm:
    """An alert over all hosts. Raises msgspec.DecodeError."""
    return _alarm.decode(value)


def decision(value: bytes) -> Decision:
    """A decision. Raises msgspec.DecodeError."""
    return _decision.decode(value)


def text(value: bytes) -> str:
    """Bytes of a log as text for a message."""
    return value.decode("utf-8", "backslashreplace")


def forgiveness(key: tuple[str, ...], *, now: float, host: str, by: str, origin: str) -> Sighted:
    """What tells the workers to begin anew with a key. `origin` is a new one each time."""
    return Sighted("", key, now, now, host, by, "", {}, origin, 1, clears=True)


def key_of(values: Sequence[bytes]) -> bytes:
    """Kafka's key for the values that are counted together: a single value is itself; of several, none can look like two."""
    if len(values) == 1:
        return values[0]
    return BETWEEN.join([value.replace(b"\\", b"\\\\").replace(BETWEEN, b"\\u") for value in values])


def key_of_decision(target: str, ports: Sequence[str] = ()) -> bytes:
    """Kafka's key of a decision: each one takes the place of the last about the same target and ports."""
    return BETWEEN.join(each.encode() for each in (target, *ports))
