"""Templates, and the one way that text takes into a page: whatever is put into one is made visible (core.visible) and escaped,
unless this package made it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from vigilog.core.clock import Clock, local
from vigilog.core.visible import shown_bytes, visible_line
from vigilog.web.charts import share

MINUTE, HOUR, DAY = 60, 3600, 86400


def environment(clock: Clock) -> Environment:
    """What makes pages of templates."""
    made = Environment(
        loader=PackageLoader("vigilog.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(moment=moment, number=number, size=size, span=span, ago=ago_of(clock))
    made.globals.update(query=query, share=share)
    return made


def harmless(value: object) -> object:
    """What is put into a page: text from the outside made visible."""
    if isinstance(value, Markup) or value is None:
        return value if value is not None else ""
    if isinstance(value, bytes):
        return shown_bytes(value)
    return visible_line(value) if isinstance(value, str) else value


def query(path: str, **values: object) -> str:
    """An address with what is asked for; what is empty is left out."""
    held = {name: value for name, value in values.items() if value not in ("", None)}
    return f"{path}?{urlencode(held, errors='surrogateescape')}" if held else path


def moment(seconds: float | None) -> Markup:
    """A time of this host's zone, for people and programs."""
    if seconds is None:
        return Markup("-")
    try:
        found = local(seconds)
    except (ValueError, OverflowError, OSError):
        return Markup("-")
    return Markup('<time datetime="{}">{}</time>').format(found.isoformat(timespec="seconds"), f"{found:%Y-%m-%d %H:%M:%S}")


def ago_of(clock: Clock) -> Callable[[float | None], str]:
    """What says how long ago a moment was."""

    def ago(seconds: float | None) -> str:
        if seconds is None:
            return "never"
        passed = clock() - seconds
        return f"{span(passed)} ago" if passed >= 0 else f"in {span(-passed)}"

    return ago


def span(seconds: float) -> str:
    """A time span in its greatest unit or two."""
    whole = int(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def number(value: float | None) -> str:
    """A number with its thousands apart."""
    if value is None:
        return "-"
    return f"{value:,.1f}" if isinstance(value, float) and value < 100 and value != int(value) else f"{value:,.0f}"


def size(value: float | None) -> str:
    """So many bytes."""
    if value is None:
        return "-"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
