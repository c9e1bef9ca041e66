"""Which key a process had an event of: for lines that belong to one and do not say so.

A process is named by the two words before its message: host, program and number, as in `mx1 sshd[4711]`. Numbers are used
again: what a process said is forgotten after a while.
"""

from __future__ import annotations

from vigilog.detect.window import Key

LASTING = 600.0
"""Seconds for which a process is remembered."""
MOST = 10_000


class Sessions:
    """Keys by trigger and process, of the last 10,000 processes that had an event."""

    def __init__(self) -> None:
        self._keys: dict[tuple[int, bytes], tuple[Key, float]] = {}

    def remember(self, trigger: int, line: bytes, time: float, key: Key) -> None:
        """A line was counted under a key at a time (seconds since the epoch)."""
        name = process(line)
        if name:
            known = (trigger, name)
            self._keys.pop(known, None)
            self._keys[known] = key, time
            if len(self._keys) > MOST:
                del self._keys[next(iter(self._keys))]

    def key(self, trigger: int, line: bytes, time: float) -> Key | None:
        """The key that the process of a line had its last event of, if that is not too long ago."""
        found = self._keys.get((trigger, process(line)))
        return found[0] if found and 0.0 <= time - found[1] <= LASTING else None


def process(line: bytes) -> bytes:
    """Host, program and number of the process that wrote a syslog line, b'' if it does not say so."""
    end = line.find(b"]: ")
    if end < 0:
        return b""
    program = line.rfind(b" ", 0, end)
    host = line.rfind(b" ", 0, max(program, 0))
    return line[host + 1 : end]
