"""What `vigilog ship` makes of lines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.core.errors import ConfigurationError
from vigilog.patterns.logformat import LogFormat
from vigilog.shipping.files_lines import DOUBTFUL, Piece, Records, conversion

FORMAT = LogFormat('%h "%r" %s')
GOOD = b'a.example "GET /" 200'
FIELDS = b'{"remote_dns":"a.example","raw_command":"GET /","response_code":200}'
ODD = b"who knows \xe9"


def piece(*lines, source="file:/x"):
    return Piece(source, b"".join(line + b"\n" for line in lines), 1795163400.0)


def records(key=None, schema="ecs", *, apart=False, template=FORMAT):
    return Records(template, key, "web1", schema, apart=apart)


def test_a_line_of_the_format_is_its_fields():
    batch = records()(piece(GOOD))
    assert batch.values == [FIELDS]
    assert (batch.keys, batch.lines, batch.strange) == ([b"file:/x"], 1, [])


def test_a_line_that_is_not_stands_in_its_place_as_a_whole():
    batch = records()(piece(GOOD, ODD, GOOD))
    assert batch.values[0] == batch.values[2] == FIELDS
    whole = json.loads(batch.values[1])
    assert (whole["message"], whole["host"]["name"], whole["log"]["file"]["path"]) == ("who knows \\xe9", "web1", "/x")
    assert (batch.lines, batch.strange) == (3, [ODD])


def test_or_it_is_no_record_if_it_is_wanted_apart():
    batch = records(apart=True)(piece(ODD, GOOD, ODD))
    assert batch.values == [FIELDS]
    assert (batch.keys, batch.lines, batch.strange) == ([b"file:/x"], 3, [ODD, ODD])


def test_a_field_can_be_the_key():
    batch = records("remote_dns")(piece(GOOD, b'- "GET /" 200', ODD))
    assert batch.keys == [b"a.example", None, None]


def test_a_key_that_is_no_field_is_a_mistake():
    with pytest.raises(ConfigurationError, match="no field user; expected one of remote_dns, raw_command, response_code"):
        records("user")


def test_without_a_format_every_line_is_a_record():
    batch = records(template=None, schema="otel")(piece(GOOD, b"", ODD))
    assert [json.loads(value)["Body"] for value in batch.values] == [GOOD.decode(), "", "who knows \\xe9"]
    assert (batch.lines, batch.strange) == (3, [])
    assert records(template=None)(Piece("x", b"", 0.0)).values == []


@given(st.lists(st.sampled_from([GOOD, ODD, b"", b'b "x\\" 1', b'"" "" 5']), max_size=12), st.booleans(), st.booleans())
def test_no_line_is_lost_and_each_keeps_its_place(lines, apart, with_key):
    batch = records("remote_dns" if with_key else None, apart=apart)(piece(*lines))
    understood = [line for line in lines if FORMAT.parse(line) is not None]
    assert batch.lines == len(lines)
    assert batch.strange == [line for line in lines if line not in understood]
    told = [FORMAT.encode(fields) if (fields := FORMAT.parse(line)) is not None else None for line in lines]
    if apart:
        assert batch.values == [value for value in told if value is not None]
    else:
        assert [value if mine is not None else None for value, mine in zip(batch.values, told, strict=True)] == told
    assert batch.keys is not None
    assert len(batch.keys) == len(batch.values)


def test_a_format_that_nothing_is_of_is_taken_for_the_wrong_one():
    many, one_good = [ODD] * DOUBTFUL, [ODD] * DOUBTFUL + [GOOD]
    plain = records()
    assert plain.is_wrong(plain(piece(*many)))
    assert not plain.is_wrong(plain(piece(*one_good)))
    assert not plain.is_wrong(plain(piece(*many[1:])))
    apart = records(apart=True)
    assert not apart.is_wrong(apart(piece(*many)))


def test_what_run_uses_leaves_such_lines_out():
    batch = conversion(FORMAT, None)(GOOD + b"\n" + ODD)
    assert (batch.values, batch.keys, batch.strange) == ([FIELDS], None, [ODD])
