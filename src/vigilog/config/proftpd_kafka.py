"""mod_kafka's directives (0.1, with ProFTPD 1.3.8) → settings: which events go to which topic and how, and to which brokers.

Sane here and not there: events are written in any case, an unknown one is a mistake, `!` leaves out, AUTH is the class of
logins as in ExtendedLog (and the command of that name), formats of <Global> are known, and every broker is used.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple

from vigilog.config.proftpd_logging import CLASSES, SAME
from vigilog.config.proftpd_nouns import Off
from vigilog.config.proftpd_tree import Section
from vigilog.config.proftpd_view import View, of_section
from vigilog.config.proftpd_words import Around, Bad, Parameters, Reader, boolean, log
from vigilog.core.errors import ConfigurationError, RuleError
from vigilog.core.nouns import Place
from vigilog.ship.settings import Connection, Property

COMMANDS = frozenset(
    [
        *("USER", "PASS", "ACCT", "CWD", "XCWD", "CDUP", "XCUP", "SMNT", "REIN", "QUIT", "PORT", "EPRT", "PASV", "EPSV"),
        *("TYPE", "STRU", "MODE", "RETR", "STOR", "STOU", "APPE", "ALLO", "REST", "RANG", "RNFR", "RNTO", "ABOR", "DELE"),
        *("MDTM", "RMD", "XRMD", "MKD", "XMKD", "PWD", "XPWD", "SIZE", "LIST", "NLST", "MLSD", "MLST", "MFF", "MFMT"),
        *("SITE", "SYST", "STAT", "HELP", "NOOP", "FEAT", "OPTS", "LANG", "HOST", "CLNT", "CSID"),
        *("ADAT", "AUTH", "CCC", "CONF", "ENC", "MIC", "PBSZ", "PROT", "SSCN"),
        *("HASH", "MD5", "XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512"),
        *(f"SITE_{name}" for name in ("CHGRP", "CHMOD", "HELP", "MKDIR", "RMDIR", "SYMLINK", "UTIME")),
    ]
)
"""The commands that an event may be named by; SITE is all that begin with it."""


TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
"""What Kafka takes as the name of a topic, but for `.` and `..`."""


class OnEvent(NamedTuple):
    """One KafkaLogOnEvent: commands and ExtendedLog's classes in capitals (`!X`: not those), the text of its LogFormat, and the
    topic."""

    events: tuple[str, ...]
    format: str
    topic: str
    place: Place

    def wants(self, command: str, classes: Collection[str]) -> bool:
        """Whether such a command is sent (in capitals; SITE as `SITE CHMOD`; the ends of a session are CONNECT and EXIT). A
        command without a class is none that ALL asks for."""
        known = {command.replace(" ", "_"), command.partition(" ")[0], *classes}
        if classes:
            known.add("ALL")
        return not known.isdisjoint(self.named) and known.isdisjoint(self.left_out)

    @property
    def left_out(self) -> set[str]:
        return {name[1:] for name in self.events if name.startswith("!")}

    @property
    def named(self) -> set[str]:
        return {name for name in self.events if not name.startswith("!")}


@dataclass(frozen=True, slots=True)
class Kafka:
    """What a server sends to Kafka, and where to. Without brokers in it the engine is as good as off."""

    engine: bool = False
    connection: Connection = field(default_factory=lambda: Connection(()))
    log: str | Off | None = None
    events: tuple[OnEvent, ...] = ()


class Given(NamedTuple):
    """A KafkaLogOnEvent as it stands there: no events for the word `none`."""

    events: tuple[str, ...]
    format: str = ""
    topic: str = ""


def on_event(parameters: Parameters, _around: Around) -> Given:
    """`KafkaLogOnEvent none` or `KafkaLogOnEvent EVENTS FORMAT [[topic] NAME]`."""
    match parameters:
        case (word,) if word.lower() == "none":
            return Given(())
        case (words, form):
            return Given(events(words), form, topic_name(form))
        case (words, form, topic) if topic.lower() != "topic":
            return Given(events(words), form, topic_name(topic))
        case (words, form, word, topic):
            if word.lower() != "topic":
                raise Bad(f": unknown KafkaLogOnEvent parameter: {word}")
            return Given(events(words), form, topic_name(topic))
    raise Bad("wrong number of parameters")


def topic_name(name: str) -> str:
    """A name that brokers take for a topic."""
    if not TOPIC.fullmatch(name) or name in {".", ".."}:
        raise Bad(f"'{name}' cannot be the name of a topic: 1 to 249 letters, digits, '.', '_' and '-'")
    return name


def events(words: str) -> tuple[str, ...]:
    """`CONNECT,RETR` or `ALL|!AUTH` as its words in capitals, `!` before those that are not to be sent."""
    found = []
    for word in filter(None, map(str.strip, words.split("|" if "|" in words else ","))):
        name = word.removeprefix("!").upper()
        name = SAME.get(name, name)
        if name not in COMMANDS and name not in CLASSES:
            near = get_close_matches(name, (*COMMANDS, *CLASSES, *SAME), 1)
            raise Bad(f"unknown event '{word}'" + (f" (did you mean {near[0]}?)" if near else ""))
        found.append("!" + name if word.startswith("!") else name)
    if all(name.startswith("!") for name in found):
        raise Bad(f"no event in '{words}'" + (": write ALL in front of it" if found else ""))
    return tuple(found)


def brokers(parameters: Parameters, _around: Around) -> Parameters:
    """`KafkaBroker HOST[:PORT] ...`; commas between them are taken, too, as librdkafka does."""
    found = tuple(word.strip() for parameter in parameters for word in parameter.split(",") if word.strip())
    if not found:
        raise Bad("wrong number of parameters")
    return found


def kafka_property(parameters: Parameters, _around: Around) -> tuple[str, str]:
    """`KafkaProperty NAME VALUE`."""
    return parameters[0], parameters[1]


def kafka(view: View, formats: Mapping[str, str]) -> Kafka:
    """What a server says of Kafka. Its own KafkaBroker lines replace those of <Global>, as does each property of its own."""
    lines = list(view.each("KafkaBroker"))
    own = [each for each in lines if each.directive.section == lines[0].directive.section]
    properties = sorted(view.each("KafkaProperty"), key=lambda each: each.directive.section != "Global")
    return Kafka(
        engine=view.first("KafkaEngine", default=False),
        connection=Connection(
            tuple(dict.fromkeys(word for each in own for word in each.value)),
            tuple(Property(each.value[0], each.value[1], each.directive.place) for each in properties),
            own[0].directive.place if own else None,
        ),
        log=view.first("KafkaLog"),
        events=on_events(view, formats) or (),
    )


def on_events(view: View, formats: Mapping[str, str]) -> tuple[OnEvent, ...] | None:
    """The events that a section asks for; None if it says nothing about them."""
    found = list(view.each("KafkaLogOnEvent"))
    if not found:
        return None
    return tuple(
        OnEvent(each.value.events, formats.get(each.value.format, ""), each.value.topic, each.directive.place)
        for each in found
        if each.value.events
    )


def mistakes(sections: Collection[Section], formats: Mapping[str, str]) -> Iterator[ConfigurationError]:
    """What is wrong with the formats that these sections, and those in them, name in a KafkaLogOnEvent."""
    for section in sections:
        if section.lost:
            continue
        for entry in of_section(section).each("KafkaLogOnEvent"):
            name, place = entry.value.format, entry.directive.place
            if not entry.value.events:
                continue
            if name not in formats:
                yield ConfigurationError(f"KafkaLogOnEvent: no LogFormat '{name}' configured", place=place)
            elif reason := unusable(formats[name]):
                yield ConfigurationError(f"KafkaLogOnEvent: LogFormat '{name}': {reason}", place=place)
        yield from mistakes(section.sections, formats)


def unusable(template: str) -> str:
    """Why a LogFormat cannot be used, '' if it can."""
    from vigilog.patterns.logformat import LogFormat  # noqa: PLC0415 - few configurations send anything

    try:
        LogFormat(template)
    except RuleError as error:
        return str(error)
    return ""


READERS: dict[str, Reader] = {
    "KafkaBroker": brokers,
    "KafkaEngine": boolean,
    "KafkaLog": log,
    "KafkaLogOnEvent": on_event,
    "KafkaProperty": kafka_property,
}
