"""What `vigilog top` shows: the daemon, its sources, the last alerts and events, and who came most, as one screen."""

from __future__ import annotations

from typing import NamedTuple

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from vigilog.core.clock import local
from vigilog.core.visible import shown_bytes, visible_line
from vigilog.glance.follower import Follower
from vigilog.glance.sums import Tops, tops

HEAD, FRAME = 3, 3
LEAST = 3
DAY = 86400


class Room(NamedTuple):
    """How many rows of each kind fit on a screen."""

    tops: int
    sources: int
    alerts: int
    events: int


def room(height: int) -> Room:
    """The rows for a screen of so many lines: a third for lists, the rest for alerts and events."""
    left = max(0, height - HEAD)
    upper = max(LEAST, left // 3 - FRAME)
    lower = left - upper - FRAME
    alerts = max(1, lower // 2 - FRAME)
    return Room(upper, upper, alerts, max(1, lower - alerts - 2 * FRAME))


def screen(follower: Follower, now: float, height: int) -> RenderableType:
    """The screen, as rich draws it. All text of logs is made visible, and none of it is markup."""
    held = room(height)
    digest = follower.digest
    day = digest.alerts(now - DAY)
    upper = Table.grid(expand=True)
    for _ in range(4):
        upper.add_column(ratio=1)
    found = tops(day, held.tops)
    upper.add_row(sources(follower, held.sources), *ranked(found, held.tops))
    return Group(
        head(follower, now, len(day)),
        upper,
        framed("Alerts", listed([(each.time, each.rule, each.key, f"{each.events:,} events") for each in day[: held.alerts]])),
        framed(
            "Events",
            listed([(each.time, each.rule, each.key, shown_bytes(each.line)) for each in digest.recent(held.events)]),
        ),
    )


def head(follower: Follower, now: float, alerts: int) -> RenderableType:
    """One line about the daemon."""
    status, text = follower.daemon.status, Text(overflow="ellipsis", no_wrap=True)
    if status is None:
        text.append("the daemon is not heard: ", style="bold red").append(visible_line(follower.daemon.trouble))
    else:
        text.append("dry run" if status.dry_run else "running", style="bold green")
        text.append(f" for {int(now - status.started) // 60:,} min   ")
        text.append(f"{status.lines_per_second:,.1f} lines/s   {status.events_per_second:,.1f} events/s   ")
        text.append(f"{alerts:,} alerts in 24 h   {status.bans:,} banned   {status.memory / (1 << 20):,.0f} MiB")
    if follower.trouble:
        text.append(f"   {visible_line(follower.trouble)}", style="red")
    return framed("vigilog", text)


def sources(follower: Follower, most: int) -> RenderableType:
    """What is read, those that are behind first."""
    status = follower.daemon.status
    rows = sorted(status.sources if status else (), key=lambda each: (-(each.behind or 0), -each.lines))
    table = grid()
    for each in rows[:most]:
        late = Text(
            "?" if each.behind is None else f"-{each.behind:,} B" if each.behind else "read", "red" if each.behind else "dim"
        )
        table.add_row(cut(each.name.removeprefix("file:")), Text(f"{each.lines:,}"), late)
    return framed("Sources", filled(table))


def ranked(found: Tops, most: int) -> list[RenderableType]:
    """The top lists."""
    lists = (("Addresses", found.addresses), ("Users", found.users), ("Triggers", found.rules))
    panels: list[RenderableType] = []
    for title, rows in lists:
        table = grid()
        for value, count in rows[:most]:
            table.add_row(cut(value), Text(f"{count:,}", justify="right"))
        panels.append(framed(title, filled(table)))
    return panels


def listed(rows: list[tuple[float, str, tuple[str, ...], str]]) -> RenderableType:
    """Rows with a time, a trigger, whom it is about, and more."""
    table = grid()
    for time, rule, key, more in rows:
        table.add_row(Text(f"{local(time):%H:%M:%S}", "dim"), cut(rule, "cyan"), cut(" ".join(key), "yellow"), cut(more))
    return filled(table)


def filled(table: Table) -> RenderableType:
    """A table, or a word where there is nothing in it."""
    return table if table.row_count else Text("none", "dim")


def grid() -> Table:
    """A table without lines."""
    return Table(box=None, show_header=False, pad_edge=False, expand=True)


def cut(value: str, style: str = "") -> Text:
    """A value in one line."""
    return Text(visible_line(value), style=style, overflow="ellipsis", no_wrap=True)


def framed(title: str, content: RenderableType) -> Panel:
    """Something in a frame."""
    return Panel(content, title=title, title_align="left", box=box.ROUNDED, border_style="dim")
