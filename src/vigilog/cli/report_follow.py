"""`vigilog report --follow`: running totals on a terminal; at the end, or without a terminal, the totals as text."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vigilog.cli.visible import visible

if TYPE_CHECKING:
    from vigilog.core.clock import Clock
    from vigilog.reporting.asked import Asked
    from vigilog.reporting.following import Totals


def followed(asked: Asked, clock: Clock) -> int:
    """Counts until it is interrupted, and gives 0. Raises core.errors."""
    from vigilog.config.logwatch import number  # noqa: PLC0415 - `--help` needs nothing of this
    from vigilog.report.section_text import section_text  # noqa: PLC0415
    from vigilog.reporting.following import Totals, follow, sources  # noqa: PLC0415
    from vigilog.run.signals import Signals  # noqa: PLC0415
    from vigilog.watch.live import Live  # noqa: PLC0415
    from vigilog.watch.options import Options  # noqa: PLC0415

    specs = sources(asked)
    detail = int(number(asked.detail))
    totals = Totals(asked, specs, clock)
    live = Live([spec for each in specs.values() for spec in each], Options(clock, "all", takeover=None))
    try:
        services: dict[str, list[str]] = {}
        for name, each in specs.items():
            for spec in each:
                services.setdefault(live.name_of(spec), []).append(name)
        signals = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
        with Signals(signals) as told, drawn(totals, detail) as draw:
            follow(live, services, totals, told.fileno(), draw, lambda line: print(visible(line), file=sys.stderr))
    finally:
        live.close()
    texts = [section_text(section, detail) for section in totals.sections()]
    sys.stdout.write("\n".join(filter(None, texts)))
    return 0


@contextmanager
def drawn(totals: Totals, detail: int) -> Iterator[Callable[[], None]]:
    """What shows the totals as they are; nothing where standard output is no terminal."""
    if not sys.stdout.isatty():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415 - slow to load
    from rich.live import Live as Screen  # noqa: PLC0415

    from vigilog.report.section_terminal import screen  # noqa: PLC0415

    with Screen(console=Console(), screen=True, auto_refresh=False) as shown:
        yield lambda: shown.update(screen(totals.sections(), detail), refresh=True)
