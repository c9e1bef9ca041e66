"""Lines with TAI64N stamps (multilog) that belong to a range: logwatch's `applytaidate`, with the right time.

logwatch 7.7 takes the stamp's seconds without the 10 that daemontools adds, and so dates each line 10 seconds late: one of
23:59:50 is reported on the next day. `compat` brings that back.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from itertools import chain

from vigilog.parse.tai64n import EPOCH
from vigilog.reporting.hexadecimal import between
from vigilog.reporting.ranges import Range
from vigilog.reporting.time_patterns import stretches

_WIDTH = 9
_LIMIT = 16**_WIDTH
_LABEL = 2**62
_AT_ONCE = 64
"""So many stretches of time become one expression; more of them are looked up line by line."""


def tai_filter(wanted: Range, *, compat: bool = False, keep_stamps: bool = False) -> Callable[[bytes], bytes]:
    """A function from a block of lines to those of the range, without their stamps and the one blank behind them unless they
    are kept. Lines without a stamp of 24 digits in lower case do not belong to any range."""
    offset = 0 if compat else EPOCH - _LABEL
    shifted = [(first + offset, end + offset) for first, end in stretches(wanted)]
    spans = [(max(0, first), min(_LIMIT, end)) for first, end in shifted if end > 0 and first < _LIMIT]
    if len(spans) > _AT_ONCE:
        return _looked_up(spans, keep_stamps)
    numbers = "|".join(between(first, end - 1, _WIDTH) for first, end in spans) or "(?!)"
    stamp = f"@4000000(?:{numbers})[0-9a-f]{{8}}[ \\t\\r\\f\\v]"
    expression = f"^({stamp}.*\\n?)" if keep_stamps else f"^{stamp}(.*\\n?)"
    compiled = re.compile(expression.encode(), re.MULTILINE)
    return lambda block: b"".join(compiled.findall(block))


def _looked_up(spans: list[tuple[int, int]], keep_stamps: bool) -> Callable[[bytes], bytes]:
    edges = list(chain.from_iterable(spans))
    stamped = re.compile(rb"^(@4000000([0-9a-f]{9})[0-9a-f]{8}[ \t\r\f\v])(.*\n?)", re.MULTILINE)

    def chosen(block: bytes) -> bytes:
        lines = (found for found in stamped.findall(block) if bisect_right(edges, int(found[1], 16)) % 2)
        return b"".join(found[0] + found[2] if keep_stamps else found[2] for found in lines)

    return chosen
