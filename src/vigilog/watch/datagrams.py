"""Syslog datagrams as a source: a local socket as /dev/log is one, or UDP."""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections import deque
from collections.abc import Iterator
from typing import Literal

from vigilog.core.clock import Clock
from vigilog.core.errors import SourceError
from vigilog.core.nouns import Chunk, Grade, Notice, Place, Position
from vigilog.core.seams import Reading
from vigilog.watch.syslog_address import Address
from vigilog.watch.syslog_lines import Sender, chunks, this_host

AT_ONCE = 256 * 1024
"""About how much one call takes, so that other sources get their turn."""
_MESSAGES = 2000
_LONGEST = 4 * 1024 * 1024
_BUFFER = 4 * 1024 * 1024
_SO_RCVBUFFORCE = 33  # linux/socket.h; Python does not name it
_SO_RXQ_OVFL = 40


class Datagrams:
    """The datagrams that come to one socket. Each is one message, and one record (see `parse.syslog_message`).

    Raises SourceError if the socket cannot be had: also where somebody else listens there.
    """

    grade: Grade = "received"
    is_log: Literal[False] = False

    def __init__(self, where: Address, clock: Clock) -> None:
        self.name = where.name
        self.due: float | None = None
        self.ended = False
        self._clock = clock
        self._here = this_host()
        self._path = where.path
        self._inode = 0
        self._dropped = 0
        self._room = memoryview(bytearray(_LONGEST))
        self._waiting: deque[Chunk | Notice] = deque()
        try:
            self._socket = self._unix(where.path) if where.kind == "unix" else _udp(where)
        except OSError as error:
            reason = error.strerror or str(error)
            raise SourceError(f"{where.name} cannot be opened: {reason}", place=Place(where.path or where.name)) from error

    def fileno(self) -> int:
        """The socket: readable when a datagram is there."""
        return self._socket.fileno()

    @property
    def more(self) -> bool:
        """Something was received that `read` has not given yet."""
        return bool(self._waiting)

    def read(self, since: Position | None) -> Reading:
        """What has come, a few hundred KB of it. Nothing is read twice, whatever `since` says. Notices: lost (the kernel had no
        room for datagrams), long."""
        del since
        if not self._waiting:
            self._waiting.extend(self._receive())
        while self._waiting:
            yield self._waiting.popleft()

    def accepted(self, position: Position) -> None:
        """Nobody waits to hear of it."""

    def drain(self) -> None:
        """There is nobody to refuse."""

    def close(self) -> None:
        """Lets go of the socket; a local one's file is removed, unless it is somebody else's by now."""
        self._socket.close()
        if self._path:
            try:
                if os.lstat(self._path).st_ino == self._inode:
                    os.unlink(self._path)
            except OSError:
                return

    def _receive(self) -> Iterator[Chunk | Notice]:
        senders: dict[str, list[bytes]] = {}
        size = 0
        dropped = self._dropped
        for _ in range(_MESSAGES):
            try:
                length, more, flags, address = self._socket.recvmsg_into([self._room], 64)
            except BlockingIOError:
                break
            except OSError:  # an error that came back for what this socket never sent
                continue
            for level, kind, data in more:
                if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                    (dropped,) = struct.unpack("=I", data)
            if flags & socket.MSG_TRUNC:
                yield Notice("lost", self.name, f"{self.name}: the end of a datagram longer than {_LONGEST} bytes is lost")
            message = bytes(self._room[:length])
            if message.rstrip(b"\r\n\0"):
                senders.setdefault(_peer(address), []).append(message)
            size += length
            if size >= AT_ONCE:
                break
        if dropped != self._dropped:
            number = (dropped - self._dropped) % 2**32
            self._dropped = dropped
            yield Notice("lost", self.name, f"{self.name}: {number} datagrams came faster than they could be read and are lost")
        for peer, messages in senders.items():
            yield from chunks(self.name, Sender(peer.encode(), peer) if peer else self._here, messages, self._clock)

    def _unix(self, path: str) -> socket.socket:
        _make_way(path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        made.bind(path)
        node = os.open(path, os.O_PATH | os.O_NOFOLLOW)
        try:
            status = os.fstat(node)
            self._inode = status.st_ino
            if stat.S_ISSOCK(status.st_mode):
                os.chmod(f"/proc/self/fd/{node}", 0o666)  # noqa: S103  everybody may log
        finally:
            os.close(node)
        _widen(made)
        return made


def _make_way(path: str) -> None:
    """Removes a socket file that nobody listens to any more. Raises SourceError if somebody does, or if it is none."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        what = "a link" if stat.S_ISLNK(mode) else "no socket"
        remedy = "name another path" if stat.S_ISLNK(mode) else "remove it, or name another path"
        raise SourceError(f"{path} is {what}", place=Place(path), expected="a socket, or nothing there yet", remedy=remedy)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except OSError:  # a stream socket, or one that may not be asked: somebody's
            pass
    raise SourceError(
        f"another program receives messages at {path}",
        place=Place(path),
        remedy="stop it, or read its log (or the journal) instead",
    )


def _udp(where: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in where.address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    made.bind((where.address, where.port))
    _widen(made)
    made.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
    return made


def _widen(made: socket.socket) -> None:
    try:
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    except PermissionError:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)


def _peer(address: object) -> str:
    if isinstance(address, tuple) and address:
        return str(address[0]).removeprefix("::ffff:")
    return ""
