"""The control socket itself: made so that nobody else can ever use it, and only one daemon at a time."""

from __future__ import annotations

import os
import socket
import stat
import struct
from contextlib import suppress

from vigilog.core.errors import AlreadyRunning
from vigilog.core.nouns import Place
from vigilog.store.guard import refused

_BACKLOG = 64
_LONGEST_PATH = 100
"""A little less than the 107 bytes that a socket's name may have: it is made under a longer one."""


def listening(path: str) -> socket.socket:
    """A socket that listens at `path`, 0600. What was there is replaced at once, so that there is no moment without one.

    Raises AlreadyRunning if somebody answers there, StoreError if it cannot be made or something else is in its place.
    """
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise refused(path, "too long for the name of a socket", f"at most {_LONGEST_PATH} bytes")
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise refused(path, "something else than a socket is there", "a socket or nothing", "remove it")
        if _answers(path):
            raise AlreadyRunning("another `vigilog run` listens here", place=Place(path), remedy="stop it first")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    new = f"{path}.new"
    try:
        with suppress(FileNotFoundError):
            os.unlink(new)
        # On Linux the mode of a socket without a name becomes the mode of its name.
        os.fchmod(listener.fileno(), 0o600)
        listener.bind(new)
        os.chmod(new, 0o600)
        listener.listen(_BACKLOG)
        os.rename(new, path)
    except OSError as error:
        listener.close()
        raise refused(path, f"the control socket cannot be made: {error.strerror}") from error
    return listener


def is_ours(connection: socket.socket) -> bool:
    """Whether the other side of a Unix socket runs as root or as this process's user."""
    form = struct.Struct("iII")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, form.size)
    _process, user, _group = form.unpack(credentials)
    return user in (0, os.geteuid())


def _answers(path: str) -> bool:
    """Whether somebody listens at the socket `path`, or might."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
    return True
