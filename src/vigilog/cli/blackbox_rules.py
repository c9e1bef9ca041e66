"""What `vigilog blackbox run` knows of a program's output: a rule file's rules, and those on the command line."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

if TYPE_CHECKING:
    from vigilog.around_matching import Passing
    from vigilog.blackbox.around_rules import Known
    from vigilog.blackbox.criteria import Criterion
    from vigilog.core.nouns import Rule

WORDS = {"begin": "begin", "end": "end", "field": "fields"}
"""Options whose patterns say something of a line, and what."""


def known(options: argparse.Namespace) -> Known:
    """The rules that `--as` names, with those of the other options behind them. Raises ConfigurationError, or a group of
    mistakes."""
    from vigilog.blackbox.around_rules import WHATS, Known, Said  # noqa: PLC0415 - wrong options need no rules
    from vigilog.config import around  # noqa: PLC0415 - as above

    rules = around.known(options.known) if options.known else Known("", levels=prefixed())
    says = [Said(WHATS[WHATS.index(what)], rule) for name, what in WORDS.items() for rule in given(options, name)]
    for text in options.criterion:
        kind, equals, pattern = text.partition("=")
        if not (kind and equals and pattern):
            raise ConfigurationError(f"--criterion {text}", expected="KIND=PATTERN", remedy='such as "DISK FULL=No space left"')
        says.append(Said("criterion", rule(pattern, "--criterion"), kind.upper()))
    session = tuple(given(options, "session"))
    by = "process" if options.by_process else "line" if session else rules.by
    return replace(
        rules,
        by=by,
        session=(*session, *rules.session) if by == "line" else (),
        says=tuple(sorted((*rules.says, *says), key=lambda said: WHATS.index(said.what))),
        secrets=(*rules.secrets, *given(options, "secret")),
    )


def prefixed() -> tuple[tuple[int, Rule], ...]:
    """The levels of lines that begin with `<N>`, as those of services do that systemd starts (sd-daemon(3))."""
    return tuple((number, rule(f"^<{number}>", "levels")) for number in range(8))


def passing(options: argparse.Namespace, rules: Known) -> Passing:
    """What goes into the ordinary log."""
    from vigilog.around_matching import Passing  # noqa: PLC0415 - as above
    from vigilog.config.around import PASSES  # noqa: PLC0415 - as above

    level = PASSES[options.passed] if options.passed else rules.passed if options.known else PASSES["all"]
    return Passing(level, tuple(given(options, "also")), tuple(given(options, "hold")))


def criteria(text: str) -> tuple[Criterion, ...]:
    """The criteria that are named in a list with commas. Raises ConfigurationError."""
    from vigilog.blackbox.criteria import STANDARD  # noqa: PLC0415 - as above

    names = {name.lower(): criterion for name, criterion in STANDARD.items()}
    wanted = [word for word in text.replace(",", " ").split() if word.lower() != "none"]
    for word in wanted:
        if word.lower() not in names:
            raise ConfigurationError(f"--criteria {word}", expected=f"some of {', '.join(STANDARD)}, with commas, or none")
    return tuple(names[word.lower()] for word in wanted)


def given(options: argparse.Namespace, name: str) -> list[Rule]:
    """The patterns of an option."""
    return [rule(text, f"--{name}") for text in getattr(options, name)]


def rule(text: str, option: str) -> Rule:
    """A pattern of an option. Raises ConfigurationError if it is empty."""
    from vigilog.config.around import pattern  # noqa: PLC0415 - as above

    if not text:
        raise ConfigurationError(f"{option} is empty", expected="a pattern")
    return pattern(text, option, Place(option))
