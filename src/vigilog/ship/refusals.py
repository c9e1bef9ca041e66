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
from vigilog.core.torn import end_line

_RECORD = frozenset(
    {
        "MSG_SIZE_TOO_LARGE", "INVALID_MSG_SIZE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "_INVALID_DIFFERENT_RECORD",
        "INVALID_TIMESTAMP", "POLICY_VIOLATION", "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    }
)  # fmt: skip
"""About a record, or about others in the same request."""
_ALL = frozenset(
    {
        "TOPIC_EXCEPTION", "TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION",
        "_INVALID_ARG",
    }
)  # fmt: skip
"""About the topic, so that others must not wait until somebody makes this one, or allows it; or found without a broker."""


class Refusal(NamedTuple):
    """A record and why it was refused: the name of librdkafka's error and its text. `shared`: perhaps because of another record
    that was in the same request."""

    topic: str
    key: bytes | None
    value: bytes
    error: str
    reason: str
    shared: bool = False


def for_good(name: str) -> bool:
    """Whether librdkafka's error of that name means that a record will never be taken. Any other says something about brokers,
    the producer, or this moment: the record is sent again."""
    return name in _RECORD or name in _ALL


def is_shared(name: str) -> bool:
    """Whether that error may be about another record that was in the same request."""
    return name in _RECORD


def told(count: int, last: Refusal) -> str:
    """So many refusals in words."""
    return f"{count} {'record' if count == 1 else 'records'}, the last one on topic {last.topic}: {last.reason}"


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
            end_line(self._descriptor)
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
