"""`vigilog flushlogs`: the daemon opens the files that it writes anew, after somebody has moved them away."""

from __future__ import annotations

import argparse

from vigilog.cli import control_arguments
from vigilog.cli.commands import Parser
from vigilog.run.control_client import ask

HELP = "let the running daemon open the files that it writes anew"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog flushlogs` takes."""
    parser.description = (
        "Lets the running `vigilog run` write out and open anew all files that it writes, for a rotation that has moved them\n"
        "away: `postrotate` in logrotate's configuration. It is where fail2ban's users look for it."
    )
    control_arguments.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Prints nothing if it was done, so that logrotate has nothing to mail. Raises NotRunning, NotAllowed, Refused."""
    ask(control_arguments.path(options), "flushlogs")
    return 0
