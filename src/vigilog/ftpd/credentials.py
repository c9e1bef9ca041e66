"""Rights of one thread, not of the whole process (setresuid(2) and its like; Linux on x86-64, aarch64 and riscv64).

The C library's own calls change all threads, by a signal to each: the threads that ship events to Kafka would be stopped for a
moment at each command of a client, and find themselves with a client's rights on their files. The kernel knows rights of
threads only, so here it is asked directly. On other machines the C library is.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from typing import NamedTuple


class Calls(NamedTuple):
    """Numbers of system calls."""

    setresuid: int
    setresgid: int
    setgroups: int


GENERIC = Calls(147, 149, 159)
CALLS = {"x86_64": Calls(117, 119, 116), "aarch64": GENERIC, "riscv64": GENERIC}.get(os.uname().machine)
LIBC = ctypes.CDLL(None, use_errno=True)
SYSCALL = LIBC.syscall
SYSCALL.restype = ctypes.c_long
SAME = ctypes.c_uint32(0xFFFFFFFF)
"""-1: this number stays as it is."""


def become(uid: int, gid: int, groups: Sequence[int]) -> None:
    """This thread acts as somebody else from now on; it can go back as long as its real user is root. Raises OSError."""
    if CALLS is None:
        os.seteuid(0)
        os.setgroups(groups)
        os.setegid(gid)
        os.seteuid(uid)
        return
    _called(CALLS.setresuid, SAME, ctypes.c_uint32(0), SAME)
    _called(CALLS.setgroups, ctypes.c_size_t(len(groups)), (ctypes.c_uint32 * len(groups))(*groups))
    _called(CALLS.setresgid, SAME, ctypes.c_uint32(gid), SAME)
    _called(CALLS.setresuid, SAME, ctypes.c_uint32(uid), SAME)


def _called(number: int, *arguments: object) -> None:
    if SYSCALL(ctypes.c_long(number), *arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
