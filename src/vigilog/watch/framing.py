r"""Syslog messages out of a stream of bytes: both framings of RFC 6587, mixed as they come.

    LENGTH SP MESSAGE           octet counting (rsyslog's TCP_Framing="octet-counted", logger --octet-count, RFC 5425)
    MESSAGE LF, MESSAGE NUL     what everybody else sends

A message begins with `<`. What begins with a number and a blank is counted if `<` follows, or if the message before was
counted, too: so a text that happens to begin with a number is not taken for a length.
"""

from __future__ import annotations

import re

MOST = 16 * 1024 * 1024
"""So many bytes of one message are kept; what goes beyond is dropped."""

_LONGEST_COUNT = 10
_COUNT = re.compile(rb"([1-9]\d{0,8}) ")
_BEGUN = re.compile(rb"[1-9]\d{0,8} ?\Z")
_END = re.compile(rb"[\n\0]")


class Frames:
    """The messages of one connection. `dropped` counts the bytes that were cut off messages longer than MOST."""

    def __init__(self) -> None:
        self.dropped = 0
        self._bytes = bytearray()
        self._seen = 0  # so far no end was found
        self._left = 0  # of a counted message that was cut
        self._is_cut = False  # the rest of the present one is dropped
        self._counted = False

    @property
    def held(self) -> int:
        """How many bytes of an unfinished message are kept."""
        return len(self._bytes)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes, without framing; empty ones are left out."""
        self._bytes += data
        found: list[bytes] = []
        start = 0
        while start < len(self._bytes):
            behind = self._next(start, found)
            if behind is None:
                break
            start = behind
        del self._bytes[:start]
        self._seen = max(0, self._seen - start)
        if len(self._bytes) > MOST + _LONGEST_COUNT or (len(self._bytes) > MOST and self._count(0) is None):
            found += self.cut()
        return found

    def cut(self) -> list[bytes]:
        """Gives up the rest of an unfinished message: what is there of it is one now. [] if there is none."""
        count = None if self._is_cut else self._count(0)
        start, end = (count[0], count[1]) if count else (0, 0)
        message = self._whole(start, len(self._bytes))
        if not message:
            return []
        self._left = max(0, end - len(self._bytes))
        self._is_cut = True
        self._bytes.clear()
        self._seen = 0
        return [message]

    def end(self) -> tuple[bytes, bool]:
        """What is left when the stream ends (maybe nothing), and whether it can be a whole message: nobody counted it."""
        rest, self._bytes = bytes(self._bytes), bytearray()
        count = _COUNT.match(rest)
        is_counted = bool(count and (self._counted or rest[count.end() : count.end() + 1] == b"<"))
        return (b"", True) if self._is_cut else (rest, not is_counted)

    def _next(self, start: int, found: list[bytes]) -> int | None:
        """Takes one message that begins at `start`; gives where the next one begins, or None if its end is not there yet."""
        if self._left:
            passed = min(self._left, len(self._bytes) - start)
            self._left -= passed
            self.dropped += passed
            self._is_cut = self._left > 0
            return start + passed
        if not self._is_cut and 49 <= self._bytes[start] <= 57:
            if not self._is_told(start):
                return None
            count = self._count(start)
            if count:
                self._counted = True
                if len(self._bytes) < count[1]:
                    return None
                found.append(self._whole(*count))
                return count[1]
        end = _END.search(self._bytes, max(start, self._seen))
        if end is None:
            self._seen = len(self._bytes)
            if not self._is_cut:
                return None
            self.dropped += len(self._bytes) - start
            return len(self._bytes)
        if self._is_cut:
            self.dropped += end.start() - start
            self._is_cut = False
        elif end.start() > start:
            found.append(self._whole(start, end.start()))
            self._counted = False
        return end.end()

    def _whole(self, start: int, end: int) -> bytes:
        self.dropped += max(0, end - start - MOST)
        return bytes(self._bytes[start : min(end, start + MOST)])

    def _is_told(self, start: int) -> bool:
        """Enough is there to tell whether a number is a length."""
        return _BEGUN.match(self._bytes, start) is None

    def _count(self, start: int) -> tuple[int, int] | None:
        """Where a counted message begins and ends; None if what stands there is not counted."""
        count = _COUNT.match(self._bytes, start)
        if count is None or not (self._counted or self._bytes[count.end() : count.end() + 1] == b"<"):
            return None
        return count.end(), count.end() + int(count[1])
