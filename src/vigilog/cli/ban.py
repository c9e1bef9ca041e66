"""`vigilog ban`: shuts addresses out, now."""

from __future__ import annotations

import argparse

from vigilog.cli import control_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.told import asked
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

HELP = "shut addresses out"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog ban` takes."""
    parser.description = (
        "Drops every packet from these addresses, as if a trigger had banned them. An IPv6 address stands for its network, as\n"
        "ban.ipv6_prefix says (a /64); with /128 it stands for itself. A network is its first address and its length. Whoever\n"
        "is never banned is not banned by this either. Without a daemon it is done all the same.\n"
        "With --fleet every host that follows the fleet does it, by its own allow list; this one needs only reach the brokers."
    )
    parser.add_argument("addresses", metavar="ADDRESS", nargs="+", help="an address, or a network such as 192.0.2.0/24")
    parser.add_argument(
        "--time", "--for", metavar="DURATION", help="how long, such as 10m or 7d (default: as the configuration says)"
    )
    parser.add_argument(
        "--ports", metavar="PORT[,PORT]", default="", help="only from these, such as tcp/22 (default: from everything)"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why, for the list of bans")
    parser.add_argument("--fleet", action="store_true", help="on all hosts that follow the fleet's decisions: see [fleet]")
    control_arguments.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Prints a line for each address. 0 if all of them are banned now, 1 if one is not."""
    seconds = time(options.time)
    if options.fleet:
        from vigilog.cli import fleet_bans  # noqa: PLC0415 - loads what few need

        return fleet_bans.ban(options, seconds)
    reason = {"reason": options.reason} if options.reason else {}
    ports = list(filter(None, options.ports.split(",")))
    return asked(options, "ban", addresses=options.addresses, seconds=seconds, ports=ports, **reason)


def time(text: str | None) -> float | None:
    """The seconds that the option says. Raises ConfigurationError."""
    if text is None:
        return None
    from vigilog.config.durations import seconds  # noqa: PLC0415 - for those who give the option

    found = seconds(text)
    if not found:
        raise ConfigurationError(
            f"{text!r} is not a time", place=Place("--time"), expected="something like 90s, 10m, 1h30m, 7d"
        )
    return found
