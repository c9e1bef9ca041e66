"""Syslog over TCP as a source: many connections, each with a framing of its own, one after the other, in turn."""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Literal

from vigilog.core.clock import Clock
from vigilog.core.errors import SourceError
from vigilog.core.nouns import Chunk, Grade, Notice, Place, Position
from vigilog.core.seams import Reading
from vigilog.watch.framing import MOST, Frames
from vigilog.watch.syslog_address import Address
from vigilog.watch.syslog_lines import Sender, chunks

MOST_CONNECTIONS = 500
"""So many senders at the same time; the next ones wait in the kernel until one of these is gone."""
MOST_HELD = 64 * 1024 * 1024
"""So much of unfinished messages is kept, of all connections together."""
_AT_ONCE = 256 * 1024
_STEP = 32 * 1024
_TURNS = 64
_PAUSE = 1.0


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    sender: Sender
    frames: Frames = field(default_factory=Frames)


class Connections:
    """What comes over the connections to one port. Each message is one record (see `parse.syslog_message`).

    Raises SourceError if the port cannot be had.
    """

    grade: Grade = "received"
    is_log: Literal[False] = False

    def __init__(self, where: Address, clock: Clock) -> None:
        self.name = where.name
        self.due: float | None = None
        self.ended = False
        self._clock = clock
        self._waiting: deque[Chunk | Notice] = deque()
        self._connections: dict[int, _Connection] = {}
        self._listens = True
        self._closing = False
        family = socket.AF_INET6 if ":" in where.address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((where.address, where.port))
            self._socket.listen(socket.SOMAXCONN)
        except OSError as error:
            self._socket.close()
            raise SourceError(f"{self.name} cannot be opened: {error.strerror}", place=Place(self.name)) from error
        self._poll = select.epoll()
        self._poll.register(self._socket, select.EPOLLIN)

    def fileno(self) -> int:
        """A descriptor that is readable when something has come, or somebody."""
        return self._poll.fileno()

    @property
    def more(self) -> bool:
        """Something was received that `read` has not given yet."""
        return bool(self._waiting)

    def read(self, since: Position | None) -> Reading:
        """What has come, a few hundred KB of it, some of each sender's. Nothing is read twice, whatever `since` says.

        Notices: lost (a sender broke off within a message, or sent one of more than 16 MiB); long; unreadable (no more
        connections can be taken now).
        """
        del since
        if not self._waiting:
            self._waiting.extend(self._receive())
        while self._waiting:
            yield self._waiting.popleft()

    def accepted(self, position: Position) -> None:
        """Nobody waits to hear of it."""

    def drain(self) -> None:
        """Takes no more senders from now on, but those that have connected already."""
        self._accept()
        self._closing = True
        self._listen(wanted=False)

    def close(self) -> None:
        """Lets go of everything. What was received and not read is lost."""
        for connection in self._connections.values():
            connection.socket.close()
        self._connections.clear()
        self._poll.close()
        self._socket.close()

    def _receive(self) -> Iterator[Chunk | Notice]:
        self.due = None
        if not (self._listens or self._closing):
            self._listen(wanted=len(self._connections) < MOST_CONNECTIONS)
        left = _AT_ONCE
        for _ in range(_TURNS):  # the kernel gives those that were asked last at the end
            events = self._poll.poll(0, 8) if left > 0 else []
            if not events:
                break
            for descriptor, _ in events:
                if descriptor == self._socket.fileno():
                    yield from self._accept()
                else:
                    left -= yield from self._take(self._connections[descriptor])
        held = sum(connection.frames.held for connection in self._connections.values())
        if held > MOST_HELD:
            connection = max(self._connections.values(), key=lambda connection: connection.frames.held)
            yield Notice("lost", self.name, f"{self.name}: the end of a long message from {connection.sender.peer} is lost")
            yield from chunks(self.name, connection.sender, connection.frames.cut(), self._clock)

    def _accept(self) -> list[Notice]:
        while len(self._connections) < MOST_CONNECTIONS:
            try:
                made, address = self._socket.accept()
            except BlockingIOError:
                return []
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._listen(wanted=False)
                self.due = time.monotonic() + _PAUSE
                return [Notice("unreadable", self.name, f"{self.name}: senders must wait: {error.strerror}")]
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            peer = str(address[0]).removeprefix("::ffff:")
            self._connections[made.fileno()] = _Connection(made, Sender(peer.encode(), peer))
            self._poll.register(made, select.EPOLLIN)
        self._listen(wanted=False)
        return [Notice("unreadable", self.name, f"{self.name}: {MOST_CONNECTIONS} senders are connected; more must wait")]

    def _take(self, connection: _Connection) -> Generator[Chunk | Notice, None, int]:
        """Reads once from a connection that has something; gives how many bytes."""
        try:
            data = connection.socket.recv(_STEP)
            broken = ""
        except BlockingIOError:
            return 0
        except OSError as error:
            data = b""
            broken = error.strerror or str(error)
        dropped = connection.frames.dropped
        yield from chunks(self.name, connection.sender, connection.frames.feed(data), self._clock)
        peer = connection.sender.peer
        if connection.frames.dropped and not dropped:
            yield Notice("lost", self.name, f"{self.name}: the end of a message from {peer}, longer than {MOST} bytes, is lost")
        if data:
            return len(data)
        self._poll.unregister(connection.socket)
        del self._connections[connection.socket.fileno()]
        connection.socket.close()
        rest, is_whole = connection.frames.end()
        if rest.strip(b"\r\n\0") and is_whole and not broken:
            yield from chunks(self.name, connection.sender, [rest], self._clock)
        elif rest:
            why = broken or "the connection was closed"
            yield Notice(
                "lost", self.name, f"{self.name}: {len(rest)} bytes of an unfinished message from {peer} are lost: {why}"
            )
        self._listen(wanted=not self._closing)
        return 0

    def _listen(self, *, wanted: bool) -> None:
        if wanted != self._listens:
            self._listens = wanted
            self._poll.modify(self._socket, select.EPOLLIN if wanted else 0)
