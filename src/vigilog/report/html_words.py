"""Text as HTML that shows it and does nothing else, and the styles that the page is made of.

Styles stand at each element, since some mail clients drop everything else; tables of thousands of rows inherit them.
"""

from __future__ import annotations

import re
from html import escape

from vigilog.core.visible import shown

INK = "#1f2933"
MUTED = "#667085"
ACCENT = "#2563a8"
RULE = "#e4e7ec"
WARNING = "#b42318"
SANS = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
WRAPS = "overflow-wrap:anywhere;word-break:break-word"


def harmless(text: str) -> str:
    """Text from anywhere as HTML. Control characters, what steers the direction of text and bytes that are no UTF-8 are spelled
    out."""
    return escape(shown(text))


def wrapped(text: str, width: int) -> str:
    """The same; words may be parted behind each `width` characters (logwatch's html_wrap), which changes nothing of what is
    copied out of the page. `text` is one line."""
    return "<wbr>".join(harmless(piece) for piece in re.sub(rf"(\S{{{width}}})(?=\S)", "\\1\n", text).split("\n"))


def element(name: str, style: str, inner: str, more: str = "") -> str:
    """An element with a style; `inner` and `more` (further attributes) are HTML already."""
    return f'<{name}{f" {more}" if more else ""} style="{style}">{inner}</{name}>'
