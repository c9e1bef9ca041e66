"""The process with the firewall rights: does what the lines of `protocol` say, and watches that nobody else undoes it.

It sleeps until there is a request, nftables says that something changed, or the time for a look has come. It knows nothing
of bans: what is in force, the daemon knows, and is told by one byte on the second socket when it should see to it.
"""

from __future__ import annotations

import gc
import selectors
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, runtime_checkable

from vigilog.act.ban import nfnetlink, protocol
from vigilog.act.ban.backends import BACKENDS, Choice
from vigilog.act.ban.changes import Changes
from vigilog.act.ban.firewall import Firewall, FirewallError
from vigilog.act.ban.narrow import FIREWALL, narrow
from vigilog.act.ban.requests import Request, Requests
from vigilog.act.ban.sessions import peers
from vigilog.core.clock import wall

BROKEN, LOOK = b"b", b"l"
"""The signs: the rules are not what they were; it is time to compare what is held."""
MANY = 100
_BLOCK = 1 << 20


@runtime_checkable
class Ending(Protocol):
    """A firewall that has to be called when a ban ends."""

    def due(self) -> float | None:
        """In how many seconds."""

    def tick(self) -> None:
        """Lets in whose time is over."""


def serve(requests: int, signs: int, choice: Choice, *, anew: bool) -> None:
    """Serves until the other end is closed. `requests` and `signs` are descriptors of sockets; `anew`: an earlier one died."""
    gc.disable()  # it makes lists of hundreds of thousands and no cycles; looking for cycles would take most of the time
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of the daemon is its end, and no other
    if choice.backend != "command":
        narrow(FIREWALL)
    with socket.socket(fileno=requests) as asked, socket.socket(fileno=signs) as signal_to:
        signal_to.setblocking(False)
        Worker(asked, signal_to, choice).run(anew=anew)


class Worker:
    """One helper at work."""

    def __init__(self, asked: socket.socket, signs: socket.socket, choice: Choice) -> None:
        self._asked, self._signs = asked, signs
        self._firewall: Firewall = BACKENDS[choice.backend](choice)
        self._ending = self._firewall if isinstance(self._firewall, Ending) else None
        self._reading = Requests()
        self._listener = _listener(choice)
        exact = choice.backend == "nftables"
        self._changes = Changes(choice.check_interval, exact=exact, generation=_generation, steady=time.monotonic, clock=wall)

    def run(self, *, anew: bool) -> None:
        """Until the daemon's end is closed."""
        self._asked.sendall(protocol.READY)
        if anew:
            self._sign(BROKEN)
        with selectors.DefaultSelector() as selector:
            selector.register(self._asked, selectors.EVENT_READ)
            if self._listener:
                selector.register(self._listener, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(self._patience()):
                    if key.fileobj is self._listener:
                        nfnetlink.drain(self._listener)
                        self._changes.announced()
                    elif not self._read():
                        return
                self._on_time()

    def _patience(self) -> float | None:
        waits = [self._changes.due(), self._ending.due() if self._ending else None]
        return min((wait for wait in waits if wait is not None), default=None)

    def _on_time(self) -> None:
        """What is due by now."""
        if self._ending and self._ending.due() == 0:
            with suppress(FirewallError):  # it is tried again
                self._ending.tick()
            self._changes.done()
        if self._changes.to_check():
            try:
                broken = not self._firewall.intact()
            except FirewallError:
                broken = True
            if broken:
                self._sign(BROKEN)
            else:
                self._changes.intact()
        if self._changes.to_look():
            self._sign(LOOK)

    def _sign(self, which: bytes) -> None:
        with suppress(BlockingIOError, ConnectionError):  # signs that nobody took yet say enough
            self._signs.send(which)

    def _read(self) -> bool:
        try:
            data = self._asked.recv(_BLOCK)
        except ConnectionError:
            return False
        for request in self._reading.feed(data):
            try:
                self._asked.sendall(self._answer(request))
            except ConnectionError:
                return False
        return bool(data)

    def _answer(self, request: Request) -> bytes:
        number = request.number
        if request.problem:
            return protocol.answer("error", number, request.problem)
        self._changes.begin()
        try:
            with self._deaf(request.lines > MANY):
                return self._done(request)
        except FirewallError as error:
            return protocol.answer("error", number, str(error))
        finally:
            self._changes.done()

    @contextmanager
    def _deaf(self, whether: bool) -> Iterator[None]:
        """Without hearing of changes: afterwards the number of the generation tells whether there were others than ours."""
        if not whether or self._listener is None:
            yield
            return
        nfnetlink.hear(self._listener, False)
        try:
            yield
        finally:
            nfnetlink.hear(self._listener, True)

    def _done(self, request: Request) -> bytes:
        """Does it and gives the answer. Raises FirewallError."""
        firewall, number = self._firewall, request.number
        match request.verb:
            case "restore":
                firewall.restore(request.entries)
            case "add":
                firewall.add(request.entries)
            case "prolong":
                firewall.prolong(request.entries)
            case "remove":
                firewall.remove(request.elements)
            case "clear":
                firewall.clear()
            case "intact":
                return protocol.answer("yes" if firewall.intact() else "no", number)
            case "present":
                begun = time.monotonic()
                held = firewall.present()
                if held is None:
                    return protocol.answer("unknown", number)
                answer = protocol.held_lines(held) + protocol.answer("ok", number)
                self._changes.looked(time.monotonic() - begun)
                return answer
            case "peers":
                lines = "".join(f"@ {address}\n" for address in peers())
                return lines.encode("ascii") + protocol.answer("ok", number)
        return protocol.answer("ok", number)


def _listener(choice: Choice) -> socket.socket | None:
    if choice.backend == "command":
        return None
    try:
        return nfnetlink.listener()
    except OSError:  # without rights, or nftables: then there are only the looks at their intervals
        return None


def _generation() -> int:
    try:
        return nfnetlink.generation()
    except OSError:
        return 0
