"""Records that could not be delivered: for good, or only this time; and the file for the former."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from vigilog.core.clock import Clock
from vigilog.core.errors import StoreError
from vigilog.core.nouns import Place
from vigilog.core.opening import opened

_NOT_FOR_GOOD = frozenset(
    (
        "_FATAL",
        "_PURGE_QUEUE",
        "_PURGE_INFLIGHT",
        "_MSG_TIMED_OUT",
        "_TIMED_OUT",
        "_TRANSPORT",
        "_DESTROY",
        "_QUEUE_FULL",
        "_STATE",
    )
)


class Refusal(NamedTuple):
    """A record and why it was refused: the name of librdkafka's error and its text."""

    topic: str
    key: bytes | None
    value: bytes
    error: str
    reason: str


def for_good(name: str, *, retriable: bool, fatal: bool) -> bool:
    """Whether an error of that name means that a record will never be taken. librdkafka tries again by itself what can be
    tried again, so most errors do; not those that are about the producer, which say nothing about the record."""
    return not (retriable or fatal or name in _NOT_FOR_GOOD)


class DeadLetters:
    """A file of JSON lines, one for each record that was refused for good: `time` (seconds since the epoch), `topic`, `key`,
    `value`, `error`, `reason`. Bytes that are not UTF-8 stand in `key_base64` and `value_base64` instead.

    It is made 0600 and kept open. Raises StoreError.
    """

    def __init__(self, path: str, clock: Clock) -> None:
        self.path = os.path.abspath(path)
        self._clock = clock
        try:
            self._descriptor = opened(self.path, 0o600)
        except OSError as error:
            raise StoreError(f"the dead-letter file cannot be opened: {error.strerror}", place=Place(self.path)) from error

    def write(self, refused: Sequence[Refusal]) -> None:
        """Appends them, and syncs. Raises OSError; then none of them is there."""
        time = self._clock()
        data = b"".join(msgspec.json.encode(_line(each, time)) + b"\n" for each in refused)
        before = os.fstat(self._descriptor).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
            os.fdatasync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._descriptor)


def _line(refused: Refusal, time: float) -> dict[str, object]:
    line: dict[str, object] = {"time": time, "topic": refused.topic}
    for name, data in (("key", refused.key), ("value", refused.value)):
        try:
            line[name] = None if data is None else data.decode()
        except UnicodeDecodeError:
            line[f"{name}_base64"] = base64.b64encode(data or b"").decode()
    return {**line, "error": refused.error, "reason": refused.reason}
