"""What happens to one log call of the program, whichever library made it: it is put into the session that is at work.

Nothing here raises an Exception, and nothing logs. Arguments that cannot change are kept as they are, and the text is made
when a block is written; everything else has its text made at once, in bounded length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from threading import get_ident

from vigilog.blackbox.bounded import MESSAGE, Texts, cut
from vigilog.blackbox.captured import Captured, encoded, text_of
from vigilog.blackbox.current import CURRENT
from vigilog.blackbox.entry import OVERHEAD, Entry
from vigilog.blackbox.immutable import size_of
from vigilog.blackbox.log_types import Heads, LogTypes
from vigilog.blackbox.not_again import NotAgain
from vigilog.blackbox.session import Session
from vigilog.blackbox.stamp import stamp
from vigilog.blackbox.triggers import Trigger, first_met, lowest
from vigilog.core.clock import Clock, wall
from vigilog.parse.forensics import LOG_TYPES, Message

ROOM = 4096
"""Bytes of arguments that are kept as they are; where they are more, the text is made at once and cut."""
OPAQUE = ("django.db.models.query.QuerySet",)
"""Asking one of these for its text asks a database."""


class Capture:
    """`types` gives log types to loggers by their names (see LogTypes), `triggers` are looked at for each message.

    `opaque` are types whose objects are never asked for their text, because that has effects or takes long (see Texts).
    Of loggers whose log type is not among `kept` nothing is kept. `clock` gives the time of a message. What is logged
    outside of all sessions goes to `process`, if there is one.
    """

    def __init__(
        self,
        *,
        kept: Iterable[str] = LOG_TYPES,
        types: Mapping[str, str] | None = None,
        triggers: Iterable[Trigger] = (),
        opaque: Iterable[type | str] = OPAQUE,
        clock: Clock = wall,
        process: Session | None = None,
    ) -> None:
        self.current: Callable[[], Session | None] = partial(CURRENT.get, process) if process else CURRENT.get
        self.types = LogTypes(types or {})
        self.heads = Heads(self.types)
        self.triggers = tuple(triggers)
        self.watched_from = lowest(self.triggers)
        self.clock = clock
        self._kept = frozenset(kept)
        self.all_kept = self._kept.issuperset(LOG_TYPES)
        self._texts = Texts(opaque)
        self._asking: set[int] = set()
        self._deciding = NotAgain()

    def message(self, entry: Entry) -> Message:
        """What a block shows of an entry that was kept: (this method, logger, level, moment, message, arguments)."""
        _, logger, level, moment, message, arguments = entry
        head = self.heads[level][logger]
        return Message(head.log_type, head.level, b"%b %b" % (stamp(moment), encoded(head.text + text_of(message, arguments))))

    def put(
        self, session: Session, logger: str, level: int, moment: float, message: str, arguments: tuple[object, ...], size: int
    ) -> None:
        """A call whose arguments are none, or as they may be kept; they need about `size` bytes."""
        if session.ring.deferred:
            session.later((self.message, logger, level, moment, message, arguments), size)
        else:
            head = self.heads[level][logger]
            # Not the session's: the box's criteria are among the triggers already.
            session.ring.keep(head.log_type, head.level, encoded(head.text + text_of(message, arguments)), moment)

    def take(
        self,
        session: Session,
        logger: str,
        level: int,
        moment: float,
        message: object,
        arguments: tuple[object, ...],
        more: str = "",
    ) -> None:
        """A call whose arguments may be anything. `more` stands below its text: a traceback."""
        size = 0 if more or level >= self.watched_from else size_as_is(message, arguments)
        if not size:
            text = self.text(message, arguments)
            if more or level >= self.watched_from:
                self.give(session, Captured(logger, level, moment, text), more)
                return
            message, arguments, size = text, (), OVERHEAD + len(text)
        if self.wanted(logger):
            self.put(session, logger, level, moment, message, arguments, size)  # type: ignore[arg-type]

    def give(self, session: Session, captured: Captured, more: str = "") -> None:
        """A call whose text is made."""
        logger, level, moment, text = captured
        if self.wanted(logger):
            whole = f"{text}\n{more}" if more else text
            self.put(session, logger, level, moment, whole, (), OVERHEAD + len(whole))
        if level >= self.watched_from:
            # What a trigger's own function logs sets off nothing.
            kind = self._deciding.call(lambda: first_met(self.triggers, captured), None)
            if kind is not None:
                session.dump(kind)

    def wanted(self, logger: str) -> bool:
        """Whether messages of `logger` are kept."""
        return self.all_kept or self.types[logger] in self._kept

    def text(self, message: object, arguments: tuple[object, ...]) -> str:
        """Their text by `%`, in bounded length."""
        thread = get_ident()
        if thread in self._asking:
            return unasked(message, arguments)
        self._asking.add(thread)
        try:
            text = cut(message, MESSAGE) if type(message) is str else self._texts.shown(message, MESSAGE)
            return self._texts.percent(text, arguments) if arguments else text
        finally:
            self._asking.discard(thread)

    def braces(self, message: object, arguments: tuple[object, ...], named: Mapping[str, object]) -> str:
        """Their text by `str.format`, in bounded length."""
        thread = get_ident()
        if thread in self._asking:
            return unasked(message, arguments)
        self._asking.add(thread)
        try:
            return self._texts.braces(str(message), arguments, named)
        finally:
            self._asking.discard(thread)


def unasked(message: object, arguments: tuple[object, ...]) -> str:
    """What is shown of a message that something logs while it is being asked for its text: it is not asked again, that might
    never end."""
    return f"{message if type(message) is str else type(message)} {tuple(map(type, arguments))}"[:MESSAGE]


def size_as_is(message: object, arguments: tuple[object, ...]) -> int:
    """About how many bytes an entry takes that keeps these two as they are; 0 if that cannot be."""
    if type(message) is not str or len(message) > ROOM:
        return 0
    size = size_of(arguments, ROOM) if arguments else 0
    return 0 if size is None else OVERHEAD + len(message) + size
