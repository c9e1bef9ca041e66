"""A data connection: pyftpdlib's, that counts as it goes, so that a block written in the midst of a transfer is right."""

from __future__ import annotations

from typing import Any

from pyftpdlib.handlers import TLS_DTPHandler

from vigilog.ftpd.traffic import Traffic, traffic


class DataConnection(TLS_DTPHandler):  # type: ignore[misc] # pyftpdlib has no types
    """Data of the connection `cmd_channel`."""

    _lastdata: int

    def __init__(self, sock: Any, cmd_channel: Any) -> None:
        self.timeout = cmd_channel.host.settings.timeouts.stalled
        self.port = 0
        self.raw = Traffic()
        super().__init__(sock, cmd_channel)
        if self.connected:
            self.port = self.socket.getsockname()[1]
            cmd_channel.data_opened(self)

    @property
    def moved(self) -> int:
        """Bytes of the file or listing so far: of a text, as it is in the file."""
        if self.file_obj is not None and (self.receive or self.cmd_channel.moving_text):
            return int(self.file_obj.amount)
        return int(self.tot_bytes_sent)

    def measure(self) -> None:
        """Looks what went over the wire."""
        if self._closed:
            return
        if self._ssl_requested:
            self.raw = traffic(self._fileno)
        else:
            self.raw = Traffic(self.tot_bytes_received, self.tot_bytes_sent)

    def send(self, data: bytes) -> int:
        sent = int(super().send(data))
        self.cmd_channel.progress()
        return sent

    def initiate_sendfile(self) -> None:
        super().initiate_sendfile()
        self.cmd_channel.progress()

    def handle_read_event(self) -> None:
        super().handle_read_event()
        self.cmd_channel.progress()

    def close(self) -> None:
        self.measure()
        super().close()

    def handle_ssl_shutdown(self) -> None:
        self.measure()
        super().handle_ssl_shutdown()

    def handle_timeout(self) -> None:
        """Called every so often: ends a session whose data does not move."""
        if self.get_transmitted_bytes() > self._lastdata:
            self._lastdata = self.get_transmitted_bytes()
            return
        self._resp = ("426 Transfer aborted. Data connection closed", None)
        self.close()
        self.cmd_channel.timed_out("TimeoutStalled", "Data transfer stall timeout", self.timeout)
