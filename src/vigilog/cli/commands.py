"""The commands there are, and how their modules are reached: only the one that runs is imported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from typing import NoReturn, Protocol, cast

COMMANDS = {
    "check": "vigilog.cli.check",
    "run": "vigilog.cli.run",
    "replay": "vigilog.cli.replay",
    "tail": "vigilog.cli.tail",
    "explain": "vigilog.cli.explain",
    "validate": "vigilog.cli.validate",
    "init": "vigilog.cli.init",
    "rules": "vigilog.cli.rules",
    "investigate": "vigilog.cli.investigate",
    "verify": "vigilog.cli.verify",
    "status": "vigilog.cli.status",
    "ban": "vigilog.cli.ban",
    "unban": "vigilog.cli.unban",
    "bans": "vigilog.cli.bans",
    "reload": "vigilog.cli.reload",
    "flushlogs": "vigilog.cli.flushlogs",
    "ledger check": "vigilog.cli.ledger",
    "report": "vigilog.cli.report",
    "ship": "vigilog.cli.ship",
    "top": "vigilog.cli.top",
    "web": "vigilog.cli.web",
    "ftpd": "vigilog.cli.ftpd",
    "fleet run": "vigilog.cli.fleet",
    "fleet status": "vigilog.cli.fleet_status",
    "blackbox show": "vigilog.cli.blackbox_show",
    "blackbox recover": "vigilog.cli.blackbox_recover",
    "blackbox run": "vigilog.cli.blackbox_run",
    "manual": "vigilog.cli.manual",
    "completion": "vigilog.cli.completion",
}
"""Each command by its name, which is one word, or two: that of a group and its own in it."""


class Parser(argparse.ArgumentParser):
    """A command's parser. A wrong option is answered on stderr with status 2, unless `usage_status` says otherwise: then with
    the whole usage on standard output and that status."""

    usage_status: int | None = None

    def error(self, message: str) -> NoReturn:
        if self.usage_status is None:
            self.print_usage(sys.stderr)
            self.exit(2, f"{self.prog}: {message}\n")
        print(f"{self.prog}: {message}", file=sys.stderr)
        self.print_help(sys.stdout)
        self.exit(self.usage_status)


class Command(Protocol):
    """What a command module is made of."""

    HELP: str
    """One line, as the list of commands has it."""

    def arguments(self, parser: Parser, /) -> None:
        """Tells `parser` what the command takes; may set its description and epilog."""

    def run(self, options: argparse.Namespace, /) -> int:
        """Does the work and gives the exit status. Raises core.errors, which `main` turns into one line and a status."""


def first_words() -> list[str]:
    """What a command line can begin with: the commands of one word, and the groups, each once, in their order."""
    return list(dict.fromkeys(name.partition(" ")[0] for name in COMMANDS))


def group(word: str) -> list[str]:
    """The names of the commands that the group `word` has, none if it is no group."""
    return [name for name in COMMANDS if name.startswith(f"{word} ")]


def found(words: list[str]) -> tuple[str, list[str]] | None:
    """The command that a command line names, and the words behind its name; None if it names none."""
    for count in (2, 1):
        name = " ".join(words[:count])
        if len(words) >= count and name in COMMANDS:
            return name, words[count:]
    return None


def command(name: str) -> Command:
    """The module of the command `name`, which must be one of COMMANDS."""
    return cast("Command", import_module(COMMANDS[name]))


def words_of(name: str, given: list[str]) -> list[str]:
    """The words behind the name of the command `name`, as its parser takes them: a command may understand others."""
    prepared: Callable[[list[str]], list[str]] = getattr(command(name), "prepared", list)
    return prepared(given)


def parser(name: str) -> Parser:
    """The parser of the command `name`."""
    module = command(name)
    made = Parser(
        prog=f"vigilog {name}",
        description=module.HELP,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.arguments(made)
    return made


def actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Everything that a parser takes and tells about, in its order."""
    # argparse has no public way to ask a parser what it takes.
    return [action for action in parser._actions if action.help is not argparse.SUPPRESS]  # noqa: SLF001


def explained(action: argparse.Action) -> str:
    """What --help says of an option or argument."""
    return (action.help or "") % vars(action)
