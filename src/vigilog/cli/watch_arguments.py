"""The arguments that `run` and `replay` share, and what they come to."""

from __future__ import annotations

import argparse

from vigilog.cli.commands import Parser
from vigilog.config.choose import Chosen, Wishes
from vigilog.config.choose_run import choose_run
from vigilog.config.host import look
from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError


def arguments(parser: Parser) -> None:
    """Tells `parser` which files say what to watch for."""
    files = parser.add_argument_group("which configuration")
    files.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")
    files.add_argument("--logtrigger", metavar="FILE", help="logtrigger's configuration in UCI format, read as it stands")


def chosen(options: argparse.Namespace) -> Chosen:
    """What the command line, the files and this host come to. Raises nothing: mistakes are in the answer."""
    return choose_run(Wishes(config=options.config, logtrigger=options.logtrigger), look())


def settings(options: argparse.Namespace) -> Settings:
    """The settings. Raises an ExceptionGroup of all mistakes, if there are any."""
    choice = chosen(options)
    if choice.errors:
        raise ExceptionGroup("mistakes in the configuration", list(choice.errors))
    return choice.settings


def with_triggers(found: Settings) -> Settings:
    """The same settings. Raises ConfigurationError if they have nothing to watch for."""
    if not found.triggers:
        remedy = 'add a [[trigger]] to vigilog.toml, for example with rule = "sshd" (`vigilog rules list` shows them)'
        raise ConfigurationError("there is no trigger", expected="at least one [[trigger]]", remedy=remedy)
    return found
