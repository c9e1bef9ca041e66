"""What the completions of all shells are made from: the commands, their options and operands, as their parsers have them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from vigilog.cli.commands import COMMANDS, actions, command, explained, first_words, group, parser

FILES = {"FILE", "LOG", "OFFSETFILE", "DIRECTORY", "LOGCHECK_SH"}
"""What stands for a value that is a path."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command: its names, what it is for, and what its value may be if it takes one."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    optional: bool
    choices: tuple[str, ...]
    path: bool


def options_of(name: str) -> list[Option]:
    """The options of the command `name`, in their order."""
    return [option(action) for action in actions(parser(name)) if action.option_strings]


def option(action: argparse.Action) -> Option:
    """What argparse knows of one option."""
    return Option(
        names=tuple(action.option_strings),
        help=explained(action),
        takes_value=action.nargs != 0,
        optional=action.nargs == "?",
        choices=tuple(map(str, action.choices or ())),
        path=action.metavar in FILES,
    )


def operands(name: str) -> tuple[tuple[str, ...], bool]:
    """What may stand behind the options of a command: words to choose from, and whether paths may."""
    words: list[str] = []
    paths = False
    for action in actions(parser(name)):
        if not action.option_strings:
            words += map(str, action.choices or ())
            paths = paths or bool(FILES & set(str(action.metavar).replace("[", " ").replace("]", " ").split()))
    return tuple(words), paths


def groups() -> dict[str, list[str]]:
    """The groups of commands: the words that stand behind each."""
    return {word: [name.partition(" ")[2] for name in group(word)] for word in first_words() if group(word)}


def joined(name: str) -> str:
    """A command's name as one word."""
    return name.replace(" ", "-")


def about(word: str) -> str:
    """What a first word is for: the command's own line, or which commands the group has."""
    return command(word).HELP if word in COMMANDS else ", ".join(groups()[word])


def quoted(text: str) -> str:
    """`text` in single quotes, as bash, zsh and fish all read it."""
    return "'" + text.replace("'", "'\"'\"'") + "'"
