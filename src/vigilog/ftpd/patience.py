"""Not hearing a client for a while: as long as its password is compared, and as long as it does not fetch its answers.

What it says meanwhile waits: what was read already here, the rest with the kernel, which lets the client wait in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vigilog.ftpd.wire import Wire

ANSWERS = 200
"""So many answers may wait for a client that does not read; the others are given when it has."""

GRACE = 5.0
"""Seconds that a client has to fetch its last answer."""


Why = Literal["", "password", "answers"]
"""What a connection waits for: nothing, that its password was compared, or that its answers are fetched."""


def hold(connection: Wire, why: Why) -> None:
    """No further command is begun."""
    connection.held = why
    connection.unheard, connection.ac_in_buffer = connection.ac_in_buffer, b""


def go_on(connection: Wire) -> None:
    """The next command may come."""
    if not connection.held or connection.finished:
        return
    connection.held = ""
    hear(connection)
    if connection.unheard:
        # Not here: whoever called has a command of his own to finish.
        connection.call_later(0, catch_up, connection)


def catch_up(connection: Wire) -> None:
    """Hears what was read before."""
    if connection.unheard and not connection.held:
        connection.handle_read()


def hear(connection: Wire) -> None:
    """Lets the loop wait for what the connection is ready for: not for what its client says, while it is held."""
    if connection.finished or connection._closed:  # noqa: SLF001 - pyftpdlib's
        return
    loop = connection.ioloop
    wanted = (0 if connection.held else loop.READ) | (loop.WRITE if connection.producer_fifo else 0)
    loop.modify(connection._fileno, wanted)  # noqa: SLF001
    connection._wanted_io_events = connection._current_io_events = wanted  # noqa: SLF001


def after_command(connection: Wire) -> None:
    """Holds a client for whom too many answers wait."""
    if not connection.held and len(connection.producer_fifo) > ANSWERS:
        hold(connection, "answers")


def after_sending(connection: Wire) -> None:
    """Goes on with a client that fetched them."""
    if connection.held == "answers" and not connection.producer_fifo:
        go_on(connection)
