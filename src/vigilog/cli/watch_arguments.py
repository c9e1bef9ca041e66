"""The arguments that `run` and `replay` share, and what they come to."""

from __future__ import annotations

import argparse

from vigilog.cli.commands import Parser
from vigilog.config.choose import Chosen, Wishes, choose
from vigilog.config.host import look
from vigilog.config.settings import Settings


def arguments(parser: Parser) -> None:
    """Tells `parser` which files say what to watch for."""
    files = parser.add_argument_group("which configuration")
    files.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")
    files.add_argument("--logtrigger", metavar="FILE", help="logtrigger's configuration in UCI format, read as it stands")


def chosen(options: argparse.Namespace) -> Chosen:
    """What the command line, the files and this host come to. Raises nothing: mistakes are in the answer."""
    return choose(Wishes(config=options.config, logtrigger=options.logtrigger), look())


def settings(options: argparse.Namespace) -> Settings:
    """The settings. Raises an ExceptionGroup of all mistakes, if there are any."""
    choice = chosen(options)
    if choice.errors:
        raise ExceptionGroup("mistakes in the configuration", list(choice.errors))
    return choice.settings
