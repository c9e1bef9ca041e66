"""The daemon's end of the helper: a Firewall whose work is done by another process, with rights that the daemon gives up.

Two processes are started: one that does the work, and one that starts it again should it die, which the daemon could not
do any more. They live as long as the daemon does; bans that are in the kernel then, stay there until they end.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from ipaddress import ip_address

from vigilog.act.ban import protocol
from vigilog.act.ban.backends import Choice
from vigilog.act.ban.firewall import Element, Entry, FirewallError, Present
from vigilog.act.ban.program import PATH
from vigilog.act.ban.protocol import Verb
from vigilog.act.ban.target import Address

_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from vigilog.act.ban.keeper import keep; keep(sys.argv[2:])"
_PATIENCE = 120.0
_TRIES = 3
_BLOCK = 1 << 20


class Helper:
    """The running helper. May be used by several threads; each request waits for its answer, at most 120 s."""

    def __init__(self, process: subprocess.Popen[bytes], asked: socket.socket, signs: socket.socket) -> None:
        self._process, self._asked, self._signs = process, asked, signs
        self._answers = _lines(asked)
        self._number = 0
        self._lock = threading.Lock()

    def restore(self, entries: Sequence[Entry]) -> None:
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

    def sign(self, seconds: float | None) -> bytes:
        """Waits for a sign of the helper (`worker.BROKEN`, `worker.LOOK`), at most so long: b'' if there was none.

        Raises EOFError when the helper is closed, or gone.
        """
        ready, _, _ = select.select([self._signs], [], [], seconds)
        if not ready:
            return b""
        try:
            data = self._signs.recv(4096)
        except OSError:
            data = b""
        if not data:
            raise EOFError
        return data[-1:] if len(set(data)) == 1 else b"b"

    def close(self) -> None:
        """Lets the helper end. What is in the kernel stays there."""
        with self._lock:
            for end in (self._asked, self._signs):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
            return
        self._process.kill()
        self._process.wait()

    def _ask(self, verb: Verb, entries: Sequence[Entry] = (), elements: Iterable[Element] = ()) -> tuple[str, list[bytes]]:
        """One request and its answer: the last word, and the lines before it. Raises FirewallError."""
        listed = list(elements)
        with self._lock:
            try:
                for _ in range(_TRIES):
                    self._number += 1
                    self._asked.sendall(protocol.request(verb, self._number, entries, listed))
                    found = self._answer(self._number)
                    if found is not None:
                        return found
            except TimeoutError as error:
                self._answers = _lines(self._asked)
                raise FirewallError(f"the firewall helper did not answer for {_PATIENCE:g} s") from error
            except (OSError, StopIteration) as error:
                raise FirewallError("the firewall helper is gone", remedy="restart Vigilog") from error
        raise FirewallError("the firewall helper dies again and again", remedy="look at the log for its last words")

    def _answer(self, number: int) -> tuple[str, list[bytes]] | None:
        """The answer to a request; None if the helper was started anew and may not have seen it."""
        lines: list[bytes] = []
        while True:
            line = next(self._answers)
            if line == protocol.READY:
                return None
            if line[:2] in {b"= ", b"@ "}:
                lines.append(line)
                continue
            word, _, rest = line.decode("ascii", "replace").strip().partition(" ")
            told, _, text = rest.partition(" ")
            if told != str(number):
                lines.clear()
            elif word == "error":
                raise FirewallError(text)
            else:
                return word, lines


def _lines(asked: socket.socket) -> Iterator[bytes]:
    """The lines that come, each with its newline, until the other end is closed. Raises OSError."""
    rest = b""
    while data := asked.recv(_BLOCK):
        whole, newline, rest = (rest + data).rpartition(b"\n")
        yield from (whole + newline).splitlines(keepends=True)


def start_helper(choice: Choice) -> Helper:
    """Starts the helper, with the rights that this process has now. Raises FirewallError if it does not come up."""
    asked, served = socket.socketpair()
    signs, signing = socket.socketpair()
    descriptors = served.fileno(), signing.fileno()
    paths = [os.path.abspath(path) for path in sys.path if path]
    arguments = [json.dumps(paths), *map(str, descriptors), json.dumps(asdict(choice))]
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, *arguments],
            stdin=subprocess.DEVNULL,
            pass_fds=descriptors,
            start_new_session=True,  # a Ctrl-C is for the daemon
            env={"PATH": PATH, "LC_ALL": "C"},
            cwd="/",
        )
    except OSError as error:
        raise FirewallError(f"the firewall helper cannot be started: {error.strerror}") from error
    finally:
        served.close()
        signing.close()
    asked.settimeout(_PATIENCE)
    made = Helper(process, asked, signs)
    try:
        ready = next(made._answers, b"") == protocol.READY  # noqa: SLF001 - its own maker
    except OSError:
        ready = False
    if not ready:
        made.close()
        raise FirewallError("the firewall helper ended at once", remedy="look at its last words on standard error")
    return made
