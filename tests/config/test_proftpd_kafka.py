"""mod_kafka's directives in a proftpd.conf: what they come to, and what is said of wrong ones, in the real module's words where it has some."""

from __future__ import annotations

import pytest

from tests.config.proftpd_peer import head, present, verdict
from tests.conftest import absent
from vigilog.config.proftpd import read, told
from vigilog.config.proftpd_kafka import COMMANDS, OnEvent, events
from vigilog.config.proftpd_logging import CLASSES
from vigilog.config.proftpd_words import Bad
from vigilog.core.nouns import Place
from vigilog.ftpd.commands import classes_of

START = 'LogFormat x "%m"\nLogFormat y "%a"\n'
HOST = "<VirtualHost 192.0.2.1>\n"


@pytest.fixture
def conf(tmp_path):
    def reads(text):
        path = tmp_path / "proftpd.conf"
        path.write_text(text)
        return read(str(path))

    return reads


def sent(section):
    """Events, format and topic of each line."""
    return [(each.events, each.format, each.topic) for each in section]


@pytest.fixture
def pages(seeds):
    """Every configuration on mod_kafka's page, as it stands there."""
    text = next(text for path in seeds.glob("*.txt") if "ProFTPD module mod_kafka" in (text := path.read_text()))
    return [
        "<IfModule mod_kafka.c>" + each.partition("</IfModule>")[0] + "</IfModule>\n"
        for each in text.split("<IfModule mod_kafka.c>")[1:]
    ]


def test_the_pages_configurations_are_read_unchanged(conf, pages):
    assert len(pages) == 2
    for page in pages:
        configuration = conf(page)
        assert configuration.errors == ()
        assert configuration.without_effect == ()
        kafka = configuration.servers[0].kafka
        assert kafka.engine
        assert kafka.log == "/var/log/ftpd/kafka.log"
        assert sent(kafka.events) == [(("ALL",), '%h %l %u %t "%r" %s %b', "kafka")]
    assert list(conf(pages[0]).servers[0].kafka.connection.brokers) == ["kafka:9092"]
    secured = conf(pages[1]).servers[0].kafka.connection
    assert list(secured.brokers) == ["ssl://kafka:9093"]
    assert [(each.name, each.value, each.place.line) for each in secured.properties] == [
        ("ssl.ca.location", "/usr/local/etc/kafka/ca.pem", 5),
        ("ssl.certificate.location", "/usr/local/etc/kafka/client.pem", 6),
        ("ssl.key.location", "/usr/local/etc/kafka/client.pem", 7),
        ("enable.ssl.certificate.verification", "true", 10),
        ("security.protocol", "ssl", 13),
    ]


MISTAKES = [
    ("KafkaEngine", "KafkaEngine: missing parameters"),
    ("KafkaEngine maybe", "KafkaEngine: expected Boolean parameter"),
    ("KafkaLog", "KafkaLog: missing parameters"),
    ("KafkaProperty", "KafkaProperty: missing parameters"),
    ("KafkaProperty client.id", "KafkaProperty: missing parameters"),
    ("KafkaBroker", "KafkaBroker: wrong number of parameters"),
    ("KafkaLogOnEvent", "KafkaLogOnEvent: wrong number of parameters"),
    ("KafkaLogOnEvent ALL", "KafkaLogOnEvent: wrong number of parameters"),
    ("KafkaLogOnEvent ALL x topic", "KafkaLogOnEvent: wrong number of parameters"),
    ("KafkaLogOnEvent ALL x topic y z", "KafkaLogOnEvent: wrong number of parameters"),
    ("KafkaLogOnEvent ALL x foo y", "KafkaLogOnEvent: : unknown KafkaLogOnEvent parameter: foo"),
    ("KafkaLogOnEvent ALL X", "KafkaLogOnEvent: no LogFormat 'X' configured"),
    ("<Directory /a>\nKafkaEngine on", "KafkaEngine: directive not allowed in <Directory> context"),
    ("<Anonymous /a>\nKafkaBroker a", "KafkaBroker: directive not allowed in <Anonymous> context"),
    ("<Anonymous /a>\nKafkaProperty a b", "KafkaProperty: directive not allowed in <Anonymous> context"),
    ("<Directory /a>\nKafkaLog none", "KafkaLog: directive not allowed in <Directory> context"),
    ("<Limit ALL>\nKafkaLogOnEvent ALL", "KafkaLogOnEvent: directive not allowed in <Limit> context"),
    ("<Directory /a>\nKafkaLogOnEvent ALL nope\n</Directory>", "KafkaLogOnEvent: no LogFormat 'nope' configured"),
    (HOST + 'LogFormat z "%m"', "LogFormat: directive not allowed in <VirtualHost> context"),
]
FINE = [
    "KafkaEngine on off",
    "KafkaLog relative/path",
    "KafkaLog NONE x",
    "KafkaProperty a b c",
    "KafkaBroker a,b",
    "KafkaLogOnEvent NONE",
    "KafkaLogOnEvent all x",
    "KafkaLogOnEvent ALL x TOPIC y",
    "KafkaLogOnEvent RETR|STOR y",
    "<Anonymous /a>\nKafkaLogOnEvent ALL x\n</Anonymous>",
    "<Directory /a>\nKafkaLogOnEvent none\n</Directory>",
]


def alone(path, body, start):
    path.write_text(start + body + "\n")
    errors = read(str(path)).errors
    return told(errors[0], str(path)) if errors else ""


@pytest.mark.parametrize(("body", "words"), MISTAKES)
def test_mistakes_are_told_with_their_line(tmp_path, body, words):
    path = tmp_path / "proftpd.conf"
    line = 3 + body.partition("\n</")[0].count("\n")
    assert alone(path, body, START) == f"fatal: {words} on line {line} of '{path}'"


@pytest.mark.peer
@pytest.mark.parametrize("body", [*(body for body, _ in MISTAKES), *FINE])
def test_the_real_module_says_the_same(need, tmp_path, body):
    need("proftpd")
    if not present("mod_kafka.c"):
        absent("not installed: proftpd-mod-kafka")
    path = tmp_path / "proftpd.conf"
    ours = alone(path, body, head(("mod_kafka.c",)) + START)
    assert ours == verdict(path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("KafkaLogOnEvent BOGUS x", "KafkaLogOnEvent: unknown event 'BOGUS' on line 3 of '{}'"),
        ("KafkaLogOnEvent CONNECT,retrr x", "KafkaLogOnEvent: unknown event 'retrr' (did you mean RETR?) on line 3 of '{}'"),
        ("KafkaLogOnEvent , x", "KafkaLogOnEvent: no event in ',' on line 3 of '{}'"),
        ("KafkaLogOnEvent !READ x", "KafkaLogOnEvent: no event in '!READ': write ALL in front of it on line 3 of '{}'"),
        ("Kafka 127.0.0.1", "unknown configuration directive 'Kafka' on line 3 of '{}'; did you mean KafkaBroker?"),
        ("KafkaServer a:9092", "unknown configuration directive 'KafkaServer' on line 3 of '{}'; did you mean KafkaBroker?"),
        ('LogFormat z "%Z"\nKafkaLogOnEvent ALL z', "KafkaLogOnEvent: LogFormat 'z': `%Z` in a LogFormat; expected one of "),
        ('LogFormat "a b" "%m"\nKafkaLogOnEvent ALL "a b"', "KafkaLogOnEvent: 'a b' cannot be the name of a topic: "),
        ('KafkaLogOnEvent ALL x topic ""', "KafkaLogOnEvent: '' cannot be the name of a topic: "),
        ("KafkaLogOnEvent ALL x ..", "KafkaLogOnEvent: '..' cannot be the name of a topic: "),
        ("KafkaBroker ,", "KafkaBroker: wrong number of parameters on line 3 of '{}'"),
    ],
)
def test_what_the_real_module_passes_over_is_a_mistake(tmp_path, body, words):
    path = tmp_path / "proftpd.conf"
    assert alone(path, body, START).startswith("fatal: " + words.format(path))


def test_topics_are_named_in_both_ways_and_default_to_the_formats_name(conf):
    found = conf(START + "KafkaLogOnEvent RETR x\nKafkaLogOnEvent STOR x up\nKafkaLogOnEvent ALL y topic all\n")
    assert sent(found.servers[0].kafka.events) == [
        (("RETR",), "%m", "x"),
        (("STOR",), "%m", "up"),
        (("ALL",), "%a", "all"),
    ]


def test_formats_of_global_are_seen_wherever_they_stand(conf):
    found = conf(
        '<Global>\nKafkaLogOnEvent ALL g\nLogFormat g "%m"\n</Global>\n<VirtualHost 192.0.2.1>\nKafkaEngine on\n</VirtualHost>\n'
    )
    assert found.errors == ()
    assert [sent(each.kafka.events) for each in found.servers] == [[(("ALL",), "%m", "g")]] * 2


def test_every_broker_counts(conf):
    found = conf(
        "KafkaBroker a b:9093 [::1]:9094\nKafkaBroker c,a\n<Global>\nKafkaBroker g\n</Global>\n" + HOST + "</VirtualHost>\n"
    )
    assert [list(each.kafka.connection.brokers) for each in found.servers] == [["a", "b:9093", "[::1]:9094", "c"], ["g"]]
    assert found.servers[0].kafka.connection.place.line == 1


def test_a_servers_own_property_counts_more_than_one_of_global(conf):
    found = conf("KafkaProperty linger.ms 5\n<Global>\nKafkaProperty linger.ms 7\nKafkaProperty acks 1\n</Global>\n")
    last = {each.name: each.value for each in found.servers[0].kafka.connection.properties}
    assert last == {"linger.ms": "5", "acks": "1"}


def test_a_section_says_nothing_or_none_or_something(conf):
    body = """KafkaLogOnEvent ALL x
<Directory /silent>
KafkaLogOnEvent none
</Directory>
<Directory /other>
Umask 077
</Directory>
<Anonymous /srv/ftp>
KafkaLogOnEvent READ y
<Directory incoming>
KafkaLogOnEvent WRITE x topic incoming
KafkaLogOnEvent none
</Directory>
</Anonymous>
"""
    (server,) = conf(START + body).servers
    silent, other = server.directories
    (anonymous,) = server.anonymous
    assert silent.kafka_events == ()
    assert other.kafka_events is None
    assert sent(anonymous.inside.kafka_events) == [(("READ",), "%a", "y")]
    assert sent(anonymous.inside.directories[0].kafka_events) == [(("WRITE",), "%m", "incoming")]


def wants(words, command):
    return OnEvent(events(words), "", "", Place("")).wants(command, classes_of(command))


@pytest.mark.parametrize(
    ("words", "matched", "others"),
    [
        ("ALL", ["CONNECT", "EXIT", "USER", "RETR", "SITE CHMOD", "NOOP", "AUTH"], ["FOO", "SITE_FOO"]),
        ("connect,Disconnect", ["CONNECT", "EXIT"], ["USER", "QUIT"]),
        ("retr", ["RETR"], ["STOR"]),
        ("READ|WRITE", ["RETR", "STOR", "MKD"], ["LIST", "CONNECT"]),
        ("AUTH", ["USER", "PASS", "AUTH"], ["PBSZ", "RETR"]),
        ("ALL,!READ,!PASS", ["USER", "CONNECT"], ["RETR", "PASS"]),
        ("ALL, !CONNECT", ["EXIT"], ["CONNECT"]),
        ("SITE", ["SITE CHMOD", "SITE"], ["STAT"]),
        ("SITE_CHMOD", ["SITE CHMOD"], ["SITE UTIME", "SITE"]),
        ("MISC,!SITE_CHMOD", ["SITE UTIME", "TYPE"], ["SITE CHMOD"]),
        ("NONE", [], ["USER", "CONNECT"]),
        ("SECURE", ["PROT"], ["USER"]),
        ("RETR, STOR", ["RETR", "STOR"], []),
    ],
)
def test_which_events_match(words, matched, others):
    assert [command for command in matched if not wants(words, command)] == []
    assert [command for command in others if wants(words, command)] == []


def test_every_class_and_command_is_known_in_any_case():
    for name in (*CLASSES, *COMMANDS, "DISCONNECT", "SECURE"):
        assert events(name) == events(name.lower()) == events(name.title())
    with pytest.raises(Bad):
        events("ALL,EVERYTHING")
