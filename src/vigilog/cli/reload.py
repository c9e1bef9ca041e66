"""`vigilog reload`: the daemon reads its configuration and its rules anew."""

from __future__ import annotations

import argparse
import sys

from vigilog.cli import control_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.run.control_client import Refused, ask

HELP = "let the running daemon read its configuration anew"
MISTAKEN = 78
PATIENCE = 600.0
"""Seconds: thousands of new patterns take their time."""


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog reload` takes."""
    parser.description = (
        "Lets the running `vigilog run` read its configuration and rules anew, and waits until they are in use. No line and\n"
        "no count is lost. If there is a mistake, the daemon goes on with what it had, and the mistakes are printed."
    )
    control_arguments.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Prints what came of it; 78 and a line for each mistake if the new configuration was refused.

    Raises NotRunning, NotAllowed, and Refused if it is not for mistakes that there was no reload.
    """
    try:
        answer = ask(control_arguments.path(options), "reload", patience=PATIENCE)
    except Refused as refused:
        errors = refused.answer.get("errors")
        if not errors:
            raise
        for error in errors:
            print(f"vigilog reload: {visible(str(error))}", file=sys.stderr)
        print("vigilog reload: the configuration before it stays in use", file=sys.stderr)
        return MISTAKEN
    for remark in answer.get("remarks", ()):
        print(f"note: {visible(str(remark))}")
    print("The new configuration is in use.")
    return 0
