"""Kafka as a source, without Kafka: what a spec says, what of a record is the line, and which chunks that makes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.watch.reader import NOON, noon, records
from vigilog.core.errors import ConfigurationError, SourceError
from vigilog.core.nouns import Chunk, Notice, Position
from vigilog.watch.kafka_chunks import chunks
from vigilog.watch.kafka_lines import line_of
from vigilog.watch.kafka_offsets import Partition, offsets, position, start
from vigilog.watch.kafka_spec import spec

TOPICS = st.from_regex(re.compile(r"(?!\.\.?$)[A-Za-z0-9._*-]{1,40}", re.ASCII), fullmatch=True)
VALUES = st.from_regex(re.compile(r"[^\x00-\x20\x7f&=?]{1,20}"), fullmatch=True)


@given(st.lists(TOPICS, min_size=1, unique=True), st.just("") | VALUES, st.just("") | VALUES)
def test_a_spec_says_what_its_name_says(topics, field, group):
    options = "&".join(f"{name}={value}" for name, value in (("group", group), ("field", field)) if value)
    found = spec(f"kafka:{','.join(topics)}" + (f"?{options}" if options else ""))
    assert (found.topics, found.field, found.group) == (tuple(topics), field, group)
    assert spec(found.name) == found


@given(st.text(max_size=30))
def test_any_text_is_a_spec_or_a_mistake(text):
    try:
        found = spec(f"kafka:{text}")
    except ConfigurationError:
        return
    assert spec(found.name) == found


@pytest.mark.parametrize(
    "text",
    ["", "a,", ",a", "a b", "a?", "a?x", "a?x=1", "a?field=", "a?field=b&field=c", "a?field=b&", "..", "a/b", "ä", "a?b?"],
)
def test_what_is_no_spec_is_a_mistake_that_says_how_one_is_written(text):
    with pytest.raises(ConfigurationError, match=r"expected kafka:TOPIC"):
        spec(f"kafka:{text}")


@given(TOPICS, TOPICS.filter(lambda name: "*" not in name))
def test_a_star_is_any_part_of_a_name_and_nothing_else_is_special(pattern, name):
    meant = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None
    found = spec(f"kafka:{pattern}")
    assert found.means(name) == (meant and (pattern == name or not name.startswith("__")))
    if "*" in pattern:
        assert bool(re.match(found.subscription[0], name)) == meant
    assert not spec("kafka:*").means("__consumer_offsets")
    assert spec("kafka:__consumer_offsets").means("__consumer_offsets")


@given(st.binary())
def test_a_value_is_one_line_whatever_is_in_it(value):
    for field in ("", "a", "a.b"):
        line = line_of(field)(value)
        assert not set(line) & set(b"\n\r\0\v\f")
        if not set(value) & set(b"\n\r\0\v\f") and not value.lstrip().startswith(b"{"):
            assert line == value


@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.text(), max_size=3),
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0\v\f")),
    st.sampled_from([["body"], ["log.original"], ["log", "original"], ["a", "b.c"], ["a.b", "c"], ["a", "b", "c"]]),
)
def test_the_line_is_what_stands_under_the_field_flat_or_deep(others, text, names):
    content: Any = text
    for name in reversed(names):
        content = {name: content}
    value = {name: other for name, other in others.items() if name not in {"a", "body", "log"}} | content
    assert line_of(".".join(names))(json.dumps(value).encode()) == text.encode()


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (b'{"line":"a\\nb\\r\\n"}', b"a#012b"),
        (b'{"line":{"x": [1, "\xc3\xa4"]}}', b'{"x":[1,"\xc3\xa4"]}'),
        (b'{"line":5}', b"5"),
        (b'{"line":"caf\\udce9"}', b"caf\xe9"),
        (b'{"line":"\\ud800"}', b"\\ud800"),
        (b'{"line":null}', b'{"line":null}'),
        (b'{"other":"x"}', b'{"other":"x"}'),
        (b'["line"]', b'["line"]'),
        (b"plain text\n", b"plain text"),
        (b'{"line":' * 100_000, b'{"line":' * 100_000),
    ],
)
def test_what_is_no_text_under_the_field_is_a_line_all_the_same(value, line):
    assert line_of("line")(value) == line


class Sent:
    """A record, as confluent_kafka would give it."""

    def __init__(self, offset, value=b"x", *, partition=0, topic="t", stamp=NOON, key=None):
        self.given = (topic, partition, offset, key, value, (1, int(stamp * 1000)) if stamp else (0, -1))

    topic = property(lambda self: lambda: self.given[0])
    partition = property(lambda self: lambda: self.given[1])
    offset = property(lambda self: lambda: self.given[2])
    key = property(lambda self: lambda: self.given[3])
    value = property(lambda self: lambda: self.given[4])
    timestamp = property(lambda self: lambda: self.given[5])


def made(*messages, reached=None):
    return list(chunks("kafka:t", messages, {} if reached is None else reached, line_of(""), noon))


def test_records_of_one_second_come_together_with_what_they_have_in_common():
    found = made(
        Sent(4, b"a", key=b"k", stamp=NOON - 60.5),
        Sent(5, b"b", key=b"k", stamp=NOON - 60.1),
        Sent(9, b"c", partition=1, stamp=NOON - 59.9),
        Sent(10, b"d", partition=1, stamp=NOON + 1000),
        Sent(11, b"e", partition=1, stamp=0),
    )
    assert [(each.data, each.arrived) for each in found] == [
        (b"a\nb\n", NOON - 61),
        (b"c\n", NOON - 60),
        (b"d\ne\n", NOON),
    ]
    assert found[0].facts == {"topic": "t", "partition": 0, "key": "k"}
    assert found[0].position == Position("kafka:t", {"t/0": 6})
    assert found[2].facts == {"topic": "t", "partition": 1}
    assert found[2].position == Position("kafka:t", {"t/0": 6, "t/1": 12})


def test_what_only_deletes_is_no_line_but_moves_the_position():
    assert made(Sent(0, None), Sent(1, b"a"), Sent(2, None)) == [
        Chunk("kafka:t", b"a\n", NOON, Position("kafka:t", {"t/0": 3}), {"topic": "t", "partition": 0})
    ]
    assert made(Sent(7, None)) == [Chunk("kafka:t", b"", NOON, Position("kafka:t", {"t/0": 8}))]


def test_what_was_read_before_does_not_come_again():
    assert made(Sent(3), Sent(4), reached={Partition("t", 0): 5}) == []


def test_a_record_over_the_limit_comes_in_pieces_and_is_said():
    found = made(Sent(0, b"a"), Sent(1, b"b" * (5 << 19)), Sent(2, b"c"))
    assert records(found) == [b"a", b"b" * (5 << 19), b"c"]
    assert [each.kind for each in found if isinstance(each, Notice)] == ["long"]
    assert [each.piece for each in found if isinstance(each, Chunk)] == [False, True, True, False, False]


PARTITIONS = st.builds(Partition, TOPICS.filter(lambda name: "*" not in name), st.integers(0, 10_000))


@given(st.dictionaries(PARTITIONS, st.integers(0, 1 << 62)))
def test_a_position_says_what_was_put_into_it(reached):
    stored = position("kafka:t", reached)
    assert offsets(Position("kafka:t", json.loads(json.dumps(dict(stored.state))))) == reached


@pytest.mark.parametrize("state", [{"offset": 5}, {"t/0": "5"}, {"t/0": -1}, {"t/x": 1}, {"t/0": True}, {"t/0": None}])
def test_a_position_of_something_else_is_refused(state):
    with pytest.raises(SourceError, match="TOPIC/PARTITION"):
        offsets(Position("kafka:t", state))


def test_what_this_host_or_its_group_has_read_further_counts():
    one = Partition("t", 1)
    assert start(one, {one: 5}, {one: 9}) == 9
    assert start(one, {one: 9}, {one: 5}) == 9
    assert start(one, {}, {one: 5}) == 5
    assert start(one, {}, {}) is None
