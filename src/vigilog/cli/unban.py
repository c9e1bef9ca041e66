"""`vigilog unban`: lets addresses in again."""

from __future__ import annotations

import argparse
import sys

from vigilog.cli import control_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.told import asked

HELP = "let addresses in again"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog unban` takes."""
    parser.description = (
        "Ends every ban that an address is in, also that of a network; a network ends all bans in it. Nobody is banned again\n"
        "for something that happened before. With --all it is the way back in: it ends all bans, works without a daemon and\n"
        "with a broken configuration, and nothing comes back by itself, not after a restart either."
    )
    parser.add_argument("addresses", metavar="ADDRESS", nargs="*", help="an address, or a network such as 192.0.2.0/24")
    parser.add_argument("--all", action="store_true", help="everybody")
    parser.add_argument("--fleet", action="store_true", help="on all hosts that follow the fleet's decisions: see [fleet]")
    control_arguments.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Prints a line for each ban that ended. 0 if it was done (also if there was none), 1 if not, 2 if it is not said whom."""
    if bool(options.addresses) == options.all:
        print("vigilog unban: name addresses, or give --all", file=sys.stderr)
        return 2
    if options.fleet:
        from vigilog.cli import fleet_bans  # noqa: PLC0415 - loads what few need

        return fleet_bans.unban(options)
    if options.all:
        return asked(options, "unban", all=True)
    return asked(options, "unban", addresses=options.addresses)
