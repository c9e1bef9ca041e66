"""Messages for the host's syslog: datagrams that are sent or dropped, never waited for."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from vigilog.core.clock import Clock

FACILITIES = {
    name: number
    for number, name in enumerate(
        ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp")
    )
} | {f"local{number}": 16 + number for number in range(8)}

LEVELS = {
    name: number for number, name in enumerate(("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"))
} | {"err": 3, "warning": 4, "panic": 0}


class SyslogSocket:
    """The host's syslog, by way of `path`. Dropped datagrams are counted in `lost`."""

    def __init__(self, facility: str, pid: int, clock: Clock, path: str = "/dev/log") -> None:
        self.lost = 0
        self._facility = FACILITIES.get(facility.lower(), FACILITIES["daemon"])
        self._pid = pid
        self._clock = clock
        self._path = path
        self._socket: socket.socket | None = None

    def send(self, level: int, text: bytes) -> None:
        """Sends one message; `level` is its severity, 0 to 7."""
        when = time.strftime("%b %e %H:%M:%S", time.localtime(self._clock())).encode()
        datagram = b"<%d>%s proftpd[%d]: %s" % (self._facility * 8 + level, when, self._pid, text)
        if not self._sent(datagram):
            # syslog was started anew and listens at another socket of that name
            self.close()
            self.lost += not self._sent(datagram)

    def _sent(self, datagram: bytes) -> bool:
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                self._socket.connect(self._path)
            self._socket.send(datagram)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Closes it; the next message opens it anew."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None
