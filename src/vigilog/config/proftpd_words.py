"""Parameters of ProFTPD's directives → values. Each reader takes them, and raises Bad with what ProFTPD says of wrong ones.

ProFTPD takes numbers in many places with what C's atoi makes of them. Here what is no number is refused in the same words.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from typing import NamedTuple

from vigilog.config.proftpd_nouns import OFF, ForGroups, Maximum, Off

Parameters = tuple[str, ...]

YES = {"on", "yes", "true", "1"}
NO = {"off", "no", "false", "0"}
INTEGER = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+")
OCTAL = re.compile(r"[0-7]+")
CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})")
TIME = re.compile(r"[ \t]*([+-]?[0-9]+)[ \t]*(s|sec|m|min|h|hr)?", re.IGNORECASE)
SECONDS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hr": 3600}
HIGHEST = 2**31 - 1


class Bad(Exception):
    """Wrong parameters; the text is what ProFTPD says behind the directive's name."""


class Around(NamedTuple):
    """What a reader may need to know: the letter of the section, and whether AuthFileOptions InsecurePerms is given."""

    section: str
    insecure: bool = False


Reader = Callable[[Parameters, Around], object]


def boolean(parameters: Parameters, _around: Around | None = None) -> bool:
    """on, yes, true, 1 or the contrary, in any case."""
    return truth(parameters[0], "expected Boolean parameter")


def truth(word: str, otherwise: str) -> bool:
    """The same for one word, with what to say if it is none."""
    if word.lower() in YES:
        return True
    if word.lower() in NO:
        return False
    raise Bad(otherwise)


def text(parameters: Parameters, _around: Around | None = None) -> str:
    """The first parameter as it is."""
    return parameters[0]


def every(parameters: Parameters, _around: Around | None = None) -> Parameters:
    """All parameters as they are."""
    return parameters


def whole(word: str) -> int | None:
    """A number as C's strtol reads it to its end, None for anything else."""
    return int(word) if INTEGER.fullmatch(word) and len(word) < 20 else None


def count_or_none(word: str, otherwise: str) -> int:
    """A number of at least 1; 0 for the word `none`."""
    number = 0 if word.lower() == "none" else whole(word)
    if number is None or number > HIGHEST or (number < 1 and word.lower() != "none"):
        raise Bad(otherwise)
    return number


def maximum(parameters: Parameters, _around: Around) -> Maximum:
    """`MaxClients COUNT|none [MESSAGE]`."""
    number = count_or_none(parameters[0], "parameter must be 'none' or a number greater than 0")
    return Maximum(number or None, parameters[1] if len(parameters) > 1 else "")


def duration(parameters: Parameters, _around: Around | None = None) -> int:
    """Seconds: `90`, `90s`, `90sec`, `5m`, `5min`, `1h`, `1hr`, `01:30:00`."""
    word = parameters[0]
    if clock := CLOCK.fullmatch(word):
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])
    found = TIME.fullmatch(word)
    seconds = int(found[1]) * SECONDS[(found[2] or "").lower()] if found and len(found[1]) < 12 else None
    if seconds is None or not 0 <= seconds <= HIGHEST:
        code = errno.EINVAL if seconds is None else errno.ERANGE
        raise Bad(f"error parsing timeout value '{word}': {os.strerror(code)}")
    return seconds


def log(parameters: Parameters, _around: Around | None = None) -> str | Off:
    """The path of a log, or OFF for the word `none`."""
    return OFF if parameters[0].lower() == "none" else parameters[0]


def umask(parameters: Parameters, _around: Around) -> tuple[int, int | None]:
    """`Umask FILES [DIRECTORIES]`: octal numbers."""
    for word in parameters:
        if not OCTAL.fullmatch(word) or int(word, 8) > 0o777:
            raise Bad(f"'{word}' is not a valid umask")
    return int(parameters[0], 8), int(parameters[1], 8) if len(parameters) > 1 else None


def expression(words: Parameters) -> Parameters:
    """The words of an expression: each parameter holds one, or several with commas between them."""
    return tuple(word for parameter in words for word in parameter.split(",") if word)


def for_groups(parameters: Parameters, _around: Around) -> ForGroups:
    """`DefaultChdir PATH [GROUPS]`."""
    path = parameters[0]
    if "*" in path:
        raise Bad(f"({path}) wildcards not allowed in pathname")
    return ForGroups(path, expression(parameters[1:]))


def root_for_groups(parameters: Parameters, around: Around) -> ForGroups:
    """`DefaultRoot PATH [GROUPS]`."""
    if not parameters[0].startswith(("/", "~")):
        raise Bad(f"({parameters[0]}) absolute pathname required")
    return for_groups(parameters, around)


def content(path: str) -> bytes | str:
    """What is in a file, or why it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)


def one_of(words: Parameters, otherwise: str) -> Reader:
    """A reader of one of these words, in any case; the value is in small letters."""

    def read(parameters: Parameters, _around: Around) -> str:
        if parameters[0].lower() not in words:
            raise Bad(otherwise)
        return parameters[0].lower()

    return read


def number_between(least: int, most: int, otherwise: str) -> Reader:
    """A reader of a number from `least` to `most`."""

    def read(parameters: Parameters, _around: Around) -> int:
        number = whole(parameters[0])
        if number is None or not least <= number <= most:
            raise Bad(otherwise)
        return number

    return read
