"""The name of a request: in Apache's own form, in mod_unique_id's, or as a request header says that the user trusts.

All three are made of characters that neither a ledger nor Apache's check_forensic takes for anything else.
"""

from __future__ import annotations

import os
import re
from binascii import b2a_base64
from collections.abc import Collection
from itertools import count
from typing import Protocol

from vigilog.core.clock import Clock, wall
from vigilog.ledger.forks import tell_of_forks
from vigilog.ledger.headers import Header, header_name

_TRUSTED = re.compile(rb"[A-Za-z0-9_@:./=-]{1,128}")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Identifiers(Protocol):
    """Gives each request a name."""

    def of(self, headers: Collection[Header]) -> str:
        """A name for the request with these headers: ASCII without blanks and bars."""


class ApacheIdentifiers:
    """`PID:SECONDS:COUNTER` as mod_log_forensic makes it: the process in decimal, the time of the request and a counter in hex.

    The counter belongs to the process, is shared by its threads, and starts again at 0 in a forked one.
    """

    def __init__(self, clock: Clock = wall) -> None:
        self._clock = clock
        self._stamp = -1, ""
        self.after_fork()
        tell_of_forks(self)

    def of(self, headers: Collection[Header]) -> str:  # noqa: ARG002 - others look at them
        """The next name."""
        second, prefix = self._stamp
        now = int(self._clock())
        if now != second:
            prefix = f"{self._pid}:{now:x}:"
            # One assignment: another thread never sees half of it.
            self._stamp = now, prefix
        return f"{prefix}{next(self._counter):x}"

    def before_fork(self) -> None:
        """Nothing to do."""

    def after_fork(self) -> None:
        """This is another process now."""
        self._pid = os.getpid()
        self._counter = count()
        self._stamp = -1, ""


class UniqueIdentifiers:
    """The 27 characters of mod_unique_id (Apache httpd 2.4): 20 bytes in base64 with `-` and `_`.

    Four bytes for the second, ten by chance for each process, two of a counter, four for the thread. Here all threads share the
    counter, so that the last four are zero.
    """

    def __init__(self, clock: Clock = wall) -> None:
        self._clock = clock
        self.after_fork()
        tell_of_forks(self)

    def of(self, headers: Collection[Header]) -> str:  # noqa: ARG002 - others look at them
        """The next name."""
        second = int(self._clock()) & 0xFFFFFFFF
        packed = second.to_bytes(4, "big") + self._root + (next(self._counter) & 0xFFFF).to_bytes(2, "big") + bytes(4)
        return b2a_base64(packed, newline=False).translate(_URL_SAFE, b"=").decode("ascii")

    def before_fork(self) -> None:
        """Nothing to do."""

    def after_fork(self) -> None:
        """This is another process now."""
        self._root = os.urandom(10)
        self._counter = count(int.from_bytes(os.urandom(2), "big"))


class TrustedHeader:
    """The name that stands in the request header `name`, where whoever is in front puts one that is not used twice.

    It is taken if the header is there once and holds 1 to 128 of the characters `A-Z a-z 0-9 _ @ : . / = -`. If not,
    `otherwise` makes one. Raises ConfigurationError if `name` cannot be a header's name.
    """

    def __init__(self, name: str, otherwise: Identifiers | None = None) -> None:
        self._name = header_name(name).lower().encode("ascii")
        self._otherwise = otherwise or ApacheIdentifiers()

    def of(self, headers: Collection[Header]) -> str:
        """The header's value, or another name."""
        values = [value for name, value in headers if name.lower() == self._name]
        if len(values) == 1 and _TRUSTED.fullmatch(values[0]):
            return values[0].decode("ascii")
        return self._otherwise.of(headers)
