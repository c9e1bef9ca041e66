"""What is open in a ledger, in memory that does not grow with it: a request is forgotten when its end is seen.

Within a block the order of lines has no meaning, and any end closes every begin of its ID that was seen so far, as
check_forensic has it. What is closed before it begins is not known to be closed here: see `check`.
"""

from __future__ import annotations

from vigilog.ledger.heads import heads
from vigilog.ledger.opened_lines import Opened, lines_of


class Balance:
    """Takes the blocks (see `blocks`) of a ledger, file by file, in order. With `loose_ends` it keeps the ends whose begin it
    has not seen: it may be in what stands before. `lines` is how many newlines it saw in the last file."""

    def __init__(self, *, loose_ends: bool = False) -> None:
        self.loose_ends: set[bytes] = set()
        self.lines = 0
        self._keeps_loose_ends = loose_ends
        self._kept: dict[bytes, list[Opened]] = {}
        self._fresh: set[bytes] = set()
        """Open requests of the last block. Most end in the next, and their lines are never looked for."""
        self._block = b""
        self._file = ""
        self._before = 0

    def begin(self, file: str) -> None:
        """What comes now is of this file."""
        self._keep()
        self._file, self.lines = file, 0

    def add(self, block: bytes) -> None:
        """Takes one block."""
        opened, closed, newlines = heads(block)
        if self._keeps_loose_ends:
            self.loose_ends |= set(closed) - opened - self._fresh - self._kept.keys()
        self._fresh.difference_update(closed)
        self._keep()
        if self._kept:
            for head in self._kept.keys() & closed:
                del self._kept[head]
        opened.difference_update(closed)
        self._fresh, self._block, self._before = opened, block, self.lines
        self.lines += newlines

    def left(self) -> dict[bytes, list[Opened]]:
        """The begins of those that are open, by `+ID`."""
        self._keep()
        return self._kept

    def _keep(self) -> None:
        if self._fresh:
            for opened in lines_of(self._fresh, self._block, self._file, self._before):
                self._kept.setdefault(b"+" + opened.id, []).append(opened)
            self._fresh = set()
