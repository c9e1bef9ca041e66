"""The daemon's end of the helper: a Firewall whose work is done by another process, with rights that the daemon gives up.

Two processes are started: one that does the work, and one that starts it again should it die, which the daemon could not
do any more. They live as long as the daemon does; bans that are in the kernel then, stay there until they end.
"""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address

from vigilog.act.ban import protocol
from vigilog.act.ban.backends import Choice
from vigilog.act.ban.beginning import lines, started
from vigilog.act.ban.firewall import Element, Entry, FirewallError, Present
from vigilog.act.ban.protocol import Verb
from vigilog.act.ban.target import Address

PATIENCE = 120.0
_TRIES = 3


class Helper:
    """The running helper. May be used by several threads; each request waits for its answer, at most 120 s.

    Should all of it be killed, it is started anew, with the rights that the daemon has then.
    """

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._number = 0
        self._lock = threading.Lock()
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        """Starts it. Raises FirewallError."""
        self._process, self._asked, self._signs = started(self._choice, PATIENCE)
        self._answers = lines(self._asked)
        try:
            ready = next(self._answers, b"") == protocol.READY
        except OSError:
            ready = False
        if not ready:
            raise FirewallError("the firewall helper ended at once", remedy="look at its last words on standard error")

    def restore(self, entries: Iterable[Entry]) -> None:
        """As the seam has it; the helper reads the first ones while the next are made."""
        self._ask("restore", entries)

    def add(self, entries: Sequence[Entry]) -> None:
        self._ask("add", entries)

    def prolong(self, entries: Sequence[Entry]) -> None:
        self._ask("prolong", entries)

    def remove(self, elements: Iterable[Element]) -> None:
        self._ask("remove", elements=elements)

    def present(self) -> Present | None:
        word, lines = self._ask("present")
        return None if word == "unknown" else dict(map(protocol.held, lines))

    def intact(self) -> bool:
        return self._ask("intact")[0] == "yes"

    def clear(self) -> None:
        self._ask("clear")

    def peers(self) -> frozenset[Address]:
        """Where somebody is logged in from over SSH at this moment, seen with the helper's rights. Raises FirewallError."""
        return frozenset(ip_address(line[2:].strip().decode("ascii")) for line in self._ask("peers")[1])

    def sign(self, seconds: float | None = None) -> bytes:
        """Waits for a sign of the helper (`worker.BROKEN`, `worker.LOOK`), at most so many seconds: b'' if there was none.

        Raises EOFError when the helper was closed, and FirewallError when it is gone and cannot be started anew.
        """
        if self._closed:
            raise EOFError
        signs = self._signs
        try:
            signs.settimeout(seconds)
            data = signs.recv(4096)
        except TimeoutError:
            return b""
        except OSError:
            data = b""
        if data:
            return data[-1:] if len(set(data)) == 1 else b"b"
        with self._lock:
            if self._closed:
                raise EOFError
            if signs is self._signs:
                self._begin_again()
        return b"b"

    def _begin_again(self) -> None:
        """Starts it anew, all of it. Raises FirewallError."""
        for end in (self._asked, self._signs):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for a sign
            end.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._begin()

    def close(self) -> None:
        """Lets the helper end. What is in the kernel stays there."""
        with self._lock:
            self._closed = True
            for end in (self._asked, self._signs):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
            return
        with suppress(PermissionError):  # it may have more rights than we have left; its other end is closed, it will end
            self._process.kill()

    def _ask(self, verb: Verb, entries: Iterable[Entry] = (), elements: Iterable[Element] = ()) -> tuple[str, list[bytes]]:
        """One request and its answer: the last word, and the lines before it. Raises FirewallError.

        What was sent is kept, and sent again if the helper died meanwhile: `entries` may be such that they are given once.
        """
        pieces = protocol.lines(entries, elements)
        sent: list[bytes] = []
        count = 0
        with self._lock:
            for _ in range(_TRIES):
                self._number += 1
                try:
                    self._asked.sendall(protocol.begin(self._number) + b"".join(sent))
                    for piece, lines_in_it in pieces:
                        sent.append(piece)
                        count += lines_in_it
                        self._asked.sendall(piece)
                    self._asked.sendall(protocol.end(verb, self._number, count))
                    found = self._answer(self._number)
                except TimeoutError as error:
                    self._answers = lines(self._asked)
                    raise FirewallError(f"the firewall helper did not answer for {PATIENCE:g} s") from error
                except (OSError, StopIteration) as error:
                    if self._closed:
                        raise FirewallError("the firewall helper is closed") from error
                    self._begin_again()
                    continue
                if found is not None:
                    return found
        raise FirewallError("the firewall helper dies again and again", remedy="look at the log for its last words")

    def _answer(self, number: int) -> tuple[str, list[bytes]] | None:
        """The answer to a request; None if the helper was started anew and may not have seen it."""
        before: list[bytes] = []
        while True:
            line = next(self._answers)
            if line == protocol.READY:
                return None
            if line[:2] in {b"= ", b"@ "}:
                before.append(line)
                continue
            word, _, rest = line.decode("ascii", "replace").strip().partition(" ")
            told, _, text = rest.partition(" ")
            if told != str(number):
                before.clear()
            elif word == "error":
                raise FirewallError(text)
            else:
                return word, before


def start_helper(choice: Choice) -> Helper:
    """Starts the helper, with the rights that this process has now. Raises FirewallError if it does not come up."""
    return Helper(choice)
