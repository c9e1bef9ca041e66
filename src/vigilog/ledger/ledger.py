"""The request ledger: one line before a request is worked on, one when that is over."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from vigilog.core.errors import ConfigurationError
from vigilog.ledger.current import FORENSIC_ID
from vigilog.ledger.escape import escaped_fields
from vigilog.ledger.headers import Header, joined
from vigilog.ledger.hosts import Hosts
from vigilog.ledger.identifiers import ApacheIdentifiers, Identifiers
from vigilog.ledger.target import Target, Where, Write, nowhere, target


class Entry:
    """A request that is under way. `identifier` is its name in the ledger."""

    __slots__ = ("_last_line", "_write", "identifier")

    def __init__(self, identifier: str, write: Write, last_line: bytes) -> None:
        self.identifier = identifier
        self._write: Write | None = write
        self._last_line = last_line

    def end(self) -> None:
        """Writes the second line; after the first time, nothing."""
        if (write := self._write) is not None:
            self._write = None
            write(self._last_line)


class Ledger:
    """Writes the two lines of each request to `where`: a file (a text or a Path), `|` and a program (see `target`, also for
    `root`, `user` and `strict`), an object that is a Target, or None for nowhere.

    `hosts` gives virtual hosts their own: from the name in a Host header (without port; `*.example.com` for all below) to what
    `where` can be. `identifiers` gives names to requests; by default in Apache's own form. Raises ConfigurationError.
    """

    def __init__(
        self,
        where: Where,
        *,
        hosts: Mapping[str, Where] | None = None,
        root: str = "",
        user: str = "",
        strict: bool = True,
        identifiers: Identifiers | None = None,
    ) -> None:
        programs = [what for what in (where, *(hosts or {}).values()) if isinstance(what, str) and what.startswith("|")]
        if user and not programs:
            raise ConfigurationError(f"the user {user!r} of a ledger", expected="a program: a file is written by this process")
        made: dict[str, Target] = {}

        def of(what: Where) -> Target | None:
            if isinstance(what, os.PathLike):
                what = os.fspath(what)
            if not isinstance(what, str):
                return what
            if what not in made:
                made[what] = target(what, root=root, user=user if what in programs else "", strict=strict)
            return made[what]

        main = of(where)
        self._write = main.write if main else nowhere
        self._hosts = Hosts({name: of(what) for name, what in hosts.items()}, main) if hosts else None
        self._targets = self._hosts.targets if self._hosts else [main] if main else []
        self._identify = (identifiers or ApacheIdentifiers()).of

    def begin(self, request_line: bytes, headers: Sequence[Header]) -> Entry:
        """Writes the first line of a request and gives what will write the second.

        `request_line` is as the client wrote it (`GET /x HTTP/1.1`), `headers` are names and values as they came: not escaped,
        and repeated ones not joined. From now on FORENSIC_ID has the request's name in this task or thread.
        """
        return Entry(*self.enter(headers, escaped_fields(request_line, joined(headers)) + b"\n"))

    def enter(self, headers: Collection[Header], fields: bytes) -> tuple[str, Write, bytes]:
        """As `begin`, for who has made the `fields` of the line: `REQUEST-LINE|NAME:VALUE...` and a newline, escaped.

        Gives the request's name, and a function and a line: when the request is over, the one is to be called with the other,
        once.
        """
        identifier = self._identify(headers)
        FORENSIC_ID.set(identifier)
        write = self._write if self._hosts is None else self._hosts.write_for(headers)
        name = identifier.encode("ascii")
        write(b"+" + name + b"|" + fields)
        return identifier, write, b"-" + name + b"\n"

    @property
    def lost(self) -> int:
        """How many lines this process could not write, if the ledger is not strict."""
        return sum(getattr(each, "lost", 0) for each in self._targets)

    def reopen(self) -> None:
        """For a program that is told of a rotation: the next lines go to the new files. May be called from a signal handler."""
        for each in self._targets:
            each.reopen()

    def close(self) -> None:
        """To be called after the end of the last request, if at all: what is written later cannot be written."""
        for each in self._targets:
            each.close()
