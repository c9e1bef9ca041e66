"""The processes that sessions live in: which session a process belongs to, and how it ended, for processes that are not
ours to wait for."""

from __future__ import annotations

import fcntl
import os
import resource
import select
import struct
from collections.abc import Mapping
from contextlib import suppress

from vigilog.blackbox.drain import parent

PIDFD_GET_INFO = 0xC040FF0B
"""Linux 6.13 and later (include/uapi/linux/pidfd.h)."""
EXIT = 1 << 3
"""What is asked for: how it ended. Answered from Linux 6.15 on, once the process has been waited for."""
_INFO = struct.Struct("=Q8xI40xi")
_SPARE_DESCRIPTORS = 64


def exit_status(descriptor: int) -> int | None:
    """How the process behind a pidfd ended, as wait(2) has it; None where the kernel does not tell (yet)."""
    asked = bytearray(_INFO.size)
    _INFO.pack_into(asked, 0, EXIT, 0, 0)
    try:
        fcntl.ioctl(descriptor, PIDFD_GET_INFO, asked)
    except OSError:
        return None
    told, _, status = _INFO.unpack(asked)
    return int(status) if told & EXIT else None


class Processes:
    """Descriptors of living processes, as many as may be open, and the descent of writers from the program `main`.
    `parents` are those that writers had, which is believed of those that are gone."""

    def __init__(self, main: int, parents: Mapping[int, int]) -> None:
        self.main = main
        self._parents = parents
        self._roots: dict[int, int] = {}
        self._open: dict[int, int] = {}
        self._of: dict[int, int] = {}
        self.gone: set[int] = set()
        """Those that are known to have ended, and are not released."""
        self._poll = select.epoll()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        self._most = max(16, min(soft, 1 << 16) - _SPARE_DESCRIPTORS)

    def root(self, process: int) -> int:
        """The process that stands for a writer's session: its ancestor (or itself) that the program itself has begun. A
        process whose descent cannot be told any more stands for itself."""
        known = self._roots.get(process)
        if known is not None:
            return known
        chain, at = [process], process
        while True:
            above = parent(at) or self._parents.get(at, 0)
            if at == self.main or above in (0, 1, os.getpid()):
                root = self.main if at == self.main else process
                break
            if above == self.main:
                root = at
                break
            if above in self._roots:
                root = self._roots[above]
                if root == self.main:
                    root = at
                break
            chain.append(above)
            at = above
        for each in chain:
            self._roots[each] = root
        return root

    def adopt(self, process: int, root: int) -> None:
        """`process` belongs to the session of `root`, whatever its descent."""
        if process not in (self.main, root):
            self._roots[process] = root

    def forget(self, root: int) -> list[int]:
        """The session is over: the numbers of its processes, which may be given to others now."""
        gone = [process for process, its in self._roots.items() if its == root]
        for process in gone:
            del self._roots[process]
        return gone

    def watch(self, process: int) -> None:
        """From now on it is told when the process ends; as long as there may be more descriptors."""
        if process in self._open or len(self._open) >= self._most:
            return
        try:
            descriptor = self._open[process] = os.pidfd_open(process)
        except ProcessLookupError:
            self.gone.add(process)
        except OSError:
            return
        else:
            self._of[descriptor] = process
            self._poll.register(descriptor, select.EPOLLIN)

    def watches(self, process: int) -> bool:
        """Whether it will be told when the process ends."""
        return process in self._open or process in self.gone

    def ended(self) -> list[int]:
        """The processes that have ended; their numbers stay here until they are released."""
        for descriptor, _ in self._poll.poll(0):
            self._poll.unregister(descriptor)
            self.gone.add(self._of[descriptor])
        return list(self.gone)

    def status(self, process: int) -> int | None:
        """How a process that has ended did so, as wait(2) has it; None if that is not known."""
        descriptor = self._open.get(process)
        return None if descriptor is None else exit_status(descriptor)

    def release(self, process: int) -> None:
        """It is of no interest any more."""
        self.gone.discard(process)
        descriptor = self._open.pop(process, None)
        if descriptor is not None:
            del self._of[descriptor]
            os.close(descriptor)

    def fileno(self) -> int:
        """A descriptor that becomes readable when a process has ended."""
        return self._poll.fileno()

    def close(self) -> None:
        """Closes all descriptors."""
        for process in list(self._open):
            self.release(process)
        self._poll.close()
