"""`vigilog ship`: lines, taken apart by a LogFormat, as JSON to Kafka, a file, or standard output."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from vigilog.cli import ship_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.core.clock import wall
from vigilog.core.errors import DeliveryError

if TYPE_CHECKING:
    from vigilog.cli.ship_arguments import Wanted
    from vigilog.config.settings import Settings
    from vigilog.ship.counts import Ending
    from vigilog.ship.seam import Target
    from vigilog.shipping.files import Journey, Worked
    from vigilog.shipping.files_account import Account
    from vigilog.shipping.files_lines import Records
    from vigilog.shipping.files_state import State
    from vigilog.watch.options import Kafka

HELP = "ship lines as JSON to Kafka, taken apart by a LogFormat"
INCOMPLETE, UNREADABLE, LEFT = 1, 66, 75
ENDED_BY = 128
"""And the number of the signal."""


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog ship` takes."""
    ship_arguments.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Ships, says what came of it, and gives the exit status. Raises BrokenPipeError if nobody reads on."""
    try:
        return shipped(options)
    except DeliveryError as error:
        if isinstance(error.__cause__, BrokenPipeError):
            raise error.__cause__ from None
        raise


def shipped(options: argparse.Namespace) -> int:
    """What `run` does. Raises core.errors."""
    from vigilog.run.signals import Signals  # noqa: PLC0415 - `--help` needs nothing of this
    from vigilog.shipping import files_state  # noqa: PLC0415
    from vigilog.shipping.files import Journey  # noqa: PLC0415
    from vigilog.shipping.files_account import Account, Way, summary  # noqa: PLC0415
    from vigilog.shipping.files_dead import apart  # noqa: PLC0415
    from vigilog.shipping.files_lines import Records  # noqa: PLC0415

    wanted = ship_arguments.wanted(options)
    apart_too = bool(wanted.dead_letters)
    records = Records(ship_arguments.template(options), options.key, wanted.host, wanted.schema, apart=apart_too)
    account = Account()
    with ExitStack() as stack:
        # first, so that the other processes end when this one has seen the last of them, not when a terminal interrupts all
        signals = stack.enter_context(Signals([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
        worked = stack.enter_context(working(records, options.jobs))
        state = stack.enter_context(files_state.opened(wanted.directory, wanted.to, wanted.topic))
        keep = stack.enter_context(apart(wanted.dead_letters, wanted.topic, wall))
        spool = stack.enter_context(files_state.spool(wanted.directory, wanted.topic))
        target = opened(wanted, spool, state)
        stack.callback(target.close, 0)
        if target.counts.repeated:
            say(f"the last call did not end well: up to {target.counts.repeated:,} records may be on the topic twice")
        advance, finish = progress(options)
        journey = Journey(
            target, wanted.topic, records, state, account, keep, lambda: next(iter(signals.received()), 0), say, advance
        )
        travel(options, wanted.settings, journey, worked, signals.fileno())
        until = time.monotonic() + wanted.wait
        journey.commit(journey.mark(), wanted.wait)
        ending = target.close(max(0.0, until - time.monotonic()))
        finish()
    way = Way(
        wanted.to,
        spool if wanted.directory else "",
        f"in {wanted.dead_letters}" if wanted.dead_letters else "shipped whole",
    )
    status = status_of(account, ending, follow=options.follow)
    if status or not options.quiet:
        say(summary(account, ending, way))
    return status


@contextmanager
def working(records: Records, jobs: int) -> Iterator[Worked]:
    """What makes records of lines: this process, and `jobs` - 1 others, which are there before anything else is."""
    if jobs == 1:
        yield partial(map, records)
        return
    from vigilog.parallel import Workers  # noqa: PLC0415 - for those who ask for more than one process

    with Workers(records, jobs - 1) as workers:
        yield workers.ordered


def opened(wanted: Wanted, spool: str, state: State) -> Target:
    """The target. Raises ConfigurationError, StoreError, AlreadyRunning, MissingExtra, and DeliveryError for a file."""
    from vigilog.core.nouns import Place  # noqa: PLC0415

    if wanted.to != "kafka":
        from vigilog.ship.plain import PlainTarget  # noqa: PLC0415 - one of the two

        return PlainTarget(wanted.to, place=Place("--to"))
    from vigilog.ship.settings import SpoolSettings  # noqa: PLC0415
    from vigilog.ship.shipper import Shipper  # noqa: PLC0415

    ship = wanted.settings.ship
    letters = wanted.dead_letters or ship.dead_letters
    settings = SpoolSettings(spool, ship.spool_size << 20, ship.when_full, letters, write_after=None)
    return Shipper(wanted.connection, settings, say=say, clock=wall, committed=state.committed())


def travel(options: argparse.Namespace, settings: Settings, journey: Journey, worked: Worked, signals: int) -> None:
    """Reads all sources, once or until it is told to end."""
    from vigilog.shipping.files import ship, unfinished  # noqa: PLC0415
    from vigilog.shipping.files_follow import follow  # noqa: PLC0415
    from vigilog.watch.live import Live  # noqa: PLC0415
    from vigilog.watch.options import Options  # noqa: PLC0415
    from vigilog.watch.sources import open_source  # noqa: PLC0415

    remembers = journey.state.store is not None
    whole = remembers or options.follow
    reading = Options(wall, options.first, partial_lines=not whole, takeover=None, kafka=incoming(options, settings))
    since = {} if options.from_start else journey.state.positions()
    live = list(options.files) if options.follow else [spec for spec in options.files if spec == "-"]
    sources = [open_source(spec, reading) for spec in options.files if spec not in live]
    ship(journey, sources, since, worked)
    for source in [] if journey.is_stopped() else sources:
        if unfinished(source, journey.account.positions.get(source.name)):
            say(f"{source.name.removeprefix('file:')}: its last line has no newline yet; it is shipped once it has")
    if live and not journey.is_stopped():
        open_live = Live(live, reading)
        try:
            follow(journey, open_live, since, signals)
        finally:
            open_live.close()


def incoming(options: argparse.Namespace, settings: Settings) -> Kafka:
    """How topics that are sources are reached: beside the group of the daemon, since positions are kept here."""
    from vigilog.watch.options import Kafka  # noqa: PLC0415

    if not any(spec.startswith("kafka:") for spec in options.files):
        return Kafka()
    from vigilog.config.kafka_sources import kafka  # noqa: PLC0415 - few ship what is in Kafka already

    return kafka(settings, trial=True)


def status_of(account: Account, ending: Ending, *, follow: bool) -> int:
    """The exit status."""
    if ending.dead or ending.dropped or ending.lost:
        return INCOMPLETE
    if ending.left:
        return LEFT
    if account.stopped and not follow:
        return ENDED_BY + account.stopped
    if any(notice.kind in {"missing", "unreadable"} for notice in account.notices) and not follow:
        return UNREADABLE
    return 0


def progress(options: argparse.Namespace) -> tuple[Callable[[int, int], None], Callable[[], None]]:
    """What to call for each block and at the end, so that a long run shows on a terminal how far it is."""
    if options.follow or options.quiet or not sys.stderr.isatty() or sys.stdout.isatty():
        return (lambda _bytes, _lines: None), (lambda: None)
    from vigilog.report.progress import Progress  # noqa: PLC0415 - on a terminal only

    total = sum(os.path.getsize(spec) for spec in options.files if os.path.isfile(spec))
    shown = Progress(lambda data: (sys.stderr.buffer.write(data), sys.stderr.buffer.flush()), wall, total or None)
    return shown.advance, shown.finish


def say(line: str) -> None:
    """A line for whoever called it."""
    with suppress(OSError):
        print(f"vigilog ship: {visible(line)}", file=sys.stderr, flush=True)
