"""described, written: settings.py is the one source of what the written configuration says, and that is read back unharmed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.checked import checked
from vigilog.config.described import described
from vigilog.config.expected import fields
from vigilog.config.layer import settled
from vigilog.config.settings import Settings
from vigilog.config.toml import read_text
from vigilog.config.written import literal, written
from vigilog.core.errors import ConfigurationError

KEYS = [(table.name, key.name) for table in described() for key in table.keys]


def test_every_key_says_what_it_means():
    for table in described():
        assert table.meaning
        assert [key.name for key in table.keys] == list(fields()[table.name])
        for key in table.keys:
            assert key.meaning.endswith("."), f"{table.name}.{key.name} has no meaning"


def test_defaults_are_those_of_the_settings():
    settings = Settings()
    for table in described():
        for key in table.keys:
            assert key.default == getattr(getattr(settings, table.name), key.name)


def test_the_written_file_sets_nothing_of_itself_and_has_no_mistake():
    layer = read_text(written({}, {}, "Hello"), "v")
    assert (layer.values, layer.errors) == ({}, ())


def test_with_every_key_uncommented_it_says_the_defaults():
    text = "\n".join(
        line.removeprefix("# ") if not line.startswith("##") else line for line in written({}, {}, "Hello").split("\n")
    )
    layer = read_text(text, "v")
    assert layer.errors == ()
    assert list(layer.values) == KEYS
    assert settled(layer) == Settings()


def values_for(key):
    """Valid values of a key."""
    shape = fields()[key[0]][key[1]].type
    text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
    match shape:
        case msgspec.inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.IntType(ge=low, le=high):
            return st.integers(low or 0, high or 10**9)
        case msgspec.inspect.VarTupleType():
            return st.lists(text.map(lambda part: "/a" + part), max_size=3).map(tuple)
    return text.map(lambda part: "/a" + part)


@given(st.sampled_from(KEYS).flatmap(lambda key: st.tuples(st.just(key), values_for(key))))
def test_any_value_of_any_key_survives_being_written_and_read(pair):
    key, value = pair
    table, name = key
    assert not isinstance(checked(table, name, value, None), ConfigurationError)
    layer = read_text(written({key: value}, {key: "Found\nhere."}, "Hello"), "v")
    assert (layer.values, layer.errors) == ({key: value}, ())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (0, "0"),
        ('a"\\b', '"a\\"\\\\b"'),
        (("a", "b"), '["a", "b"]'),
        ((), "[]"),
        ("\u2028\U000e0001", '"\\u2028\\U000e0001"'),
    ],
)
def test_values_in_toml(value, text):
    assert literal(value) == text
