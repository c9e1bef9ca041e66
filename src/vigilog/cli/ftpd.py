"""`vigilog ftpd`: an FTP server with a black box, configured as ProFTPD is."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.core.clock import wall
from vigilog.core.errors import ConfigurationError, MissingExtra

if TYPE_CHECKING:
    from vigilog.config.proftpd_settings import Configuration

HELP = "an FTP server with a black box, configured by a proftpd.conf"
EXTRA = frozenset({"pyftpdlib", "OpenSSL", "passlib"})
"""What the extra `ftp` brings."""
CONFIGURATION = "/etc/proftpd/proftpd.conf"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog ftpd` takes."""
    parser.description = (
        "Serves FTP as a proftpd.conf says. What it would log with every debugging message and trace is kept in memory for\n"
        "each session, and written to the ForensicLogFile only when a login fails, a session dies, or a policy ends it.\n"
        "It stays in the foreground. SIGHUP: read the configuration anew. SIGTERM: end."
    )
    parser.add_argument(
        "-c", "--config", metavar="FILE", default=CONFIGURATION, help=f"the configuration (default: {CONFIGURATION})"
    )
    parser.add_argument("-t", "--configtest", action="store_true", help="read the configuration, say what is wrong, and end")
    parser.add_argument("-d", "--debug", metavar="LEVEL", type=int, help="DebugLevel, 0 to 10, whatever the configuration says")
    parser.add_argument("-D", "--define", metavar="NAME", action="append", default=[], help="a name that <IfDefine> finds")
    parser.add_argument("-n", "--nodaemon", action="store_true", help="stay in the foreground, as it does in any case")
    parser.add_argument(
        "--ring-directory",
        metavar="DIRECTORY",
        help="where messages of sessions, and events for Kafka, are kept safe from a crash "
        "(default: /var/lib/vigilog/ftpd for root)",
    )


def run(options: argparse.Namespace) -> int:
    """Serves until it is told to end; gives 0."""
    configuration = read(options)
    for remark in configuration.remarks:
        say(str(remark))
    times = Counter(directive.name for directive in configuration.without_effect)
    first = {directive.name: directive.place for directive in reversed(configuration.without_effect)}
    for name, count in times.items():
        say(f"{first[name]}: {name} has no effect here" + (f" (and {count - 1} more)" if count > 1 else ""))
    if options.configtest:
        say("the configuration is all right")
        return 0
    try:
        from vigilog.ftpd.daemon import Daemon  # noqa: PLC0415 - an extra, and a configuration test needs none of it
        from vigilog.ftpd.hosts import ring_directory  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise MissingExtra(f"the FTP server needs {error.name}", remedy="pip install 'vigilog[ftp]'") from error
    directory = options.ring_directory or ring_directory()
    with suppress(OSError):  # if it cannot be made, the black box says so and keeps its messages in memory
        os.makedirs(directory, mode=0o700, exist_ok=True)
    daemon = Daemon(configuration, again=lambda: read(options), say=say, directory=directory, debug=options.debug, clock=wall)
    daemon.run()
    return 0


def read(options: argparse.Namespace) -> Configuration:
    """The configuration. Raises an ExceptionGroup of all mistakes, in ProFTPD's words."""
    from vigilog.config import proftpd  # noqa: PLC0415 - `--help` needs none of it

    found = proftpd.read(options.config, options.define)
    errors = [*found.errors, *refused(found)]
    if errors:
        raise ExceptionGroup("mistakes", [ConfigurationError(proftpd.told(error, options.config)) for error in errors])
    return found


def refused(configuration: Configuration) -> list[ConfigurationError]:
    """What is wrong with brokers and properties for Kafka, as far as it is known without asking a broker."""
    wanted = [each.kafka.connection for each in configuration.servers if each.kafka.engine and each.kafka.connection.brokers]
    found: dict[str, ConfigurationError] = {}
    for connection in wanted:
        from vigilog.ship.properties import check  # noqa: PLC0415 - few servers send anything

        try:
            check(connection)
        except MissingExtra as error:
            say(f"KafkaProperty is not looked at: {error}")
            break
        except ConfigurationError as error:
            name = "KafkaBroker" if error.place == connection.place else "KafkaProperty"
            told = ConfigurationError(f"{name}: {error.found}", place=error.place)
            found[str(told)] = told
    return list(found.values())


def say(line: str) -> None:
    """A line for the administrator: standard error, which systemd keeps."""
    with suppress(OSError):
        print(f"vigilog ftpd: {visible(line)}", file=sys.stderr, flush=True)
