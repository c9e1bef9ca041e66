"""The completion for fish."""

from __future__ import annotations

from collections.abc import Iterator

from vigilog.cli.commands import COMMANDS, first_words
from vigilog.cli.completion_facts import Option, about, groups, operands, options_of, quoted


def fish() -> str:
    """For fish, as a file vigilog.fish in its completions directory."""
    return "\n".join(fish_lines()) + "\n"


def fish_lines() -> Iterator[str]:
    """The lines of the script for fish."""
    yield "complete -c vigilog -f"
    for word in first_words():
        yield f"complete -c vigilog -n __fish_use_subcommand -a {word} -d {quoted(about(word))}"
    for word, members in groups().items():
        where = f"complete -c vigilog -n {quoted(f'__fish_seen_subcommand_from {word}; and not {fish_seen(members)}')}"
        yield f"{where} -a {quoted(' '.join(members))}"
    for name in COMMANDS:
        where = f"complete -c vigilog -n {quoted(fish_condition(name))}"
        words, paths = operands(name)
        if paths:
            yield f"{where} -F"
        if words:
            yield f"{where} -a {quoted(' '.join(words))}"
        for each in options_of(name):
            yield " ".join([where, *fish_option(each)])


def fish_seen(words: list[str]) -> str:
    """What asks fish whether one of `words` stands on the line already."""
    return f"__fish_seen_subcommand_from {' '.join(words)}"


def fish_condition(name: str) -> str:
    """What asks fish whether a command is the one on the line; the last word of its name may be another command's, too."""
    word, _, own = name.partition(" ")
    if own:
        return f"{fish_seen([word])}; and {fish_seen([own])}"
    others = [other for other, members in groups().items() if word in members]
    return fish_seen([word]) + (f"; and not {fish_seen(others)}" if others else "")


def fish_option(each: Option) -> Iterator[str]:
    """The arguments that tell fish about an option."""
    for spelling in each.names:
        yield f"-l {spelling[2:]}" if spelling.startswith("--") else f"-s {spelling[1:]}"
    if each.takes_value and not each.optional:
        yield "-r -F" if each.path else "-x"
    if each.choices:
        yield f"-a {quoted(' '.join(each.choices))}"
    yield f"-d {quoted(each.help)}"
