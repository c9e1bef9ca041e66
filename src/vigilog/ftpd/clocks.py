"""How long a client may take: to log in, between two transfers, for a whole session. (Idleness is pyftpdlib's.)"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vigilog.config.proftpd_settings import SessionTimeout, Timeouts

if TYPE_CHECKING:
    from vigilog.ftpd.control import Control


def times(connection: Control) -> Timeouts:
    """The timeouts that hold for it: those of its <Anonymous>, if that has some."""
    account = connection.account
    if account is not None and account.anonymous is not None and account.anonymous.timeouts is not None:
        return account.anonymous.timeouts
    return connection.host.settings.timeouts


def until_login(connection: Control) -> None:
    """The client has to log in before the time is up."""
    seconds = times(connection).login
    if seconds:
        connection.call_later(seconds, _not_logged_in, connection, seconds)


def _not_logged_in(connection: Control, seconds: int) -> None:
    if connection.account is None and not connection.finished:
        connection.timed_out("TimeoutLogin", "Login timeout", seconds)


def after_login(connection: Control) -> None:
    """From now on data has to move now and then, and the session may have a longest time."""
    wanted = times(connection)
    if connection.timeout != wanted.idle:
        connection.timeout = wanted.idle
        connection.wind()
    transferred(connection)
    if wanted.no_transfer:
        connection.call_later(wanted.no_transfer, _without_transfer, connection, wanted.no_transfer)
    longest = next((each.seconds for each in wanted.sessions if meant_for(connection, each)), 0)
    if longest:
        connection.call_later(longest, _too_long, connection, longest)


def transferred(connection: Control) -> None:
    """Data moved."""
    connection.moved_at = time.monotonic()


def _without_transfer(connection: Control, seconds: int) -> None:
    if connection.finished:
        return
    idle = time.monotonic() - connection.moved_at
    if getattr(connection, "data_channel", None) is not None:
        idle = 0.0
    if idle >= seconds - 0.01:
        connection.timed_out("TimeoutNoTransfer", "No transfer timeout", seconds)
    else:
        connection.call_later(seconds - idle, _without_transfer, connection, seconds)


def _too_long(connection: Control, seconds: int) -> None:
    if not connection.finished:
        connection.timed_out("TimeoutSession", "Session timeout", seconds)


def meant_for(connection: Control, wanted: SessionTimeout) -> bool:
    """Whether a session's longest time is meant for whoever is logged in."""
    account = connection.account
    names: tuple[str, ...] = ()
    match wanted.of:
        case "":
            return True
        case "user" if account:
            names = (account.name,)
        case "group" if account:
            names = account.groups
        case "class":
            names = (connection.visitor().class_name or "",)
    return all((word.removeprefix("!") in names) != word.startswith("!") for word in wanted.members)
