"""`vigilog run`: watches logs, counts, and acts."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from vigilog.cli import watch_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.core.clock import wall

if TYPE_CHECKING:
    from vigilog.config.settings import Settings

HELP = "watch logs live: count what triggers match, and act"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog run` takes."""
    parser.description = (
        "Watches the configured sources, counts what triggers match, and does what they say: runs scripts, bans addresses,\n"
        "mails, writes lines; and ships to Kafka what [ship] names. Refuses to start on any mistake in the configuration\n"
        "(status 78), and waits quietly afterwards.\n"
        "SIGHUP: read the configuration anew. SIGTERM: end what is under way, and stop."
    )
    watch_arguments.arguments(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="do everything but touch the world; say what would have been done"
    )
    parser.add_argument(
        "-D",
        "--debug",
        metavar="LEVEL",
        type=int,
        nargs="?",
        const=1,
        default=0,
        help="1: what is called; 2: also the variables that a script is given",
    )


def run(options: argparse.Namespace) -> int:
    """Runs until it is told to end; gives 0."""
    settings = checked(options)
    from vigilog.run.launch import launch  # noqa: PLC0415 - a mistake in the configuration needs nothing of this

    launch(settings, lambda: checked(options), clock=wall, say=say, debug=max(0, options.debug), dry_run=options.dry_run)
    return 0


def checked(options: argparse.Namespace) -> Settings:
    """The settings, which have something to watch for, to ship, or to follow. Raises ConfigurationError, or an ExceptionGroup
    of all mistakes."""
    found = watch_arguments.settings(options)
    return found if found.streams or found.fleet.follow else watch_arguments.with_triggers(found)


def say(line: str) -> None:
    """A line for the log: standard error, which systemd keeps."""
    with suppress(OSError):  # nobody takes it, or the disk is full: the watch goes on
        print(visible(line), file=sys.stderr, flush=True)
