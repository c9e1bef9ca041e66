"""An investigation as one HTML file: no script, nothing from elsewhere, everything from logs escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from vigilog.core.clock import local
from vigilog.core.visible import visible_line
from vigilog.investigate.activity import Activity, activity, length_of
from vigilog.investigate.investigation import Investigation
from vigilog.investigate.item import Item
from vigilog.investigate.story import Story, sentences
from vigilog.investigate.text import place, text

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem; color: #1c1c1c; background: #fff }
h1, h2 { line-height: 1.2 } h1 { overflow-wrap: anywhere } h2 { margin-top: 2rem; font-size: 1.15rem }
table { border-collapse: collapse; width: 100% } td, th { padding: .2rem .5rem; text-align: left; vertical-align: top }
tr:nth-child(even) { background: #f4f5f7 } th { border-bottom: 2px solid #ccc } td.n { text-align: right }
td.t { overflow-wrap: anywhere; font-family: ui-monospace, monospace; font-size: .85rem } time { white-space: nowrap }
.failed td:first-child { border-left: 4px solid #c0392b } .login td:first-child { border-left: 4px solid #1e8449 }
.followed td:first-child { border-left: 4px solid #7dcea0 } .probe td:first-child { border-left: 4px solid #d4ac0d }
.alert td:first-child, .action td:first-child { border-left: 4px solid #b9770e }
.ban td:first-child, .unban td:first-child { border-left: 4px solid #7d3c98 } .again { opacity: .55 } .c { color: #777 }
svg { width: 100%; height: auto } li.loud { color: #c0392b; font-weight: bold }
th.n { text-align: right }
@media (max-width: 40rem) { .timeline td { display: block; padding: .1rem .5rem } .timeline th { display: none } }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #e4e4e4 } tr:nth-child(even) { background: #1f2228 } }
"""
_WIDTH, _HEIGHT = 1000, 160


def in_html(answer: Investigation, told: Story, limit: int) -> Iterator[str]:
    """The page, piece by piece; of the timeline the first and the last entries, `limit` in all (0: every one)."""
    subject = answer.question.subject
    title = _said(f"{subject.kind} {subject.text}")
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    yield (
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1><ul>"
    )
    for sentence in sentences(answer, told):
        loud = ' class="loud"' if sentence.startswith("THE FIRST") else ""
        yield f"<li{loud}>{_said(sentence)}</li>"
    yield "</ul>"
    found = activity(answer.items)
    if found is not None and len(found.all) > 1:
        yield from _plot(found)
    who = told.addresses if subject.kind == "user" else told.users
    heading = "Address" if subject.kind == "user" else "User"
    yield from _table("Who", (heading, "Failed", "Good"), [(each.name, each.attempts, each.logins) for each in who])
    yield from _table("Logs", ("Log", "Entries"), told.sources)
    yield from _table("Lines that no rule knows", ("Program", "Lines"), told.programs)
    if answer.pivots:
        rows = [(each.name, each.failed, each.good, ", ".join(each.common)) for each in answer.pivots.neighbours]
        yield from _table("Neighbours", (f"Other {answer.pivots.kind}", "Failed", "Good", "In common"), rows)
    yield from _timeline(answer.items, limit)
    if answer.left_out:
        yield "<h2>Not searched</h2><ul>"
        yield from (f"<li>{_said(each)}</li>" for each in answer.left_out)
        yield "</ul>"
    yield "</body></html>"


def _said(text: str) -> str:
    return escape(visible_line(text))


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str | int]]) -> Iterator[str]:
    if not rows:
        return
    numbers = [isinstance(each, int) for each in rows[0]]
    marked = [f"<th{' class=n' if number else ''}>{_said(head)}</th>" for head, number in zip(heads, numbers, strict=True)]
    yield f"<h2>{title}</h2><table><tr>" + "".join(marked) + "</tr>"
    for row in rows:
        cells = (f'<td class="n">{each:,}</td>' if isinstance(each, int) else f"<td>{_said(each)}</td>" for each in row)
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</table>"


def _timeline(items: Sequence[Item], limit: int) -> Iterator[str]:
    if not items:
        return
    yield '<h2>Timeline</h2><table class="timeline"><tr><th>When</th><th>Where</th><th>What</th></tr>'
    first = len(items) if not limit or len(items) <= limit else limit - limit // 2
    yield from map(_row, items[:first])
    if first < len(items):
        yield f'<tr><td colspan="3" class="c">{len(items) - limit:,} more entries</td></tr>'
        yield from map(_row, items[len(items) - limit // 2 :] if limit > 1 else ())
    yield "</table>"


def _row(item: Item) -> str:
    kind = item.kind if item.kind in {"alert", "action", "ban", "unban"} else item.meaning
    around = [_context(lines) for lines in (item.before, item.after)]
    when = f"<time>{local(item.time):%Y-%m-%d %H:%M:%S}</time>{'' if item.stamped else '?'}"
    return (
        f'<tr class="{kind}{" again" if item.again else ""}"><td>{when}</td><td class="t">{_said(place(item))}</td>'
        f'<td class="t">{around[0]}{_said(text(item))}{"<br>" if around[1] else ""}{around[1]}</td></tr>'
    )


def _context(lines: Iterable[bytes]) -> str:
    return "".join(f'<span class="c">{_said(line.decode("utf-8", "surrogateescape"))}</span><br>' for line in lines)


def _plot(found: Activity) -> Iterator[str]:
    """Bars: entries, failed logins in front of them, good ones in front of those."""
    most = max(found.all + found.failed)
    step = _WIDTH / len(found.all)
    yield f"<h2>Activity, one bar for {length_of(found.length)}, {most:,} at most</h2>"
    yield f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + 20}" role="img" aria-label="activity over time">'
    for counts, colour in ((found.all, "#9fb6cd"), (found.failed, "#c0392b"), (found.logins, "#1e8449")):
        for number, count in enumerate(counts):
            if count:
                height = max(2.0, count / most * _HEIGHT)
                yield (
                    f'<rect x="{number * step:.1f}" y="{_HEIGHT - height:.1f}" width="{max(1.0, step - 1):.1f}" '
                    f'height="{height:.1f}" fill="{colour}"/>'
                )
    end = found.begin + (len(found.all) - 1) * found.length
    for moment, x, anchor in ((found.begin, 0, "start"), (end, _WIDTH, "end")):
        yield (
            f'<text x="{x}" y="{_HEIGHT + 16}" text-anchor="{anchor}" font-size="14" fill="#777">'
            f"{local(moment):%Y-%m-%d %H:%M:%S}</text>"
        )
    yield '</svg><p><span style="color:#7f9ab5">&#9632;</span> entries <span style="color:#c0392b">&#9632;</span> failed logins'
    yield '<span style="color:#1e8449">&#9632;</span> good logins</p>'
