"""`vigilog fleet status`: what waits, who works, what was decided last."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.cli.watch_arguments import settings
from vigilog.core.clock import local, wall

if TYPE_CHECKING:
    from vigilog.fleet.messages import Decision
    from vigilog.fleet.status import FleetStatus

HELP = "say how the workers of the fleet do, and what they decided last"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog fleet status` takes."""
    parser.description = (
        "Asks Kafka, for a second: how much waits in each partition and who reads it, how many messages are read in a second,\n"
        "how large the state is, and the last decisions. Memory and disk are those of this host's workers."
    )
    parser.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="the form of the answer")


def run(options: argparse.Namespace) -> int:
    """Prints the status and gives 0."""
    options.logtrigger = None
    wanted = settings(options)
    from vigilog.fleet.status import look  # noqa: PLC0415 - a mistake in the configuration needs nothing of this

    status = look(wanted, wall)
    if options.format == "json":
        import msgspec  # noqa: PLC0415 - for those who ask for it

        print(msgspec.json.format(msgspec.json.encode(status)).decode())
        return 0
    print("\n".join(told(status)))
    return 0


def told(status: FleetStatus) -> Iterator[str]:
    """The status as lines, harmless on a terminal."""
    yield visible(
        f"{status.group}: {len(status.workers)} workers, {status.throughput:.0f} messages/s, {status.lag:,} wait, "
        f"{status.changelog:,} on the state's topics"
    )
    numbers = {worker.name: place for place, worker in enumerate(status.workers, 1)}
    for each in status.partitions:
        worker = f"worker {numbers[each.worker]}" if each.worker in numbers else "nobody"
        yield f"  partition {each.number}: {each.lag:,} wait of {each.end:,}, read by {worker}"
    for place, member in enumerate(status.workers, 1):
        yield visible(f"  worker {place}: at {member.host}, {len(member.partitions)} partitions ({member.name})")
    for own in status.here:
        events = sum(each["events"] for each in own.triggers.values())
        alerts = sum(each["alerts"] for each in own.triggers.values())
        yield (
            f"  process {own.process} of this host: {events:,} events, {alerts:,} alerts, {own.decisions:,} decisions, "
            f"{own.memory / 1e6:.0f} MB of memory, {own.state_bytes / 1e6:.0f} MB of state on disk"
        )
    for made in status.decisions:
        yield visible(decided(made))


def decided(made: Decision) -> str:
    """A decision as a line."""
    moment = local(made.made).strftime("%Y-%m-%d %H:%M:%S")
    until = "" if made.until is None else f" until {local(made.until):%Y-%m-%d %H:%M:%S}"
    ports = f" ({', '.join(made.ports)})" if made.ports else ""
    return f"{moment}  {made.decision} {made.target}{ports}{until}: {made.trigger or 'by hand'}: {made.reason} (by {made.by})"
