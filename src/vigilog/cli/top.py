"""`vigilog top`: the daemon, alerts and events at a glance, in a terminal."""

from __future__ import annotations

import argparse
import signal
import sys
from threading import Event

from vigilog.cli.commands import Parser
from vigilog.cli.watch_arguments import settings
from vigilog.core.clock import wall

HELP = "show what happens now, in a terminal"
FIRST = 10.0


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog top` takes."""
    parser.description = (
        "Shows what the running `vigilog run` reads and does, the last alerts and events, and who came most in 24 hours, and\n"
        "keeps it up to date. Control-C: end. Into a pipe, or with --once, it prints one screen."
    )
    parser.add_argument("--once", action="store_true", help="print one screen and end")
    parser.add_argument("--interval", metavar="SECONDS", type=float, default=1.0, help="how often it is drawn (default: 1)")
    parser.add_argument("--config", metavar="FILE", help="Vigilog's own configuration (default: /etc/vigilog/vigilog.toml)")


def run(options: argparse.Namespace) -> int:
    """Draws until it is told to end; gives 0."""
    from rich.console import Console  # noqa: PLC0415 - `--help` needs nothing of this
    from rich.live import Live  # noqa: PLC0415

    from vigilog.glance.follower import Follower  # noqa: PLC0415
    from vigilog.glance.screen import screen  # noqa: PLC0415

    options.logtrigger = None
    wanted = settings(options)
    console = Console(highlight=False)
    follower = Follower(wanted.state.directory, wanted.run.control, wall)
    follower.start()
    try:
        follower.ready(FIRST)
        if options.once or not sys.stdout.isatty():
            console.print(screen(follower, wall(), console.height))
            return 0
        ended = Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while not ended.is_set():
                live.update(screen(follower, wall(), console.height), refresh=True)
                ended.wait(max(0.1, options.interval))
    except KeyboardInterrupt:
        pass
    finally:
        follower.stop()
    return 0
