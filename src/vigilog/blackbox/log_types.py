"""Which of ProFTPD's log types, and which level of it, a message of a logger is shown with."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple

from vigilog.core.errors import ConfigurationError
from vigilog.parse.forensics import LOG_TYPES

SYSTEM_LOG = "SystemLog"
WITHOUT_LEVEL = frozenset(("Unspec", "TransferLog", "ExtendedLog"))
HIGHEST = 49
"""ProFTPD shows levels from 50 on as N."""


class LogTypes(dict[str, str]):
    """Gives the log type of a logger by its name: that of the longest name in `chosen` that is the logger's or one above it in
    the hierarchy; "" is above all. Where nothing is chosen it is SystemLog.

    Raises ConfigurationError for a log type that does not exist.
    """

    def __init__(self, chosen: Mapping[str, str]) -> None:
        super().__init__()
        for logger, log_type in chosen.items():
            if log_type not in LOG_TYPES:
                raise ConfigurationError(
                    f'log type "{log_type}" of logger "{logger}"', expected=f"one of {', '.join(LOG_TYPES)}"
                )
        self._chosen = dict(chosen)

    def __missing__(self, logger: str) -> str:
        name = logger
        while name and name not in self._chosen:
            name = name.rpartition(".")[0]
        log_type = self[logger] = self._chosen.get(name, SYSTEM_LOG)
        return log_type


def level_of(log_type: str, level: int) -> int:
    """The level that a block shows, of a `level` as `logging` counts.

    Those that go to a system log have syslog's severities, 2 (critical) to 7 (debug). Trace levels rise with detail: 2 to 7 as
    well, and one more for each that `level` is below DEBUG, up to 49. The other logs have none: 0.
    """
    if log_type in WITHOUT_LEVEL:
        return 0
    if level >= 50:
        return 2
    if level >= 10:
        return 3 if level >= 40 else 4 if level >= 30 else 5 if level >= 25 else 6 if level >= 20 else 7
    return min(HIGHEST, 17 - level) if log_type == "TraceLog" else 7


class Head(NamedTuple):
    """What every message of a logger and a level begins with, besides its time: `shop.database DEBUG: `."""

    log_type: str
    level: int
    text: str


class HeadsOfLevel(dict[str, Head]):
    """Gives the head of a level's messages by their logger."""

    def __init__(self, types: LogTypes, level: int) -> None:
        super().__init__()
        self._types = types
        self._level = level

    def __missing__(self, logger: str) -> Head:
        log_type = self._types[logger]
        text = f"{logger} {logging.getLevelName(self._level)}: "
        head = self[logger] = Head(log_type, level_of(log_type, self._level), text)
        return head


class Heads(dict[int, HeadsOfLevel]):
    """Gives the heads of messages by their level, as `logging` counts, and then by their logger. A level has the name that it
    had when it was first asked for with that logger."""

    def __init__(self, types: LogTypes) -> None:
        super().__init__()
        self._types = types

    def __missing__(self, level: int) -> HeadsOfLevel:
        heads = self[level] = HeadsOfLevel(self._types, level)
        return heads
