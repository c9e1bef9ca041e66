"""`vigilog bans`: who is shut out at the moment."""

from __future__ import annotations

import argparse
from typing import Any

from vigilog.cli import control_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.told import socket
from vigilog.cli.visible import visible
from vigilog.run.control_client import NotRunning, Refused, ask

HELP = "list who is shut out, since when and until when"
HEADINGS = ("TARGET", "PORT", "RULE", "SINCE", "UNTIL", "TIMES", "REASON")


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog bans` takes."""
    parser.description = (
        "Lists the bans in force, the last one first: who, from which port (- for all), by which rule, since and until when,\n"
        "the how manieth time it is, and why. Without a daemon the list comes from the store."
    )
    parser.add_argument("--fleet", action="store_true", help="what was decided for all hosts and holds still: see [fleet]")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="the form of the answer")
    control_arguments.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Prints the list. Raises NotAllowed; StoreError if there is no daemon and the store cannot be read."""
    if options.fleet:
        from vigilog.cli import fleet_bans  # noqa: PLC0415 - loads what few need

        return fleet_bans.bans(options)
    try:
        found: list[dict[str, Any]] = ask(socket(options), "bans")["bans"]
    except (NotRunning, Refused) as error:
        if isinstance(error, Refused) and error.answer.get("bans") is not False:
            raise
        from vigilog.cli.without_daemon import listed  # noqa: PLC0415 - only then

        found = listed(options)
    found.sort(key=lambda ban: (-ban["since"], ban["target"], ban["port"]))
    if options.format == "json":
        import json  # noqa: PLC0415 - for those who ask for it

        print(json.dumps(found, indent=2))
    elif found:
        print("\n".join(table(found)))
    else:
        print("Nobody is banned.")
    return 0


def table(bans: list[dict[str, Any]]) -> list[str]:
    """The list as lines, the columns as wide as they must be."""
    from vigilog.core.clock import local  # noqa: PLC0415 - not for JSON

    def moment(seconds: float) -> str:
        return f"{local(seconds):%Y-%m-%d %H:%M:%S}"

    rows = [
        (
            visible(str(ban["target"])),
            visible(str(ban["port"])) or "-",
            visible(str(ban["rule"])),
            moment(ban["since"]),
            moment(ban["until"]),
            str(ban["times"]),
            visible(str(ban["reason"])),
        )
        for ban in bans
    ]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (HEADINGS, *rows)]
