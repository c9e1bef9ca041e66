"""What a command came to, as far as logs ask for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Transfer:
    """Data that went over a data connection. `direction` is i, o or l (a listing); `path` is the client's, '' for a listing.

    `size` is in bytes, after line ends were translated; `began` counts seconds of the monotonic clock. `file_size` is the
    size of the file afterwards, None if it was not transferred whole."""

    direction: str
    path: str
    outside: str
    type: str
    began: float
    size: int = 0
    seconds: float = 0.0
    offset: int = 0
    modified: bool = False
    complete: bool = False
    file_size: int | None = None
    port: int | None = None


@dataclass(slots=True)
class Command:
    """One command of a client: its name in capitals (a SITE command as `SITE CHMOD`), its argument as it was sent ('(hidden)'
    for a password), and what it came to. `began` counts seconds of the monotonic clock; `path` and `outside` are the file
    that it is about, as the client and as the host know it; `port` is the port of the latest data connection, announced or
    made."""

    name: str
    argument: str
    began: float
    path: str = ""
    outside: str = ""
    size: int | None = None
    transfer: Transfer | None = None
    rename_from: str = ""
    port: int | None = None
    type: str = "a"
    answered: bool = False

    @property
    def shown(self) -> str:
        """The command as logs show it: words joined by single blanks."""
        return " ".join([self.name, *self.argument.split()])
