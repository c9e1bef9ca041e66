"""When a session's messages are written: the three criteria of mod_log_forensic, and the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vigilog.parse.forensics import Message


class Criterion(NamedTuple):
    """A reason to write a block. `name` is what a configuration calls it, `kind` what the block is called.

    `test`, if given, is asked about each message that is kept; if it says yes, the block is written, that message included.
    """

    name: str
    kind: str
    test: Callable[[Message], bool] | None = None


FailedLogin = Criterion("FailedLogin", "FAILED LOGIN")
"""A login was refused, for any reason."""
UntimelyDeath = Criterion("UntimelyDeath", "UNTIMELY DEATH")
"""The session ended by an exception that nobody caught, a fatal signal, or the death of its process."""
ModuleConfig = Criterion("ModuleConfig", "MODULE CONFIG")
"""The session was ended by policy."""

STANDARD = {each.name: each for each in (FailedLogin, UntimelyDeath, ModuleConfig)}
"""The criteria that ForensicLogCriteria knows, by name."""


def allows(criteria: tuple[Criterion, ...], kind: str) -> bool:
    """Whether a block named `kind` is to be written: it is of one of `criteria`, or of none that could be chosen."""
    return any(each.kind == kind for each in criteria) or all(each.kind != kind for each in STANDARD.values())
