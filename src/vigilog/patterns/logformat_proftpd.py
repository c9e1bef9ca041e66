"""ProFTPD's LogFormat variables (1.3.8; `%{transfer-speed}` and `%{var:NAME}` of its master) with the keys that mod_kafka 0.1
and mod_redis give them.

In text nothing is escaped, as nothing is in ProFTPD. `%T` is written with the digits it has (1.3.8 always writes 0.000). A note
has its name in its key (`NOTE:name`, as mod_kafka's page says), not its value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vigilog.patterns import logformat_times as times
from vigilog.patterns.logformat_forms import FLAG, FRACTION, NUMBER, SIX_DIGITS, TEXT, THREE_DIGITS, Form, Variable
from vigilog.patterns.logformat_taking import (
    Take,
    Write,
    as_flag,
    as_number,
    as_text,
    exactly,
    named,
    number_under,
    number_written,
    plain,
    text_under,
    text_written,
    written,
)
from vigilog.patterns.logformat_template import Written

if TYPE_CHECKING:
    from vigilog.core.nouns import Place


class Row(NamedTuple):
    """A row of the table: the key, the form, and what is written for no value (None: there always is one, `-` to be safe)."""

    key: str
    form: Form = TEXT
    absent: str = "-"


LETTERS: dict[str, Row] = {
    "A": Row("anon_password", absent="UNKNOWN"),
    "a": Row("remote_ip"),
    "b": Row("bytes_sent", NUMBER),
    "c": Row("connection_class"),
    "D": Row("dir_path", absent=""),
    "d": Row("dir_name", absent=""),
    "E": Row("session_end_reason", absent=""),
    "F": Row("transfer_path"),
    "f": Row("file"),
    "g": Row("group"),
    "H": Row("server_ip"),
    "h": Row("remote_dns"),
    "I": Row("session_bytes_rcvd", NUMBER),
    "J": Row("command_params", absent=""),
    "L": Row("local_ip"),
    "l": Row("identd_user", absent="UNKNOWN"),
    "m": Row("command", absent=""),
    "O": Row("session_bytes_sent", NUMBER),
    "P": Row("pid", NUMBER),
    "p": Row("local_port", NUMBER),
    "R": Row("response_millis", NUMBER),
    "r": Row("raw_command", absent=""),
    "S": Row("response_msg"),
    "s": Row("response_code", NUMBER),
    "T": Row("transfer_secs", FRACTION),
    "t": Row("local_time", times.BRACKETED),
    "U": Row("original_user"),
    "u": Row("user"),
    "V": Row("server_dns"),
    "v": Row("server_name"),
    "w": Row("rename_from"),
}
NAMES: dict[str, Row] = {
    "basename": Row("basename"),
    "epoch": Row("epoch", NUMBER),
    "file-modified": Row("file_modified", FLAG),
    "file-offset": Row("file_offset", NUMBER),
    "file-size": Row("file_size", NUMBER),
    "gid": Row("gid", NUMBER),
    "iso8601": Row("timestamp", times.ISO8601),
    "microsecs": Row("microsecs", SIX_DIGITS),
    "millisecs": Row("millisecs", THREE_DIGITS),
    "protocol": Row("protocol"),
    "remote-port": Row("remote_port", NUMBER),
    "transfer-failure": Row("transfer_failure"),
    "transfer-millisecs": Row("transfer_millis", NUMBER),
    "transfer-port": Row("transfer_port", NUMBER),
    "transfer-speed": Row("transfer_speed"),
    "transfer-status": Row("transfer_status"),
    "transfer-type": Row("transfer_type"),
    "uid": Row("uid", NUMBER),
    "version": Row("server_version"),
}
GROUPS = {"env": ("ENV:", "env"), "note": ("NOTE:", "notes"), "var": ("VAR:", "variables")}
"""The prefixes of names in braces: the prefix of the key, and where an event has them all."""


def variable(given: Written, place: Place | None) -> Variable:
    """The variable that a template names. Raises RuleError for one that ProFTPD does not have."""
    argument = given.argument
    if argument is None:
        row = LETTERS.get(given.name)
        return of_row(given, row) if row else given.refuse(place, f"one of %{' %'.join(LETTERS)}")
    if given.name == "e":
        return _member(given, "env", argument, place)
    if given.name == "t":
        return _formatted(given, argument, place)
    kind, colon, name = argument.partition(":")
    if colon and kind == "time":
        return _formatted(given, name, place)
    if colon and kind in GROUPS:
        return _member(given, kind, name, place)
    row = NAMES.get("iso8601" if argument.lower() == "iso8601" else argument)
    remedy = "write %{NAME}i and the like in templates of Apache" if colon == "" and argument[:1].isupper() else ""
    return (
        of_row(given, row)
        if row
        else given.refuse(place, f"one of {', '.join(NAMES)}, note:NAME, env:NAME, time:FORMAT", remedy)
    )


def of_row(given: Written, row: Row) -> Variable:
    """The variable of a row of the table."""
    key, form, absent = row
    take, write = _both(row)
    return Variable(given.text, given.column, key, form, absent, take, write)


def _both(row: Row) -> tuple[Take, Write]:
    key, form, absent = row
    if form is times.BRACKETED:
        of_text = times.stamped(key, "time", "%Y-%m-%d %H:%M:%S %z", "local")
        return times.stamped(key, "time", "%Y-%m-%d %H:%M:%S +0000", "utc"), written(of_text, absent, times.bracketed)
    if form is times.ISO8601:
        return times.iso8601, written(times.iso8601, absent, plain)
    if key in times.COUNTS:
        count = as_number(times.counted(key, "time", key))
        return count, written(count, absent, {SIX_DIGITS: "{:06}", THREE_DIGITS: "{:03}"}.get(form, "{}").format)
    if form.type == "number":
        amount = number_under(key)
        return amount, written(amount, absent, "{:.3f}".format) if form is FRACTION else number_written(key, absent)
    if form.type == "flag":
        truth = as_flag(named(key))
        return truth, written(truth, absent, lambda value: "true" if value else "false")
    return text_under(key), text_written(key, absent, plain)


def _member(given: Written, kind: str, name: str, place: Place | None) -> Variable:
    if not name:
        given.refuse(place, f"a name, as in %{{{kind}:NAME}}")
    prefix, group = GROUPS[kind]
    take = as_text(exactly(prefix + name, group, name))
    return Variable(given.text, given.column, prefix + name, TEXT, "", take, written(take, "", plain))


def _formatted(given: Written, form: str, place: Place | None) -> Variable:
    if not form or (unknown := times.unknown_code(form)):
        given.refuse(place, "a time as strftime writes it", f"{unknown} is none of its codes" if form else "")
    local = times.stamped(form, "time", form, "local")
    return Variable(
        given.text,
        given.column,
        form,
        times.of_strftime(form),
        "-",
        times.stamped(form, "time", form, "utc"),
        written(local, "-", plain),
    )
