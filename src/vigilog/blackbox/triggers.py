"""What a program's own messages may set off: a block, when one of them meets a condition of the program's choice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from vigilog.blackbox.captured import Captured
from vigilog.blackbox.criteria import Criterion
from vigilog.blackbox.log_types import level_of
from vigilog.parse.forensics import Message


class Trigger(NamedTuple):
    """A message sets off a block of `kind` ("FAILED LOGIN") when all of these hold: its level, as `logging` counts, is `level`
    or more; its logger is `logger` or below it; `pattern` is found in its text (no stamp, logger and level); `when` says so.

    `when` is given the message with its text made. It is called in the middle of a log call: it should be quick and log
    nothing. What it raises counts as no. A text is looked at for every message of `level` and above, also those that no
    handler prints, which costs a few microseconds each.
    """

    kind: str
    level: int = 0
    logger: str = ""
    pattern: re.Pattern[str] | None = None
    when: Callable[[Captured], bool] | None = None

    def met(self, captured: Captured) -> bool:
        """Whether this message does. Its arguments are in its text."""
        if captured.level < self.level or not below(self.logger, captured.logger):
            return False
        if self.pattern and not self.pattern.search(captured.message):
            return False
        return self.when is None or _says_so(self.when, captured)


def _says_so(when: Callable[[Captured], bool], captured: Captured) -> bool:
    try:
        return bool(when(captured))
    except Exception:  # noqa: BLE001 - the program's log calls have to go on
        return False


def below(logger: str, name: str) -> bool:
    """Whether the logger `name` is `logger` or below it in the hierarchy; "" is above all."""
    return not logger or name == logger or name.startswith(f"{logger}.")


def at_level(level: int, kind: str = "ERROR") -> Trigger:
    """A block whenever a message of this level or above is logged, as `logging.ERROR`."""
    return Trigger(kind, level)


def failed_login(pattern: str, *, level: int = 0, logger: str = "") -> Trigger:
    """A FAILED LOGIN block when a message has this regular expression in it."""
    return Trigger("FAILED LOGIN", level, logger, re.compile(pattern))


def first_met(triggers: Iterable[Trigger], captured: Captured) -> str | None:
    """The kind of the block that this message sets off, or None."""
    return next((trigger.kind for trigger in triggers if trigger.met(captured)), None)


def lowest(triggers: Iterable[Trigger]) -> float:
    """The lowest level that any of `triggers` looks at; infinite without any."""
    return min((trigger.level for trigger in triggers), default=float("inf"))


def of_criteria(criteria: Iterable[Criterion]) -> Iterator[Trigger]:
    """The triggers that a box's criteria with a test are. Such a test sees the message as a block shows it, but for its
    stamp."""
    for criterion in criteria:
        if criterion.test is not None:
            yield Trigger(criterion.kind, when=_asks(criterion.test))


def _asks(test: Callable[[Message], bool]) -> Callable[[Captured], bool]:
    def when(captured: Captured) -> bool:
        return test(
            Message("SystemLog", level_of("SystemLog", captured.level), captured.message.encode("utf-8", "backslashreplace"))
        )

    return when
