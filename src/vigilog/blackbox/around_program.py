"""The program that is run: its channels, its start, how it ended, and ending likewise."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, NoReturn

from vigilog.blackbox.around_drained import Channel

NOT_FOUND, NOT_RUNNABLE = 127, 126
PIPE_BYTES = 1 << 20
SOCKET_BYTES = 4 << 20
F_SETPIPE_SZ = 1031
SO_SNDBUFFORCE = 32
MEANT_FOR_ONE_PROCESS = ("LISTEN_PID", "WATCHDOG_PID")
"""Variables that hold the number of the process which systemd (252) has started."""


class Ends(NamedTuple):
    """The two ends of a channel: what is read from, and what the program writes to."""

    channel: Channel
    writes: int


class CannotRun(Exception):
    """The program could not be started: `number` is the errno of execve."""

    def __init__(self, number: int) -> None:
        super().__init__(os.strerror(number))
        self.number = number
        self.status = NOT_FOUND if number in (errno.ENOENT, errno.ENOTDIR) else NOT_RUNNABLE


def ends(*, tells: bool) -> Ends:
    """A channel as roomy as may be: a pipe, or, to be told who writes, a socket."""
    if not tells:
        reads, writes = os.pipe()
        with suppress(OSError):  # more than this user may have
            fcntl.fcntl(writes, F_SETPIPE_SZ, PIPE_BYTES)
        return Ends(Channel(reads, tells=False), writes)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    # Set before there is a writer: what is sent without it bears no name.
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    for option in (SO_SNDBUFFORCE, socket.SO_SNDBUF):
        try:
            theirs.setsockopt(socket.SOL_SOCKET, option, SOCKET_BYTES)
            break
        except OSError:
            continue
    return Ends(Channel(ours.detach(), tells=True), theirs.detach())


def start(command: Sequence[str], outputs: tuple[int, int], mask: Iterable[int]) -> int:
    """Starts `command` (found in PATH) and gives its process number.

    `outputs` become its standard output and error; everything else it inherits as this process got it: standard input,
    descriptors that systemd handed over, environment, group and terminal. `mask` are the signals that it blocks. SIGPIPE is
    ignored in it, as in every service of systemd: if all that reads from it is killed, it lives. Raises CannotRun.
    """
    told, tells = os.pipe()
    process = os.fork()
    if not process:
        _become(command, outputs, mask, tells)
    os.close(tells)
    with open(told, "rb") as file:
        failed = file.read()
    if failed:
        os.waitpid(process, 0)
        raise CannotRun(int(failed))
    return process


def _become(command: Sequence[str], outputs: tuple[int, int], mask: Iterable[int], tells: int) -> NoReturn:
    try:
        for number, descriptor in zip((1, 2), outputs, strict=True):
            os.dup2(descriptor, number)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        environment = dict(os.environ)
        for name in MEANT_FOR_ONE_PROCESS:
            if environment.get(name) == str(os.getppid()):
                environment[name] = str(os.getpid())
        os.execvpe(command[0], list(command), environment)  # noqa: S606 - never through a shell
    except OSError as error:
        os.write(tells, str(error.errno).encode())
    finally:
        os._exit(NOT_FOUND)


def let_speak(environment: Mapping[str, str]) -> None:
    """Asks systemd (254 and later; older ones do not heed it) to listen to the program, too, which it did not start."""
    address = environment.get("NOTIFY_SOCKET", "")
    if address[:1] in ("/", "@"):
        name = "\0" + address[1:] if address[0] == "@" else address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaker, suppress(OSError):
            speaker.setblocking(False)
            speaker.sendto(b"NOTIFYACCESS=all", name)


def end_like(status: int) -> int:
    """The exit status for a program that ended with `status` (as waitstatus_to_exitcode gives it); does not return if a signal
    ended it and can end this process, too."""
    if status >= 0:
        return status
    number = -status
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with suppress(OSError, ValueError):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    return 128 + number
