"""The servers of a configuration, made ready: what each needs to serve, and which of them a connection is for."""

from __future__ import annotations

import grp
import os
import pwd
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from OpenSSL import SSL

from vigilog.blackbox import BlackBox, FailedLogin, ModuleConfig, UntimelyDeath
from vigilog.config.proftpd_access import Visitor, numeric
from vigilog.config.proftpd_settings import AnonymousSettings, Configuration, ServerSettings
from vigilog.core.clock import Clock
from vigilog.core.errors import ConfigurationError
from vigilog.ftpd.accounts import Accounts
from vigilog.ftpd.login import Present
from vigilog.ftpd.logs import Logs, Opener
from vigilog.ftpd.rights import Identity, Rights
from vigilog.ftpd.tls import context

if TYPE_CHECKING:
    from vigilog.ftpd.connection import Connection
    from vigilog.ftpd.kafka_events import Sender

CRITERIA = {"FailedLogin": FailedLogin, "UntimelyDeath": UntimelyDeath, "ModuleConfig": ModuleConfig}


@dataclass(eq=False)
class Host:
    """One server, ready to serve. `addresses` are numeric, none means all of this machine; `shown` is the address in its logs.
    `box` is None without forensics."""

    settings: ServerSettings
    configuration: Configuration
    addresses: tuple[str, ...]
    shown: str
    logs: Logs
    accounts: Accounts
    tls: SSL.Context | None
    rights: Rights
    clock: Clock
    box: BlackBox | None = None
    masquerade: str | None = None  # the address that PASV answers with, if not its own
    anonymous_logs: list[tuple[AnonymousSettings, Logs]] = field(default_factory=list)
    connections: set[Connection] = field(default_factory=set)
    sender: Sender | None = None  # of events to Kafka

    def present(self, but: Connection) -> Iterable[Present]:
        """Who is logged in, but for one connection."""
        for each in self.connections:
            if each is not but and each.account is not None:
                yield Present(each.client, each.account.name, each.account.anonymous)

    def logs_of(self, section: AnonymousSettings | None) -> Logs:
        """The logs of whoever is put into that <Anonymous>."""
        return next((logs for each, logs in self.anonymous_logs if each is section), self.logs)

    def class_of(self, client: str) -> str | None:
        """The name of the first <Class> that a client of that address is in."""
        visitor = Visitor(client, client)
        return next((each.name for each in self.configuration.classes if each.holds(visitor)), None)

    def called(self, name: str) -> bool:
        """Whether HOST may call it so: by a ServerAlias, or by an address of its own."""
        return name.lower() in {alias.lower() for alias in self.settings.aliases} or (
            (address := numeric(name.strip("[]"))) is not None and str(address) in self.addresses
        )


def resolved(settings: ServerSettings) -> tuple[str, ...]:
    """The addresses of a server as numbers. Raises ConfigurationError for a name that has none."""
    found: dict[str, None] = {}
    for name in settings.addresses:
        try:
            found |= {str(numeric(str(entry[4][0]).partition("%")[0])): None for entry in socket.getaddrinfo(name, None)}
        except OSError as error:
            raise ConfigurationError(
                f"the address {name!r} cannot be found ({error.strerror})",
                place=settings.place_of("DefaultAddress") if settings.main else settings.place,
            ) from error
    return tuple(found)


def masquerade(settings: ServerSettings) -> str | None:
    """The MasqueradeAddress as a number. Raises ConfigurationError for a name that has none."""
    if settings.display_address is None:
        return None
    try:
        return socket.gethostbyname(settings.display_address)
    except OSError as error:
        raise ConfigurationError(
            f"the address {settings.display_address!r} cannot be found ({error.strerror})",
            place=settings.place_of("MasqueradeAddress"),
        ) from error


def own_address() -> str:
    """The address that a server without one shows in its logs: what this machine's name stands for."""
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"


def identity(settings: ServerSettings) -> Identity | None:
    """Whom a server acts as, by its User and Group; None if it does not say. Raises ConfigurationError for unknown ones."""
    if settings.user is None:
        return None
    try:
        user = pwd.getpwnam(settings.user)
    except KeyError:
        raise ConfigurationError(f"unknown user {settings.user!r}", place=settings.place_of("User")) from None
    gid = user.pw_gid
    if settings.group is not None:
        try:
            gid = grp.getgrnam(settings.group).gr_gid
        except KeyError:
            raise ConfigurationError(f"unknown group {settings.group!r}", place=settings.place_of("Group")) from None
    return Identity(user.pw_uid, gid, (gid,))


def service(settings: ServerSettings) -> str:
    """The name by which the next start knows what this server left behind."""
    return re.sub(r"[^A-Za-z0-9]+", "-", f"ftpd-{settings.port}-{settings.name}").strip("-")[:60]


def box(settings: ServerSettings, directory: str | None, say: Callable[[str], None], clock: Clock) -> BlackBox | None:
    """The black box of a server, if it has one; blocks of those that died before are written. `say` is told of all troubles."""
    wanted = settings.forensics
    if not wanted.engine or wanted.file is None:
        return None
    return BlackBox(
        wanted.file,
        buffer_size=wanted.buffer_size,
        capture=wanted.capture,
        criteria=[CRITERIA[name] for name in wanted.criteria],
        directory=directory,
        service=service(settings),
        notice=say,
        allow_links=settings.allow_log_symlinks,
        clock=clock,
    )


def hosts(
    configuration: Configuration,
    opener: Opener,
    rights: Rights,
    *,
    directory: str | None,
    debug: int | None,
    say: Callable[[str], None],
    clock: Clock,
) -> list[Host]:
    """All servers of a configuration, the main one first. Raises ConfigurationError."""
    made: list[Host] = []
    try:
        for settings in configuration.servers:
            if settings.port == 0:  # which switches a server off
                continue
            made.append(host(settings, configuration, opener, rights, directory, debug, say, clock))
    except ConfigurationError:
        given_up(made)
        raise
    return made


def given_up(made: Iterable[Host]) -> None:
    """These will not serve."""
    for each in made:
        if each.box is not None:
            each.box.close()


def host(
    settings: ServerSettings,
    configuration: Configuration,
    opener: Opener,
    rights: Rights,
    directory: str | None,
    debug: int | None,
    say: Callable[[str], None],
    clock: Clock,
) -> Host:
    """One server. Raises ConfigurationError."""
    addresses, secured, told = resolved(settings), context(settings), masquerade(settings)
    shown = settings.addresses[0] if settings.addresses else own_address()
    logs = opener.logs(configuration, settings, shown, debug)
    links = settings.allow_log_symlinks
    return Host(
        settings=settings,
        configuration=configuration,
        addresses=addresses,
        shown=shown,
        logs=logs,
        accounts=Accounts(settings, rights),
        tls=secured,
        rights=rights,
        clock=clock,
        masquerade=told,
        box=box(settings, directory, say, clock),
        anonymous_logs=[(each, opener.of_anonymous(logs, each, links=links)) for each in settings.anonymous],
    )


def meant(candidates: Iterable[Host], address: str) -> Host | None:
    """The server that a connection to `address` is for, of those on its port: the first one that has this address, one that
    is the default for others after those that are not; else one that has all of them, else the default server. As in
    ProFTPD."""
    known = list(candidates)
    for fits in (
        lambda host: address in host.addresses and not host.settings.default_server,
        lambda host: address in host.addresses,
        lambda host: not host.addresses,
        lambda host: host.settings.default_server,
    ):
        if found := next(filter(fits, known), None):
            return found
    return None


def ring_directory() -> str:
    """Where rings are kept when nobody says: root's place, or the user's own."""
    if os.geteuid() == 0:
        return "/var/lib/vigilog/ftpd"
    return os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "vigilog", "ftpd")
