"""Readers for what a server is and who logs in to it: names, ports, users, limits, files of users."""

from __future__ import annotations

import grp
import pwd

from vigilog.config.proftpd_nouns import SessionTimeout
from vigilog.config.proftpd_words import (
    Around,
    Bad,
    Parameters,
    Reader,
    boolean,
    count_or_none,
    duration,
    every,
    expression,
    for_groups,
    maximum,
    number_between,
    one_of,
    root_for_groups,
    text,
    truth,
    umask,
    whole,
)


def user(parameters: Parameters, around: Around) -> str:
    """`User NAME`: somebody the host knows; inside <Anonymous> that is asked when somebody logs in."""
    try:
        pwd.getpwnam("root" if around.section == "a" else parameters[0])
    except (KeyError, ValueError):
        raise Bad(f"Unknown user '{parameters[0]}'") from None
    return parameters[0]


def group(parameters: Parameters, around: Around) -> str:
    """`Group NAME`, likewise."""
    try:
        grp.getgrnam("root" if around.section == "a" else parameters[0])
    except (KeyError, ValueError):
        raise Bad(f"Unknown group '{parameters[0]}'") from None
    return parameters[0]


def ident(parameters: Parameters, around: Around) -> tuple[bool, str | None]:
    """`ServerIdent on|off [TEXT]`."""
    shown = boolean(parameters, around)
    return shown, parameters[1] if shown and len(parameters) > 1 else None


def debug_level(parameters: Parameters, _around: Around) -> int:
    """`DebugLevel 0..10`."""
    level = whole(parameters[0])
    if level is None:
        raise Bad("not a valid number")
    if not 0 <= level <= 10:
        raise Bad("invalid debug level configured")
    return level


def passive_ports(parameters: Parameters, _around: Around) -> tuple[int, int]:
    """`PassivePorts LEAST MOST`."""
    ports = []
    for word, name in zip(parameters, ("min", "max"), strict=False):
        number = whole(word)
        if number is None or not 0 < number <= 65535:
            raise Bad(f"{name} port must be allowable port number")
        ports.append(number)
    if min(ports) < 1024:
        raise Bad("port numbers must be above 1023")
    if ports[1] <= ports[0]:
        raise Bad("min port must be less than max port")
    return ports[0], ports[1]


def instances(parameters: Parameters, _around: Around) -> int:
    """`MaxInstances COUNT|none`; 0 for none."""
    return count_or_none(parameters[0], "argument must be 'none' or a number greater than 0")


def login_attempts(parameters: Parameters, _around: Around) -> int:
    """`MaxLoginAttempts COUNT|none`; 0 for none."""
    return count_or_none(parameters[0], "parameter must be 'none' or a number greater than 0")


def display_address(parameters: Parameters, _around: Around) -> str:
    """`MasqueradeAddress ADDRESS|NAME`: a name is looked up when it is needed."""
    if not parameters[0]:
        raise Bad("missing required name parameter")
    return parameters[0]


def alias(parameters: Parameters, _around: Around) -> tuple[str, str]:
    """`UserAlias ALIAS NAME`."""
    if parameters[0] == parameters[1]:
        raise Bad("alias and real user names must differ")
    return parameters[0], parameters[1]


def session_timeout(parameters: Parameters, around: Around) -> SessionTimeout:
    """`TimeoutSession SECONDS [user|group|class EXPRESSION]`."""
    seconds = duration(parameters, around)
    if len(parameters) == 1 or seconds == 0:
        return SessionTimeout(seconds)
    if parameters[1].lower() not in {"user", "group", "class"}:
        raise Bad(f"TimeoutSession: unknown classifier used: '{parameters[1]}'")
    return SessionTimeout(seconds, parameters[1].lower(), expression(parameters[2:]))


def overwrite(parameters: Parameters, _around: Around) -> bool:
    """A boolean whose objection is spelled small."""
    return truth(parameters[0], "expected boolean parameter")


def pid_file(parameters: Parameters, _around: Around) -> str:
    """`PidFile PATH`."""
    if not parameters[0].startswith("/"):
        raise Bad(f"unable to set PidFile '{parameters[0]}': Invalid argument")
    return parameters[0]


READERS: dict[str, Reader] = {
    "AllowOverwrite": overwrite,
    "AllowRetrieveRestart": overwrite,
    "AllowStoreRestart": overwrite,
    "AnonRequirePassword": boolean,
    "AuthOrder": every,
    "DebugLevel": debug_level,
    "DefaultAddress": every,
    "DefaultChdir": for_groups,
    "DefaultRoot": root_for_groups,
    "DefaultServer": boolean,
    "Group": group,
    "MasqueradeAddress": display_address,
    "MaxClients": maximum,
    "MaxClientsPerHost": maximum,
    "MaxClientsPerUser": maximum,
    "MaxInstances": instances,
    "MaxLoginAttempts": login_attempts,
    "PassivePorts": passive_ports,
    "PidFile": pid_file,
    "Port": number_between(0, 65535, "value must be between 0 and 65535"),
    "RequireValidShell": boolean,
    "RootLogin": boolean,
    "RootRevoke": boolean,
    "ServerAdmin": text,
    "ServerAlias": every,
    "ServerIdent": ident,
    "ServerName": text,
    "ServerType": one_of(("inetd", "standalone"), "type must be either 'inetd' or 'standalone'"),
    "SetEnv": every,
    "TCPBackLog": number_between(1, 255, "parameter must be a number between 1 and 255"),
    "TimeoutIdle": duration,
    "TimeoutLinger": duration,
    "TimeoutLogin": duration,
    "TimeoutNoTransfer": duration,
    "TimeoutSession": session_timeout,
    "TimeoutStalled": duration,
    "Umask": umask,
    "UseFtpUsers": boolean,
    "UseIPv6": boolean,
    "User": user,
    "UserAlias": alias,
}
