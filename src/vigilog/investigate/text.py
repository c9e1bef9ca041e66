"""An investigation as text, for a terminal or a file: the story, counts, activity, the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from vigilog.core.clock import local
from vigilog.core.visible import visible_line
from vigilog.investigate.activity import activity, bars, length_of
from vigilog.investigate.investigation import Investigation
from vigilog.investigate.item import Item
from vigilog.investigate.pivots import Pivots
from vigilog.investigate.story import NAMED, Story, moment, sentences

MARKS = {"failed": "x", "login": "!", "probe": "?", "unfinished": "~", "followed": ">"}
_STYLES = {"failed": "red", "login": "bold green", "probe": "yellow", "unfinished": "magenta", "followed": "green"}
_DONE = {"alert": "bold yellow", "action": "yellow", "ban": "bold magenta", "unban": "magenta"}


class Line(NamedTuple):
    """A line without its newline, harmless, and how it looks where there are colours."""

    text: str
    style: str = ""


def lines(answer: Investigation, told: Story, limit: int) -> Iterator[Line]:
    """All of it. Of the timeline the first and the last entries are shown, `limit` in all (0: every one)."""
    subject = answer.question.subject
    yield Line(visible_line(f"{subject.kind} {subject.text}"), "bold")
    yield Line("")
    for sentence in sentences(answer, told):
        yield Line(visible_line(sentence), "bold red" if sentence.isupper() or sentence.startswith("THE FIRST") else "")
    yield from _activity(answer.items)
    yield from _counted("Logs", told.sources)
    yield from _counted("Lines of programs that no rule knows", [(name or "(none)", count) for name, count in told.programs])
    if answer.pivots:
        yield from _neighbours(answer.pivots)
    yield from _timeline(answer.items, limit)
    yield from _left_out(answer)


def text(item: Item) -> str:
    """What an entry says, in one line."""
    if item.kind == "block":
        told = ", ".join(
            f"{name} {item.fields[name]}" for name in ("address", "user", "protocol", "id") if item.fields.get(name)
        )
        return f"black box: {item.fields['block'].lower()}, {item.fields['messages']} messages{', ' if told else ''}{told}"
    shown = item.text.decode("utf-8", "surrogateescape")
    if item.kind == "request":
        return f"{'' if item.fields['ended'] == 'yes' else 'NEVER ENDED '}{shown}"
    return shown if item.kind == "line" else f"{item.kind.upper()} {shown}"


def place(item: Item) -> str:
    """Where an entry stands: the file and the offset."""
    if item.where is None:
        return item.source
    return f"{item.where.path}@{item.where.offset}" if item.where.path else item.source


def _timeline(items: Sequence[Item], limit: int) -> Iterator[Line]:
    if not items:
        return
    yield Line("")
    yield Line("Timeline", "bold")
    first = len(items) if not limit or len(items) <= limit else limit - limit // 2
    yield from _entries(items[:first])
    if first < len(items):
        yield Line(f"... {len(items) - limit:,} more entries (--limit 0 shows all) ...", "dim")
        yield from _entries(items[len(items) - limit // 2 :] if limit > 1 else ())


def _entries(items: Iterable[Item]) -> Iterator[Line]:
    for item in items:
        for before in item.before:
            yield Line("      | " + _one(before), "dim")
        mark = "=" if item.again else MARKS.get(item.meaning, "*" if item.kind in _DONE else " ")
        when = f"{local(item.time):%Y-%m-%d %H:%M:%S}" + ("" if item.stamped else "?")
        style = "dim" if item.again else _DONE.get(item.kind) or _STYLES.get(item.meaning, "")
        yield Line(f"{mark} {when}  {visible_line(place(item))}  {visible_line(text(item))}", style)
        for after in item.after:
            yield Line("      | " + _one(after), "dim")


def _one(line: bytes) -> str:
    return visible_line(line.decode("utf-8", "surrogateescape"))


def _activity(items: Sequence[Item]) -> Iterator[Line]:
    found = activity(items)
    if found is None or len(found.all) < 2:
        return
    yield Line("")
    yield Line(f"Activity, one column for {length_of(found.length)}", "bold")
    for word, counts, style in (
        ("entries", found.all, "cyan"),
        ("failed", found.failed, "red"),
        ("logins", found.logins, "green"),
    ):
        if any(counts):
            yield Line(f"  {word:<8}{bars(counts)}  {max(counts):,} at most", style)
    end = found.begin + (len(found.all) - 1) * found.length
    first, last = f"{local(found.begin):%m-%d %H:%M:%S}", f"{local(end):%m-%d %H:%M:%S}"
    yield Line(f"  {'':<8}{first}{last:>{max(len(last) + 1, len(found.all) - len(first))}}", "dim")


def _counted(title: str, rows: Sequence[tuple[str, int]]) -> Iterator[Line]:
    if not rows:
        return
    yield Line("")
    yield Line(title, "bold")
    for name, count in rows[:NAMED]:
        yield Line(f"  {count:>8,}  {visible_line(name)}")
    if len(rows) > NAMED:
        yield Line(f"  {sum(count for _, count in rows[NAMED:]):>8,}  in {len(rows) - NAMED:,} more")


def _neighbours(found: Pivots) -> Iterator[Line]:
    yield Line("")
    shared = "users" if found.kind == "addresses" else "addresses"
    yield Line(f"Other {found.kind} with the same {shared}: failed, good, in common", "bold")
    for each in found.neighbours:
        yield Line(visible_line(f"  {each.failed:>8,} {each.good:>6,}  {each.name:<40}{', '.join(each.common)}"))
    if not found.neighbours:
        yield Line("  none")


def _left_out(answer: Investigation) -> Iterator[Line]:
    if answer.left_out:
        yield Line("")
        yield Line("Not searched", "bold")
        for sentence in answer.left_out:
            yield Line("  " + visible_line(sentence))


__all__ = ["MARKS", "Line", "lines", "moment", "place", "text"]
