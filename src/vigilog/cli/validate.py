"""`vigilog validate`: every mistake in configuration and rules at once, each with its address. Touches nothing."""

from __future__ import annotations

import argparse
import os

from vigilog.cli import check_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.config.choose import Chosen, Wishes
from vigilog.config.choose_run import choose_run
from vigilog.config.host import look
from vigilog.core.errors import ConfigurationError

HELP = "find every mistake in configuration and rules"
MISTAKEN = 78


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog validate` takes: the files that `vigilog check` and `vigilog run` would take."""
    parser.description = (
        "Finds every mistake in the configuration and the rules that `vigilog check` and `vigilog run` would use, and prints\n"
        "each with its file and line. Exit status 78 if there are any. Writes nothing and moves no position."
    )
    check_arguments.rule_arguments(parser)
    triggers = parser.add_argument_group("which triggers")
    triggers.add_argument("--logtrigger", metavar="FILE", help="logtrigger's configuration in UCI format, read as it stands")


def run(options: argparse.Namespace) -> int:
    """Prints mistakes, then what is harmless, then one line that sums up; 78 if there are mistakes, else 0."""
    choice = check_arguments.chosen(options)
    watch = choose_run(Wishes(config=options.config, logtrigger=options.logtrigger), look())
    told = {str(error) for error in choice.errors}
    errors = [*choice.errors, *(error for error in watch.errors if str(error) not in told)]
    mistakes, notices = in_patterns(choice, watch)
    for mistake in (*errors, *mistakes):
        print(visible(str(mistake)))
    for text in [*map(str, (*choice.remarks, *watch.remarks)), *notices, *absent(choice), *unasked(watch)]:
        print(visible(f"note: {text}"))
    print(summary(choice, watch, len(errors) + len(mistakes)))
    return MISTAKEN if errors or mistakes else 0


def in_patterns(choice: Chosen, watch: Chosen) -> tuple[list[ConfigurationError], list[str]]:
    """Mistakes in rules and patterns, and what is harmless in them."""
    from vigilog import trigger_audit  # noqa: PLC0415 - loads the pattern engines
    from vigilog.check import audit  # noqa: PLC0415 - loads the pattern engines

    errors: list[ConfigurationError] = []
    notices = list(choice.notices)
    try:
        mistakes, harmless = audit.audited(choice.settings)
        errors += mistakes
        notices += harmless
    except ConfigurationError as error:
        errors.append(error)
    if watch.settings.triggers:
        mistakes, harmless = trigger_audit.audited(watch)
        errors += mistakes
        notices += harmless
    return errors, [notice.text for notice in notices]


def absent(choice: Chosen) -> list[str]:
    """What to know about the sources: those that are not there or may not be read now."""
    texts = []
    place = choice.places.get(("check", "sources"))
    for source in choice.settings.check.sources:
        path = source.removeprefix("multilog:").removeprefix("blackbox:").removeprefix("ledger:")
        if not path.startswith("/") or any(character in path for character in "*?["):
            continue
        if not os.path.exists(path):
            texts.append(f"{place or 'sources'}: {path} is not there")
        elif not os.access(path, os.R_OK, effective_ids=True):
            texts.append(f"{place or 'sources'}: {path} may not be read by this user")
    return texts


def unasked(watch: Chosen) -> list[str]:
    """That nobody could look at what concerns Kafka, if something does and the extra is missing."""
    from vigilog.core.errors import MissingExtra  # noqa: PLC0415 - few need it
    from vigilog.ship.properties import binding  # noqa: PLC0415 - the same

    settings = watch.settings
    ships = settings.ship.to == "kafka" and (settings.streams or any(each.scope == "fleet" for each in settings.triggers))
    if ships or settings.fleet.follow or any(each.startswith("kafka:") for each in settings.run.sources):
        try:
            binding()
        except MissingExtra as error:
            return [f"properties of Kafka are not looked at: {error}"]
    return []


def summary(choice: Chosen, watch: Chosen, mistakes: int) -> str:
    """One line: how many mistakes, and what was looked at."""
    check = choice.settings.check
    rules = {
        "builtin": "the built-in rules",
        "debian": f"the rules in {check.rule_directory} at level {check.level}",
        "psionic": "the pattern files of logcheck 1.1",
    }[check.rules]
    logs = f"{len(check.sources)} {'log' if len(check.sources) == 1 else 'logs'}"
    triggers = len(watch.settings.triggers)
    watched = f"; {triggers} {'trigger' if triggers == 1 else 'triggers'}" if triggers else ""
    streams = len(watch.settings.streams)
    watched += f"; {streams} {'stream' if streams == 1 else 'streams'} to ship" if streams else ""
    number = {0: "no mistakes", 1: "1 mistake"}.get(mistakes, f"{mistakes} mistakes")
    return f"{number}; {rules}; {logs}{watched}"
