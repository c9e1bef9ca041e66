"""`vigilog validate`: every mistake in configuration and rules at once, each with its address. Touches nothing."""

from __future__ import annotations

import argparse
import os

from vigilog.cli import check_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.config.choose import Chosen
from vigilog.core.errors import ConfigurationError

HELP = "find every mistake in configuration and rules"
MISTAKEN = 78


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog validate` takes: the files that `vigilog check` would take."""
    parser.description = (
        "Finds every mistake in the configuration and the rules that `vigilog check` would use, and prints each with its\n"
        "file and line. Exit status 78 if there are any. Writes nothing and moves no position."
    )
    check_arguments.rule_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Prints mistakes, then what is harmless, then one line that sums up; 78 if there are mistakes, else 0."""
    from vigilog.audit import audited  # noqa: PLC0415 - loads the pattern engines

    choice = check_arguments.chosen(options)
    errors = list(choice.errors)
    notices = [notice.text for notice in choice.notices]
    try:
        mistakes, harmless = audited(choice.settings)
        errors += mistakes
        notices += [notice.text for notice in harmless]
    except ConfigurationError as error:
        errors.append(error)
    for mistake in errors:
        print(visible(str(mistake)))
    for text in [*map(str, choice.remarks), *notices, *absent(choice)]:
        print(visible(f"note: {text}"))
    print(summary(choice, len(errors)))
    return MISTAKEN if errors else 0


def absent(choice: Chosen) -> list[str]:
    """What to know about the sources: those that are not there or may not be read now."""
    texts = []
    place = choice.places.get(("check", "sources"))
    for source in choice.settings.check.sources:
        path = source.removeprefix("multilog:")
        if not path.startswith("/") or any(character in path for character in "*?["):
            continue
        if not os.path.exists(path):
            texts.append(f"{place or 'sources'}: {path} is not there")
        elif not os.access(path, os.R_OK, effective_ids=True):
            texts.append(f"{place or 'sources'}: {path} may not be read by this user")
    return texts


def summary(choice: Chosen, mistakes: int) -> str:
    """One line: how many mistakes, and what was looked at."""
    check = choice.settings.check
    rules = {
        "builtin": "the built-in rules",
        "debian": f"the rules in {check.rule_directory} at level {check.level}",
        "psionic": "the pattern files of logcheck 1.1",
    }[check.rules]
    logs = f"{len(check.sources)} {'log' if len(check.sources) == 1 else 'logs'}"
    number = {0: "no mistakes", 1: "1 mistake"}.get(mistakes, f"{mistakes} mistakes")
    return f"{number}; {rules}; {logs}"
