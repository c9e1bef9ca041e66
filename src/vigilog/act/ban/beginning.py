"""Starting the process of the helper, and reading what it says."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict

from vigilog.act.ban.backends import Choice
from vigilog.act.ban.firewall import FirewallError
from vigilog.act.ban.program import PATH

_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from vigilog.act.ban.keeper import keep; keep(sys.argv[2:])"
_BLOCK = 1 << 20


def started(choice: Choice, patience: float) -> tuple[subprocess.Popen[bytes], socket.socket, socket.socket]:
    """The process, and our ends of its two sockets: for requests, with a time limit in seconds, and for signs.

    Raises FirewallError.
    """
    asked, served = socket.socketpair()
    signs, signing = socket.socketpair()
    asked.settimeout(patience)
    descriptors = served.fileno(), signing.fileno()
    paths = [os.path.abspath(path) for path in sys.path if path]
    arguments = [json.dumps(paths), *map(str, descriptors), json.dumps(asdict(choice))]
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=descriptors,
            start_new_session=True,  # a Ctrl-C is for the daemon
            env={"PATH": PATH, "LC_ALL": "C"},
            cwd="/",
        )
    except OSError as error:
        asked.close()
        signs.close()
        raise FirewallError(f"the firewall helper cannot be started: {error.strerror}") from error
    finally:
        served.close()
        signing.close()
    return process, asked, signs


def lines(asked: socket.socket) -> Iterator[bytes]:
    """The lines that come, each with its newline, until the other end is closed. Raises OSError."""
    rest = b""
    while data := asked.recv(_BLOCK):
        whole, newline, rest = (rest + data).rpartition(b"\n")
        yield from (whole + newline).splitlines(keepends=True)
