"""The completion for bash 4 and later."""

from __future__ import annotations

from collections.abc import Iterator

from vigilog.cli.commands import COMMANDS, first_words
from vigilog.cli.completion_facts import groups, joined, operands, options_of


def bash() -> str:
    """For bash 4 and later."""
    return "\n".join(bash_lines()) + "\n"


def bash_lines() -> Iterator[str]:
    """The lines of the script for bash."""
    yield "_vigilog() {"
    yield '    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"'
    yield "    COMPREPLY=()"
    yield '    if [ "$COMP_CWORD" -eq 1 ]; then'
    yield f'        COMPREPLY=($(compgen -W "{" ".join([*first_words(), "--help", "--version"])}" -- "$word"))'
    yield "        return"
    yield "    fi"
    yield '    local name="${COMP_WORDS[1]}"'
    yield '    case "$name" in'
    for word, members in groups().items():
        yield f"        {word})"
        yield '            if [ "$COMP_CWORD" -eq 2 ]; then'
        yield f'                COMPREPLY=($(compgen -W "{" ".join(members)}" -- "$word"))'
        yield "                return"
        yield "            fi"
        yield '            name="$name-${COMP_WORDS[2]}";;'
    yield "    esac"
    yield '    case "$name:$before" in'
    for name in COMMANDS:
        for each in options_of(name):
            if each.takes_value and not each.optional:
                yield f"        {'|'.join(f'{joined(name)}:{spelling}' for spelling in each.names)})"
                yield f"            {bash_reply(each.choices, each.path)}"
                yield "            return;;"
    yield "    esac"
    yield '    case "$name:$word" in'
    for name in COMMANDS:
        yield f"        {joined(name)}:-*)"
        spellings = " ".join(spelling for each in options_of(name) for spelling in each.names)
        yield f'            COMPREPLY=($(compgen -W "{spellings}" -- "$word"));;'
    for name in COMMANDS:
        yield f"        {joined(name)}:*)"
        yield f"            {bash_reply(*operands(name))};;"
    yield "    esac"
    yield "}"
    yield "complete -F _vigilog vigilog"


def bash_reply(words: tuple[str, ...], paths: bool) -> str:
    """The command that answers with those of `words` that fit, and with paths."""
    if not words and not paths:
        return "return"
    if not words:
        return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word")'
    return f'COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word"))'
