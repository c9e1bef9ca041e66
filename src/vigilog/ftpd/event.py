"""One command of a session as an event that a LogFormat renders: named values, absent ones left out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from vigilog import __version__
from vigilog.ftpd.command import Command

TRANSFERS = frozenset(["APPE", "LIST", "MLSD", "NLST", "RETR", "STOR", "STOU"])
DIRECTORIES = frozenset(["CDUP", "CWD", "LIST", "MKD", "MLSD", "NLST", "RMD", "XCUP", "XCWD", "XMKD", "XRMD"])
ON_FILES = TRANSFERS - {"LIST", "MLSD", "NLST"} | frozenset(["RNFR", "RNTO", "DELE", "MKD", "XMKD", "RMD", "XRMD"])
NAMES_FILE = (
    ON_FILES
    | frozenset(["LIST", "NLST", "MLSD", "MLST", "MDTM", "MFMT", "PWD", "XPWD", "CWD", "XCWD", "CDUP", "XCUP"])
    | {"SITE CHMOD"}
)
OPENED = frozenset({"RETR", "STOR", "APPE", "STOU", "RNFR"})
"""Commands whose path is only told if there was something to be opened."""
FOUND = frozenset({"RETR", "RNFR"})
"""Commands whose file is only told if there is one."""
LISTINGS = frozenset({"LIST", "NLST", "MLSD", "MLST"})
CHANGES = frozenset({"CWD", "XCWD", "CDUP", "XCUP"})
PORTS = frozenset({"PASV", "EPSV", "PORT", "EPRT"})
TYPES = {"a": "ASCII", "i": "binary"}

FINISHED = {"2": "success", "1": "timeout"}


class Circumstances(NamedTuple):
    """What an event says of its session. `bytes_in` and `bytes_out` are those of the whole session so far, before this
    answer; `user`, `group` are None before login, `tried` is the name as typed, None before USER."""

    moment: float
    client: str
    client_port: int
    local: str
    local_port: int
    server_address: str
    server_name: str
    pid: int
    protocol: str
    bytes_in: int
    bytes_out: int
    uid: int
    gid: int
    user: str | None
    group: str | None
    tried: str | None
    anonymous_password: str | None
    directory: str
    end_reason: str | None = None
    connection_class: str | None = None
    environment: Mapping[str, str] = MappingProxyType({})


def event(command: Command | None, code: int | None, text: str, now: float, about: Circumstances) -> dict[str, Any]:
    """The event of one command, answered with `code` and `text` (the last line of it); `now` is on the monotonic clock, as
    `command.began`. No command: the beginning of the session; one named EXIT: its end."""
    found: dict[str, Any] = {
        "time": about.moment,
        "remote_ip": about.client,
        "remote_dns": about.client,
        "remote_port": about.client_port,
        "local_ip": about.local,
        "local_port": about.local_port,
        "server_ip": about.server_address,
        "server_dns": about.server_address,
        "server_name": about.server_name,
        "env": about.environment,
        "server_version": __version__,
        "pid": about.pid,
        "protocol": about.protocol,
        "session_bytes_rcvd": about.bytes_in,
        "session_bytes_sent": about.bytes_out,
        "uid": about.uid,
        "gid": about.gid,
        "user": about.user,
        "group": about.group,
        "original_user": about.tried,
        "anon_password": about.anonymous_password,
        "dir_name": about.directory,
        "session_end_reason": about.end_reason,
        "connection_class": about.connection_class,
        "response_millis": 0,
        "file_modified": False,
        "connecting": None if command else True,
        "disconnecting": True if command and command.name == "EXIT" else None,
    }
    if command is not None:
        found["command"] = command.name
    if command is not None and command.name != "EXIT":
        found |= answered(command, code, text, now)
    return {key: value for key, value in found.items() if value is not None}


def answered(command: Command, code: int | None, text: str, now: float) -> dict[str, Any]:
    """What is special to a command that was answered."""
    name = command.name
    found: dict[str, Any] = {
        "raw_command": command.shown,
        "command_params": parameters(command) or None,
        "response_code": code,
        "response_msg": text,
        "response_millis": int((now - command.began) * 1000),
        "bytes_sent": command.size,
        "rename_from": command.rename_from if name == "RNTO" and command.rename_from else None,
    }
    if name in DIRECTORIES:
        found["dir_name"] = os.path.basename(command.argument.rstrip("/"))
        found["dir_path"] = shown_path(command) or None
    refused = code is None or code >= 400
    if name in ON_FILES and not (refused and name in OPENED and command.transfer is None):
        found["transfer_path"] = command.path or None
    if name in NAMES_FILE and command.outside and not (refused and name in FOUND):
        found |= {"file": shown_path(command), "basename": base_name(command)}
    if name in TRANSFERS and code is not None:
        found |= transferred(command, code, text)
    elif name == "ABOR" and code is not None:
        found["transfer_status"] = "cancelled" if code < 400 else "failed"
    elif name in PORTS:
        found["transfer_port"] = command.port
    return found


def parameters(command: Command) -> str:
    """What stands behind the first word of a command."""
    return f"{command.name[5:]} {command.argument}".rstrip() if command.name.startswith("SITE ") else command.argument


def shown_path(command: Command) -> str:
    """The path as the host knows it; the root that a client sees ends in a slash."""
    return command.outside + "/" if command.path == "/" and command.outside != "/" else command.outside


def base_name(command: Command) -> str:
    """The last part of the path that a command is about: nothing for a listing that names none, a slash for the root."""
    if command.name in LISTINGS and not command.argument:
        return ""
    return "/" if command.path == "/" else os.path.basename(command.outside)


def transferred(command: Command, code: int, text: str) -> dict[str, Any]:
    """What is special to a command that moves data."""
    status = FINISHED.get(str(code)[0], "failed")
    found: dict[str, Any] = {
        "transfer_status": status,
        "transfer_type": TYPES[command.type],
        "transfer_port": command.port,
    }
    if status == "failed":
        found["transfer_failure"] = text
    done = command.transfer
    if done is None:
        return found
    found |= {
        "bytes_sent": done.size,
        "transfer_secs": round(done.seconds, 3),
        "transfer_millis": int(done.seconds * 1000),
        "transfer_type": TYPES[done.type],
        "transfer_port": done.port or command.port,
    }
    if done.direction != "l" and done.seconds:
        found["transfer_speed"] = f"{done.size / 1024 / done.seconds:.2f}KB/s"
    if done.direction != "l":
        found |= {"file_offset": done.offset, "file_modified": done.modified, "file_size": done.file_size}
    return found
