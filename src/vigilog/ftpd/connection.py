"""What the commands of a client do, where ProFTPD does otherwise than pyftpdlib."""

from __future__ import annotations

from typing import Any

from vigilog.ftpd import guests
from vigilog.ftpd.control import Control
from vigilog.ftpd.wording import without_argument

TLS_NAMES = frozenset({"TLS", "TLS-C", "SSL", "TLS-P"})


class Connection(Control):
    """One client, from connect to the end."""

    def ftp_USER(self, line: str) -> None:  # noqa: N802
        guests.user(self, line)

    def ftp_PASS(self, line: str) -> None:  # noqa: N802
        guests.password(self, line)

    def ftp_HOST(self, line: str) -> None:  # noqa: N802
        guests.another_host(self, line)

    def ftp_CLNT(self, _line: str) -> None:  # noqa: N802
        self.reply(200, "OK")

    def ftp_ACCT(self, _line: str) -> None:  # noqa: N802
        self.reply(502, "ACCT command not implemented")

    def ftp_SMNT(self, _line: str) -> None:  # noqa: N802
        self.reply(502, "SMNT command not implemented")

    def ftp_CWD(self, path: str) -> Any:  # noqa: N802
        if self.command is not None and not self.command.argument and self.command.name in {"CWD", "XCWD"}:
            self.reply(*without_argument("CWD"))
            return None
        return super().ftp_CWD(path)

    def ftp_REIN(self, _line: str) -> None:  # noqa: N802
        self.reply(502, "REIN command not implemented")

    def ftp_QUIT(self, line: str) -> None:  # noqa: N802
        self.end_reason = "Quit"
        super().ftp_QUIT(line)

    def ftp_AUTH(self, line: str) -> None:  # noqa: N802
        if self.host.tls is None:
            self.reply(500, "AUTH not understood")
            return
        super().ftp_AUTH(line)
        if self._ssl_requested and line.upper() in TLS_NAMES:
            # What was sent behind it in the clear, perhaps by somebody on the way, is no command of the secured client.
            self.ac_in_buffer = b""
            self.record.facts.protocol = "ftps"

    def ftp_PBSZ(self, line: str) -> None:  # noqa: N802
        if self.host.tls is None:
            self.reply(500, "PBSZ not understood")
            return
        super().ftp_PBSZ(line)

    def ftp_PROT(self, line: str) -> None:  # noqa: N802
        if self.host.tls is None:
            self.reply(500, "PROT not understood")
            return
        if self.host.settings.tls.data is False and line.upper() == "P":
            self.reply(534, "Unwilling to accept security parameters")
            return
        super().ftp_PROT(line)

    def handle_ssl_established(self) -> None:
        log = self.record.log
        name, version = self.socket.get_cipher_name(), self.socket.get_protocol_version_name()
        log.module(log.logs.tls, "mod_tls/2.9.2", f"{version} connection accepted, using cipher {name}")
        log.trace("tls", 5, f"handshake done: {version}, {name}")

    def handle_failed_ssl_handshake(self) -> None:
        log = self.record.log
        log.trace("tls", 1, "handshake failed")
        log.module(log.logs.tls, "mod_tls/2.9.2", "unable to accept TLS connection: handshake failed")
        self.end_reason = "Application error"
        super().handle_failed_ssl_handshake()

    def ftp_STOR(self, file: str, mode: str = "w") -> Any:  # noqa: N802
        assert self.scope is not None
        outside, resumed = self.fs.outside(file), self._restart_position > 0 or mode == "a"
        self.existed = self.fs.lexists(file)
        argument = self.command.argument if self.command else file
        if self.existed and resumed and not self.scope.allows("allow_store_restart", outside):
            self._restart_position = 0
            self.reply(451, f"{argument}: Append/Restart not permitted, try again")
            return None
        if self.existed and not resumed and not self.scope.allows("allow_overwrite", outside):
            self.reply(550, f"{argument}: Overwrite permission denied")
            return None
        self.offset = self._restart_position or (self.fs.getsize(file) if self.existed and mode == "a" else 0)
        return super().ftp_STOR(file, mode)

    def ftp_LIST(self, path: str) -> Any:  # noqa: N802
        if self.fs.lexists(path):
            return super().ftp_LIST(path)
        self.push_dtp_data(b"", cmd="LIST")  # as ls(1) would have it in ProFTPD: nothing, and no mistake
        return path

    def ftp_RETR(self, file: str) -> Any:  # noqa: N802
        assert self.scope is not None
        if self._restart_position and not self.scope.allows("allow_retrieve_restart", self.fs.outside(file)):
            self._restart_position = 0
            self.reply(451, f"{self.command.argument if self.command else file}: Restart not permitted, try again")
            return None
        self.offset = self._restart_position
        return super().ftp_RETR(file)

    def push_dtp_data(self, data: Any, isproducer: bool = False, file: Any = None, cmd: str | None = None) -> None:
        self.announced = file.size() - self.offset if file is not None else 0
        super().push_dtp_data(data, isproducer=isproducer, file=file, cmd=cmd)

    def ftp_DELE(self, path: str) -> Any:  # noqa: N802
        if self.command is not None:
            try:
                self.command.size = self.fs.getsize(path)
            except OSError:
                self.command.size = 0
        return super().ftp_DELE(path)

    def ftp_RNFR(self, path: str) -> None:  # noqa: N802
        super().ftp_RNFR(path)
        self.renamed = path if self._rnfr else ""

    def ftp_RNTO(self, path: str) -> Any:  # noqa: N802
        assert self.scope is not None
        if self.command is not None:
            self.command.size, self.command.rename_from = 0 if self._rnfr else None, self.renamed
        if self._rnfr and self.fs.lexists(path) and not self.scope.allows("allow_overwrite", self.fs.outside(path)):
            self._rnfr = None
            self.reply(550, f"{self.command.argument if self.command else path}: Rename permission denied")
            return None
        return super().ftp_RNTO(path)
