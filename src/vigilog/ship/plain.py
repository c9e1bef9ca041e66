"""Records into a file or to the standard output, one line each: the target that needs no broker."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock

from vigilog.core.errors import ConfigurationError, DeliveryError
from vigilog.core.nouns import Place
from vigilog.core.opening import opened
from vigilog.core.torn import end_line
from vigilog.ship.counts import Counts, Ending
from vigilog.ship.record import Record

STDOUT = "stdout"
FILE = "file:"
_GATHERED = 1 << 18
_ROOM = 1 << 30


class PlainTarget:
    """Writes the value of each record as a line, whatever its topic and key. `to` is `stdout` or `file:PATH`; a file is made
    0600, appended to (behind half a line that somebody left who was killed comes a newline), and not opened through links that
    others could have put there.

    `settle` writes what was offered and syncs a file; a file that cannot be written (a full disk) keeps whole lines only.
    Raises ConfigurationError (with `place`) for another word, DeliveryError if the file cannot be opened, or the output
    cannot be written to.
    """

    def __init__(self, to: str, *, place: Place | None = None) -> None:
        self._lock = Lock()
        self._gathered: list[bytes] = []
        self._size = 0
        self._offered = self._written = 0
        self._trouble = ""
        self._errors = 0
        self._origin = secrets.token_hex(8)
        self._file = to != STDOUT
        self._open = True
        path = to.removeprefix(FILE)
        if not self._file:
            self._descriptor = sys.stdout.fileno()
        elif not to.startswith(FILE) or not path:
            raise ConfigurationError(f"not a target: {to}", place=place, expected="stdout or file:PATH")
        else:
            try:
                self._descriptor = opened(os.path.abspath(path), 0o600, devices=True)
                end_line(self._descriptor)
            except OSError as error:
                raise DeliveryError(f"the file cannot be opened: {error.strerror}", place=Place(path)) from error
        self._place = Place(path) if self._file else None

    @property
    def origin(self) -> str:
        """Random for each process: nothing is kept."""
        return self._origin

    @property
    def next_number(self) -> int:
        """Counts from 1 in each process."""
        return self._offered + 1

    @property
    def safe(self) -> int:
        """Up to which number all is written."""
        return self._written

    @property
    def counts(self) -> Counts:
        """`acknowledged` are those written."""
        return Counts(
            offered=self._offered,
            given=self._written,
            acknowledged=self._written,
            errors=self._errors,
            waiting=self._offered - self._written,
            trouble=self._trouble,
        )

    def offer(self, records: Sequence[Record]) -> int:
        """As `Shipper.offer`. Raises DeliveryError if the standard output is gone."""
        return self.offer_values("", [record.value for record in records])

    def offer_values(self, topic: str, values: Sequence[bytes], keys: Sequence[bytes | None] | None = None) -> int:  # noqa: ARG002
        """As `Shipper.offer_values`. Raises DeliveryError if the standard output is gone."""
        with self._lock:
            if values:
                text = b"\n".join(values) + b"\n"
                self._gathered.append(text)
                self._size += len(text)
                self._offered += len(values)
            if self._size >= _GATHERED:
                self._write()
            return self._offered

    def release(self, number: int) -> None:
        """Nothing is ever held."""

    def settle(self, seconds: float = 0.0, number: int | None = None) -> bool:  # noqa: ARG002
        """Writes; False if the disk is full. Raises DeliveryError if the standard output is gone."""
        with self._lock:
            if not self._write():
                return False
            if self._file:
                with suppress(OSError):  # a pipe or a terminal has nothing to sync
                    os.fdatasync(self._descriptor)
            return True

    def _write(self) -> bool:
        data = b"".join(self._gathered)
        written = 0
        try:
            before = os.fstat(self._descriptor).st_size if self._file else 0
            while written < len(data):
                written += os.write(self._descriptor, memoryview(data)[written:])
        except OSError as error:
            self._errors += 1
            self._trouble = f"it cannot be written to: {error.strerror}"
            if not self._file:
                raise DeliveryError(f"the standard output {self._trouble.removeprefix('it ')}") from error
            with suppress(OSError):  # then half a line stands there, and the rest of it is not written behind it
                os.ftruncate(self._descriptor, before)
            return False
        self._gathered, self._size = [], 0
        self._written = self._offered
        self._trouble = ""
        return True

    def room(self) -> int:
        """How much may be gathered before a file must take it."""
        return max(0, _ROOM - self._size)

    def close(self, seconds: float) -> Ending:
        """Writes, and closes a file. `lost` is what could not be written."""
        if self._open:
            self._open = False
            self.settle(seconds)
            if self._file:
                os.close(self._descriptor)
        lost = self._offered - self._written
        return Ending(self._written, 0, 0, 0, lost, self.counts)
