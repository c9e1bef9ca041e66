"""What is written down of a session: its facts, its messages, its black box."""

from __future__ import annotations

from typing import NamedTuple

from vigilog.blackbox import Facts, Session
from vigilog.ftpd.accounts import Account
from vigilog.ftpd.hosts import Host
from vigilog.ftpd.session_log import SessionLog
from vigilog.ftpd.traffic import Traffic

FAILED_LOGIN, UNTIMELY_DEATH, MODULE_CONFIG = "FAILED LOGIN", "UNTIMELY DEATH", "MODULE CONFIG"


class Ends(NamedTuple):
    """Both ends of a control connection. `local` is the address as the socket has it: an IPv4 one on an IPv6 socket looks like
    `::ffff:127.0.0.1`."""

    client: str
    client_port: int
    local: str
    local_port: int


def plain(address: str) -> str:
    """An address as one knows it, IPv4 in IPv6 as IPv4."""
    return address.removeprefix("::ffff:") if "." in address else address.partition("%")[0]


class Record:
    """The record of one session at `host`."""

    def __init__(self, host: Host, ends: Ends) -> None:
        self.ends = ends
        self.facts = Facts(plain(ends.client), f"{ends.local}:{ends.local_port}", "ftp", began=host.clock())
        self.session: Session | None = None
        self.begin(host)

    def begin(self, host: Host) -> None:
        """Begins at a server: at connect, and when HOST chose another one; what was kept before is thrown away. The facts go
        on."""
        if self.session is not None:
            self.session.end()
        self.host = host
        own = host.rights.server
        self.facts.uid, self.facts.gid = own.uid, own.gid
        self.session = host.box.begin(self.facts) if host.box is not None else None
        self.log = SessionLog(host.logs, (self.facts.client_address or "",) * 2, self.session)
        if host.settings.forensics.engine and host.settings.forensics.file is None:
            self.log.debug(1, "mod_log_forensic/0.2: missing required ForensicLogFile setting, disabling module")

    def logged_in(self, account: Account) -> None:
        """Somebody proved to be somebody."""
        self.facts.user = account.name
        self.log.logs = self.host.logs_of(account.anonymous)
        acting = account.identity if self.host.rights.can_change else self.host.rights.server
        self.facts.uid, self.facts.gid = acting.uid, acting.gid

    def counted(self, raw: Traffic) -> None:
        """Bytes over the control and data connections since connect."""
        if raw.read != self.facts.raw_bytes_in:
            self.facts.raw_bytes_in = raw.read
        if raw.written != self.facts.raw_bytes_out:
            self.facts.raw_bytes_out = raw.written

    def dump(self, *kinds: str) -> bool:
        """Writes one block, of the first kind that is wanted."""
        session = self.session
        if session is None:
            return False
        with self.host.rights.root():
            return any(session.dump(kind) for kind in kinds)

    def end(self, kind: str | None = None) -> None:
        """The session is over."""
        if self.session is not None:
            with self.host.rights.root():
                self.session.end(kind)
            self.session = None
            self.log.ring = None
