"""What is passed on into the ordinary log, written by a thread of its own: a reader who does not read holds up nobody."""

from __future__ import annotations

import errno
import os
import select
import threading
from collections import deque

MOST = 4 << 20
"""Bytes that wait to be written, at most; what finds no room is dropped, and counted."""
PIECE = 1 << 16
"""Bytes that are written at once: a write that has to wait does not tell how much of it was taken."""


class Outlet:
    """Writes to `descriptor`, which is not closed. `dropped` are the bytes that nobody took."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._size = self.dropped = 0
        self._closed = self._broken = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write, name="outlet", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Has `data` written, now or a little later."""
        with self._changed:
            if self._broken or self._size + len(data) > MOST:
                self.dropped += len(data)
                return
            self._waiting.append(data)
            self._size += len(data)
            self._changed.notify()

    def close(self, seconds: float) -> None:
        """Waits until all is written, but no longer than that."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(seconds)
        with self._changed:
            self.dropped += self._size
            self._size = 0

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._waiting:
                    return
                data = b"".join(self._waiting)
                self._waiting.clear()
            self._write_out(memoryview(data))

    def _write_out(self, view: memoryview) -> None:
        """Writes it all, or counts what could not be."""
        while view:
            try:
                length = os.write(self._descriptor, view[:PIECE])
            except BlockingIOError:  # somebody has set it so
                select.select([], [self._descriptor], [])
                continue
            except OSError as error:  # a full disk may have room again, a reader does not come back
                with self._changed:
                    self._broken = self._broken or error.errno in (errno.EPIPE, errno.EBADF, errno.ECONNRESET, errno.ENOTCONN)
                    self.dropped += len(view)
                    self._size -= len(view)
                return
            view = view[length:]
            with self._changed:
                self._size -= length
