"""The end of a transfer, as logs and the black box have it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vigilog.ftpd.command import Command, Transfer
from vigilog.ftpd.log_lines import xferlog_line
from vigilog.ftpd.session_log import encoded

if TYPE_CHECKING:
    from vigilog.ftpd.connection import Connection

LISTINGS = frozenset({"LIST", "NLST", "MLSD"})
DIRECTIONS = {"RETR": "o", "STOR": "i", "APPE": "i", "STOU": "i"}


def begun(connection: Connection, command: Command) -> None:
    """A command was told that its data may come (150)."""
    offset = connection.offset
    command.transfer = Transfer(
        DIRECTIONS.get(command.name, "l"), command.path, command.outside, connection.type, time.monotonic(), offset=offset
    )
    command.transfer.modified = connection.existed
    connection.offset, connection.existed = 0, False
    connection.moving = command


def settled(connection: Connection, *, complete: bool) -> None:
    """A transfer is over: it is counted, and logged as ProFTPD's TransferLog has it."""
    command, data = connection.moving, connection.data_channel
    transfer = command.transfer if command else None
    if command is None or transfer is None or transfer.seconds:
        return
    transfer.seconds = max(time.monotonic() - transfer.began, 1e-6)
    transfer.complete = complete
    facts = connection.record.facts
    if data is not None:
        transfer.size, transfer.port = data.moved, data.port
        if data.file_obj is not None and transfer.direction != "l":
            transfer.outside = data.file_obj.name
            if command.name == "STOU":
                command.outside, command.path = transfer.outside, connection.fs.inside(transfer.outside)
            transfer.file_size = transfer.offset + transfer.size if complete else None
    command.size = transfer.size
    connection.total_in += transfer.size if transfer.direction == "i" else 0
    connection.total_out += transfer.size if transfer.direction != "i" else 0
    facts.total_bytes_in, facts.total_bytes_out = connection.total_in, connection.total_out
    if transfer.direction == "l":
        return
    if complete and transfer.direction == "i":
        facts.total_files_in += 1
    elif complete:
        facts.total_files_out += 1
    logged(connection, transfer.direction, transfer.outside, transfer.size, transfer.seconds, transfer.type, complete=complete)
    word = "completed" if complete else "aborted"
    connection.record.log.debug(5, f"Transfer {word}: {transfer.size} bytes in {transfer.seconds:.2f} seconds")


def logged(
    connection: Connection, direction: str, path: str, size: int, seconds: float, kind: str, *, complete: bool = True
) -> None:
    """A line of the TransferLog, if there is one."""
    log, account = connection.record.log, connection.account
    if account is None or (log.logs.transfer is None and log.ring is None):
        return
    anonymous = account.anonymous is not None
    user = connection.secret if anonymous and account.anonymous and not account.anonymous.require_password else account.name
    log.transfer(
        xferlog_line(
            *(connection.host.clock(), seconds, connection.client.encode(), size, encoded(path)),
            ascii_type=kind == "a",
            direction=direction,
            anonymous=anonymous,
            user=encoded(user or "UNKNOWN"),
            complete=complete,
        )
    )
