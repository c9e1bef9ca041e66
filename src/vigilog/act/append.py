"""Appends a line to a file, for an alert or for what another action did about it."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Collection, Iterator, Sequence

from vigilog.act.template import template
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Order, Outcome
from vigilog.core.opening import opened

ALERT = "{message}"
"""The default for alerts: the line itself, as logtrigger's own logit.sh writes it."""
OUTCOME = "{time} {name}: {action} {key}: {done}: {reason}"
"""The default for outcomes."""


class Append:
    """The action `append`: one line in the file `path` for each order, by the template `text` (empty: ALERT or OUTCOME).

    `fields` are the names of fields that the template may use; `mode` is what a new file may be read by. Each line is one write
    to the end of the file. After a rotation the new file is used. Raises ConfigurationError for a bad template or path.
    """

    def __init__(self, path: str, *, text: str = "", fields: Collection[str] = (), mode: int = 0o600) -> None:
        if not path.startswith("/"):
            raise ConfigurationError(f"the file {path!r}", expected="a path that begins with /")
        self._path, self._mode = path, mode
        self._alert = template(text or ALERT, fields)
        self._outcome = template(text or OUTCOME, fields)
        self._file: int | None = None
        self._stale = False
        self._busy = threading.Lock()

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Writes a line for each; a line that could not be written whole is taken back."""
        for number, order in enumerate(orders):
            try:
                self._add(f"{self._line(order)}\n".encode(), look=number == 0)
            except OSError as error:
                yield Outcome(order, done=False, reason=f"not written to {self._path}: {error.strerror}")
            else:
                yield Outcome(order, done=True, reason=f"written to {self._path}")

    def reopen(self) -> None:
        """The file is opened again before the next line. Any thread may call it."""
        self._stale = True

    def close(self) -> None:
        """Closes the file. Any thread may call it."""
        with self._busy:
            self._drop()

    def would(self, order: Order) -> str:
        """What `perform` would do about `order`."""
        return f"write to {self._path}: {self._line(order)}"

    def _line(self, order: Order) -> str:
        return (self._alert if order.of is None else self._outcome).line(order)

    def _add(self, line: bytes, *, look: bool) -> None:
        with self._busy:
            try:
                _write(self._current(look=look), line)
            except OSError:
                self._drop()
                raise

    def _current(self, *, look: bool) -> int:
        if self._stale or (look and self._file is not None and not _is_at(self._file, self._path)):
            self._stale = False
            self._drop()
        if self._file is None:
            self._file = opened(self._path, self._mode)
        return self._file

    def _drop(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def _write(descriptor: int, line: bytes) -> None:
    written = os.write(descriptor, line)
    if written == len(line):
        return
    # Half a line would be taken for a whole one. Only what nobody has written after it can be taken back.
    end = os.lseek(descriptor, 0, os.SEEK_CUR)
    if os.fstat(descriptor).st_size == end:
        os.ftruncate(descriptor, end - written)
    raise OSError(errno.ENOSPC, f"only {written} of {len(line)} bytes found room")
