"""The wire of a control connection: bytes in both directions, TLS and all, counted as they go."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from OpenSSL import SSL
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.ioloop import AsyncChat

from vigilog.ftpd import clocks, patience, transfers
from vigilog.ftpd.accounts import Account
from vigilog.ftpd.command import Command
from vigilog.ftpd.data_connection import DataConnection
from vigilog.ftpd.hosts import Host
from vigilog.ftpd.record import Ends, Record, plain
from vigilog.ftpd.scope import Scope
from vigilog.ftpd.traffic import Traffic, traffic


class Wire(TLS_FTPHandler):  # type: ignore[misc] # pyftpdlib has no types
    """What `talk`, `control` and `connection` stand on: who is connected to which server, and what went over the wire.

    `account` is who is logged in, `scope` what holds for him, `command` what is being done, `moving` the command whose data
    connection is open."""

    encoding = "utf8"
    unicode_errors = "surrogateescape"  # names that are no UTF-8 come and go as they are
    dtp_handler = DataConnection
    _in_buffer: list[bytes]
    _restart_position: int
    _rnfr: str | None
    _idler: Any
    ac_in_buffer_size = 4096  # who sends many commands at once does not keep others waiting for long
    finished = False
    held: patience.Why = ""
    unheard = b""
    """What was read of the client and is not heard yet, while it is held."""

    def __init__(self, sock: Any, server: Any, ioloop: Any, host: Host, ends: Ends) -> None:
        self.account: Account | None = None
        self.scope: Scope | None = None
        self.secret = ""
        self.command: Command | None = None
        self.moving: Command | None = None
        self.client, self.local = plain(ends.client), plain(ends.local)
        self.offset, self.announced, self.existed = 0, 0, False
        self.control_raw, self.data_raw = Traffic(), Traffic()
        self.total_in = self.total_out = 0
        self.data_port: int | None = None
        self.end_reason = ""
        self.session_id = secrets.token_hex(8).encode()
        self.host = host
        self.record = Record(host, ends)
        super().__init__(sock, server, ioloop)

    @property
    def type(self) -> str:
        """The transfer type: `a` or `i`."""
        return str(self._current_type)

    @property
    def moving_text(self) -> bool:
        """Whether what is being sent is a file whose line ends are translated."""
        moving = self.moving.transfer if self.moving else None
        return moving is not None and moving.type == "a" and moving.direction != "l"

    @contextmanager
    def acting(self) -> Iterator[None]:
        """The client's own rights, once it is logged in."""
        if self.account is None:
            yield
            return
        with self.host.rights.acting_as(self.account.identity):
            yield

    def push(self, data: str) -> None:
        """Sends text; names in it go out as they came."""
        AsyncChat.push(self, data.encode(self.encoding, self.unicode_errors))

    # Patience

    def readable(self) -> bool:
        if self.held:
            patience.hear(self)
            return False
        return bool(super().readable())

    def handle_write(self) -> None:
        super().handle_write()
        patience.after_sending(self)

    def close_when_done(self) -> None:
        super().close_when_done()
        if not self._closed:
            self.call_later(patience.GRACE, self.close)

    # Counting

    def recv(self, buffer_size: int) -> bytes:
        if self.unheard:
            data, self.unheard = self.unheard, b""
            return data
        try:
            data = bytes(super().recv(buffer_size))
        except SSL.Error as error:
            return self.broken_tls(error)
        self.control_raw = Traffic(self.control_raw.read + len(data), self.control_raw.written)
        return data

    def send(self, data: bytes) -> int:
        try:
            sent = int(super().send(data))
        except SSL.Error as error:
            self.broken_tls(error)
            return 0
        self.control_raw = Traffic(self.control_raw.read, self.control_raw.written + sent)
        return sent

    def broken_tls(self, error: SSL.Error) -> bytes:
        """What the client sent is no TLS: its connection is over, which is no death of ours."""
        self.record.log.module(self.record.log.logs.tls, "mod_tls/2.9.2", f"unexpected OpenSSL error, disconnecting: {error}")
        self.end_reason = "Application error"
        self._error = True  # nothing is said to it any more
        self.close()
        return b""

    def data_opened(self, data: DataConnection) -> None:
        """A data connection was made."""
        word, log = "passive" if data.port != 20 else "active", self.record.log
        log.debug(4, f"{word} data connection opened - local  : {self.local}:{data.port}")
        log.trace("data", 9, f"{word} data connection opened at port {data.port}")

    def progress(self) -> None:
        """Data went over the data connection."""
        data, moving = getattr(self, "data_channel", None), self.moving
        if data is None or moving is None or moving.transfer is None:
            return
        facts = self.record.facts
        if moving.transfer.direction == "i":
            facts.total_bytes_in = self.total_in + data.moved
        else:
            facts.total_bytes_out = self.total_out + data.moved
        self.look_at_counters()

    def look_at_counters(self) -> None:
        """Brings the counts of bytes up to date."""
        control, data = self.control_raw, getattr(self, "data_channel", None)
        if self._ssl_requested and not self._closed:
            control = self.control_raw = traffic(self._fileno)
        if data is not None:
            data.measure()
        raw = data.raw if data is not None else Traffic()
        self.record.counted(
            Traffic(control.read + self.data_raw.read + raw.read, control.written + self.data_raw.written + raw.written)
        )

    def _on_dtp_close(self) -> None:
        data = getattr(self, "data_channel", None)
        if data is not None:
            transfers.settled(self, complete=False)
            self.data_raw = Traffic(self.data_raw.read + data.raw.read, self.data_raw.written + data.raw.written)
            self.data_channel = None
            self.look_at_counters()
            read, written = data.raw
            self.record.log.trace("data", 8, f"data connection closed: {read} bytes read, {written} bytes written")
            clocks.transferred(self)
        super()._on_dtp_close()

    # What pyftpdlib says of itself

    def log(self, msg: str, logfun: object = None) -> None:
        del logfun
        self.record.log.trace("netio", 9, msg)

    def logline(self, msg: str, logfun: object = None) -> None:
        del logfun
        self.record.log.trace("netio", 9, msg)

    def log_cmd(self, *_: object) -> None:
        """Commands are logged by `answered`."""

    def log_transfer(self, **_: object) -> None:
        """Transfers are logged by `transfers`."""
