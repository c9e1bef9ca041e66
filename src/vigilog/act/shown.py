r"""Text from the outside as one line that is safe to print: what could end it, move a cursor or hide text is spelled out.

Control characters (tab and newline among them) become `\x1b`, C1 controls and characters that steer the direction of text or
end lines become `\u202e`, bytes that are not UTF-8 become `\xff`.
"""

from __future__ import annotations

import re

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(text: str) -> str:
    """`text` as one harmless line; lone surrogates in it stand for bytes that are not UTF-8."""
    return _HARMFUL.sub(_name, text)


def shown_bytes(data: bytes) -> str:
    """The same for bytes."""
    return shown(data.decode("utf-8", "surrogateescape"))


def _name(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"
