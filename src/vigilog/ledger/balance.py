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
        self._keep(self._fresh)
        self._fresh = set()
        self._file, self.lines = file, 0

    def add(self, block: bytes) -> None:
        """Takes one block."""
        opened, closed, newlines = heads(block)
        if not self._fresh.isdisjoint(opened):
            self._keep(self._fresh)
            self._fresh = set()
        opened |= self._fresh
        left = opened.difference(closed)
        # where each end is that of another begin that waited for it, and no ID was used twice, there is no more to look for
        if len(opened) - len(left) < len(closed) or not self._kept.keys().isdisjoint(opened):
            self._end(set(closed), opened)
        lasting = self._fresh & left
        self._keep(lasting)
        left -= lasting
        self._fresh, self._block, self._before = left, block, self.lines
        self.lines += newlines

    def left(self) -> dict[bytes, list[Opened]]:
        """The begins of those that are open, by ID."""
        self._keep(self._fresh)
        self._fresh = set()
        return self._kept

    def _end(self, closed: set[bytes], opened: set[bytes]) -> None:
        if self._keeps_loose_ends:
            self.loose_ends |= closed - opened - self._kept.keys()
        for identity in self._kept.keys() & closed:
            del self._kept[identity]

    def _keep(self, identities: set[bytes]) -> None:
        """Finds the lines of requests of the last block."""
        if identities:
            for opened in lines_of(identities, self._block, self._file, self._before):
                self._kept.setdefault(opened.id, []).append(opened)
