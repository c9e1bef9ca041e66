"""`--fleet` of `vigilog ban`, `unban` and `bans`: decisions for all hosts, made by hand. Needs no daemon on this one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigilog.cli.visible import visible
from vigilog.config import toml
from vigilog.config.layer import settled
from vigilog.config.settings import Settings
from vigilog.core.clock import local, wall
from vigilog.run import decisions

if TYPE_CHECKING:
    from vigilog.fleet.messages import Decision

HEADINGS = ("TARGET", "PORT", "TRIGGER", "MADE", "UNTIL", "BY", "REASON")


def ban(options: argparse.Namespace, seconds: float | None) -> int:
    """Has addresses banned on all hosts. Raises ConfigurationError, MissingExtra and Unreachable."""
    settings, ports = read(options), list(filter(None, options.ports.split(",")))
    made = decisions.bans(settings, options.addresses, seconds=seconds, ports=ports, reason=options.reason or "", now=wall())
    decisions.publish(settings, made)
    for each in made:
        print(visible(f"to be banned by the fleet: {each.target} until {moment(each.until)}"))
    return 0


def unban(options: argparse.Namespace) -> int:
    """Has addresses let in on all hosts."""
    settings = read(options)
    found = decisions.in_force(settings, wall)
    made = decisions.ends(settings, None if options.all else options.addresses, found, now=wall())
    if not made:
        print("nobody was banned by the fleet")
        return 0
    decisions.publish(settings, made)
    for each in made:
        print(visible(f"to be let in by the fleet: {each.target}"))
    return 0


def bans(options: argparse.Namespace) -> int:
    """Lists the decisions in force, the last one first."""
    found = sorted(decisions.in_force(read(options), wall), key=lambda each: (-each.made, each.target, each.ports))
    if options.format == "json":
        print(json.dumps([decisions.plain(each) for each in found], indent=2))
    elif found:
        print("\n".join(table(found)))
    else:
        print("Nobody is banned by the fleet.")
    return 0


def read(options: argparse.Namespace) -> Settings:
    """The settings. Raises an ExceptionGroup of the mistakes in them."""
    layer = toml.read(options.config or toml.DEFAULT, required=options.config is not None)
    if layer.errors:
        raise ExceptionGroup("mistakes in the configuration", list(layer.errors))
    return settled(layer)


def table(found: Sequence[Decision]) -> list[str]:
    """Decisions as lines, the columns as wide as they must be."""
    rows = [
        (
            visible(each.target),
            visible(",".join(each.ports)) or "-",
            visible(each.trigger) or "-",
            moment(each.made),
            moment(each.until),
            visible(each.by) or "-",
            visible(each.reason),
        )
        for each in found
    ]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (HEADINGS, *rows)]


def moment(seconds: float | None) -> str:
    """A time for people; - where each host decides on it."""
    return "-" if seconds is None else f"{local(seconds):%Y-%m-%d %H:%M:%S}"
