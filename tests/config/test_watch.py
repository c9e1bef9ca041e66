"""[watch] and sources in Kafka: where brokers and properties come from, and every mistake with its line."""

from __future__ import annotations

import pytest

from vigilog.config.choose import Wishes
from vigilog.config.choose_run import choose_run
from vigilog.config.host import look
from vigilog.config.kafka_sources import kafka, named


def chosen(tmp_path, text):
    (tmp_path / "v.toml").write_text(text)
    found = choose_run(Wishes(config=f"{tmp_path}/v.toml"), look(str(tmp_path), ""))
    return found.settings, [str(error).removeprefix(f"{tmp_path}/v.toml:") for error in found.errors]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('[watch]\nkafka_brokers = ["a:b"]', "2: not a broker: a:b"),
        ('[watch]\n[watch.kafka_properties]\nlinger = "1"', '3: No such configuration property: "linger"'),
        ('[watch.kafka_properties]\n"group.id" = "x"', "2: group.id cannot be set among the properties; expected kafka_group"),
        ("[watch.kafka_properties]\nenable.auto.commit = true", "2: enable.auto.commit cannot be set"),
        ('[watch]\nkafka_group = "a\\nb"', "2: watch.kafka_group has"),
        ('[run]\nsources = ["kafka:a b"]', '2: run.sources has "kafka:a b"; expected kafka:TOPIC'),
        ('[check]\nsources = ["kafka:a?x=y"]', '2: check.sources has "kafka:a?x=y"; expected kafka:TOPIC'),
        (
            '[run]\nsources = ["kafka:a.b",\n"kafka:a.*?field=Body"]',
            '3: "kafka:a.*?field=Body" has a topic of "kafka:a.b", and its group; expected another group',
        ),
        (
            '[run]\nsources = ["/a", "kafka:logs"]\n[[ship.stream]]\nwhat = "lines"\ntopic = "logs"',
            '5: what is shipped to "logs" is read again by "kafka:logs"; expected another topic, or sources without that one',
        ),
        (
            '[run]\nsources = ["kafka:vigilog.*"]\n[[ship.stream]]\nwhat = "alerts"',
            '3: what is shipped to "vigilog.alerts" is read again by "kafka:vigilog.*"',
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, text, mistake):
    _, errors = chosen(tmp_path, text)
    assert len(errors) == 1
    assert errors[0].startswith(mistake)


def test_the_same_topic_in_two_groups_and_other_topics_in_one_are_no_mistake(tmp_path):
    sources = '["kafka:a", "kafka:a?group=b", "kafka:b,c*", "kafka:d"]'
    assert chosen(tmp_path, f"[run]\nsources = {sources}")[1] == []


def test_a_host_may_ship_its_own_lines_to_the_topic_that_it_watches(tmp_path):
    stream = '[[ship.stream]]\nwhat = "lines"\ntopic = "logs"\nsources = ["/a"]'
    assert chosen(tmp_path, f'[run]\nsources = ["/a", "kafka:logs?field=Body"]\n{stream}')[1] == []


def test_its_own_brokers_stand_alone_with_its_own_properties(tmp_path):
    settings, errors = chosen(
        tmp_path,
        '[ship]\nbrokers = ["ship:1"]\n[ship.kafka.properties]\n"client.id" = "s"\n'
        '[watch]\nkafka_brokers = ["ssl://a", "ssl://[::1]:7"]\nkafka_properties = {"socket.keepalive.enable" = true}\n',
    )
    assert errors == []
    assert kafka(settings).properties == {
        "bootstrap.servers": "a:9092,[::1]:7",
        "security.protocol": "ssl",
        "socket.keepalive.enable": "true",
    }


def test_without_brokers_of_its_own_it_asks_those_of_ship_as_they_want_to_be_asked(tmp_path):
    settings, _ = chosen(
        tmp_path,
        '[ship]\nbrokers = ["sasl_ssl://k:9"]\n[ship.kafka.properties]\n"sasl.username" = "s"\n"linger.ms" = 5\n'
        '[watch.kafka_properties]\n"client.id" = "w"\n',
    )
    assert kafka(settings).properties == {
        "bootstrap.servers": "k:9",
        "security.protocol": "sasl_ssl",
        "sasl.username": "s",
        "client.id": "w",
    }


def test_each_host_and_state_directory_has_a_group_of_its_own(tmp_path):
    one, _ = chosen(tmp_path, '[fleet]\nhost = "gate"\n[state]\ndirectory = "/var/lib/vigilog"')
    other, _ = chosen(tmp_path, '[fleet]\nhost = "gate"\n[state]\ndirectory = "/srv/x"')
    shared, _ = chosen(tmp_path, '[fleet]\nhost = "gate"\n[watch]\nkafka_group = "all"')
    assert (kafka(one).group, kafka(one).member) == ("vigilog-run.gate", "gate")
    assert kafka(other).group == f"vigilog-run.{named('gate', '/srv/x')}" != kafka(one).group
    assert kafka(shared).group == "all"
    assert kafka(one, trial=True).trial
    assert named("a b/ü", "/x").startswith("a_b__.")
