"""The clients of a listening socket, for a loop that must never wait.

Everything is on one descriptor: an epoll, which the loop's own selector can watch. A client that is slow, silent or hostile
costs a place among a few, for a few seconds.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from vigilog.core.clock import Clock
from vigilog.run.connection import Answer, Client, Limits

_ACCEPTED_AT_ONCE = 16
_DEAF_SECONDS = 1.0


class Connections:
    """Serves the clients of `listener`, which is from then on its own. `admits` says whether a new one may ask at all.

    `steady` gives seconds that never go back.
    """

    def __init__(
        self, listener: socket.socket, limits: Limits, admits: Callable[[socket.socket], bool], steady: Clock = time.monotonic
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._limits = limits
        self._admits = admits
        self._steady = steady
        self._clients: dict[int, Client] = {}
        self._deaf_until: float | None = None
        self._waking = threading.Lock()
        woken = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._woken: int | None = woken
        self._epoll = select.epoll()
        self._epoll.register(listener, select.EPOLLIN)
        self._epoll.register(woken, select.EPOLLIN)

    def fileno(self) -> int:
        """The descriptor that is readable when `serve` has something to do."""
        return self._epoll.fileno()

    def timeout(self) -> float | None:
        """Seconds until `serve` has something to do even if the descriptor is never readable; None: nothing."""
        times = [client.deadline for client in self._clients.values()]
        if self._deaf_until is not None:
            times.append(self._deaf_until)
        return max(0.0, min(times) - self._steady()) if times else None

    def wake(self) -> None:
        """Makes the descriptor readable, so that pending answers are asked for. The only method for other threads."""
        with self._waking, suppress(BlockingIOError):
            if self._woken is not None:
                os.eventfd_write(self._woken, 1)

    def serve(self, answer: Answer) -> None:
        """Does what can be done now, without waiting."""
        for descriptor, _events in self._epoll.poll(0):
            if descriptor == self._listener.fileno():
                self._accept()
            elif descriptor == self._woken:
                os.eventfd_read(descriptor)
                for client in list(self._clients.values()):
                    self._step(client, client.ask_again)
            elif found := self._clients.get(descriptor):
                self._step(found, partial(found.go_on, answer))
        now = self._steady()
        for client in list(self._clients.values()):
            if client.deadline <= now:
                self._step(client, client.late)
        if self._deaf_until is not None and self._deaf_until <= now:
            self._deaf_until = None
            self._epoll.register(self._listener, select.EPOLLIN)

    def close(self) -> None:
        """Drops all clients and stops listening."""
        for client in list(self._clients.values()):
            self._drop(client)
        self._epoll.close()
        with self._waking:
            if self._woken is not None:
                os.close(self._woken)
            self._woken = None
        self._listener.close()

    def _step(self, client: Client, step: Callable[[], bool]) -> None:
        """Lets a client do something, and drops it when it is over."""
        awaited = client.events
        if not step():
            self._drop(client)
        elif client.events != awaited:
            self._epoll.modify(client.connection, client.events)

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError:
                # Out of descriptors or memory: the listener would stay readable, and the loop would spin.
                self._epoll.unregister(self._listener)
                self._deaf_until = self._steady() + _DEAF_SECONDS
                return
            if not self._admits(connection):
                connection.close()
            elif not self._room():
                with suppress(OSError):
                    connection.send(self._limits.too_many, socket.MSG_DONTWAIT)
                connection.close()
            else:
                self._clients[connection.fileno()] = Client(connection, self._limits, self._steady)
                self._epoll.register(connection, select.EPOLLIN)

    def _room(self) -> bool:
        """Whether there is room for one more, if need be by dropping the first of those that ask for nothing."""
        if len(self._clients) < self._limits.clients:
            return True
        idle = next((client for client in self._clients.values() if client.is_idle), None)
        if idle:
            self._drop(idle)
        return idle is not None

    def _drop(self, client: Client) -> None:
        del self._clients[client.connection.fileno()]
        self._epoll.unregister(client.connection)
        client.connection.close()
