"""The LogFormat variables of Apache 2.4 (mod_log_config, mod_logio, mod_ssl).

What means the same as one of ProFTPD's has its key: `raw_command` is the request line, `command` the method. Apache asks some
variables of the original request and some of the last one after internal redirects (`%<s`, `%>s`): the one that a letter does
not ask for has a key of its own, `original_user` or `final_url_path`, and the other one's value in events that have just that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vigilog.patterns import logformat_times as times
from vigilog.patterns.logformat_apache_table import (
    ANY_CASE,
    BYTES,
    CLOCKS,
    FLOW,
    GROUPS,
    ORIGINAL,
    QUERY,
    ROWS,
    TEXT,
    USER,
    WHOLE_BYTES,
    Row,
)
from vigilog.patterns.logformat_escape import escaped
from vigilog.patterns.logformat_forms import Event, Form, Value, Variable, text
from vigilog.patterns.logformat_taking import (
    Take,
    Write,
    as_number,
    as_text,
    exactly,
    named,
    nested,
    or_else,
    text_under,
    text_written,
    written,
)
from vigilog.patterns.logformat_template import Written

if TYPE_CHECKING:
    from vigilog.core.nouns import Place


def variable(given: Written, place: Place | None) -> Variable:
    """The variable that a template names. Raises RuleError for one that Apache does not have."""
    if given.name == "t":
        key, form, take, write = _time(given, place)
        always = False
    elif given.name in GROUPS:
        prefix, group = GROUPS[given.name]
        if not given.argument:
            given.refuse(place, f"a name, as in %{{NAME}}{given.name}")
        find = nested if given.name in ANY_CASE else exactly
        key, form, always = prefix + given.argument, TEXT, False
        take, write = _both(form, find(key, group, given.argument))
    else:
        (key, form, always), fallback = _row(given, place)
        if form is TEXT and fallback == key:
            take, write = text_under(key), text_written(key, "-", escaped)
        else:
            own = named(key) if fallback == key else or_else(named(key), named(fallback))
            take, write = _both(form, own, key)
    if given.statuses:
        take, write, always = _conditional(given, take), _conditional_text(given, write), False
    absent = None if always else "" if form is QUERY else "-"
    marked = "?" if form is QUERY else ""
    return Variable(given.text, given.column, key, form, absent, take, write, marked, bool(given.statuses))


def _row(given: Written, place: Place | None) -> tuple[Row, str]:
    """The row of a variable, and the key whose value counts where its own is not there."""
    arguments = ROWS.get(given.name)
    if arguments is None:
        letters = " ".join(f"%{name}" for name in [*ROWS, *GROUPS, "t"])
        given.refuse(place, f"one of {letters}", "%{NAME}e and %{FORMAT}t are ProFTPD's and Apache's" if not given.name else "")
    row = arguments.get((given.argument or "").lower() if given.name in "pPT" else given.argument or "")
    if row is None:
        known = " or ".join(f"%{{{argument}}}{given.name}" if argument else f"%{given.name}" for argument in arguments)
        given.refuse(place, known)
    asked = given.sense or ("<" if given.name in ORIGINAL else ">")
    if given.name == "s":  # everybody writes %>s
        key = "original_response_code" if given.sense == "<" else "response_code"
    elif asked == ("<" if given.name in ORIGINAL else ">"):
        key = row.key
    else:
        key = f"{'original' if asked == '<' else 'final'}_{row.key}"
    return row._replace(key=key), row.key


def _both(form: Form, own: Callable[[Event], Any], key: str = "") -> tuple[Take, Write]:
    if form is BYTES or form is WHOLE_BYTES:
        amount = as_number(own)
        none = "-" if form is BYTES else "0"  # Apache writes no bytes and no number of bytes alike
        return (lambda event: amount(event) or 0), (lambda event: str(amount(event) or none))
    if form.type == "number":
        amount = _positive(as_number(own)) if key.endswith("response_code") else as_number(own)
        return amount, written(amount, "-", str)
    words = as_text(own)
    if form is QUERY:
        return words, written(words, "", lambda query: "?" + escaped(query))
    if form is USER:
        return words, written(words, "-", lambda user: escaped(user) or '""')
    if form is FLOW:
        return (lambda event: words(event) or "-"), (lambda event: text(words(event) or "-"))
    return words, written(words, "-", escaped)


def _positive(take: Take) -> Take:
    """A status of 0 is none."""

    def taken(event: Event) -> Value | None:
        value = take(event)
        return value if isinstance(value, int) and value > 0 else None

    return taken


def _time(given: Written, place: Place | None) -> tuple[str, Form, Take, Write]:
    prefix, clock, form = "", "time", given.argument or ""
    for word in ("begin", "end"):
        if form == word or form.startswith(word + ":"):
            form = form[len(word) + 1 :]
            prefix, clock = ("end_", "end_time") if word == "end" else ("", "time")
            break
    if not form:
        key = prefix + "local_time"
        stamp = times.stamped(key, clock, "%Y-%m-%d %H:%M:%S %z", "local")
        return key, times.BRACKETED, stamp, written(stamp, "-", times.bracketed)
    if form in CLOCKS:
        name, shape = CLOCKS[form]
        count = as_number(times.counted(prefix + name, clock, name))
        return (
            prefix + name,
            shape,
            count,
            written(count, "-", {"msec_frac": "{:03}", "usec_frac": "{:06}"}.get(form, "{}").format),
        )
    if unknown := times.unknown_code(form):
        given.refuse(place, "a time as strftime writes it, or one of " + ", ".join(CLOCKS), f"{unknown} is none of its codes")
    key = prefix + form
    stamp = times.stamped(key, clock, form, "local")
    return key, times.of_strftime(form), stamp, written(stamp, "-", str)


def _is_wanted(given: Written) -> Callable[[Event], bool]:
    statuses, negated = given.statuses, given.negated

    def wanted(event: Event) -> bool:
        status = event.get("response_code")
        return status is None or (status in statuses) != negated

    return wanted


def _conditional(given: Written, take: Take) -> Take:
    wanted = _is_wanted(given)

    def taken(event: Event) -> Value | None:
        return take(event) if wanted(event) else None

    return taken


def _conditional_text(given: Written, write: Write) -> Write:
    wanted = _is_wanted(given)
    return lambda event: write(event) if wanted(event) else "-"
