"""described, written: settings.py is the one source of what the written configuration says, and that is read back unharmed."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.checked import checked
from vigilog.config.choose import Wishes
from vigilog.config.choose_run import choose_run
from vigilog.config.described import described
from vigilog.config.expected import fields
from vigilog.config.host import look
from vigilog.config.layer import settled
from vigilog.config.run_checks import BELONGING
from vigilog.config.run_settings import Action, Sample, Trigger
from vigilog.config.settings import Settings
from vigilog.config.ship_settings import Stream
from vigilog.config.tables import PLAIN, keys_of
from vigilog.config.toml import read_text
from vigilog.config.written import literal, written
from vigilog.core.errors import ConfigurationError

KEYS = [(table.name, key.name) for table in described() if table.name in PLAIN for key in table.keys]


def test_every_key_says_what_it_means():
    for table in described():
        assert table.meaning
        assert [key.name for key in table.keys] == list(fields()[table.name])
        for key in table.keys:
            assert key.meaning.endswith("."), f"{table.name}.{key.name} has no meaning"


def test_defaults_are_those_of_the_settings():
    settings = Settings()
    for table in described():
        of_table = {
            "trigger": Trigger(name="x"),
            "sample": Sample(line="x"),
            "action": Action(type="null"),
            "stream": Stream(what="lines"),
        }.get(table.name)
        for key in table.keys:
            if key.default is not None:
                value = getattr(of_table or getattr(settings, table.name), key.name)
                assert checked(table.name, key.name, key.default, None) == value


def test_only_what_must_be_given_and_what_is_taken_from_elsewhere_has_no_default():
    without = {(table.name, key.name) for table in described() for key in table.keys if key.default is None}
    assert without == {
        ("trigger", "name"), ("trigger", "ban_time"), ("sample", "line"), ("sample", "fields"), ("action", "type"),
        ("stream", "what"),
    }  # fmt: skip


def test_the_written_file_sets_nothing_of_itself_and_has_no_mistake():
    layer = read_text(written({}, {}, "Hello"), "v")
    assert (layer.values, layer.triggers, layer.errors) == ({}, {}, ())


def uncommented():
    """The written file without the comment signs before keys and heads."""
    lines = written({}, {}, "Hello").split("\n")
    return "\n".join(line.removeprefix("# ") if not line.startswith("##") else line for line in lines)


def test_with_every_key_uncommented_it_says_the_defaults():
    layer = read_text(uncommented(), "v")
    assert layer.errors == ()
    assert [key for key in layer.values if "." not in key[0]] == KEYS
    settings, defaults = settled(layer), Settings()
    for table in PLAIN:
        assert getattr(settings, table) == getattr(defaults, table)


def test_with_every_key_uncommented_its_triggers_and_actions_show_every_key_and_have_no_mistake(tmp_path):
    file = tmp_path / "v.toml"
    file.write_text(uncommented())
    chosen = choose_run(Wishes(config=str(file)), look(str(tmp_path), ""))
    assert [str(error) for error in (*chosen.errors, *chosen.remarks)] == []
    assert [trigger.name for trigger in chosen.settings.triggers] == ["sshd", "door"]
    assert {action.type for action in chosen.settings.actions.values()} == set(BELONGING)
    shown = set(re.findall(r"^(\w+) = ", uncommented(), re.MULTILINE))
    assert {key for table in ("trigger", "action") for key in keys_of(table)} <= shown


SPECIAL_VALUES: dict[object, list[object]] = {
    ("run", "metrics_listen"): ["", "127.0.0.1:9180", "[::1]:1"],
    ("fleet", "metrics_listen"): ["", "127.0.0.1:9180", "[::1]:1"],
    **{("fleet", name): ["a", "A.b-c_9"] for name in ("events", "alerts", "decisions", "group")},
    ("ship", "to"): ["kafka", "stdout", "file:/x"],
    ("ship", "brokers"): [(), ("a", "[::1]:9092", "ssl://b:1")],
    ("watch", "kafka_properties"): [{}, {"client.id": "a", "security.protocol": "ssl"}],
    ("kafka", "properties"): [{}, {"linger.ms": "5", "compression.type": "zstd"}],
    ("web", "listen"): ["127.0.0.1:0", "[::1]:65535"],
    ("web", "names"): [(), ("a", "watch.example")],
    ("web", "proxies"): [(), ("::1", "192.0.2.1")],
    ("web", "proxy_header"): ["X-User", "a"],
    ("ban", "allow"): [(), ("192.0.2.0/24", "::1", "host.example", "/etc/allow")],
}


def values_for(key):
    """Valid values of a key."""
    if key in SPECIAL_VALUES:
        return st.sampled_from(SPECIAL_VALUES[key])
    shape = fields()[key[0]][key[1]].type
    text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
    match shape:
        case msgspec.inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.IntType(ge=low, le=high):
            return st.integers(low or 0, high or 10**9)
        case msgspec.inspect.FloatType(ge=low):
            return st.integers(1000, 10**9).map(lambda number: number / 1000).filter(lambda number: number >= (low or 0))
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
        ({"a-b": "c", "d e": ""}, '{a-b = "c", "d e" = ""}'),
        (2.5, "2.5"),
        ((), "[]"),
        ("\u2028\U000e0001", '"\\u2028\\U000e0001"'),
    ],
)
def test_values_in_toml(value, text):
    assert literal(value) == text
