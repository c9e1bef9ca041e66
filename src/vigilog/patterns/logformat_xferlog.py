"""The transfer log (xferlog) as ProFTPD 1.3.8 and vsftpd write it, in the words of the other dialects.

    Fri Nov 20 08:18:42 2026 0 127.0.0.9 150 /srv/ftp/anna/a0.txt a _ i r anna ftp 0 * c

Time (local, no zone), seconds, client, bytes, path, type (a or b), special action, direction (incoming, outgoing, deleted),
access (anonymous, guest, real), user, protocol, whether the client was identified (RFC 931) and as whom, complete or not. In
the path every blank and control character is written as `_`, which cannot be read back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from vigilog.patterns import logformat_times as times
from vigilog.patterns.logformat_forms import NUMBER, TEXT, Form, Variable
from vigilog.patterns.logformat_taking import as_number, as_text, named, plain, written
from vigilog.patterns.logformat_template import Written

if TYPE_CHECKING:
    from vigilog.core.nouns import Place

TEMPLATE = (
    "%{time} %{seconds} %{host} %{bytes} %{file} %{type} %{action} %{direction} %{access} %{user} %{protocol} %{identified} "
    "%{identity} %{completion}"
)
_BLANK = re.compile(r"[\x00-\x20\x7f]")


class Words(NamedTuple):
    """A letter of the transfer log, and the word of the other dialects that it stands for; the first is for what is neither."""

    key: str
    letters: Mapping[str, str]


LETTERS = {
    "type": Words("transfer_type", {"b": "binary", "a": "ASCII"}),
    "direction": Words("direction", {"i": "incoming", "o": "outgoing", "d": "deleted"}),
    "access": Words("access_mode", {"r": "real", "a": "anonymous", "g": "guest"}),
    "completion": Words("transfer_status", {"i": "failed", "c": "success"}),
}
TEXTS = {
    "host": ("remote_dns", TEXT, "-"),
    "file": ("file", TEXT, "-"),
    "action": (
        "special_action",
        Form("text", "[A-Za-z_]", frozenset("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")),
        "_",
    ),
    "user": ("user", TEXT, "-"),
    "protocol": ("protocol", Form("text", "[a-z0-9]{1,16}", frozenset("abcdefghijklmnopqrstuvwxyz0123456789")), "ftp"),
    "identity": ("identd_user", TEXT, "*"),
}
WRITERS: dict[str, Callable[[str], str]] = {
    "file": lambda value: _BLANK.sub("_", value),
    "identity": lambda value: "*" if value == "UNKNOWN" else plain(value),
}
NUMBERS = {"seconds": ("transfer_secs", "0"), "bytes": ("bytes_sent", "0")}


def variable(given: Written, place: Place | None) -> Variable:
    """A piece of a transfer log's line. Raises RuleError for one that it does not have."""
    name = given.argument or ""
    if name in LETTERS:
        return _letter(given, LETTERS[name])
    if name in TEXTS:
        key, form, absent = TEXTS[name]
        take = as_text(named(key))
        write = WRITERS.get(name, plain)
        return Variable(
            given.text, given.column, key, form, None if key == "protocol" else absent, take, written(take, absent, write)
        )
    if name in NUMBERS:
        key, absent = NUMBERS[name]
        amount = as_number(named(key))
        return Variable(
            given.text, given.column, key, NUMBER, None, amount, written(amount, absent, lambda value: str(round(value)))
        )
    if name == "identified":
        return _identified(given)
    if name == "time":
        stamp = times.stamped("local_time", "time", "%Y-%m-%d %H:%M:%S", "local")
        write_time = written(stamp, "-", times.for_transfer_log)
        return Variable(given.text, given.column, "local_time", times.TRANSFER_LOG, None, stamp, write_time)
    return given.refuse(place, f"one of {', '.join(['time', *NUMBERS, *TEXTS, *LETTERS, 'identified'])}")


def _letter(given: Written, words: Words) -> Variable:
    letters = {word: letter for letter, word in words.letters.items()}
    other = next(iter(words.letters))
    take = as_text(named(words.key))
    form = Form("text", f"[{''.join(words.letters)}]", frozenset(words.letters), frozenset(), words.letters.__getitem__)
    return Variable(
        given.text, given.column, words.key, form, None, take, written(take, other, lambda value: letters.get(value, other))
    )


def _identified(given: Written) -> Variable:
    """Whether the client's host was asked for the user's name there, whatever it said: `authentication_method`, 0 or 1."""
    known = named("identd_user")

    def take(event: Mapping[str, Any]) -> int:
        own = event.get("authentication_method")
        return int(own if own is not None else known(event) is not None)

    return Variable(
        given.text,
        given.column,
        "authentication_method",
        Form("number", "[0-9]", frozenset("0123456789"), frozenset(), int),
        None,
        take,
        lambda event: "1" if take(event) else "0",
    )
