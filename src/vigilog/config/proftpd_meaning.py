"""The sections of a proftpd.conf → settings."""

from __future__ import annotations

from collections.abc import Mapping

from vigilog.config.proftpd_kafka import kafka, on_events
from vigilog.config.proftpd_protection import tls, wrap
from vigilog.config.proftpd_rules import filters, limits
from vigilog.config.proftpd_settings import (
    AnonymousSettings,
    DirectorySettings,
    ExtendedLog,
    Forensics,
    Maximum,
    ServerSettings,
    Timeouts,
)
from vigilog.config.proftpd_tree import Section
from vigilog.config.proftpd_view import View, of_section, of_server

TIMEOUTS = {
    "login": "TimeoutLogin",
    "idle": "TimeoutIdle",
    "no_transfer": "TimeoutNoTransfer",
    "stalled": "TimeoutStalled",
}
FORENSICS = {
    "engine": "ForensicLogEngine",
    "file": "ForensicLogFile",
    "buffer_size": "ForensicLogBufferSize",
    "capture": "ForensicLogCapture",
    "criteria": "ForensicLogCriteria",
}
PLAIN = {
    "port": "Port",
    "default_server": "DefaultServer",
    "user": "User",
    "group": "Group",
    "require_valid_shell": "RequireValidShell",
    "root_login": "RootLogin",
    "root_revoke": "RootRevoke",
    "use_ftp_users": "UseFtpUsers",
    "auth_order": "AuthOrder",
    "max_clients": "MaxClients",
    "max_clients_per_host": "MaxClientsPerHost",
    "max_clients_per_user": "MaxClientsPerUser",
    "max_login_attempts": "MaxLoginAttempts",
    "passive_ports": "PassivePorts",
    "display_address": "MasqueradeAddress",
    "allow_overwrite": "AllowOverwrite",
    "allow_store_restart": "AllowStoreRestart",
    "allow_retrieve_restart": "AllowRetrieveRestart",
    "debug_level": "DebugLevel",
    "transfer_log": "TransferLog",
    "server_log": "ServerLog",
    "allow_log_symlinks": "AllowLogSymlinks",
}
OPEN_UMASK = (0o022, None)


def server(section: Section, globals_: tuple[Section, ...], formats: Mapping[str, str], main: Section) -> ServerSettings:
    """A server with what it has from each <Global>. `main` is the main server: a virtual host without a name is called like
    it."""
    view = of_server(section, globals_)
    files, directories = view.first("Umask", OPEN_UMASK)
    shown, words = view.first("ServerIdent", (True, None))
    user_file, group_file = view.first("AuthUserFile", (None,)), view.first("AuthGroupFile", (None,))
    return ServerSettings(
        place=section.place,
        main=section is main,
        addresses=view.first("DefaultAddress", ()) if section is main else section.parameters,
        aliases=aliases(view),
        name=name(view, of_section(main)),
        ident=shown,
        ident_text=words,
        umask=files,
        directory_umask=files if directories is None else directories,
        default_roots=view.all("DefaultRoot"),
        default_chdirs=view.all("DefaultChdir"),
        user_aliases=user_aliases(view),
        auth_user_file=user_file[0],
        auth_user_restrictions=user_file[1:],
        auth_group_file=group_file[0],
        auth_group_restrictions=group_file[1:],
        timeouts=timeouts(view, Timeouts()),
        tls=tls(view),
        wrap=wrap(view),
        extended_logs=extended_logs(view, formats),
        session_trace={channel: level for traced in view.all("Trace") if traced.session for channel, level in traced.levels},
        environment=dict(view.all("SetEnv")),
        kafka=kafka(view, formats),
        forensics=Forensics(**view.given(FORENSICS)),
        filters=filters(view),
        limits=limits(view),
        directories=tuple(directory(each, formats) for each in view.of_kind("Directory")),
        anonymous=tuple(anonymous(each, view, formats) for each in view.of_kind("Anonymous")),
        directives=view.directives,
        **view.given(PLAIN),
    )


def aliases(view: View) -> tuple[str, ...]:
    """The names that HOST selects a server by."""
    return tuple(alias for names in view.all("ServerAlias") for alias in names)


def user_aliases(view: View) -> dict[str, str]:
    """Aliases of users; of two with one alias the first counts."""
    return dict(reversed(view.all("UserAlias")))


def name(view: View, main: View) -> str:
    """ServerName; without it the first ServerAlias, or what the main server is called."""
    own = view.first("ServerName") or next(iter(aliases(view)), "")
    return own or main.first("ServerName") or next(iter(aliases(main)), "ProFTPD")


def timeouts(view: View, default: Timeouts) -> Timeouts:
    """The timeouts of a server or an <Anonymous>."""
    values = {field: getattr(default, field) for field in TIMEOUTS} | view.given(TIMEOUTS)
    sessions = tuple(each for each in view.all("TimeoutSession") if each.seconds) + default.sessions
    return Timeouts(**values, sessions=sessions)


def extended_logs(view: View, formats: Mapping[str, str]) -> tuple[ExtendedLog, ...]:
    """Every ExtendedLog, with the text of its format."""
    return tuple(
        ExtendedLog(found.value.path, found.value.classes, formats.get(found.value.format, ""), found.directive.place)
        for found in view.each("ExtendedLog")
    )


def directory(section: Section, formats: Mapping[str, str]) -> DirectorySettings:
    """A <Directory>, or what an <Anonymous> says of all that is in it."""
    view = of_section(section)
    files, directories = view.first("Umask", (None, None))
    fields = {
        "allow_overwrite": "AllowOverwrite",
        "allow_store_restart": "AllowStoreRestart",
        "allow_retrieve_restart": "AllowRetrieveRestart",
    }
    return DirectorySettings(
        path=section.parameters[0],
        place=section.place,
        umask=files,
        directory_umask=files if directories is None else directories,
        limits=limits(view),
        directories=tuple(directory(each, formats) for each in view.of_kind("Directory")),
        kafka_events=on_events(view, formats),
        **view.given(fields),
    )


def anonymous(section: Section, outside: View, formats: Mapping[str, str]) -> AnonymousSettings:
    """An <Anonymous> of a server; what it does not say itself it has from there."""
    view = of_section(section)
    return AnonymousSettings(
        root=section.parameters[0],
        place=section.place,
        user=view.first("User"),
        group=view.first("Group"),
        aliases=user_aliases(view),
        require_password=view.first("AnonRequirePassword", default=False),
        require_valid_shell=view.first("RequireValidShell", outside.first("RequireValidShell", default=True)),
        max_clients=view.first("MaxClients", outside.first("MaxClients", Maximum())),
        max_clients_per_host=view.first("MaxClientsPerHost", outside.first("MaxClientsPerHost", Maximum())),
        inside=directory(section, formats),
        transfer_log=view.first("TransferLog", outside.first("TransferLog")),
        extended_logs=extended_logs(view, formats),
        timeouts=timeouts(view, timeouts(outside, Timeouts())),
    )
