"""Telling systemd how the daemon does: sd_notify(3) and the watchdog (systemd 252). Without systemd: nothing."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

from vigilog.core.clock import Clock

SOCKET, WATCHDOG, WATCHDOG_PROCESS = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class Service:
    """Sends what happens to the socket that systemd names in `environment`; never waits and never fails.

    The variables are taken out of `environment`, so that no child takes itself for the service. `steady` gives seconds that
    never go back, by the kernel's CLOCK_MONOTONIC.
    """

    def __init__(self, environment: Mapping[str, str] | None = None, steady: Clock = time.monotonic) -> None:
        held = dict(os.environ if environment is None else environment)
        if environment is None:
            for name in (SOCKET, WATCHDOG, WATCHDOG_PROCESS):
                os.environ.pop(name, None)
        self._steady = steady
        self._address = _address(held.get(SOCKET, ""))
        self._period = _period(held)
        self._due = steady()
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)

    def ready(self, text: str = "") -> None:
        """The daemon runs, with its first configuration or with a new one. `text` is what `systemctl status` shows."""
        self._send("READY=1", *_status(text))

    def reloading(self) -> None:
        """A reload has begun; `ready` must follow, whatever comes of it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={int(self._steady() * 1_000_000)}")

    def stopping(self, text: str = "") -> None:
        """The daemon has begun to end."""
        self._send("STOPPING=1", *_status(text))

    def status(self, text: str) -> None:
        """One line that `systemctl status` shows."""
        self._send(*_status(text))

    def more_time(self, seconds: float) -> None:
        """What is under way (starting, reloading, stopping) may take so long from now on, whatever the unit says."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def alive(self) -> None:
        """Called by the loop in each of its turns: tells the watchdog when it is time to."""
        if self._period is not None and self._steady() >= self._due:
            self._due = self._steady() + self._period
            self._send("WATCHDOG=1")

    def timeout(self) -> float | None:
        """Seconds until `alive` must be called; None: there is no watchdog."""
        return None if self._period is None else max(0.0, self._due - self._steady())

    def close(self) -> None:
        """Says nothing any more."""
        if self._socket:
            self._socket.close()
        self._socket = None

    def _send(self, *lines: str) -> None:
        if self._socket and lines:
            with suppress(OSError):  # systemd is busy or gone: neither is a reason to stop watching
                self._socket.sendto("\n".join(lines).encode(), self._address)


def gains_no_rights() -> bool:
    """Whether this process and its children can gain no rights by starting a program (NoNewPrivileges in the unit): then the
    sendmail of Postfix and of Exim does not work."""
    with suppress(OSError), open("/proc/self/status", "rb") as file:
        return b"\nNoNewPrivs:\t1\n" in file.read()
    return False


def _address(name: str) -> str:
    """The address of a socket as Python takes it: names in the abstract namespace begin with @."""
    return "\0" + name[1:] if name.startswith("@") else name if name.startswith("/") else ""


def _period(environment: Mapping[str, str]) -> float | None:
    """How often the watchdog wants to hear something, in seconds: half of what it waits for (sd_watchdog_enabled(3))."""
    microseconds = environment.get(WATCHDOG, "")
    process = environment.get(WATCHDOG_PROCESS, "")
    if not microseconds.isdecimal() or int(microseconds) == 0 or process not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 2_000_000


def _status(text: str) -> list[str]:
    return [f"STATUS={' '.join(text.split())}"] if text else []
