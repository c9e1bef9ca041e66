"""What a script is told: environment variables, and nothing else.

The contract is that of logtrigger (the 2020 documentation, and what the public source of 2010-2011 set besides): LT_message,
LT_name, one LT_FIELD for each field, LT_pattern, LT_string, LT_count, LT_generator, LT_date, LT_time, LT_datetime. What
logtrigger did not do: nobody's value replaces one of these, of the daemon's own environment only PATH, HOME, LANG and where its
control socket is are handed on, and a value that the kernel would refuse is cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vigilog.core.clock import local
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Alert, Order

FIXED = frozenset({"message", "name", "pattern", "string", "count", "generator", "date", "time", "datetime"})
"""What LT_ names stand for the event itself: no field may be called so."""

CONTROL = "VIGILOG_CONTROL"
"""Where the daemon's control socket is, for the commands that a script calls."""

KEPT = ("PATH", "HOME", "LANG", CONTROL)
"""What a script is given of the daemon's own environment."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The PATH of scripts where the daemon has none."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
"""What a field or a variable may be called."""

_VARIABLE_LIMIT = 128 * 1024
"""Linux takes no longer `NAME=value` (MAX_ARG_STRLEN: 32 pages, of 4 KiB at least), its NUL included."""
_WHOLE_LIMIT = 1024 * 1024
"""Linux takes a quarter of the stack limit for all of it: 2 MiB by default."""
_CODE = re.compile("%(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables of one call; `notes` says, in one line each, what could not be handed over as it is."""

    variables: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


def checked_names(more: Mapping[str, str]) -> Mapping[str, str]:
    """`more`, if all its names may be set by a configuration. Raises ConfigurationError for the others."""
    for name, value in more.items():
        if not NAME.fullmatch(name):
            raise ConfigurationError(f"{name!r} is not the name of a variable", expected="letters, digits and _")
        if name.startswith("VIGILOG_") or (name.removeprefix("LT_") in FIXED and name.startswith("LT_")):
            raise ConfigurationError(f"{name} is set by Vigilog itself", remedy="choose another name")
        if "\0" in value:
            raise ConfigurationError(f"the value of {name} has a NUL in it")
    return more


def environment(order: Order, base: Mapping[str, str], more: Mapping[str, str], patterns: Mapping[str, str]) -> Environment:
    """The variables for `order`. `base` is the daemon's environment, `more` what the configuration adds (names in full),
    `patterns` the logtrigger patterns by the names of their rules; for other rules LT_pattern and LT_string are not set.

    Bytes are handed over as they are, but for NUL, which becomes `#000`. VIGILOG_ORDER is the order's number, VIGILOG_ATTEMPT
    says how often it was begun, this time included.
    """
    alert = order.alert
    fields = alert.events[-1].fields if alert.events else {}
    told = {f"LT_{name}": _bytes(value) for name, value in fields.items() if NAME.fullmatch(name) and name not in FIXED}
    told |= {name: _bytes(value) for name, value in more.items()}
    told |= _of_event(alert) | _of_pattern(patterns.get(alert.rule), list(fields.values()))
    kept = {"PATH": PATH.encode()} | {name: _bytes(base[name]) for name in KEPT if name in base}
    own = {"VIGILOG_ORDER": b"%d" % order.number, "VIGILOG_ATTEMPT": b"%d" % order.attempt}
    variables, cut = _cut(kept | told | own)
    unnamed = tuple(f"the field {name!r} cannot be a variable" for name in fields if not NAME.fullmatch(name))
    hidden = tuple(f"LT_{name} is not the field of that name" for name in fields if name in FIXED)
    return Environment(variables, unnamed + hidden + cut)


def filled(pattern: str, values: Sequence[str]) -> str:
    """A logtrigger pattern with `values` in place of its format codes, up to the last code that has one."""
    left = iter(values)
    pieces: list[str] = []
    rest = 0
    for code in _CODE.finditer(pattern):
        value = "%" if code[1] == "%" else next(left, None)
        if value is None:
            break
        pieces += [pattern[rest : code.start()], value]
        rest = code.end()
    return "".join(pieces) if pieces else pattern


def _of_event(alert: Alert) -> dict[str, bytes]:
    event = alert.events[-1] if alert.events else None
    moment = local(event.time if event else alert.time)
    return {
        "LT_message": _whole(event.line if event else b""),
        "LT_name": _bytes(alert.rule),
        "LT_count": b"%d" % alert.count,
        "LT_generator": _bytes(event.source if event else ""),
        "LT_date": moment.strftime("%Y/%m/%d").encode(),
        "LT_time": moment.strftime("%H:%M:%S").encode(),
        "LT_datetime": b"%d" % moment.timestamp(),
    }


def _of_pattern(pattern: str | None, values: Sequence[str]) -> dict[str, bytes]:
    return {} if pattern is None else {"LT_pattern": _bytes(pattern), "LT_string": _bytes(filled(pattern, values))}


def _bytes(value: str) -> bytes:
    return _whole(value.encode("utf-8", "surrogateescape"))


def _whole(value: bytes) -> bytes:
    return value.replace(b"\0", b"#000")


def _cut(variables: Mapping[str, bytes]) -> tuple[dict[str, bytes], tuple[str, ...]]:
    limit = _VARIABLE_LIMIT
    while limit > 1024 and sum(min(limit, len(name) + len(value) + 2) for name, value in variables.items()) > _WHOLE_LIMIT:
        limit //= 2
    found, notes = {}, []
    for name, value in variables.items():
        room = limit - len(name) - 2
        if len(value) > room:
            mark = b" [cut: %d bytes]" % len(value)
            value = value[: room - len(mark)] + mark  # noqa: PLW2901 - the same value, as it fits
            notes.append(f"{name} was cut to {len(value)} bytes")
        found[name] = value
    return found, tuple(notes)
