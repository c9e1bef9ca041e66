"""The completion for zsh."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vigilog.cli.commands import COMMANDS, first_words
from vigilog.cli.completion_facts import Option, about, groups, joined, operands, options_of, quoted


def zsh() -> str:
    """For zsh, as a file _vigilog in $fpath."""
    return "\n".join(zsh_lines()) + "\n"


def zsh_lines() -> Iterator[str]:
    """The lines of the script for zsh."""
    yield "#compdef vigilog"
    yield "_vigilog() {"
    yield "    if (( CURRENT == 2 )); then"
    yield "        local -a commands=("
    for word in first_words():
        yield f"            {quoted(f'{word}:{about(word)}')}"
    yield "        )"
    yield "        _describe command commands"
    yield "        return"
    yield "    fi"
    yield "    local name=$words[2]"
    yield "    shift words; (( CURRENT-- ))"
    yield "    case $name in"
    for word, members in groups().items():
        yield f"        {word})"
        yield "            if (( CURRENT == 2 )); then"
        yield f"                compadd {' '.join(members)}"
        yield "                return"
        yield "            fi"
        yield "            name=$name-$words[2]"
        yield "            shift words; (( CURRENT-- ));;"
    yield "    esac"
    yield "    case $name in"
    for name in COMMANDS:
        words, paths = operands(name)
        action = "_files" if paths else f"({' '.join(words)})"
        yield f"        {joined(name)})"
        yield "            _arguments -s \\"
        for each in options_of(name):
            yield from (f"                {line} \\" for line in zsh_option(each))
        yield f"                {quoted(f'*:operand:{action}')};;" if words or paths else "                ;;"
    yield "    esac"
    yield "}"
    yield '_vigilog "$@"'


def zsh_option(each: Option) -> Iterator[str]:
    """An option in the words of zsh's _arguments, once for each of its names."""
    escaped = re.sub(r"([][:])", r"\\\1", each.help)
    value = f"({' '.join(each.choices)})" if each.choices else "_files" if each.path else " "
    for spelling in each.names:
        colon = ("::" if each.optional else ":") + f"value:{value}" if each.takes_value else ""
        yield quoted(f"*{spelling}[{escaped}]{colon}")
