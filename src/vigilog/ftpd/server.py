"""The listening sockets, and the loop that serves them all."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from vigilog.core.errors import ConfigurationError
from vigilog.ftpd.comparisons import Comparisons
from vigilog.ftpd.connection import Connection
from vigilog.ftpd.hosts import Host, meant
from vigilog.ftpd.record import Ends, plain

NO_SERVER = "Sorry, no server available to handle request on {}"
PAUSE = 1.0
"""Seconds in which nobody is accepted after the process ran out of descriptors."""


class Listener(FTPServer):  # type: ignore[misc] # pyftpdlib has no types
    """One listening socket. `hosts` gives the servers of its port as they are now; `before` is called before each connection,
    `room` says whether there may be one more, `comparisons` look at passwords."""

    max_cons = 0

    def __init__(
        self,
        sock: socket.socket,
        loop: Any,
        hosts: Callable[[], list[Host]],
        before: Callable[[], None],
        room: Callable[[], bool],
        *,
        backlog: int,
        comparisons: Comparisons,
    ) -> None:
        self.hosts, self._before, self._room, self.comparisons = hosts, before, room, comparisons
        super().__init__(sock, None, ioloop=loop, backlog=backlog)

    def handle_accepted(self, sock: socket.socket, _address: object) -> None:
        self._before()
        if not self._room():
            sock.close()
            return
        try:
            client, local = sock.getpeername(), sock.getsockname()
        except OSError:  # gone already
            sock.close()
            return
        host = meant(self.hosts(), plain(local[0]))
        if host is None:
            with suppress(OSError):
                sock.setblocking(False)
                sock.send(f"500 {NO_SERVER.format(plain(local[0]))}\r\n".encode())
            sock.close()
            return
        ends = Ends(client[0], client[1], local[0].partition("%")[0], local[1])
        self.handler = lambda sock, server, ioloop: Connection(sock, server, ioloop, host, ends)
        super().handle_accepted(sock, client)

    def called(self, name: str, present: Host) -> Host | None:
        """The server that HOST calls by that name: the present one, or another of its addresses and port."""
        candidates = [present, *(each for each in self.hosts() if each is not present)]
        return next((each for each in candidates if each.called(name)), None)

    def handle_error(self) -> None:
        """The loop came upon an error of the socket: most likely no descriptor is free. It goes on after a while."""
        self.del_channel()
        self.ioloop.call_later(PAUSE, self.add_channel)


class Waiting:
    """Something else that the loop waits for: `descriptor` is readable, then `act` is called."""

    def __init__(self, loop: Any, descriptor: int, act: Callable[[], None]) -> None:
        self._fileno = descriptor
        self._act = act
        loop.register(descriptor, self, loop.READ)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        self._act()

    def handle_error(self) -> None:
        raise  # noqa: PLE0704 - called while the error is being handled

    def handle_close(self) -> None:
        """Descriptors of this process are not closed by others."""

    def close(self) -> None:
        """Whoever made the descriptor closes it."""


def wanted(hosts: Iterable[Host], *, ipv6: bool) -> list[tuple[str, int]]:
    """The addresses and ports to listen at: all addresses ('') of a port at which a server has none of its own."""
    by_port: dict[int, list[str]] = {}
    for host in hosts:
        by_port.setdefault(host.settings.port, []).extend(host.addresses or ("",))
        if host.settings.default_server and not host.settings.main:
            by_port[host.settings.port].append("")
    found = []
    for port, addresses in by_port.items():
        every = [""] if "" in addresses else list(dict.fromkeys(addresses))
        found += [(address, port) for address in every if ipv6 or ":" not in address]
    return found


def listening(address: str, port: int, *, ipv6: bool, backlog: int) -> socket.socket:
    """A socket that listens there. Raises ConfigurationError."""
    families = [socket.AF_INET6 if ":" in address else socket.AF_INET]
    if not address:
        families = [socket.AF_INET6, socket.AF_INET] if ipv6 and socket.has_ipv6 else [socket.AF_INET]
    trouble = OSError()
    for family in families:
        made = None
        try:
            made = socket.socket(family, socket.SOCK_STREAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(bool(address)))
            made.bind((address, port))
            made.listen(backlog)
        except OSError as error:
            trouble = error
            if made is not None:
                made.close()
            if error.errno not in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}:
                break
        else:
            return made
    raise ConfigurationError(
        f"cannot listen at {address or 'all addresses'}, port {port} ({trouble.strerror})",
        remedy="does another server run there?" if trouble.errno == errno.EADDRINUSE else "",
    )


def loop() -> Any:
    """The loop."""
    return IOLoop()


def turn(loop: Any, stopping: Callable[[], bool]) -> None:
    """Serves until it is told to stop."""
    soonest = None
    while not stopping():
        loop.poll(soonest)
        soonest = loop.sched.poll()


def descriptors() -> None:
    """As many descriptors as the kernel lets this process have: each session takes one to three."""
    import resource  # noqa: PLC0415 - once

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
