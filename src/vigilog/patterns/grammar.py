"""Blocks of lines held against the grammar of one line, whole blocks at once and in linear time (RE2).

This is for logs of which all lines are understood: one look at a block of megabytes says that it holds nothing else, and what
is wanted of it may then be taken out by position, without looking again.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2


class Grammar:
    """`line` is an expression that Python's `re` and RE2 understand alike, for a line without its newline."""

    def __init__(self, line: bytes) -> None:
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.log_errors = False
        options.never_capture = True
        options.max_mem = 64 << 20
        self._lines = re2.compile(b"(?:(?:" + line + b")\n)*", options)

    def sifted(self, block: bytes) -> Iterator[tuple[bytes, bytes]]:
        """`block`, whole lines each ended by a newline, in pieces: lines of the grammar (or b''), and the one line behind them
        that is not (or b'' at the end). Lines of the grammar cost a tenth of a microsecond, others about three."""
        at = 0
        while at < len(block):
            end = self._lines.match(block, at).end()
            after = block.index(b"\n", end) + 1 if end < len(block) else end
            yield block[at:end], block[end:after]
            at = after
