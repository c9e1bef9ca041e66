"""Asking a running `vigilog run` something, through its control socket. Light: commands load it."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress
from typing import Any

from vigilog.core.errors import VigilogError
from vigilog.core.nouns import Place

_PIECE = 256 * 1024


class NotRunning(VigilogError):
    """Nobody answers at the control socket."""


class NotAllowed(VigilogError):
    """The control socket is there, and not for this user."""


class Refused(VigilogError):
    """The daemon did not do what it was asked for. `answer` is all that it said."""

    def __init__(self, found: str, *, place: Place | None = None, answer: dict[str, Any] | None = None) -> None:
        super().__init__(found, place=place)
        self.answer = answer or {}


def ask(path: str, command: str, /, *, patience: float = 120.0, **arguments: object) -> dict[str, Any]:
    """What the daemon with the control socket `path` answers to `command`: a dict in which "ok" is true.

    `arguments` are whatever JSON can hold. `patience`: seconds without a sign of life after which it counts as dead. Raises
    NotRunning, NotAllowed, or Refused with the daemon's own words.
    """
    request = json.dumps({**arguments, "command": command}).encode() + b"\n"
    place = Place(path)
    try:
        answer = _exchange(path, request, patience)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        remedy = "start it (systemctl start vigilog), or name its socket with --control"
        raise NotRunning("`vigilog run` is not running: nobody listens here", place=place, remedy=remedy) from error
    except PermissionError as error:
        raise NotAllowed("the control socket is closed to you", place=place, remedy="ask as root or as its owner") from error
    except BlockingIOError as error:
        found = f"`vigilog run` gave no answer for {patience:g} s"
        raise NotRunning(found, place=place, remedy="look at its log; systemd restarts it if it hangs") from error
    except OSError as error:
        raise NotRunning(f"`vigilog run` cannot be asked: {error.strerror or error}", place=place) from error
    if not answer.endswith(b"\n"):
        raise NotRunning("`vigilog run` ended while it was asked", place=place, remedy="look at its log, and ask again")
    try:
        told = json.loads(answer)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise NotRunning("something else than `vigilog run` listens here", place=place, remedy="look at `ss -xlp`")
    if told.get("ok") is not True:
        raise Refused(str(told.get("error", "it gave no reason")), answer=told)
    return told


def _exchange(path: str, request: bytes, patience: float) -> bytes:
    """The answer to `request`. Raises OSError; BlockingIOError when `patience` (seconds) is over."""
    limit = struct.pack("ll", int(patience), int(patience % 1 * 1_000_000))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        # The kernel's own limits hold while connecting as well, where Python's would give up at once if many are waiting.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        connection.connect(path)
        # Whoever closes before all is read has said something about it, which can still be read.
        with suppress(BrokenPipeError):
            connection.sendall(request)
        pieces = []
        with suppress(ConnectionResetError):
            while piece := connection.recv(_PIECE):
                pieces.append(piece)
    return b"".join(pieces)
