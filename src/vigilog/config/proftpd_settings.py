"""What a proftpd.conf comes to: frozen settings, one set for each server, with the place of every directive.

`proftpd.read` makes them. Times are in seconds, 0 means that there is no such limit; `None` means that the file says nothing
about it, unless a field says otherwise. Defaults are those of ProFTPD 1.3.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vigilog.config.proftpd_access import Access, Rule
from vigilog.config.proftpd_kafka import Kafka, OnEvent
from vigilog.config.proftpd_nouns import (
    OFF,
    Directive,
    ExtendedLog,
    Forensics,
    ForGroups,
    Maximum,
    Off,
    SessionTimeout,
    Tables,
    Timeouts,
    Tls,
    Wrap,
)
from vigilog.config.proftpd_sources import Class
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

__all__ = [
    "OFF",
    "AnonymousSettings",
    "Configuration",
    "Directive",
    "DirectorySettings",
    "ExtendedLog",
    "ForGroups",
    "Forensics",
    "Kafka",
    "Maximum",
    "Off",
    "OnEvent",
    "ServerSettings",
    "SessionTimeout",
    "Tables",
    "Timeouts",
    "Tls",
    "Wrap",
]
"""The smaller ones are in `proftpd_nouns` and `proftpd_kafka`."""


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
    kafka_events: tuple[OnEvent, ...] | None = None
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
    max_clients: Maximum = field(default_factory=Maximum)
    max_clients_per_host: Maximum = field(default_factory=Maximum)
    max_clients_per_user: Maximum = field(default_factory=Maximum)
    max_login_attempts: int = 3  # 0: no limit
    timeouts: Timeouts = field(default_factory=Timeouts)
    passive_ports: tuple[int, int] | None = None
    display_address: str | None = None
    allow_overwrite: bool = False
    allow_store_restart: bool = False
    allow_retrieve_restart: bool = True
    tls: Tls = field(default_factory=Tls)
    wrap: Wrap = field(default_factory=Wrap)
    debug_level: int = 0
    transfer_log: str | Off | None = None
    server_log: str | Off | None = None
    extended_logs: tuple[ExtendedLog, ...] = ()
    session_trace: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)  # SetEnv
    allow_log_symlinks: bool = False
    forensics: Forensics = field(default_factory=Forensics)
    kafka: Kafka = field(default_factory=Kafka)
    filters: tuple[Rule, ...] = ()  # AllowFilter and DenyFilter, for all commands
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
