"""One client with one request and one answer, step by step, none of which waits."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from vigilog.core.clock import Clock

Reply = Iterator[bytes]
"""The pieces of an answer, none of them empty. The next is asked for when the one before is sent."""

Pending = Callable[[], Reply | None]
"""An answer that is not known yet: asked now and then, gives None for so long."""

Answer = Callable[[bytearray, bool], Reply | Pending | None]
"""What to answer to all that has come from a client so far (True: and no more will); None: let more come."""

_PIECE = 64 * 1024
_TURN = 128 * 1024
_PARTING = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may cost: bytes of a request; seconds to send it, to wait for the answer, and to take it; how many at
    once. And what is told to those who ask for more."""

    request_bytes: int
    request_seconds: float
    pending_seconds: float
    answer_seconds: float
    clients: int
    too_long: bytes
    too_late: bytes
    too_many: bytes


class Client:
    """First the request comes in, then its answer may be pending, then it goes out, then both sides part.

    `events` is what epoll shall wait for, `deadline` when `late` must be called (by the clock `steady`). All methods give
    False when it is over, be it that the other side is gone.
    """

    def __init__(self, connection: socket.socket, limits: Limits, steady: Clock) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.events = select.EPOLLIN
        self.deadline = steady() + limits.request_seconds
        self._limits = limits
        self._steady = steady
        self._received = bytearray()
        self._pending: Pending | None = None
        self._reply: Reply | None = None
        self._unsent = memoryview(b"")
        self._parting = False

    @property
    def is_idle(self) -> bool:
        """Whether the other side has not said what it wants, or has been told all."""
        return self._parting or not (self._reply or self._pending)

    def go_on(self, answer: Answer) -> bool:
        """Does what its events were waited for."""
        if self._parting:
            return bool(self._received_piece())
        if self._reply:
            return self._send()
        # While an answer is pending nothing is awaited from the other side, so that this says that it hung up.
        return not self._pending and self._receive(answer)

    def ask_again(self) -> bool:
        """Sends the answer that was pending, if it is known by now."""
        reply = self._pending() if self._pending else None
        return self._begin(reply) if reply else True

    def late(self) -> bool:
        """Its time is up."""
        return not self._parting and not self._reply and self._begin(iter([self._limits.too_late]))

    def _receive(self, answer: Answer) -> bool:
        piece = self._received_piece()
        if piece is None:
            return False
        self._received += piece
        if len(self._received) > self._limits.request_bytes:
            return self._begin(iter([self._limits.too_long]))
        found = answer(self._received, not piece)
        if found is None:
            return bool(piece)
        if not callable(found):
            return self._begin(found)
        self._received.clear()
        self._pending = found
        self.deadline = self._steady() + self._limits.pending_seconds
        self.events = 0
        return self.ask_again()

    def _received_piece(self) -> bytes | None:
        """What has come; empty: no more will. None: the other side is gone."""
        try:
            return self.connection.recv(_PIECE)
        except OSError:
            return None

    def _begin(self, reply: Reply) -> bool:
        self._received.clear()
        self._pending = None
        self._reply = reply
        self.deadline = self._steady() + self._limits.answer_seconds
        self.events = select.EPOLLOUT
        return self._send()

    def _send(self) -> bool:
        """Sends what goes out now, but not more than a turn's worth: others wait, too."""
        assert self._reply
        sent = 0
        while sent < _TURN:
            if not self._unsent:
                self._unsent = memoryview(next(self._reply, b""))
            if not self._unsent:
                return self._part()
            try:
                count = self.connection.send(self._unsent)
            except BlockingIOError:
                return True
            except OSError:
                return False
            sent += count
            self._unsent = self._unsent[count:]
        return True

    def _part(self) -> bool:
        """Says that this was all, and waits a little until the other side has closed: what it sent and nobody read would
        otherwise take the end of the answer away from it."""
        try:
            self.connection.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        self._parting = True
        self.deadline = self._steady() + _PARTING
        self.events = select.EPOLLIN
        return True


def in_pieces(texts: Iterator[str]) -> Reply:
    """Text joined into pieces of a size that one turn takes."""
    while group := list(islice(texts, 512)):
        if data := "".join(group).encode():
            yield data
