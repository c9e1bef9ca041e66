"""Which key a process had an event of: for lines that belong to one and do not say so.

A process is named by the two words before its message: host, program and number, as in `mx1 sshd[4711]`. Numbers are used
again: what a process said is forgotten after a while.
"""

from __future__ import annotations

from collections import deque

from vigilog.detect.window import Key

LASTING = 600.0
"""Seconds for which an event is remembered."""
MOST = 4096
"""So many events are remembered, the last ones."""
HEAD = 256
"""The bytes of a line that are remembered: a process is named at its beginning, and lines may be long."""


class Sessions:
    """The last events of triggers that have lines which follow. Those lines are few: the work is done when one comes."""

    def __init__(self) -> None:
        self._events: deque[tuple[int, bytes, float, Key]] = deque(maxlen=MOST)

    def remember(self, trigger: int, line: bytes, time: float, key: Key) -> None:
        """A line was counted under a key at a time (seconds since the epoch)."""
        self._events.append((trigger, line[:HEAD], time, key))

    def key(self, trigger: int, line: bytes, time: float) -> Key | None:
        """The key that the process of a line had its last event of, if that is not too long ago."""
        name = process(line)
        if not name:
            return None
        for other, event, moment, key in reversed(self._events):
            # the name may stand in what somebody else's line quotes: looked at closely only where it stands at all
            if name in event and other == trigger and process(event) == name:
                return key if 0.0 <= time - moment <= LASTING else None
        return None


def process(line: bytes) -> bytes:
    """Host, program and number of the process that wrote a syslog line, b'' if it does not say so."""
    end = line.find(b"]: ")
    if end < 0:
        return b""
    program = line.rfind(b" ", 0, end)
    host = line.rfind(b" ", 0, max(program, 0))
    return line[host + 1 : end]
