"""Arbitrary templates and events for them."""

import re

from hypothesis import strategies as st

from vigilog.patterns import logformat_apache_table, logformat_proftpd
from vigilog.patterns.logformat import LogFormat

PROFTPD = [
    *(f"%{letter}" for letter in logformat_proftpd.LETTERS),
    *(f"%{{{name}}}" for name in logformat_proftpd.NAMES),
    *("%{note:a}", "%{FOO}e", "%{%H:%M:%S}t", "%{time:%d %b %Y}"),
]
APACHE = [
    *(
        f"%{{{argument}}}{letter}" if argument else f"%{letter}"
        for letter, row in logformat_apache_table.ROWS.items()
        for argument in row
    ),
    *(f"%{{Foo}}{letter}" for letter in logformat_apache_table.GROUPS),
    *(f"%{{{clock}}}t" for clock in logformat_apache_table.CLOCKS),
    *("%t", "%{end}t", "%{%F %T}t", "%>U", "%<u", "%200,404>s", "%!200{Bar}i", "%!200u"),
]
SEPARATORS = [" ", '" "', "] [", " - ", "|", "\t", "x"]
NAMES = ["Foo", "Bar", "a", "FOO"]
GROUPS = ("notes", "env", "headers", "response_headers", "cookies", "ssl", "trailers", "response_trailers")


@st.composite
def templates(draw, dialect):
    """A template of a dialect whose variables are apart, as a LogFormat."""
    variables = draw(st.lists(st.sampled_from(PROFTPD if dialect == "proftpd" else APACHE), min_size=1, max_size=8))
    separator = st.sampled_from(SEPARATORS)
    pieces = [draw(st.sampled_from(["", '"', "[", "a "]))]
    for number, variable in enumerate(variables):
        pieces += [draw(separator)] if number else []
        pieces.append(variable)
    return LogFormat("".join([*pieces, draw(st.sampled_from(["", '"', "]", " z"]))]), dialect)


@st.composite
def events(draw, compiled, texts):
    """An event for a LogFormat: numbers where they belong, `texts` elsewhere, anything absent."""
    event = {}
    numbers = st.integers(0, 2**63)
    for item in compiled.items:
        if isinstance(item, str) or not draw(st.integers(0, 4)):
            continue
        if item.form.type == "flag":
            event[item.key] = draw(st.booleans())
        elif item.key == "transfer_secs":
            event[item.key] = draw(st.integers(0, 10**9)) / 1000
        elif item.form.type == "number" and not re.search("epoch|secs$|micros|millis", item.key):
            event[item.key] = draw(numbers)
        elif item.key == "connection_status":
            event[item.key] = draw(st.sampled_from("X+-"))
        elif not item.form.shape:
            event[item.key] = draw(texts)
    if draw(st.booleans()):
        event["time"] = draw(st.integers(0, 4 * 10**9 * 10**6)) / 10**6
        event["end_time"] = event["time"] + 1.5
    if draw(st.booleans()):
        event["response_code"] = draw(st.sampled_from([200, 404]))
    return event
