"""Lists of brokers, as they are written in configurations."""

from __future__ import annotations

import pytest

from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place
from vigilog.ship.brokers import brokers
from vigilog.ship.properties import properties
from vigilog.ship.settings import Connection, Property

PLACE = Place("vigilog.toml", 7)


@pytest.mark.parametrize(
    ("words", "servers", "protocol"),
    [
        (["kafka"], "kafka:9092", ""),
        (["a:1", "b:2", "c:3"], "a:1,b:2,c:3", ""),
        (["a:1,b:2", "c"], "a:1,b:2,c:9092", ""),
        (["[2001:db8::1]:9093"], "[2001:db8::1]:9093", ""),
        (["[2001:db8::1]"], "[2001:db8::1]:9092", ""),
        (["2001:db8::1"], "[2001:db8::1]:9092", ""),
        (["::1", "127.0.0.1:9"], "[::1]:9092,127.0.0.1:9", ""),
        (["fe80::1%eth0"], "[fe80::1%eth0]:9092", ""),
        (["PLAINTEXT://a:1"], "a:1", "plaintext"),
        (["ssl://a:1", "SSL://[::1]:2"], "a:1,[::1]:2", "ssl"),
        (["sasl_ssl://a"], "a:9092", "sasl_ssl"),
        (["kafka-1.example.com."], "kafka-1.example.com.:9092", ""),
    ],
)
def test_brokers_are_understood_as_people_write_them(words, servers, protocol):
    assert brokers(Connection(words)) == (servers, protocol)


@pytest.mark.parametrize(
    "word",
    [
        "",
        "a:",
        "a:0",
        "a:65536",
        "a:http",
        "a:９",
        "http://a",
        "a b:c",
        "[::1",
        "[::1]x",
        "[a]:1",
        "://a",
        "ssl://",
        "-a",
        "a/b",
        "@",
    ],
)
def test_what_is_no_broker_is_an_error_with_its_place(word):
    with pytest.raises(ConfigurationError) as raised:
        brokers(Connection([word], place=PLACE))
    assert str(raised.value).startswith("vigilog.toml:7: ")


def test_brokers_of_different_protocols_are_an_error():
    with pytest.raises(ConfigurationError, match="ssl"):
        brokers(Connection(["ssl://a", "b"]))


def test_the_protocol_in_front_of_a_broker_is_the_protocol_it_is_spoken_to_in():
    assert properties(Connection(["ssl://a"]))["security.protocol"] == "ssl"
    assert "security.protocol" not in properties(Connection(["a"]))
    said = Property("security.protocol", "SSL")
    assert properties(Connection(["ssl://a"], [said]))["security.protocol"] == "ssl"


def test_a_protocol_that_contradicts_the_property_is_an_error_at_the_property():
    said = Property("security.protocol", "plaintext", Place("a.conf", 3))
    with pytest.raises(ConfigurationError) as raised:
        properties(Connection(["ssl://a"], [said]))
    assert str(raised.value).startswith("a.conf:3: ")
