"""The settings block of a logcheck.sh (Psionic logcheck 1.1, LogSentry), read and never executed.

A copy taken from a web page is understood too: its curly quotes and dashes, and its lost back-quotes around `hostname`,
`date` and `uname`. Commented lines say nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vigilog.config.checked import checked, shown
from vigilog.config.layer import Key, Layer, Value
from vigilog.config.logcheck_conf import addresses, decoded
from vigilog.config.shell import Refused, command_format, word
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

TYPESET = str.maketrans("\u201c\u201d\u201e\u2018\u2019\u201a\u2013\u2014\u00a0", "\"\"\"'''-- ")
"""Curly quotes, dashes and hard blanks, and what was typed instead of them."""

END = re.compile(r"#\s*END CONFIGURATION SECTION", re.IGNORECASE)
PIECE = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`|\\.|[^;"'`\\])+""", re.DOTALL)
ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
TAIL = re.compile(r"""["']?\$\{?LOGTAIL\}?["']?\s+(.*)""", re.DOTALL)
TEST = re.compile(r"(?:if|elif)\s+(?:\[|test)\s*(.*?)\s*\]?$", re.DOTALL)
SYSTEM = re.compile(r"""["']?\$\{?OS\}?["']?\s*==?\s*["']?([A-Za-z0-9_-]+)["']?$""")
HOST_COMMAND = re.compile(r"""["'`$(]*(?:/\S*/)?(?:hostname(?: -s| --short)?|uname -n)["'`)]*$""")
FULL_HOST_COMMAND = re.compile(r"""["'`$(]*(?:/\S*/)?hostname (?:-f|--fqdn|--long)["'`)]*$""")
STOCK_SUBJECT = re.compile(r'^[^#\n]*-s\s+"\$HOSTNAME \$DATE system check"', re.IGNORECASE | re.MULTILINE)
EXTENDED_GREPS = ("egrep", "grep -E")

TEXTS: dict[str, Key] = {
    "HACKING_FILE": ("psionic", "hacking"),
    "VIOLATIONS_FILE": ("psionic", "violations"),
    "VIOLATIONS_IGNORE_FILE": ("psionic", "violations_ignore"),
    "IGNORE_FILE": ("psionic", "ignore"),
    "TMPDIR": ("psionic", "temporary_directory"),
    "MAIL": ("mail", "command"),
}
REMEDY = "logcheck.sh is read, never executed: write the value itself"

Condition = bool | None
"""Whether what an `if` holds back would run here; None: only running could tell."""


@dataclass(frozen=True, slots=True)
class Line:
    """One command of the script, the line it begins in (from 1), and whether it would run."""

    number: int
    text: str
    runs: Condition


def read(path: str, system: str | None = None) -> Layer:
    """The settings in the logcheck.sh at `path`, and its list of logs for `system`, as `uname -s` names it (default: ours)."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        found = f"cannot be read: {error.strerror}"
        return Layer(errors=(ConfigurationError(found, place=Place(path), expected="a logcheck.sh"),))
    return read_text(decoded(data), path, system or os.uname().sysname)


def read_text(text: str, file: str, system: str) -> Layer:
    """The settings in a text; `file` is the name its places have. Never raises: mistakes are in the layer."""
    text = text.translate(TYPESET)
    known: dict[str, str] = {}
    values: dict[Key, Value] = {}
    places: dict[Key, Place] = {}
    errors: list[ConfigurationError] = []
    logs: dict[str, Place] = {}
    for line in lines(text, system):
        place = Place(file, line.number)
        try:
            if found := TAIL.match(line.text):
                logs.setdefault(word(found[1], 0, known).text, surely(line, place))
            elif found := ASSIGNMENT.match(line.text):
                for key, value in settings(found[1], found[2].strip(), known).items():
                    places[key] = surely(line, place)
                    held = checked(*key, value, place)
                    if isinstance(held, ConfigurationError):
                        errors.append(held)
                    else:
                        values[key] = held
        except Refused as refusal:
            what, expected = refusal.args
            errors.append(ConfigurationError(what, place=place, expected=expected, remedy=REMEDY))
    if logs:
        values["check", "sources"] = tuple(logs)
        places["check", "sources"] = next(iter(logs.values()))
    if STOCK_SUBJECT.search(text):
        values["psionic", "stock_subject"] = True
    if not any(key in values for key in list(TEXTS.values())[:4]):
        errors.append(
            ConfigurationError("no settings of logcheck", place=Place(file), expected="HACKING_FILE=FILE and its like")
        )
    return Layer(values, places, tuple(errors), tuple(remarks(file, system, known, bool(logs))))


def settings(name: str, rest: str, known: dict[str, str]) -> dict[Key, object]:
    """What an assignment sets; `known`, the names set so far, learns it. Raises Refused if a setting needs running."""
    if name == "DATE":
        form = command_format(rest) if rest.startswith(("date ", "/bin/date ")) else word(rest, 0, known).format
        return {("check", "date_format"): form}
    if name == "HOSTNAME":
        if FULL_HOST_COMMAND.match(rest):
            return {("check", "fully_qualified"): True}
        return {("check", "host"): "" if HOST_COMMAND.match(rest) else plain(rest, known)}
    try:
        known[name] = plain(rest, known)
    except Refused:
        known.pop(name, None)
        if name in TEXTS or name == "SYSADMIN":
            raise
    if name == "SYSADMIN":
        return {("mail", "to"): addresses(known[name])}
    if name == "MAIL":
        return {("mail", "transport"): "command", TEXTS[name]: known[name]}
    return {TEXTS[name]: known[name]} if name in TEXTS else {}


def plain(rest: str, known: Mapping[str, str]) -> str:
    """The text of a value without a command in it. Raises Refused for one with a command."""
    value = word(rest, 0, known)
    if value.dated:
        raise Refused(f"a date in {shown(rest)}", "a plain value")
    return value.text


def surely(line: Line, place: Place) -> Place:
    """`place`, if the line runs for certain. Raises Refused if that depends on a condition that cannot be read."""
    if line.runs is None:
        raise Refused(f"{shown(line.text)} depends on a condition", 'none but [ $OS = "NAME" ]')
    return place


def lines(text: str, system: str) -> Iterator[Line]:
    """The commands of the settings block that run where `uname -s` says `system`, or may run."""
    conditions: list[list[Condition]] = []
    begun = 1
    logical = ""
    for number, physical in enumerate(text.split("\n"), 1):
        if END.match(physical.strip()):
            return
        if not logical:
            begun = number
            if physical.lstrip().startswith("#"):
                continue
        logical += physical
        if logical.endswith("\\"):
            logical = logical[:-1]
            continue
        for piece in PIECE.findall(logical):
            command = piece.strip().removeprefix("then ").strip()
            if not branched(command, conditions, system) and (runs := reached(conditions)) is not False:
                yield Line(begun, command, runs)
        logical = ""


def branched(command: str, conditions: list[list[Condition]], system: str) -> bool:
    """Whether `command` is part of an `if`, after noting in `conditions`, innermost last, what it means."""
    keyword = command.split(maxsplit=1)[0] if command else ""
    if keyword == "if":
        conditions.append([tested(command, system)])
    elif keyword == "elif" and conditions:
        conditions[-1].append(tested(command, system))
    elif keyword == "else" and conditions:
        conditions[-1].append(True)
    elif keyword == "fi" and conditions:
        conditions.pop()
    else:
        return keyword == "then"
    return True


def tested(command: str, system: str) -> Condition:
    """What an `if` or `elif` comes to: comparisons of $OS only."""
    test = TEST.match(command)
    wanted = SYSTEM.match(test[1]) if test else None
    return wanted[1] == system if wanted else None


def reached(conditions: list[list[Condition]]) -> Condition:
    """Whether the place inside all of `conditions` is reached: of each `if` the last branch so far, and no earlier one."""
    verdicts = [
        False if branches[-1] is False or True in branches[:-1] else None if None in branches else True
        for branches in conditions
    ]
    return False if False in verdicts else None if None in verdicts else True


def remarks(file: str, system: str, known: Mapping[str, str], listed: bool) -> Iterator[ConfigurationError]:
    """What is harmless and worth knowing."""
    grep = known.get("GREP", "egrep")
    if not grep.endswith(EXTENDED_GREPS):
        yield ConfigurationError(f"GREP is {shown(grep)}", place=Place(file), remedy="patterns are read as egrep reads them")
    if not listed:
        yield ConfigurationError(f"no logs are listed for {system}", place=Place(file), expected="$LOGTAIL FILE")
