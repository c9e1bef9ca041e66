"""[ship], [ship.kafka.properties], [[ship.stream]] and scope: what may stand there, and what is told where it may not."""

from __future__ import annotations

import pytest

from vigilog.config.choose import Wishes
from vigilog.config.choose_run import choose_run
from vigilog.config.host import look
from vigilog.config.layer import settled
from vigilog.config.ship_settings import Ship, ShipKafka, Stream
from vigilog.config.toml import read, read_text

WHOLE = """\
[run]
sources = ["/var/log/web.log", "blackbox:/var/log/boxes"]
[ship]
brokers = ["kafka1", "[2001:db8::7]:9093"]
schema = "ecs"
when_full = "drop-oldest"
flush_time = "1m"
[ship.kafka.properties]
linger.ms = 20
"compression.type" = "zstd"
[[ship.stream]]
what = "lines"
topic = "web"
sources = ["/var/log/web.log"]
format = "combined"
key = "remote_dns"
[[ship.stream]]
what = "blocks"
[[trigger]]
rule = "sshd"
scope = "fleet"
"""


def mistakes(tmp_path, text):
    """What is told about a configuration, without the name of the file."""
    file = tmp_path / "v.toml"
    file.write_text(text)
    errors = choose_run(Wishes(config=str(file)), look(str(tmp_path), "")).errors
    return [str(error).removeprefix(f"{file}:") for error in errors]


def test_all_tables_are_read(tmp_path):
    layer = read_text(WHOLE, "v")
    assert layer.errors == ()
    settings = settled(layer)
    assert settings.ship == Ship(
        brokers=("kafka1", "[2001:db8::7]:9093"), schema="ecs", when_full="drop-oldest", flush_time=60.0
    )
    assert settings.kafka == ShipKafka(properties={"linger.ms": "20", "compression.type": "zstd"})
    web = Stream(what="lines", topic="web", sources=("/var/log/web.log",), format="combined", key="remote_dns")
    assert settings.streams == (web, Stream(what="blocks"))
    assert settings.triggers[0].scope == "fleet"
    assert mistakes(tmp_path, WHOLE) == []


def test_properties_know_their_lines_however_they_are_written():
    layer = read_text(WHOLE, "v")
    assert [layer.places["kafka", f"properties.{name}"].line for name in ("linger.ms", "compression.type")] == [9, 10]
    inline = read_text('[ship]\nkafka.properties = {"a.b" = true}\n', "v")
    assert inline.values["kafka", "properties"] == {"a.b": "true"}
    assert inline.places["kafka", "properties.a.b"].line == 2


def test_streams_of_drop_ins_add_up(tmp_path):
    (tmp_path / "v.toml").write_text('[[ship.stream]]\nwhat = "alerts"\n')
    (tmp_path / "v.d").mkdir()
    (tmp_path / "v.d" / "a.toml").write_text('[[ship.stream]]\nwhat = "bans"\n')
    assert [each.what for each in settled(read(str(tmp_path / "v.toml"))).streams] == ["alerts", "bans"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[ship]\nto = 'kafak'", '2: ship.to has "kafak"; expected kafka, stdout, or file:PATH with a path from the root'),
        ("[ship]\nto = 'file:here'", '2: ship.to has "file:here"; expected kafka, stdout, or file:PATH'),
        ("[ship]\nbroker = 'a'", '2: unknown key "broker" in [ship]; expected a key of [ship]; did you mean "brokers"?'),
        ("[ship]\nbrokers = 'a'", '2: ship.brokers is "a"; expected a list of texts; write ["a"]'),
        ("[ship]\nbrokers = ['a b c:x']", "2: "),
        ("[ship]\nspool = 'here'", '2: ship.spool has "here"; expected a path from the root'),
        ("[ship]\nspool_size = 1", "2: ship.spool_size is 1; expected a whole number from 128"),
        ("[ship]\nschema = 'otle'", '2: ship.schema is "otle"; expected one of "ecs", "otel"; did you mean "otel"?'),
        ("[ship]\nkafka = 5", "2: kafka is 5; expected a table; write [ship.kafka] on a line of its own"),
        ("[ship.kafka]\nproperty = 5", '2: unknown key "property" in [ship.kafka]'),
        (
            "[ship.kafka]\nproperties = 5",
            "2: kafka.properties cannot be used; expected a table of texts, numbers, true and false",
        ),
        ("[ship.kafka.properties]\na = ['secret']", "1: kafka.properties cannot be used; expected a table of texts"),
        ("[ship]\nstream = 5", "2: stream is 5; expected an array of tables; write [[ship.stream]] on a line of its own"),
        ("[[ship.stream]]\ntopic = 'x'", "1: a stream without what is shipped; expected the key what"),
        ("[[ship.stream]]\nwhat = 'alert'", '2: stream.what is "alert"; expected one of "alerts", "bans",'),
        ("[[ship.stream]]\nwhat = 'bans'\ntopic = 'a/b'", '3: stream.topic has "a/b"; expected a name made of letters'),
        ("[[ship.stream]]\nwhat = 'bans'\nkey = 'a'", "3: a stream of bans has no key; expected what and topic alone"),
        (
            "[[ship.stream]]\nwhat = 'alerts'\nformat = 'a'",
            "3: a stream of alerts has no format; expected one of what, topic, ",
        ),
        ("[[ship.stream]]\nwhat = 'alerts'\ntriggers = ['a']", '3: there is no trigger "a"; expected a trigger'),
        ("[run]\nsources=['/a']\n[[ship.stream]]\nwhat='lines'\nsources=['/b']", '5: "/b" is not among the sources of [run]'),
        ("[[ship.stream]]\nwhat='lines'\nsources=['b']", '3: stream.sources has "b"; expected a path from the root'),
        ("[[ship.stream]]\nwhat='lines'\nlanguage='logformat'", "3: a language without a format; expected the key format"),
        (
            "[[ship.stream]]\nwhat='lines'\nkey='a'",
            '3: the key "a" of lines that no format takes apart; expected the key format',
        ),
        (
            "[[ship.stream]]\nwhat='lines'\nformat='common'\nkey='a'",
            '4: the format has no field "a"; expected one of remote_dns',
        ),
        ("[[ship.stream]]\nwhat='lines'\nformat='%Q %h'", "3: `%Q` in a LogFormat"),
        (
            "[[ship.stream]]\nwhat='lines'\nformat='text'",
            '3: a LogFormat without a variable in "text"; expected a template, or',
        ),
        ("[[ship.stream]]\nwhat='blocks'", "2: blocks are shipped, and no file of them is among the sources of [run]"),
        (
            "[[ship.stream]]\nwhat='events'\nkey='user'\n[[trigger]]\nname='a'\npattern='(?P<address>.)'\nactions='ban'",
            '3: the events of trigger "a" have no field "user"; expected one of address; or name the triggers',
        ),
        (
            "[ship]\nbrokers=[]\n[[ship.stream]]\nwhat='alerts'",
            "2: there is something to ship, and no broker; write brokers = ",
        ),
        (
            "[ship]\nbrokers=['a']\n[fleet]\nbrokers=['b']\n[[ship.stream]]\nwhat='alerts'\n[[trigger]]\nrule='sshd'\nscope='fleet'",
            "4: the fleet has other brokers than [ship], and a host ships to one place; expected no brokers here, or",
        ),
        ("[[trigger]]\nrule='sshd'\nscope='flete'", '3: trigger.scope is "flete"; expected one of "fleet", "host"'),
    ],
)
def test_every_mistake_is_told_with_its_line(tmp_path, text, message):
    assert [told[: len(message)] for told in mistakes(tmp_path, text)] == [message]


def test_every_property_that_librdkafka_refuses_is_told_with_its_line(tmp_path):
    pytest.importorskip("confluent_kafka")
    text = '[ship.kafka.properties]\nfoo.bar = 1\nlinger.ms = 5\ncompression.type = "zstdd"\nacks = "perhaps"\n'
    told = mistakes(tmp_path, text + '[[ship.stream]]\nwhat = "alerts"\n')
    assert [each.partition(":")[0] for each in told] == ["2", "4", "5"]
    for word, each in zip(("foo.bar", "zstdd", "acks"), told, strict=True):
        assert word in each


def test_mistakes_in_brokers_hide_none_in_properties(tmp_path):
    pytest.importorskip("confluent_kafka")
    text = '[ship]\nbrokers = ["a", "ssl://b"]\n[ship.kafka.properties]\nlinger.ms = "soon"\n[[ship.stream]]\nwhat = "alerts"\n'
    told = mistakes(tmp_path, text)
    assert [each.partition(":")[0] for each in told] == ["2", "4"]


def test_without_the_library_for_kafka_properties_are_not_looked_at(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "confluent_kafka", None)
    assert mistakes(tmp_path, '[ship.kafka.properties]\nfoo.bar = 1\n[[ship.stream]]\nwhat = "alerts"\n') == []


def test_a_password_is_not_told(tmp_path):
    text = '[ship.kafka.properties]\n"sasl.password" = ["hunter2"]\n[[ship.stream]]\nwhat = "alerts"\n'
    assert mistakes(tmp_path, text)
    assert not [each for each in mistakes(tmp_path, text) if "hunter2" in each]
