"""A page of sections, whole in itself: what it is about, where to find what, and the sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vigilog.report.html_words import ACCENT, INK, MONO, MUTED, RULE, SANS, WARNING, WRAPS, element, harmless, wrapped

_PAGE = f"margin:0;padding:0;background:#f2f4f7;color:{INK};font-family:{SANS};font-size:14px;line-height:1.45"
_COLUMN = "max-width:720px;margin:0 auto;padding:16px 10px"
_CARD = f"background:#ffffff;border:1px solid {RULE};border-radius:8px;padding:16px 8px 4px 16px;margin:0 0 14px;{WRAPS}"
_HEADING = f"margin:0 0 4px;font-size:18px;color:{INK};{WRAPS}"
_FIRST = f"margin:0 0 6px;font-size:22px;line-height:1.25;color:{INK};{WRAPS}"
_FACTS = f"margin:0 0 12px;color:{MUTED};font-size:13px;{WRAPS}"
_LIST = "margin:0 0 12px;padding:0;list-style:none"
_LINES = f"margin:8px 8px 12px 0;font-family:{MONO};font-size:12px;line-height:1.4;white-space:pre-wrap;{WRAPS}"
_LINK = f"color:{ACCENT};text-decoration:none"
_END = f"margin:4px 6px;color:{MUTED};font-size:12px"


class Part(NamedTuple):
    """A section of the page. `title` is text, `body` HTML; `note`: a few words for the table of contents, text."""

    title: str
    body: str
    note: str = ""


def lines_html(lines: Sequence[str], width: int) -> str:
    """Lines of text as they stand; words longer than `width` may be parted."""
    return element("pre", _LINES, "\n".join(wrapped(line, width) for line in lines))


def page(title: str, facts: Sequence[str], warnings: Sequence[str], parts: Sequence[Part], end: str = "") -> str:
    """The whole page. `title`, `facts` (said below it), `warnings` and `end` are text."""
    head = element("h1", _FIRST, harmless(title)) + element("p", _FACTS, "<br>".join(map(harmless, facts)))
    warned = "".join(element("p", f"margin:0 8px 12px 0;color:{WARNING};{WRAPS}", harmless(each)) for each in warnings)
    cards = "\n".join(
        element("div", _CARD, element("h2", _HEADING, harmless(part.title)) + "\n" + part.body + "\n", f'id="part-{number}"')
        for number, part in enumerate(parts)
    )
    first = element("div", _CARD, head + warned + _contents(parts))
    last = element("p", _END, harmless(end)) if end else ""
    column = element("div", _COLUMN, f"\n{first}\n{cards}\n{last}")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light">\n'
        f'<meta name="generator" content="Vigilog">\n<title>{harmless(title)}</title>\n</head>\n'
        f"{element('body', _PAGE, column)}\n</html>\n"
    )


def _contents(parts: Sequence[Part]) -> str:
    if len(parts) < 2:
        return ""
    rows = (
        element("li", "margin:0 0 3px", element("a", _LINK, harmless(part.title), f'href="#part-{number}"') + _note(part.note))
        for number, part in enumerate(parts)
    )
    return element("ul", _LIST, "".join(rows))


def _note(note: str) -> str:
    return element("span", f"color:{MUTED};font-size:13px", f" · {harmless(note)}") if note else ""
