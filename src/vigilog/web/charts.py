"""Charts as SVG, made here: rectangles with titles, that can be clicked where there is more to see.
Colours are the style sheet's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

WIDTH, HEIGHT, FOOT, TOP = 720, 150, 18, 14


BAR = Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="1"><title>{}</title></rect>')


class Bar(NamedTuple):
    """A bar: how much, what is said of it, where it leads ('' nowhere), and what stands below it ('' nothing)."""

    value: int
    title: str
    link: str = ""
    label: str = ""


def bars(values: Sequence[Bar], title: str, kind: str = "alerts") -> Markup:
    """A bar chart. `kind` is the class that the style sheet colours."""
    most = max((bar.value for bar in values), default=0)
    step = WIDTH / max(1, len(values))
    room = HEIGHT - FOOT - TOP
    parts = [
        Markup('<svg class="chart {}" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(kind, WIDTH, HEIGHT, title),
        Markup('<line class="base" x1="0" x2="{0}" y1="{1}" y2="{1}"/>').format(WIDTH, HEIGHT - FOOT),
    ]
    if most:
        parts.append(Markup('<text class="scale" x="{}" y="{}" text-anchor="end">most: {}</text>').format(WIDTH, 10, most))
    for number, bar in enumerate(values):
        left = number * step
        if bar.value:
            tall = max(2.0, room * bar.value / most)
            drawn = BAR.format(left + step * 0.1, HEIGHT - FOOT - tall, step * 0.8, tall, bar.title)
            parts.append(Markup('<a href="{}">{}</a>').format(bar.link, drawn) if bar.link else drawn)
        if bar.label:
            middle = left + step / 2
            label = Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>')
            parts.append(label.format(min(max(middle, 14), WIDTH - 14), HEIGHT - 4, bar.label))
    return Markup("").join([*parts, Markup("</svg>")])


def share(value: int, most: int) -> Markup:
    """A small bar for a row of a table."""
    wide = 100 * value / most if most else 0
    head = Markup('<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">')
    return head + Markup('<rect width="{:.1f}" height="8"/></svg>').format(wide)
