"""What a proftpd.conf comes to: frozen settings, one set for each server, with the place of every directive.

`proftpd.read` makes them. Times are in seconds, 0 means that there is no such limit; `None` means that the file says nothing
about it, unless a field says otherwise. Defaults are those of ProFTPD 1.3.8.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from vigilog.config.proftpd_access import Access, Class
from vigilog.core.errors import ConfigurationError
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


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """What holds in a directory and below: None where the file says nothing, so that the next one out decides.

    `path` is as written (`*` for all, `~` for the home, relative inside an <Anonymous>); `directories` stand inside it."""

    path: str
    place: Place
    umask: int | None = None
    directory_umask: int | None = None
    allow_overwrite: bool | None = None
    allow_store_restart: bool | None = None
    allow_retrieve_restart: bool | None = None
    limits: tuple[Access, ...] = ()
    directories: tuple[DirectorySettings, ...] = ()


@dataclass(frozen=True, slots=True)
class AnonymousSettings:
    """An anonymous login: who logs in as `user` (or one of `aliases`) is put into `root` without a password of his own,
    unless `require_password`. `inside` holds for all of it. Without a `user` nobody can log in."""

    root: str
    place: Place
    user: str | None
    group: str | None
    aliases: Mapping[str, str]
    require_password: bool
    require_valid_shell: bool
    max_clients: Maximum
    max_clients_per_host: Maximum
    inside: DirectorySettings
    transfer_log: str | Off | None = None
    extended_logs: tuple[ExtendedLog, ...] = ()
    timeouts: Timeouts | None = None


class Directive(NamedTuple):
    """A directive as it stands in a file: its name as ProFTPD spells it, its parameters, its place, and the section that it
    stands in ('server config', 'VirtualHost', 'Global', 'Anonymous', 'Directory', 'Limit', 'Class')."""

    name: str
    parameters: tuple[str, ...]
    place: Place
    section: str


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """One server: the main one, or a <VirtualHost> with what it has from <Global>.

    `addresses` are as written, names or numbers; none means all of the host. `transfer_log`: None is the compiled-in place.
    `display_address` is the MasqueradeAddress that PASV answers with. `session_trace` are levels of trace channels for its
    sessions, over those of the Configuration. `directives` are all that hold for it, in their order, and `place_of(NAME)`
    says where the one that counts stands.
    """

    place: Place
    main: bool = False
    addresses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()  # ServerAlias: names that HOST selects it by
    port: int = 21
    default_server: bool = False
    name: str = "ProFTPD"
    ident: bool = True
    ident_text: str | None = None
    user: str | None = None
    group: str | None = None
    umask: int = 0o022
    directory_umask: int = 0o022
    default_roots: tuple[ForGroups, ...] = ()
    default_chdirs: tuple[ForGroups, ...] = ()
    require_valid_shell: bool = True
    root_login: bool = False
    root_revoke: bool = False
    user_aliases: Mapping[str, str] = field(default_factory=dict)
    use_ftp_users: bool = True
    auth_user_file: str | None = None
    auth_user_restrictions: tuple[str, ...] = ()  # as written: "id", "1000-2000", "name", "^ftp", "home", "!^/root"
    auth_group_file: str | None = None
    auth_group_restrictions: tuple[str, ...] = ()
    auth_order: tuple[str, ...] = ()
    max_clients: Maximum = Maximum()
    max_clients_per_host: Maximum = Maximum()
    max_clients_per_user: Maximum = Maximum()
    max_login_attempts: int = 3  # 0: no limit
    timeouts: Timeouts = Timeouts()
    passive_ports: tuple[int, int] | None = None
    display_address: str | None = None
    allow_overwrite: bool = False
    allow_store_restart: bool = False
    allow_retrieve_restart: bool = True
    tls: Tls = Tls()
    wrap: Wrap = Wrap()
    debug_level: int = 0
    transfer_log: str | Off | None = None
    server_log: str | Off | None = None
    extended_logs: tuple[ExtendedLog, ...] = ()
    session_trace: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)  # SetEnv
    allow_log_symlinks: bool = False
    forensics: Forensics = Forensics()
    limits: tuple[Access, ...] = ()
    directories: tuple[DirectorySettings, ...] = ()
    anonymous: tuple[AnonymousSettings, ...] = ()
    directives: tuple[Directive, ...] = ()

    def place_of(self, name: str) -> Place | None:
        """Where the directive of that name that counts stands."""
        return next((each.place for each in self.directives if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole file with all that it includes. `servers[0]` is the main server, the others are the virtual hosts in their order.

    `errors` are all mistakes, in the order in which they were met: with any, the rest is not to be used. `remarks` is what
    ProFTPD would warn of. `without_effect` are directives that it knows and Vigilog's server does nothing about, to be
    listed at start. `formats` are the LogFormats by name, `trace` the highest level of each trace channel.
    """

    servers: tuple[ServerSettings, ...]
    ipv6: bool = True
    max_instances: int = 0  # 0: no limit
    pid_file: str | None = None
    system_log: str | Off | None = None
    trace_log: str | None = None
    trace: Mapping[str, int] = field(default_factory=dict)
    syslog_facility: str = "daemon"
    syslog_level: str = "debug"
    tcp_backlog: int = 128
    formats: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[Class, ...] = ()
    without_effect: tuple[Directive, ...] = ()
    remarks: tuple[ConfigurationError, ...] = ()
    errors: tuple[ConfigurationError, ...] = ()
