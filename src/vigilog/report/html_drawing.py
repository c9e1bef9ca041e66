"""Pictures as PNG, drawn by matplotlib (extra `html`), at two pixels for each CSS pixel. Text in them is never taken for
mathematics, and a character that the font lacks is a box, silently."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from vigilog.report.html_words import ACCENT, INK, MUTED, RULE
from vigilog.report.section import Series

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its caches

import matplotlib as mpl  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: E402

_PER_INCH = 100
_SHARPNESS = 2
_WIDE = 500
_NARROW = 320
_COLOURS = (ACCENT, "#0f766e", "#b7791f")
_MOST_BINS = 150
_SHORTEST = 2 * 3600
"""So little time is shown with some before and after it, where nobody said from when to when."""
_HOUR = 3600
_DAY = 86_400
_BINS = (600, 1800, _HOUR, 3 * _HOUR, 6 * _HOUR, _DAY, 7 * _DAY, 28 * _DAY)
_TICKS = (600, 1800, _HOUR, 3 * _HOUR, 6 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 91 * _DAY, 364 * _DAY)
_MOST_TICKS = 9
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STYLE: Any = {
    "text.parse_math": False,
    "text.color": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "ytick.major.size": 0,
    "grid.color": RULE,
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
}


def over_time(series: Sequence[Series], span: tuple[float, float] | None) -> bytes:
    """Events over time, one series below the other, `span` (or what there is) from left to right. Times are local seconds."""
    begin, end = span or (min(each.points[0][0] for each in series), max(each.points[-1][0] for each in series) + _BINS[0])
    if end - begin < _SHORTEST and not span:
        begin, end = begin - _SHORTEST / 2, end + _SHORTEST / 2
    begin, end = begin - begin % _BINS[0], end + -end % _BINS[0]
    width = next((size for size in _BINS if (end - begin) / size <= _MOST_BINS), _BINS[-1])
    with mpl.rc_context(_STYLE):
        figure = _figure(_WIDE, 40 + 120 * len(series))
        plots = figure.subplots(len(series), 1, sharex=True, squeeze=False)[:, 0]
        for plot, each, colour in zip(plots, series, _COLOURS, strict=False):
            bins: dict[float, int] = {}
            for at, count in each.points:
                start = at - (at - begin) % width
                bins[start] = bins.get(start, 0) + count
            plot.bar(list(bins), list(bins.values()), width=width * 0.9, align="edge", color=colour, linewidth=0)
            plot.set_title(f"{each.title} per {_duration(width)}")
            plot.grid(axis="y")
            plot.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        _time_axis(plots[-1], begin, end)
        return _png(figure)


def weekdays(title: str, grid: Sequence[Sequence[float]], days: Sequence[str]) -> bytes:
    """How many there are in each hour of each weekday on an average, the more the darker."""
    most = max(max(row) for row in grid)
    with mpl.rc_context(_STYLE):
        figure = _figure(_WIDE, 190)
        plot = figure.subplots()
        plot.pcolormesh(range(25), range(8), grid, cmap="Blues", vmin=0, vmax=most or 1, edgecolors="white", linewidth=1)
        plot.set_title(f"{title} by weekday and hour (on an average up to {most:,.0f})")
        plot.invert_yaxis()
        plot.set_yticks([day + 0.5 for day in range(7)], list(days))
        plot.set_xticks(range(0, 25, 3), [f"{hour:02}" for hour in range(0, 25, 3)])
        plot.spines["bottom"].set_visible(False)
        return _png(figure)


def bars(title: str, rows: Sequence[tuple[str, float]]) -> bytes:
    """A bar for each row, the first one on top."""
    with mpl.rc_context(_STYLE):
        figure = _figure(_NARROW, 38 + 24 * max(3, len(rows)))
        plot = figure.subplots()
        places = range(len(rows))
        drawn = plot.barh(places, [value for _, value in rows], height=0.68, color=ACCENT, linewidth=0)
        plot.bar_label(drawn, [f" {value:,.0f}" for _, value in rows], color=INK)
        plot.set_yticks(places, [word for word, _ in rows])
        plot.tick_params(axis="y", colors=INK)
        plot.set_ylim(max(3, len(rows)) - 0.5, -0.5)
        plot.set_xlim(0, max(1.0, *(value for _, value in rows)) * 1.02)
        plot.set_xticks([])
        plot.spines["bottom"].set_visible(False)
        figure.suptitle(title, x=0.01, ha="left", fontsize=9.5, fontweight="bold")
        return _png(figure)


def _figure(width: int, height: int) -> Figure:
    figure = Figure(figsize=(width / _PER_INCH, height / _PER_INCH), dpi=_PER_INCH * _SHARPNESS, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    data = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of characters that the font lacks, and labels that leave little room
        figure.savefig(data, format="png", metadata={"Software": None})
    return data.getvalue()


def _time_axis(plot: Axes, begin: float, end: float) -> None:
    step = next((size for size in _TICKS if (end - begin) / size <= _MOST_TICKS), _TICKS[-1])
    first = begin + -begin % step if step < 2 * _DAY else begin + -begin % _DAY
    ticks = [first + number * step for number in range(int((end - first) // step) + 1)]
    plot.set_xticks(ticks, [_tick(at, step, end) for at in ticks])
    plot.set_xlim(begin, end)


def _tick(at: float, step: int, end: float) -> str:
    day, second = divmod(int(at), _DAY)
    if step < _DAY:
        hour = 24 if at == end and not second else second // _HOUR
        return f"{hour:02}:{second % _HOUR // 60:02}"
    date = time.gmtime(day * _DAY)
    return f"{_MONTHS[date.tm_mon - 1]} {date.tm_mday}"


def _duration(seconds: int) -> str:
    for size, word in ((7 * _DAY, "week"), (_DAY, "day"), (_HOUR, "hour"), (60, "minute")):
        number, rest = divmod(seconds, size)
        if number and not rest:
            return word if number == 1 else f"{number} {word}s"
    return f"{seconds} s"
