"""`vigilog completion`: what a shell needs to complete commands and options, made from the parsers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from vigilog.cli.commands import Parser
from vigilog.cli.completion_bash import bash
from vigilog.cli.completion_fish import fish
from vigilog.cli.completion_zsh import zsh

HELP = "print the completion for a shell"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog completion` takes."""
    parser.description = 'Prints the completion for a shell. For bash: eval "$(vigilog completion bash)"'
    parser.add_argument("shell", choices=tuple(SHELLS), help="the shell")


def run(options: argparse.Namespace) -> int:
    """Prints the script."""
    sys.stdout.write(SHELLS[options.shell]())
    return 0


SHELLS: dict[str, Callable[[], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
