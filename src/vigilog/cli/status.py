"""`vigilog status`: what the daemon reads, counts and does, and what went wrong."""

from __future__ import annotations

import argparse
import os
import sys

from vigilog.cli import control_arguments
from vigilog.cli.commands import Parser
from vigilog.run.control_client import ask

HELP = "show what the running daemon reads, counts and does"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog status` takes."""
    parser.description = (
        "Asks the running `vigilog run`: its sources and how far behind it is, its triggers with what they counted, its\n"
        "actions with what waits, was done and failed, the bans in force, and the last notices. Counts begin at its start."
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="the form of the answer")
    control_arguments.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Prints the status. Raises NotRunning, NotAllowed."""
    answer = ask(control_arguments.path(options), "status")
    if options.format == "json":
        import json  # noqa: PLC0415 - for those who ask for it

        print(json.dumps({key: value for key, value in answer.items() if key != "ok"}, indent=2))
        return 0
    from vigilog.cli.status_text import told  # noqa: PLC0415 - not for JSON
    from vigilog.run.status import understood  # noqa: PLC0415 - as above

    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    print("\n".join(told(understood(answer), colour=colour)))
    return 0
