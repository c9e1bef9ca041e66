"""`vigilog completion`: what a shell needs to complete commands and options, made from the parsers."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vigilog.cli.commands import COMMANDS, Parser, actions, command, parser

HELP = "print the completion for a shell"
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


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog completion` takes."""
    parser.description = 'Prints the completion for a shell. For bash: eval "$(vigilog completion bash)"'
    parser.add_argument("shell", choices=tuple(SHELLS), help="the shell")


def run(options: argparse.Namespace) -> int:
    """Prints the script."""
    sys.stdout.write(SHELLS[options.shell]())
    return 0


def options_of(name: str) -> list[Option]:
    """The options of the command `name`, in their order."""
    return [option(action) for action in actions(parser(name)) if action.option_strings]


def option(action: argparse.Action) -> Option:
    """What argparse knows of one option."""
    return Option(
        names=tuple(action.option_strings),
        help=(action.help or "").replace("%%", "%"),
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


def bash() -> str:
    """For bash 4 and later."""
    return "\n".join(bash_lines()) + "\n"


def bash_lines() -> Iterator[str]:
    """The lines of the script for bash."""
    yield "_vigilog() {"
    yield '    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"'
    yield "    COMPREPLY=()"
    yield '    if [ "$COMP_CWORD" -eq 1 ]; then'
    yield f'        COMPREPLY=($(compgen -W "{" ".join([*COMMANDS, "--help", "--version"])}" -- "$word"))'
    yield "        return"
    yield "    fi"
    yield '    case "${COMP_WORDS[1]}:$before" in'
    for name in COMMANDS:
        for each in options_of(name):
            if each.takes_value and not each.optional:
                yield f"        {'|'.join(f'{name}:{spelling}' for spelling in each.names)})"
                yield f"            {bash_reply(each.choices, each.path)}"
                yield "            return;;"
    yield "    esac"
    yield '    case "${COMP_WORDS[1]}:$word" in'
    for name in COMMANDS:
        yield f"        {name}:-*)"
        spellings = " ".join(spelling for each in options_of(name) for spelling in each.names)
        yield f'            COMPREPLY=($(compgen -W "{spellings}" -- "$word"));;'
    for name in COMMANDS:
        yield f"        {name}:*)"
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


def zsh() -> str:
    """For zsh, as a file _vigilog in $fpath."""
    return "\n".join(zsh_lines()) + "\n"


def zsh_lines() -> Iterator[str]:
    """The lines of the script for zsh."""
    yield "#compdef vigilog"
    yield "_vigilog() {"
    yield "    if (( CURRENT == 2 )); then"
    yield "        local -a commands=("
    for name in COMMANDS:
        yield f"            {quoted(f'{name}:{command(name).HELP}')}"
    yield "        )"
    yield "        _describe command commands"
    yield "        return"
    yield "    fi"
    yield "    local name=$words[2]"
    yield "    shift words; (( CURRENT-- ))"
    yield "    case $name in"
    for name in COMMANDS:
        words, paths = operands(name)
        action = "_files" if paths else f"({' '.join(words)})"
        yield f"        {name})"
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


def fish() -> str:
    """For fish, as a file vigilog.fish in its completions directory."""
    return "\n".join(fish_lines()) + "\n"


def fish_lines() -> Iterator[str]:
    """The lines of the script for fish."""
    yield "complete -c vigilog -f"
    for name in COMMANDS:
        yield f"complete -c vigilog -n __fish_use_subcommand -a {name} -d {quoted(command(name).HELP)}"
    for name in COMMANDS:
        where = f"complete -c vigilog -n '__fish_seen_subcommand_from {name}'"
        words, paths = operands(name)
        if paths:
            yield f"{where} -F"
        if words:
            yield f"{where} -a {quoted(' '.join(words))}"
        for each in options_of(name):
            yield " ".join([where, *fish_option(each)])


def fish_option(each: Option) -> Iterator[str]:
    """The arguments that tell fish about an option."""
    for spelling in each.names:
        yield f"-l {spelling[2:]}" if spelling.startswith("--") else f"-s {spelling[1:]}"
    if each.takes_value and not each.optional:
        yield "-r -F" if each.path else "-x"
    if each.choices:
        yield f"-a {quoted(' '.join(each.choices))}"
    yield f"-d {quoted(each.help)}"


def quoted(text: str) -> str:
    """`text` in single quotes, as bash, zsh and fish all read it."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


SHELLS: dict[str, Callable[[], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
