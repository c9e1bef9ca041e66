"""Readers for ProFTPD's logs: server log, transfer log, ExtendedLog with its formats, trace, and the five Forensic directives.

A Forensic directive that ProFTPD takes although it makes no sense is refused: a negative buffer size (there it becomes four
billion messages and every session dies), one that only wraps around to something.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vigilog.config.proftpd_nouns import CRITERIA, LOG_TYPES
from vigilog.config.proftpd_words import Around, Bad, Parameters, Reader, boolean, log, one_of

CLASSES = ("ALL", "NONE", "AUTH", "INFO", "DIRS", "READ", "WRITE", "MISC", "SEC", "CONNECT", "EXIT", "SSH", "SFTP")
SAME = {"SECURE": "SEC", "DISCONNECT": "EXIT"}
FACILITIES = (
    *("auth", "authpriv", "ftp", "cron", "daemon", "kern", "lpr", "mail", "news", "user", "uucp"),
    *(f"local{number}" for number in range(8)),
)
LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug")
MOST_MESSAGES = 2**32
MOST_DIGITS = 100


class Extended(NamedTuple):
    """`ExtendedLog PATH [CLASSES [FORMAT]]` as it stands there; `format` is a name, '' for the classic one."""

    path: str
    classes: tuple[str, ...]
    format: str


class Traced(NamedTuple):
    """`Trace [session] CHANNEL:LEVEL ...`: the highest level of each channel."""

    levels: tuple[tuple[str, int], ...]
    session: bool


def level(word: str) -> bool:
    """Whether that is one of syslog's levels, in any case."""
    return word.lower() in LEVELS


def extended_log(parameters: Parameters, _around: Around) -> Extended:
    """`ExtendedLog PATH|syslog:LEVEL [CLASSES [FORMAT]]`."""
    path = parameters[0]
    if path[:7].lower() == "syslog:":
        if not level(path[7:]):
            raise Bad(f"unknown syslog level: '{path[7:]}'")
    elif not path.startswith("/"):
        raise Bad(f"relative paths not allowed: '{path}'")
    return Extended(
        path, classes(parameters[1]) if len(parameters) > 1 else ("ALL",), parameters[2] if len(parameters) > 2 else ""
    )


def classes(words: str) -> tuple[str, ...]:
    """`READ,WRITE` or `ALL|!AUTH` as its words in capitals, `!` before those that are meant not to be logged."""
    found = []
    for word in filter(None, words.split("|" if "|" in words else ",")):
        name = word.removeprefix("!").upper()
        name = SAME.get(name, name)
        if name not in CLASSES:
            raise Bad(f"invalid log class in '{words}': No such file or directory")
        found.append("!" + name if word.startswith("!") else name)
    return tuple(found)


def log_format(parameters: Parameters, _around: Around) -> tuple[str, str]:
    """`LogFormat NAME TEXT`."""
    if not parameters[0]:
        raise Bad("missing required name parameter")
    return parameters[0], parameters[1]


def syslog_level(parameters: Parameters, _around: Around) -> str:
    """`SyslogLevel LEVEL`."""
    if not level(parameters[0]):
        raise Bad("SyslogLevel requires level keyword: one of " + "/".join(LEVELS))
    return parameters[0].lower()


def trace(parameters: Parameters, around: Around) -> Traced:
    """`Trace [session] CHANNEL:LEVEL ...`, LEVEL being a number or a range of them."""
    session = parameters[0].lower() == "session"
    pairs = parameters[1:] if session else parameters
    if not pairs:
        raise Bad("wrong number of parameters")
    levels = []
    for pair in pairs:
        channel, colon, number = pair.partition(":")
        if not colon:
            raise Bad(f"badly formatted parameter: '{pair}'")
        found = re.fullmatch(r"(?:([0-9]{1,9})-)?([0-9]{1,9})", number)
        if not found or int(found[1] or 0) > int(found[2]):
            raise Bad(f"error parsing level \"{number}\" for channel '{channel}': Invalid argument")
        levels.append((channel, int(found[2])))
    return Traced(tuple(levels), session or around.section != "s")


def trace_log(parameters: Parameters, _around: Around) -> str:
    """`TraceLog PATH`."""
    return absolute(parameters)


def absolute(parameters: Parameters, _around: Around | None = None) -> str:
    """A path from the root."""
    if not parameters[0].startswith("/"):
        raise Bad("must be an absolute path")
    return parameters[0]


def buffer_size(parameters: Parameters, _around: Around) -> int:
    """`ForensicLogBufferSize COUNT`."""
    word = parameters[0]
    if word and not re.fullmatch(r"[ \t\n\v\f\r]*[+-]?[0-9]+", word):
        raise Bad(f"badly formatted number: {word}")
    if not word or len(word) > MOST_DIGITS or not 0 < int(word) < MOST_MESSAGES:
        raise Bad("size must be greater than zero")
    return int(word)


def capture(parameters: Parameters, _around: Around) -> tuple[str, ...]:
    """`ForensicLogCapture TYPE ...`: in the order of LOG_TYPES, each once."""
    return chosen(parameters, {**{each.lower(): each for each in LOG_TYPES}, "unknown": "Unspec"}, "unknown log type: ")


def criteria(parameters: Parameters, _around: Around) -> tuple[str, ...]:
    """`ForensicLogCriteria CRITERION ...`: in the order of CRITERIA, each once."""
    return chosen(parameters, {each.lower(): each for each in CRITERIA}, "unknown criterion: ")


def chosen(words: Parameters, known: dict[str, str], otherwise: str) -> tuple[str, ...]:
    """The known words of `words`, in the order of `known`."""
    for word in words:
        if word.lower() not in known:
            raise Bad(otherwise + word)
    given = {known[word.lower()] for word in words}
    return tuple(dict.fromkeys(name for name in known.values() if name in given))


READERS: dict[str, Reader] = {
    "AllowLogSymlinks": boolean,
    "ExtendedLog": extended_log,
    "ForensicLogBufferSize": buffer_size,
    "ForensicLogCapture": capture,
    "ForensicLogCriteria": criteria,
    "ForensicLogEngine": boolean,
    "ForensicLogFile": absolute,
    "LogFormat": log_format,
    "ServerLog": log,
    "SyslogFacility": one_of(FACILITIES, "argument must be a valid syslog facility"),
    "SyslogLevel": syslog_level,
    "SystemLog": log,
    "Trace": trace,
    "TraceLog": trace_log,
    "TransferLog": log,
}
