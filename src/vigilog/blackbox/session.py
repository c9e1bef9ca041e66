"""One session: what its header says, and the messages kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self

from vigilog.blackbox.entry import Entry
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.ring import Ring


class Home(Protocol):
    """What a session asks of the box that it was begun by."""

    def write(self, session: Session, kind: str, *, on_demand: bool) -> bool:
        """Writes the block `kind` of `session`."""

    def ended(self, session: Session) -> None:
        """`session` is over."""


class Session:
    """A connection, a request, a process. Made by BlackBox.begin; `facts` may be changed at any time.

    `keep(log_type, level, text, moment=None, pid=None)` keeps a message that is rendered already: bytes, no newline at the end;
    with `moment`, seconds since the epoch, its time is put before the text. `later(entry, size)` keeps one to be rendered when
    it is written (vigilog.blackbox.entry), and `many(entries, size)` several. All are the ring's own; none of them raises.
    """

    __slots__ = ("__weakref__", "_home", "facts", "keep", "later", "many", "number", "ring")

    def __init__(self, number: int, facts: Facts, ring: Ring, home: Home) -> None:
        self.number = number
        self.facts = facts
        self.ring = ring
        self.keep: Callable[..., None] = ring.keep
        self.later: Callable[[Entry, int], None] = ring.later
        self.many: Callable[[Sequence[Entry], int], None] = ring.many
        self._home: Home | None = home

    def dump(self, kind: str, *, on_demand: bool = False) -> bool:
        """Writes what is kept as a block named `kind`, such as `FAILED LOGIN`, and forgets it; whether it was written.

        Not written: a kind whose criterion is off, an automatic one (not `on_demand`) above the rate that is allowed, and when
        the file cannot be written. What was kept is kept on then.
        """
        return self._home is not None and self._home.write(self, kind, on_demand=on_demand)

    def end(self, kind: str | None = None) -> None:
        """The session is over: what is kept is thrown away, with `kind` after it was written. Ending it again does nothing."""
        home = self._home
        if home is None:
            return
        if kind is not None:
            home.write(self, kind, on_demand=False)
        self._home = None
        home.ended(self)

    def failed_login(self, user: str | None = None) -> bool:
        """A login was refused, of whoever called himself `user`: writes a FAILED LOGIN block; whether it was written."""
        if user is not None:
            self.facts.attempted_user = user
        return self.dump("FAILED LOGIN")

    def ended_by_policy(self) -> None:
        """The session is over because a rule says so (too many clients, a forbidden address): a MODULE CONFIG block."""
        self.end("MODULE CONFIG")

    @property
    def deferred(self) -> bool:
        """Whether `later` keeps an entry as it is, to be rendered when it is written. If not, it is rendered at once, and
        `keep` with a text and its time is quicker."""
        return self.ring.deferred

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._home is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            from vigilog.blackbox.last_words import last_words  # noqa: PLC0415 - seldom needed

            last_words(self, error)
            self.end("UNTIMELY DEATH")
        else:
            self.end()
