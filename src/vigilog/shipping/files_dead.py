"""Lines that a LogFormat has not written, kept in the file of dead letters."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from vigilog.core.clock import Clock
from vigilog.core.errors import DeliveryError
from vigilog.core.nouns import Place
from vigilog.patterns.logformat_json import encoded

REASON = "the line is not of the format"


class Apart:
    """Appends lines to `path` (made 0600; '': takes nothing), each as an object of JSON on a line: `time` (seconds since the
    epoch), `topic` that it would have gone to, `reason`, and `line`. To be used in a `with`.

    Raises DeliveryError if the file cannot be opened or written.
    """

    def __init__(self, path: str, topic: str, clock: Clock) -> None:
        self._path = path
        self._topic = topic
        self._clock = clock
        self._file = -1

    def __enter__(self) -> Self:
        if self._path:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                self._file = os.open(self._path, flags, 0o600)
            except OSError as error:
                raise self._refused(error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file >= 0:
            os.close(self._file)

    def __call__(self, lines: Sequence[bytes]) -> None:
        """Writes some lines."""
        if self._file < 0 or not lines:
            return
        written = b"".join(self._letter(line) for line in lines)
        try:
            while written:
                written = written[os.write(self._file, written) :]
        except OSError as error:
            raise self._refused(error) from error

    def _letter(self, line: bytes) -> bytes:
        text = line.decode("utf-8", "surrogateescape")
        return encoded({"time": self._clock(), "topic": self._topic, "reason": REASON, "line": text}) + b"\n"

    def sync(self) -> None:
        """Puts on the disk what was written."""
        if self._file >= 0:
            try:
                os.fsync(self._file)
            except OSError as error:
                raise self._refused(error) from error

    def _refused(self, error: OSError) -> DeliveryError:
        return DeliveryError(f"dead letters cannot be kept: {error.strerror}", place=Place(self._path))
