"""A client's control connection: pyftpdlib's, with ProFTPD's rules, words and logs, and a black box; what commands do is in
`connection`."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from OpenSSL import SSL
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.ioloop import AsyncChat

from vigilog.config.proftpd_access import Visitor, may_do
from vigilog.ftpd import clocks, guests, transfers
from vigilog.ftpd.accounts import Account
from vigilog.ftpd.authorizer import Open
from vigilog.ftpd.command import Command
from vigilog.ftpd.data_connection import DataConnection
from vigilog.ftpd.event import Circumstances, event
from vigilog.ftpd.filesystem import ClientFiles
from vigilog.ftpd.hosts import Host
from vigilog.ftpd.record import FAILED_LOGIN, MODULE_CONFIG, UNTIMELY_DEATH, Ends, Record, plain
from vigilog.ftpd.scope import Scope
from vigilog.ftpd.traffic import Traffic, traffic
from vigilog.ftpd.wording import Said, worded

HIDDEN = frozenset({"PASS", "ADAT"})
PLAIN_REFUSAL = frozenset({"STOR", "APPE", "STOU", "DELE", "RETR"})
"""Commands that ProFTPD refuses by <Limit> with the words `Operation not permitted`."""

URGENT = frozenset({"ABOR", "STAT", "QUIT"})
TIMED_OUT = {
    "TimeoutLogin": "Login timeout exceeded, disconnected",
    "TimeoutIdle": "Client session idle timeout, disconnected",
    "TimeoutNoTransfer": "FTP no transfer timeout, disconnected",
    "TimeoutStalled": "Data transfer stall timeout, disconnected",
    "TimeoutSession": "FTP session timed out, disconnected",
}
"""What the server log says when a time is up."""

MORE = {
    "HOST": {"perm": None, "auth": False, "arg": True, "help": "Syntax: HOST <sp> hostname"},
    "CLNT": {"perm": None, "auth": False, "arg": True, "help": "Syntax: CLNT <sp> client-id"},
    "ACCT": {"perm": None, "auth": False, "arg": None, "help": "Syntax: ACCT is not implemented"},
}


class Control(TLS_FTPHandler):  # type: ignore[misc] # pyftpdlib has no types
    """One client, from connect to the end. `account` is who is logged in."""

    encoding = "utf8"
    unicode_errors = "surrogateescape"  # names that are no UTF-8 come and go as they are
    _in_buffer: list[bytes]
    _restart_position: int
    _rnfr: str | None
    abstracted_fs = ClientFiles
    dtp_handler = DataConnection
    authorizer = Open()
    proto_cmds = TLS_FTPHandler.proto_cmds | MORE

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
        self.end_reason = ""
        self.after_answer: tuple[str, ...] = ()
        self.renamed = ""
        self.finished = False
        self.moved_at = time.monotonic()
        self.host = host
        self.record = Record(host, ends)
        self.configure()
        host.connections.add(self)
        super().__init__(sock, server, ioloop)
        if not self.connected:
            self.finish()
            return
        self.configure()
        clocks.until_login(self)

    def configure(self) -> None:
        """Takes over the settings of the server that the client is with."""
        settings = self.host.settings
        self.timeout = settings.timeouts.idle
        self.masquerade_address = self.host.masquerade
        ports = settings.passive_ports
        self.passive_ports = range(ports[0], ports[1] + 1) if ports else None
        self.ssl_context = self.host.tls
        self._extra_feats = ["HOST", "CLNT"] + (["AUTH TLS", "PBSZ", "PROT"] if self.host.tls else [])
        self.tls_control_required = settings.tls.engine and (settings.tls.control or settings.tls.auth)
        self.tls_data_required = settings.tls.engine and bool(settings.tls.data)

    def get_ssl_context(self) -> SSL.Context | None:
        return self.host.tls

    def visitor(self) -> Visitor:
        """The client, as access rules are asked about it."""
        return guests.visitor_of(self)

    def words_of_welcome(self) -> str:
        return guests.words_of_welcome(self)

    @property
    def type(self) -> str:
        """The transfer type: `a` or `i`."""
        return str(self._current_type)

    @property
    def moving_text(self) -> bool:
        """Whether what is being sent is a file whose line ends are translated."""
        moving = self.moving.transfer if self.moving else None
        return moving is not None and moving.type == "a" and moving.direction != "l"

    # The beginning and the end

    def handle(self) -> None:
        """Greets the client, or refuses it."""
        log, ends = self.record.log, self.record.ends
        log.debug(4, f"connected - local  : {ends.local}:{ends.local_port}")
        log.debug(4, f"connected - remote : {self.client}:{ends.client_port}")
        log.say(6, "FTP session opened.")
        self.logged(None, None, "")
        if not guests.may_enter(self):
            self.end_reason = "Configured policy: <Limit LOGIN>"
            self.record.dump(MODULE_CONFIG)
            self.close()
            return
        self.reply(220, self.words_of_welcome())

    def move_to(self, host: Host) -> None:
        """HOST chose another server: what was kept of the session is thrown away, and its settings hold."""
        self.host.connections.discard(self)
        self.host = host
        host.connections.add(self)
        self.record.begin(host)
        self.configure()

    def enter(self, account: Account, secret: str) -> None:
        """Somebody is logged in from now on."""
        self.secret = secret
        with self.host.rights.acting_as(account.identity):
            self.fs = ClientFiles(account.root, self, account.start)
            if not self.fs.isdir(account.start):
                self.fs.cwd = "/"
        self.account, self.authenticated, self.attempted_logins = account, True, 0
        root = account.root if account.anonymous else None
        self.scope = Scope(self.host.settings, account.home, account.anonymous, root)
        self.record.logged_in(account)
        clocks.after_login(self)

    def ended_by(self, reason: str, kinds: tuple[str, ...]) -> None:
        """The session ends by a decision of ours: its last answer goes out before the block, which is of the first kind
        wanted."""
        self.end_reason, self.after_answer = reason, kinds

    def timed_out(self, name: str, said: str, seconds: int) -> None:
        """A time of the client's is up."""
        self.record.log.say(6, TIMED_OUT[name])
        self.end_reason = f"Timeout exceeded: {name}"
        self.command = None
        self.reply(421, f"{said} ({seconds} second{'' if seconds == 1 else 's'}): closing control connection")
        self.close_when_done()

    def handle_timeout(self) -> None:
        if self._ssl_accepting:
            self.end_reason = "Timeout exceeded: TimeoutIdle"
            self.close()
            return
        self.timed_out("TimeoutIdle", "Idle timeout", self.timeout)

    def on_disconnect(self) -> None:
        self.finish()

    def close(self) -> None:
        # Whoever sees the end of the connection knows that the session is over.
        self.finish()
        super().close()

    def finish(self, kind: str | None = None) -> None:
        """Nothing more comes of this session. Of a normal end nothing is left, of another one a block of that kind."""
        if self.finished:
            return
        self.finished = True
        self.host.connections.discard(self)
        self.look_at_counters()
        self.command = Command("EXIT", "", time.monotonic())
        self.end_reason = self.end_reason or "Read EOF from client"
        self.logged(self.command, None, "")
        self.record.log.say(6, "FTP session closed.")
        self.record.end(kind)
        if self.fs is not None:
            self.fs.close()

    def handle_error(self) -> None:
        """An exception that nobody caught: the session dies of it, the server does not."""
        self.end_reason = "Application error"
        super().handle_error()

    def log_exception(self, _instance: object) -> None:
        self.record.log.say(3, traceback.format_exc().rstrip())
        self.look_at_counters()
        self.record.dump(UNTIMELY_DEATH)

    # What comes in

    def found_terminator(self) -> None:
        if any(b"\0" in piece for piece in self._in_buffer):
            self._in_buffer, self._in_buffer_len = [], 0
            self.command = None
            self.reply(500, "Invalid command")
            return
        super().found_terminator()

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        name, argument = cmd, arg
        if cmd == "SITE" and arg:
            word, _, argument = arg.partition(" ")
            name = f"SITE {word.upper()}"
        if name not in self.proto_cmds and name[-4:] in URGENT:
            name = name[-4:]  # behind telnet's signals
        self.command = Command(name, "(hidden)" if cmd in HIDDEN else argument, time.monotonic())
        log = self.record.log
        log.trace("command", 7, f"dispatching CMD command '{self.command.shown}'")
        log.debug(4, f"dispatching CMD command '{self.command.shown}'")
        self.look_at_counters()
        with self.acting():
            super().pre_process_command(line, cmd, arg)

    def process_command(self, cmd: str, *args: Any, **kwargs: Any) -> None:
        command = self.command
        assert command is not None
        if self.scope is not None and self.fs is not None:
            path = args[0] if self.proto_cmds[cmd]["perm"] and cmd != "STOU" else self.fs.cwd
            outside = self.fs.outside(path)
            if self.proto_cmds[cmd]["perm"]:
                command.path, command.outside = path, outside
            if not may_do(self.scope.limits(outside), cmd.replace(" ", "_"), self.visitor(), command.argument):
                why = "Operation not permitted" if cmd in PLAIN_REFUSAL else "Permission denied"
                self.reply(550, f"{command.argument}: {why}" if command.argument else why)
                return
            former = os.umask(self.scope.umask(outside, directory=cmd in {"MKD", "XMKD"}))
            try:
                super().process_command(cmd, *args, **kwargs)
            finally:
                os.umask(former)
            return
        super().process_command(cmd, *args, **kwargs)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """The client's own rights, once it is logged in."""
        if self.account is None:
            yield
            return
        with self.host.rights.acting_as(self.account.identity):
            yield

    # What goes out

    def respond(self, resp: str, logfun: object = None) -> None:
        """An answer of pyftpdlib's, put into ProFTPD's words."""
        del logfun  # a level of pyftpdlib's
        code, text = int(resp[:3]), resp[4:]
        command = self.concerned(code)
        if command is not None:
            code, text = worded(code, text, Said(command.name, command.argument, self.type, self.announced))
        self.answer(command, code, text)

    def reply(self, code: int, text: str) -> None:
        """An answer in our own words."""
        self.answer(self.command, code, text)

    def concerned(self, code: int) -> Command | None:
        """The command that an answer is about: the present one, or the one whose data connection was closed."""
        data, aborting = getattr(self, "data_channel", None), self.command is not None and self.command.name == "ABOR"
        if self.moving is not None and ((data is not None and data._closed) or (aborting and code == 426)):  # noqa: SLF001
            transfers.settled(self, complete=code == 226)
            return self.moving
        return self.command

    def answer(self, command: Command | None, code: int, text: str) -> None:
        text = text.replace("\r", "?").replace("\n", "?")
        self._last_response = f"{code} {text}"
        after: tuple[str, ...] = ()
        if command is not None and code < 200:
            transfers.begun(self, command)
        elif command is not None and not command.answered:
            after = self.answered(command, code, text)
        if command is self.moving and code >= 200:
            self.moving = None
        self.record.log.trace("response", 7, f"sending '{code} {text}'")
        self.push(f"{code} {text}\r\n")
        self.look_at_counters()
        if after:
            self.record.dump(*after)

    def answered(self, command: Command, code: int, text: str) -> tuple[str, ...]:
        """A command came to its end: logs and the black box are told. Gives the kinds of a block to be written after the
        answer."""
        command.answered = True
        if command.name == "RNFR" and code < 400:
            command.size = 0
        self.look_at_counters()
        if command.name == "DELE" and code < 400:
            transfers.logged(self, "d", command.outside, command.size or 0, 0, self.type)
        self.logged(command, code, text)
        if command.name != "PASS" or code < 400:
            return ()
        if self.after_answer:
            return self.after_answer
        self.record.dump(FAILED_LOGIN)
        return ()

    def logged(self, command: Command | None, code: int | None, text: str) -> None:
        """A line for each ExtendedLog that wants to have it; without a command, for the beginning of the session."""
        if not self.record.log.logs.extended:
            return
        facts, ends, account = self.record.facts, self.record.ends, self.account
        about = Circumstances(
            *(self.host.clock(), self.client, ends.client_port, self.local, ends.local_port),
            *(self.host.shown, self.host.settings.name, os.getpid(), str(facts.protocol)),
            *(facts.raw_bytes_in, facts.raw_bytes_out, int(facts.uid or 0), int(facts.gid or 0)),
            user=account.name if account else facts.user,
            group=account.group if account else None,
            tried=self.username or None,
            anonymous_password=self.secret if account and account.anonymous else None,
            directory=self.fs.cwd if self.fs is not None else "/",
            environment=self.host.settings.environment,
            end_reason=self.end_reason if command and command.name == "EXIT" else None,
        )
        self.record.log.extended(command.name if command else "CONNECT", event(command, code, text, time.monotonic(), about))

    def push(self, data: str) -> None:
        """Sends text; names in it go out as they came."""
        AsyncChat.push(self, data.encode(self.encoding, self.unicode_errors))

    # Counting

    def recv(self, buffer_size: int) -> bytes:
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
