"""Sections of a proftpd.conf that hold only sometimes: <IfModule>, <IfDefine>, <IfVersion>, and those of mod_ifsession.

Sane here and not there: the line that ends a section that is passed over may have blanks or a comment behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from vigilog.config.proftpd_known import MODULES
from vigilog.config.proftpd_lines import Line
from vigilog.config.proftpd_words import Bad

SESSION = ("IfAuthenticated", "IfClass", "IfGroup", "IfUser")
"""What mod_ifsession decides for each session: known, and without effect here."""

CONDITIONS = ("IfModule", "IfDefine", "IfVersion", *SESSION)
VERSION = (1, 3, 8)
COMPARISONS: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "==": lambda order: order == 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def holds(kind: str, parameters: tuple[str, ...], defines: set[str]) -> bool | None:
    """Whether what is in the section counts; None where only a session could tell. Raises Bad for wrong parameters."""
    if kind in SESSION:
        return None
    if kind == "IfVersion":
        return version(parameters)
    if not parameters:
        raise Bad("missing parameters")
    name = parameters[0].removeprefix("!")
    known = name in MODULES if kind == "IfModule" else name in defines
    return known != parameters[0].startswith("!")


def version(parameters: tuple[str, ...]) -> bool:
    """`<IfVersion [[!]COMPARISON] VERSION>`, asked of the version whose directives these are."""
    if not 1 <= len(parameters) <= 2:
        raise Bad("wrong number of parameters")
    comparison, wanted = parameters if len(parameters) == 2 else ("=", parameters[0])
    negated = comparison.startswith("!") and len(comparison) > 1
    sign = comparison.removeprefix("!") if negated else comparison
    if sign == "~" or (sign in {"=", "=="} and wanted.startswith("/")):
        try:
            verdict = re.search(wanted.strip("/"), ".".join(map(str, VERSION))) is not None
        except (re.error, OverflowError, RecursionError) as error:
            raise Bad(f"unable to compile regex '{wanted}': {error}") from None
        return verdict != negated
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,3}))?(?:\.([0-9]{1,3}))?[a-z0-9]*", wanted)
    if sign not in COMPARISONS:
        raise Bad(f"unknown/unsupported comparison operator '{sign}'")
    if not found:
        raise Bad(f"badly configured version '{wanted}'")
    asked = tuple(int(part or 0) for part in found.groups())
    return COMPARISONS[sign]((asked < VERSION) - (asked > VERSION)) != negated


def skipped(kind: str, coming: Iterator[Line]) -> bool:
    """Passes over the rest of a section, with sections of its kind in it; whether its end was found in the same file."""
    begin = re.compile(rf"<{kind}\b", re.IGNORECASE)
    end = re.compile(rf"</{kind}\s*>[ \t\v\f\r]*(#.*)?", re.IGNORECASE | re.DOTALL)
    depth = 1
    for line in coming:
        if begin.match(line.text):
            depth += 1
        elif end.fullmatch(line.text):
            depth -= 1
            if not depth:
                return True
    return False
