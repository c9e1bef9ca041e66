"""The smaller nouns of a proftpd.conf's settings: limits, times, logs, TLS, tables of addresses. What their fields mean in
common is said in `proftpd_settings`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from vigilog.core.nouns import Place

LOG_TYPES = ("Unspec", "TransferLog", "syslog", "SystemLog", "ExtendedLog", "TraceLog")
CRITERIA = ("FailedLogin", "UntimelyDeath", "ModuleConfig")


class Off(Enum):
    """The one value of a log that is switched off (`TransferLog none`), where `None` would mean the default."""

    OFF = "none"


OFF = Off.OFF


@dataclass(frozen=True, slots=True)
class Maximum:
    """MaxClients and its like: a count (None: no limit, as `none` says) and what refused clients are told ('' for the
    server's own words; `%m` in it is the count)."""

    count: int | None = None
    message: str = ""


class ForGroups(NamedTuple):
    """A path that holds for some users: those of whom every word of `groups` is true (`name`: is in it, `!name`: is not);
    for all if there is none. `~` at the beginning of the path is the user's home."""

    path: str
    groups: tuple[str, ...] = ()


class SessionTimeout(NamedTuple):
    """A session ends so many seconds after it began: every one where `of` is '', else those of a 'user', 'group' or 'class' for
    which all `members` are true (`name`: it is that, `!name`: it is not). A user's comes before a group's, that before a
    class's."""

    seconds: int
    of: str = ""
    members: tuple[str, ...] = ()


class ExtendedLog(NamedTuple):
    """One ExtendedLog: a path, or `syslog:LEVEL`; classes of commands in capitals (`!X`: not those of X; ALL, NONE, AUTH,
    INFO, DIRS, READ, WRITE, MISC, SEC, CONNECT, EXIT, SSH, SFTP); the text of its LogFormat ('' for the classic format)."""

    path: str
    classes: tuple[str, ...]
    format: str
    place: Place

    def wants(self, classes: Collection[str]) -> bool:
        """Whether a command of these classes is logged: one of them is named (or ALL), and none is named with `!`."""
        left_out = {word[1:] for word in self.classes if word.startswith("!")}
        if "ALL" in left_out or not left_out.isdisjoint(classes):
            return False
        named = {word for word in self.classes if not word.startswith("!")}
        return "ALL" in named or "NONE" in left_out or not named.isdisjoint(classes)


@dataclass(frozen=True, slots=True)
class Forensics:
    """The five Forensic directives. `capture` and `criteria` are spelled as in LOG_TYPES and CRITERIA."""

    engine: bool = False
    file: str | None = None
    buffer_size: int = 1024
    capture: tuple[str, ...] = LOG_TYPES
    criteria: tuple[str, ...] = ("FailedLogin", "UntimelyDeath")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; 0: never. `sessions` in the order in which they are asked, see SessionTimeout."""

    login: int = 300
    idle: int = 600
    no_transfer: int = 300
    stalled: int = 3600
    sessions: tuple[SessionTimeout, ...] = ()


@dataclass(frozen=True, slots=True)
class Tls:
    """mod_tls. `control` and `data` say whether TLS is required there (`data` is None where the client may choose, False
    where it is forbidden: `!data`); `auth`, whether USER and PASS need it. `verify_client` may be 'optional'."""

    engine: bool = False
    control: bool = False
    data: bool | None = None
    auth: bool = False
    certificate: str | None = None
    key: str | None = None
    ec_certificate: str | None = None
    ec_key: str | None = None
    chain: str | None = None
    ca_file: str | None = None
    ca_path: str | None = None
    verify_client: bool | str = False
    protocols: tuple[str, ...] = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    ciphers: str = "DEFAULT:!ADH:!EXPORT:!DES"
    ciphers_of_tls_1_3: str = ""  # '' for the library's own
    log: str | Off | None = None


class Tables(NamedTuple):
    """Two tables of who may come in and who may not, as `WrapTables file:ALLOW file:DENY` and `TCPAccessFiles ALLOW DENY`
    have them (paths without `file:`); `who` are the users or groups that they are for (`kind` is 'all', 'user' or 'group'), and
    `directive` is what named them: TCP...AccessFiles are mod_wrap's, looked at whether or not WrapEngine is on."""

    allow: str
    deny: str
    kind: str
    who: tuple[str, ...]
    directive: str
    place: Place


@dataclass(frozen=True, slots=True)
class Wrap:
    """mod_wrap2 and mod_wrap: tables of addresses, those for some users first, then those for groups, then those for all.
    `on_connect`: asked before the greeting too (WrapOptions CheckOnConnect). `service` is mod_wrap2's, `tcp_service`
    mod_wrap's."""

    engine: bool = False
    tables: tuple[Tables, ...] = ()
    service: str = "proftpd"
    tcp_service: str = "proftpd"
    deny_message: str = ""
    on_connect: bool = False
    log: str | Off | None = None


class Directive(NamedTuple):
    """A directive as it stands in a file: its name as ProFTPD spells it, its parameters, its place, and the section that it
    stands in ('server config', 'VirtualHost', 'Global', 'Anonymous', 'Directory', 'Limit', 'Class')."""

    name: str
    parameters: tuple[str, ...]
    place: Place
    section: str
