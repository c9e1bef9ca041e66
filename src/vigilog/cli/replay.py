"""`vigilog replay`: what `vigilog run` would have done about past logs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from vigilog.cli import watch_arguments
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.config.settings import Settings
from vigilog.core.clock import local, wall
from vigilog.core.errors import ConfigurationError

if TYPE_CHECKING:
    from vigilog.core.nouns import Alert, Order
    from vigilog.replay import Happened, Replayed
    from vigilog.run.trial import Trial

HELP = "say what `vigilog run` would have done about past logs"


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog replay` takes."""
    parser.description = (
        "Runs the triggers over past logs on their own time, and prints each alert: when, which trigger, for whom, and what\n"
        "would have been done. Nothing is done and nothing is remembered. Every trigger sees every file that is named."
    )
    parser.add_argument("files", metavar="FILE", nargs="*", help="a log, packed or not; - is standard input")
    parser.add_argument(
        "--rule", metavar="NAME", action="append", default=[], help="a shipped rule instead of the configured triggers"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object to a line for each alert")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the summary only")
    watch_arguments.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Replays, and gives 0."""
    from vigilog.config.host import look  # noqa: PLC0415 - wrong options need nothing of this
    from vigilog.config.kafka_sources import kafka  # noqa: PLC0415
    from vigilog.replay import replay  # noqa: PLC0415
    from vigilog.run.plan import compiled, planned  # noqa: PLC0415
    from vigilog.run.trial import Trial  # noqa: PLC0415
    from vigilog.watch.options import Options  # noqa: PLC0415
    from vigilog.watch.sources import open_source  # noqa: PLC0415

    settings = watch_arguments.with_triggers(with_rules(watch_arguments.settings(options), options.rule))
    plan = planned(settings, look(), str)
    everywhere = plan.seeing_all()
    reading = Options(wall, "all", partial_lines=True, takeover=None, kafka=kafka(settings))
    sources = [open_source(spec, reading) for spec in options.files or plan.sources]
    triggers = compiled(everywhere, settings, [source.name for source in sources])
    trial = Trial(settings, said)
    happened = silent if options.quiet else in_json(trial) if options.format == "json" else in_text(trial)
    done = replay(triggers, sources, settings.run.keys, wall, happened)
    if options.format == "text":
        summary(done)
    return 0


def with_rules(settings: Settings, names: list[str]) -> Settings:
    """The settings with shipped rules in the place of the configured triggers, if some are named."""
    if not names:
        return settings
    from msgspec.structs import replace  # noqa: PLC0415 - only then

    from vigilog.config.trigger_files import shipped  # noqa: PLC0415

    rules = shipped()
    unknown = [name for name in names if name not in rules]
    if unknown:
        raise ConfigurationError(f'there is no shipped rule "{unknown[0]}"', remedy="`vigilog rules list` names them all")
    chosen = [rules[name].trigger for name in names]
    # what most people would have it do, so that there is something to see
    banning = [replace(each, actions=("ban",)) if {"address", "ip"} & set(each.key) else each for each in chosen]
    return replace(settings, triggers=tuple(banning))


def said(line: str) -> None:
    """A line that is about no alert."""
    print(visible(line), file=sys.stderr)


def silent(alert: Alert, orders: list[Order]) -> None:
    """Tells nothing."""
    del alert, orders


def in_text(trial: Trial) -> Happened:
    """Prints an alert as a line, and what would have been done as one each."""

    def told(alert: Alert, orders: list[Order]) -> None:
        moment = local(alert.time).strftime("%Y-%m-%d %H:%M:%S")
        first, count = alert.events[0].time, alert.count
        often = f"{count} events in {alert.events[-1].time - first:.0f} s" if count > 1 else "1 event"
        print(visible(f"{moment}  {alert.rule}  {', '.join(alert.key) or '-'}  {often}"))
        for order in orders:
            print(visible(f"    {order.action}: {trial.would(order)}"))

    return told


def in_json(trial: Trial) -> Happened:
    """Prints an alert as one line of JSON."""

    def told(alert: Alert, orders: list[Order]) -> None:
        events = [
            {"time": event.time, "source": event.source, "fields": dict(event.fields), "line": os.fsdecode(event.line)}
            for event in alert.events
        ]
        actions = [{"action": order.action, "would": trial.would(order)} for order in orders]
        whole = {"time": alert.time, "rule": alert.rule, "key": alert.key, "count": alert.count, "events": events}
        whole["actions"] = actions
        print(json.dumps(whole))

    return told


def summary(done: Replayed) -> None:
    """Says on standard error what was read, behind all that was printed."""
    sys.stdout.flush()
    for notice in done.notices:
        print(visible(notice.text), file=sys.stderr)
    print(f"{done.lines:,} lines, {done.events:,} events, {done.alerts:,} alerts", file=sys.stderr)
