"""What was written is read again: arbitrary templates, arbitrary events, arbitrary bytes."""

import json
import re
import time

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.patterns.logformat_cases import events, templates
from vigilog.patterns.logformat import LogFormat, named
from vigilog.patterns.logformat_escape import escaped, unescaped
from vigilog.patterns.logformat_reading import expression

pytestmark = pytest.mark.filterwarnings("ignore")
DIALECTS = st.sampled_from(["proftpd", "apache"])
BYTES = st.binary(max_size=12).map(lambda value: value.decode("utf-8", "surrogateescape"))
HOSTILE = st.lists(
    st.sampled_from(
        [
            '"',
            "\\",
            " ",
            "-",
            "5",
            '" ',
            '" 200 5',
            "] [",
            "|",
            "\t",
            "x",
            "a",
            "ü",
            "\udce9",
            "?",
            "[20/Nov/2026:08:30:00 +0000]",
        ]
    ),
    max_size=6,
).map("".join)
HARMLESS = st.text(st.characters(categories=["Ll", "Lu"], exclude_characters="xz"), min_size=1, max_size=8)
"""No separator of the templates, and nothing that stands for no value."""


@pytest.fixture(autouse=True, scope="module")
def utc():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data(), DIALECTS)
def test_an_event_is_read_as_it_was_written(data, dialect):
    compiled = data.draw(templates(dialect))
    event = data.draw(events(compiled, HARMLESS))
    found = compiled.parse(compiled.render(event))
    assert found == compiled.fields(event)
    assert json.loads(compiled.json(event)) == found


def is_not_apaches(compiled, line, found):
    """Whether a text was read that Apache does not write: a quote that is not escaped, a user who is nothing."""
    quotes = re.sub(rb"\\.", b"", line).count(b'"') - sum(item.count('"') for item in compiled.items if isinstance(item, str))
    return quotes > 0 or "" in (found.get("user"), found.get("original_user"))


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data(), DIALECTS, st.sampled_from([HOSTILE, BYTES]))
def test_whatever_is_read_out_of_a_line_gives_that_line_again(data, dialect, texts):
    compiled = data.draw(templates(dialect))
    assume(not any(item.conditional for item in compiled.items if not isinstance(item, str)))  # the status decides there
    line = compiled.render(data.draw(events(compiled, texts)))
    assert b"\n" not in line
    found = compiled.parse(line)
    if found is not None and not (dialect == "apache" and is_not_apaches(compiled, line, found)):
        assert compiled.render(found) == line


@settings(max_examples=300)
@given(st.data(), st.sampled_from([HOSTILE, BYTES]))
@example(None, None)
def test_quoted_texts_of_apache_are_read_as_they_were_whatever_they_hold(data, texts):
    value = '" 200 5 "' if data is None else data.draw(texts)
    assume(value != "-")
    event = {"remote_dns": "h", "raw_command": value, "response_code": 200, "HEADER:Referer": value, "HEADER:User-agent": value}
    event |= {"bytes_sent": 7, "local_time": "2026-11-20 08:30:00 +0000"}
    assert named("combined").parse(named("combined").render(event)) == event


@settings(max_examples=300)
@given(st.data(), st.sampled_from([HOSTILE, BYTES]))
def test_the_command_of_proftpd_is_read_as_it_was_whatever_a_client_sends(data, texts):
    value = data.draw(texts)
    assume(value and "\n" not in value)
    event = {
        "remote_dns": "h",
        "local_time": "2026-11-20 08:30:00 +0000",
        "raw_command": value,
        "response_code": 200,
        "bytes_sent": 7,
    }
    assert LogFormat('%h %l %u %t "%r" %s %b').parse(LogFormat('%h %l %u %t "%r" %s %b').render(event)) == event


@settings(max_examples=300)
@given(st.binary())
def test_json_is_valid_and_utf_8_for_any_bytes(value):
    made = LogFormat("%r %{note:x}").json({"raw_command": value, "notes": {"x": value}})
    assert set(json.loads(made)) == {"raw_command", "NOTE:x"}
    assert min(made) >= 0x20


@given(st.binary())
def test_apaches_escapes_are_undone(value):
    text = value.decode("utf-8", "surrogateescape")
    assert unescaped(escaped(text)) == text
    assert escaped(text).isascii()
    assert escaped(text).isprintable() or not text


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), DIALECTS, st.sampled_from([HOSTILE, BYTES, HARMLESS]))
def test_the_quick_way_to_read_a_line_gives_what_the_whole_one_does(data, dialect, texts):
    compiled = data.draw(templates(dialect))
    line = compiled.render(data.draw(events(compiled, texts))).decode("utf-8", "surrogateescape")
    quick, whole = (
        re.match(expression(compiled.items, escapes=dialect == "apache", place=None, quick=way), line) for way in (True, False)
    )
    if quick:
        assert whole
        assert quick.groups() == whole.groups()


@settings(max_examples=200)
@given(st.data(), DIALECTS, st.binary(max_size=60))
def test_no_line_is_too_odd_to_be_looked_at(data, dialect, line):
    compiled = data.draw(templates(dialect))
    found = compiled.parse(line.replace(b"\n", b""))
    assert found is None or set(found) <= set(compiled.keys)
