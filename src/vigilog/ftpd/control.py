"""A client's control connection: pyftpdlib's, with ProFTPD's rules, words and logs, and a black box; what commands do is in
`connection`."""

from __future__ import annotations

import os
import time
import traceback
from itertools import dropwhile
from typing import Any

from OpenSSL import SSL
from pyftpdlib.handlers import TLS_FTPHandler

from vigilog.config.proftpd_access import Visitor, forbidding, may_do
from vigilog.ftpd import clocks, guests, patience
from vigilog.ftpd.accounts import Account
from vigilog.ftpd.authorizer import Open
from vigilog.ftpd.command import Command
from vigilog.ftpd.filesystem import ClientFiles
from vigilog.ftpd.hosts import Host
from vigilog.ftpd.record import MODULE_CONFIG, UNTIMELY_DEATH, Ends
from vigilog.ftpd.scope import Scope
from vigilog.ftpd.talk import Talk

HIDDEN = frozenset({"PASS", "ADAT"})
PLAIN_REFUSAL = frozenset({"STOR", "APPE", "STOU", "DELE", "RETR", "RNFR", "RNTO", "SIZE", "MDTM"})
"""Commands that ProFTPD refuses by <Limit> with the words `Operation not permitted`."""

LISTINGS = frozenset({"LIST", "NLST"})
WHERE = frozenset({"PWD", "XPWD"})
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
    "SMNT": {"perm": None, "auth": False, "arg": None, "help": "Syntax: SMNT is not implemented"},
    **{name: TLS_FTPHandler.proto_cmds[name] | {"arg": None} for name in ("NOOP", "SYST", "QUIT")},
}


class Control(Talk):
    """One client, from connect to the end."""

    abstracted_fs = ClientFiles
    authorizer = Open()
    proto_cmds = TLS_FTPHandler.proto_cmds | MORE

    def __init__(self, sock: Any, server: Any, ioloop: Any, host: Host, ends: Ends) -> None:
        self.renamed = ""
        self.finished = False
        self.moved_at = time.monotonic()
        self.host = host
        self.configure()
        host.connections.add(self)
        super().__init__(sock, server, ioloop, host, ends)
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
        self.wind()

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

    def wind(self) -> None:
        """The time until the client counts as idle begins anew, with the length that holds now."""
        if self._idler is not None and not self._idler.cancelled:
            self._idler.cancel()
            self._idler = None
        if self.timeout and not self._closed:
            self._idler = self.ioloop.call_later(self.timeout, self.handle_timeout, _errback=self.handle_error)

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
        else:
            super().found_terminator()
        patience.after_command(self)

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
        forbidding_it = forbidding(self.host.settings.filters, arg) if arg and cmd not in HIDDEN else None
        if forbidding_it is not None:
            log.debug(5, f"'{self.command.shown}' denied by {forbidding_it}")
            self.reply(550, f"{arg}: Forbidden command argument")
            return
        if cmd in LISTINGS:
            arg = " ".join(dropwhile(lambda word: word.startswith("-"), arg.split(" ")))  # ls(1)'s options
        with self.acting():
            super().pre_process_command(line, cmd, arg)

    def process_command(self, cmd: str, *args: Any, **kwargs: Any) -> None:
        command = self.command
        assert command is not None
        if self.scope is not None and self.fs is not None:
            path = args[0] if self.proto_cmds[cmd]["perm"] and cmd != "STOU" else self.fs.cwd
            outside = self.fs.outside(path)
            if self.proto_cmds[cmd]["perm"] or cmd in WHERE:
                command.path, command.outside = path, outside
            out_of_turn = cmd == "RNTO" and self._rnfr is None
            if not out_of_turn and not may_do(
                self.scope.limits(outside), cmd.replace(" ", "_"), self.visitor(), command.argument
            ):
                why = "Operation not permitted" if cmd in PLAIN_REFUSAL else "Permission denied"
                about = f"{cmd} {command.argument}".removeprefix("SITE ") if cmd.startswith("SITE ") else command.argument
                self.reply(550, f"{about}: {why}" if about else why)
                return
            former = os.umask(self.scope.umask(outside, directory=cmd in {"MKD", "XMKD"}))
            try:
                super().process_command(cmd, *args, **kwargs)
            finally:
                os.umask(former)
            return
        super().process_command(cmd, *args, **kwargs)
