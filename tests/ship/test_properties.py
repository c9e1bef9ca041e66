"""Properties go to librdkafka as they are; what it refuses is an error with the place where it is written."""

from __future__ import annotations

import sys

import pytest

from vigilog.core.errors import ConfigurationError, MissingExtra
from vigilog.core.nouns import Place
from vigilog.ship.properties import check, limits, properties
from vigilog.ship.settings import Connection, Property, SpoolSettings
from vigilog.ship.shipper import Shipper


def connection(*pairs):
    return Connection(
        ["127.0.0.1:1"],
        [Property(name, value, Place("vigilog.toml", 10 + index)) for index, (name, value) in enumerate(pairs)],
        Place("vigilog.toml", 2),
    )


GOOD = ("linger.ms", "20")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("no.such.property", "1"), 'No such configuration property: "no.such.property"'),
        (("linger.ms", "soon"), "Invalid value"),  # librdkafka calls it by its other name, queue.buffering.max.ms
        (("linger.ms", "99999999999"), "outside allowed range"),
        (("compression.type", "zip"), "zip"),
        (("acks", "1"), "`acks` must be set to `all`"),
        (("sasl.mechanisms", "MAGIC"), ""),
        (("transactional.id", "x"), "without transactions"),
        (("error_cb", "x"), "No such configuration property"),
        (("on_delivery", "x"), "No such configuration property"),
        (("dr_msg_cb", "x"), "dr_msg_cb"),
        (("", "x"), "No such configuration property"),
        (("client.id", "\udcff"), "No such configuration property"),
        (("enable.gapless.guarantee", "true"), "cannot be set"),
    ],
)
def test_a_property_that_librdkafka_refuses_is_an_error_with_its_line(wrong, said):
    others = [("security.protocol", "sasl_plaintext")] if wrong[0].startswith("sasl") else []
    with pytest.raises(ConfigurationError) as raised:
        check(connection(GOOD, *others, wrong))
    assert str(raised.value).startswith(f"vigilog.toml:{11 + len(others)}: ")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_certificate_that_is_not_there_is_an_error_with_its_line(tmp_path):
    with pytest.raises(ConfigurationError) as raised:
        check(connection(("security.protocol", "ssl"), ("ssl.ca.location", str(tmp_path / "none.pem"))))
    assert str(raised.value).startswith("vigilog.toml:11: ")
    assert "ssl.ca.location" in str(raised.value)


def test_nothing_is_made_before_the_configuration_is_right(tmp_path):
    with pytest.raises(ConfigurationError):
        Shipper(connection(("no.such", "1")), SpoolSettings(str(tmp_path / "spool")), say=print)
    assert not list(tmp_path.iterdir())


def test_the_last_one_of_a_name_counts_by_any_of_its_names():
    found = properties(connection(("compression.type", "zstd"), ("linger.ms", "1"), ("linger.ms", "2")))
    assert (found["compression.codec"], found["linger.ms"]) == ("zstd", "2")
    assert "compression.type" not in found


def test_what_the_configuration_says_of_the_queue_bounds_what_is_handed_over():
    check(connection(("queue.buffering.max.messages", "7"), ("queue.buffering.max.kbytes", "3")))
    assert limits(connection(("queue.buffering.max.messages", "7"), ("queue.buffering.max.kbytes", "3"))) == (7, 3072)
    assert limits(connection(("queue.buffering.max.messages", "0")))[0] > 100_000  # librdkafka: no limit


def test_brokers_may_be_named_by_the_property():
    found = properties(Connection([], [Property("metadata.broker.list", "a:1,b:2")]))
    assert found["bootstrap.servers"] == "a:1,b:2"


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(MissingExtra) as raised:
        check(connection())
    assert str(raised.value) == "shipping to Kafka needs confluent_kafka; pip install 'vigilog[kafka]'"
