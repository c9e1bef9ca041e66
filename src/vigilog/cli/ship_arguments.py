"""The arguments of `vigilog ship`, and what they come to together with the configuration."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vigilog.cli.check_arguments import count
from vigilog.cli.commands import Parser
from vigilog.config.choose import Chosen, Wishes
from vigilog.config.choose_run import choose_run
from vigilog.config.host import look
from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place
from vigilog.ship.settings import Connection, Property

if TYPE_CHECKING:
    from vigilog.config.layer import Key
    from vigilog.patterns.logformat import LogFormat

_TOPIC = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}")


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog ship` takes."""
    parser.description = (
        "Takes lines apart by a LogFormat and ships each one as JSON: to Kafka, to a file, or to standard output. A second\n"
        "call ships what is new since the first one. What no broker takes waits on the disk for the next call."
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="a log, packed or not; a glob stands for its newest file, - for standard input"
    )
    lines = parser.add_argument_group("what becomes of a line")
    lines.add_argument(
        "--format",
        metavar="LOGFORMAT",
        help="a LogFormat, or the name of one: common, combined, xferlog, ... (default: lines are shipped whole)",
    )
    lines.add_argument("--dialect", choices=("proftpd", "apache"), help="whose LogFormat it is (default: who knows it)")
    lines.add_argument("--key", metavar="FIELD", help="the field whose records stay in order, such as remote_dns")
    lines.add_argument(
        "--schema",
        choices=("otel", "ecs"),
        help="whose words a line is told in that no format takes apart: OpenTelemetry's (the default), or Elastic's",
    )
    lines.add_argument(
        "--dead-letters", metavar="FILE", help="where lines go that the format has not written, and records that brokers refuse"
    )
    target = parser.add_argument_group("where it goes")
    target.add_argument("--to", metavar="TARGET", help="kafka, stdout, or file:PATH (default: what is configured, else stdout)")
    target.add_argument("--topic", metavar="NAME", default="", help="the topic; Kafka needs one")
    target.add_argument(
        "--broker", metavar="HOST:PORT", action="append", default=[], help="a broker to begin with; ssl:// in front for TLS"
    )
    target.add_argument(
        "--property",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a property of librdkafka, such as compression.type=lz4",
    )
    target.add_argument("--wait", metavar="SECONDS", type=seconds, help="how long to wait for acknowledgements at the end")
    reading = parser.add_argument_group("what is read")
    reading.add_argument("--follow", action="store_true", help="go on: ship lines as they are written, until SIGTERM")
    reading.add_argument(
        "--first", choices=("all", "today", "none"), default="all", help="what is read of a log never shipped before"
    )
    reading.add_argument("--from-start", action="store_true", help="ship all of it, whatever was shipped before")
    reading.add_argument("--no-state", action="store_true", help="remember nothing, and ship all of it")
    reading.add_argument(
        "-S", "--state-directory", metavar="DIRECTORY", help="where positions and waiting records are kept; also with stdout"
    )
    reading.add_argument("--jobs", metavar="NUMBER", type=count, default=1, help="how many processes take lines apart")
    parser.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing at the end if all went well")


def seconds(text: str) -> float:
    """A number of seconds, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line and the configuration come to: the target's word, the topic, how to speak to brokers, the state
    directory (None: nothing is remembered), how long to wait at the end, this host's name, whose words lines are told in, and
    the settings for all else."""

    to: str
    topic: str
    connection: Connection
    directory: str | None
    dead_letters: str
    wait: float
    host: str
    schema: str
    settings: Settings


def wanted(options: argparse.Namespace) -> Wanted:
    """What is wanted. Raises ConfigurationError, or an ExceptionGroup of all mistakes in the configuration."""
    chosen = choose_run(Wishes(config=options.config), look())
    if chosen.errors:
        raise ExceptionGroup("mistakes in the configuration", list(chosen.errors))
    ship = chosen.settings.ship
    to = target(options, chosen)
    if to == "kafka":
        check_topic(options.topic)
    remembers = not options.no_state and (to != "stdout" or options.state_directory)
    directory = os.path.abspath(options.state_directory or chosen.settings.state.directory) if remembers else None
    return Wanted(
        to,
        options.topic,
        connection(options, chosen),
        directory,
        os.path.abspath(options.dead_letters) if options.dead_letters else "",
        ship.flush_time if options.wait is None else options.wait,
        chosen.settings.fleet.host or os.uname().nodename,
        options.schema or ship.schema,
        chosen.settings,
    )


def template(options: argparse.Namespace) -> LogFormat | None:
    """The LogFormat that is asked for. Raises RuleError for a mistake in it, ConfigurationError for a word about none."""
    if options.format is None:
        if options.key or options.dialect:
            option = "--key" if options.key else "--dialect"
            raise ConfigurationError(f"{option} without a format", expected="--format LOGFORMAT")
        return None
    from vigilog.patterns.logformat_choice import chosen  # noqa: PLC0415 - only where lines are taken apart

    return chosen(options.format, f"logformat-{options.dialect}" if options.dialect else "logformat")


def target(options: argparse.Namespace, chosen: Chosen) -> str:
    """The target that is named, else Kafka where brokers are, else what is configured, else standard output. Raises
    ConfigurationError."""
    if options.to:
        if options.to not in {"kafka", "stdout"} and not options.to.startswith("file:"):
            raise ConfigurationError(f"--to {options.to}", expected="kafka, stdout, or file:PATH")
        return str(options.to)
    if options.broker:
        return "kafka"
    configured = {("ship", "to"), ("ship", "brokers")} & chosen.places.keys()
    return chosen.settings.ship.to if configured else "stdout"


def check_topic(topic: str) -> None:
    """Raises ConfigurationError unless it is the name of a topic."""
    if not _TOPIC.fullmatch(topic):
        found = f"a topic {topic!r}" if topic else "Kafka, and no topic"
        raise ConfigurationError(found, expected="--topic NAME, of up to 249 letters, digits, and . _ -")


def connection(options: argparse.Namespace, chosen: Chosen) -> Connection:
    """How to speak to brokers: those on the command line instead of those configured, its properties besides theirs."""
    settings = chosen.settings
    configured = [Property(name, value, place_of(chosen.places, name)) for name, value in settings.kafka.properties.items()]
    own = [Property(*named(word), Place("--property")) for word in options.property]
    place = Place("--broker") if options.broker else chosen.places.get(("ship", "brokers"))
    return Connection(options.broker or settings.ship.brokers, [*configured, *own], place)


def place_of(places: Mapping[Key, Place], name: str) -> Place | None:
    """Where a property is configured."""
    return places.get(("kafka", f"properties.{name}")) or places.get(("kafka", "properties"))


def named(word: str) -> tuple[str, str]:
    """`NAME=VALUE` as both. Raises ConfigurationError."""
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise ConfigurationError(f"--property {word}", expected="--property NAME=VALUE")
    return name, value
