"""The daemon's status as text: for a terminal, and without colours for everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from vigilog.cli.visible import visible
from vigilog.core.clock import local
from vigilog.run.status import ShipStatus, Status

BOLD, DIM, RED, YELLOW, GREEN = "1", "2", "1;31", "1;33", "1;32"
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
NUMBERS = {"lines", "bytes", "behind", "events", "alerts", "keys", "dropped", "waiting", "done", "failed", "records"}
"""Headings of the columns that stand to the right."""

Cell = tuple[str, str]
"""A text and its colour, '' for none."""

Paint = Callable[[str, str], str]


def told(status: Status, *, colour: bool) -> Iterator[str]:
    """The lines of the status, with escape sequences for colours if wished. Nothing in them acts on a terminal but these."""
    paint = painted if colour else plain
    for line in head(status):
        yield "".join(paint(*cell) for cell in line)
    for rows in (sources(status), triggers(status), actions(status)):
        if len(rows) > 1:
            yield ""
            yield from table(rows, paint)
    if status.ship:
        yield ""
        for line in shipped(status.ship, status.now):
            yield "".join(paint(*cell) for cell in line)
        if status.ship.topics:
            yield from table(topics(status.ship), paint)
    if status.notices:
        yield ""
        yield paint(f"notices ({counted(status.notices_total)} since the start)", BOLD)
        for notice in status.notices:
            yield f"{paint(moment(notice.time), DIM)}  {paint(visible(notice.kind), YELLOW)}  {visible(notice.text)}"


def head(status: Status) -> Iterator[list[Cell]]:
    """What is true of the whole daemon."""
    yield [
        (f"vigilog {visible(status.version)}", BOLD),
        (f" runs since {moment(status.started)} ({span(status.now - status.started)}), process {status.process}", ""),
        (", dry run: nothing is done" if status.dry_run else "", YELLOW),
    ]
    yield [
        (f"{status.lines_per_second:.1f} lines/s, {status.events_per_second:.1f} events/s, ", ""),
        (f"{counted(status.bans)} {'ban' if status.bans == 1 else 'bans'} in force", BOLD),
        (f", {size(status.memory)} of memory, {status.cpu_seconds:.1f} s of processor time", ""),
    ]
    if status.reload:
        when = f"last reload {moment(status.reload.time)}: "
        if status.reload.errors:
            yield [(when, ""), ("refused, the configuration before it is in use", RED)]
        else:
            yield [(when, ""), ("taken", GREEN)]
        for error in status.reload.errors:
            yield [(f"  {visible(error)}", "")]


def sources(status: Status) -> list[list[Cell]]:
    """The rows of sources, below their headings."""
    rows = [headings("source", "grade", "lines", "bytes", "behind", "last line")]
    for each in status.sources:
        behind = "" if each.behind is None else size(each.behind)
        last = "never" if each.last_line is None else f"{span(status.now - each.last_line)} ago"
        numbers = [(counted(each.lines), ""), (size(each.bytes), ""), (behind, YELLOW if each.behind else ""), (last, "")]
        rows.append([(visible(each.name), ""), (each.grade, ""), *numbers])
    return rows


def triggers(status: Status) -> list[list[Cell]]:
    """The rows of triggers, below their headings."""
    rows = [headings("trigger", "events", "alerts", "keys", "dropped")]
    for each in status.triggers:
        dropped = (counted(each.dropped), YELLOW if each.dropped else "")
        rows.append([(visible(each.name), ""), *((counted(n), "") for n in (each.events, each.alerts, each.keys)), dropped])
    return rows


def actions(status: Status) -> list[list[Cell]]:
    """The rows of actions, below their headings."""
    rows = [headings("action", "type", "waiting", "done", "failed", "last outcome")]
    for each in status.actions:
        failed = (counted(each.failed), RED if each.failed else "")
        numbers = [(counted(each.waiting), ""), (counted(each.done), ""), failed]
        rows.append([(visible(each.name), ""), (visible(each.type), ""), *numbers, (visible(each.last_reason), "")])
    return rows


def shipped(ship: ShipStatus, now: float) -> Iterator[list[Cell]]:
    """What became of what is shipped."""
    yield [
        (f"ships to {visible(ship.to)}: ", BOLD),
        (f"{counted(ship.acknowledged)} acknowledged, {counted(ship.waiting)} waiting", ""),
        (f" ({counted(ship.spooled)} in the spool, {size(ship.spooled_bytes)})" if ship.spooled else "", ""),
    ]
    troubles = ((ship.dead, "in the dead-letter file"), (ship.dropped, "dropped"), (ship.damaged, "damaged"))
    said = ", ".join(f"{counted(number)} {what}" for number, what in troubles if number)
    if said or ship.repeated:
        repeated = f"{counted(ship.repeated)} may be there twice" if ship.repeated else ""
        yield [("  ", ""), (said, RED), (", " if said and repeated else "", ""), (repeated, "")]
    if ship.away_since is not None:
        yield [("  ", ""), (f"no broker can be reached since {moment(ship.away_since)} ({span(now - ship.away_since)})", RED)]
    if ship.trouble:
        yield [("  ", ""), (visible(ship.trouble), YELLOW)]


def topics(ship: ShipStatus) -> list[list[Cell]]:
    """The rows of topics, below their headings."""
    rows = [headings("topic", "records")]
    return rows + [[(visible(name), ""), (counted(number), "")] for name, number in sorted(ship.topics.items())]


def headings(*names: str) -> list[Cell]:
    """The first row of a table."""
    return [(name, BOLD) for name in names]


def table(rows: Sequence[Sequence[Cell]], paint: Paint) -> Iterator[str]:
    """Rows, the headings first, as lines of aligned columns."""
    widths = [max(len(text) for text, _ in column) for column in zip(*rows, strict=True)]
    right = [text in NUMBERS for text, _ in rows[0]]
    for row in rows:
        yield "  ".join(aligned(row, widths, right, paint)).rstrip()


def aligned(row: Iterable[Cell], widths: Iterable[int], right: Iterable[bool], paint: Paint) -> Iterator[str]:
    """The cells of a row, as wide as their columns."""
    for (text, tint), width, to_the_right in zip(row, widths, right, strict=True):
        blank = " " * (width - len(text))
        yield blank + paint(text, tint) if to_the_right else paint(text, tint) + blank


def counted(number: int) -> str:
    """A number with a comma between thousands."""
    return f"{number:,}"


def size(number: int) -> str:
    """Bytes, in the unit that leaves one to four digits."""
    amount, unit = float(number), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            break
        amount /= 1024
    return f"{number} B" if unit == "B" else f"{amount:.1f} {unit}"


def span(seconds: float) -> str:
    """A time in its two greatest units."""
    rest, parts = max(0, int(seconds)), []
    for length, unit in UNITS:
        if rest >= length:
            parts.append(f"{rest // length} {unit}")
            rest %= length
    return " ".join(parts[:2]) or "0 s"


def moment(seconds: float) -> str:
    """A time of day with its date, in this machine's zone."""
    return f"{local(seconds):%Y-%m-%d %H:%M:%S}"


def painted(text: str, colour: str) -> str:
    """`text` in a colour."""
    return f"\x1b[{colour}m{text}\x1b[0m" if text and colour else text


def plain(text: str, _colour: str) -> str:
    """`text` as it is."""
    return text
