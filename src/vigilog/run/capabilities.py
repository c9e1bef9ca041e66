"""Giving up the capabilities that the service was started with, when its helper has them. capabilities(7), capset(2)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

NET_BIND_SERVICE = 10
NET_ADMIN = 12

_VERSION_3 = 0x20080522


def give_up_all_but(kept: Iterable[int] = ()) -> None:
    """Leaves this thread with those of its capabilities that are named by number, and programs that it starts with none.

    Threads begun after this have no more than it; others are not changed: to be called before there are any. Root's programs
    get everything back: for root, `rights.lower` comes first. Raises OSError.
    """
    import ctypes  # noqa: PLC0415 - takes its time, and only the daemon needs it

    wanted = sum(1 << number for number in kept) & held()
    low, high = wanted & 0xFFFFFFFF, wanted >> 32
    header = struct.pack("=Ii", _VERSION_3, 0)
    # Effective, permitted, inheritable: without the last there is nothing that a started program could be given.
    data = struct.pack("=6I", low, low, 0, high, high, 0)
    library = ctypes.CDLL(None, use_errno=True)
    if library.capset(ctypes.c_char_p(header), ctypes.c_char_p(data)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "capset")


def held(kind: str = "CapPrm") -> int:
    """The capabilities of this thread as a set of bits: CapPrm, CapEff, CapInh, CapBnd or CapAmb of proc(5)."""
    with open("/proc/thread-self/status", "rb") as file:
        lines = dict(line.split(b":", 1) for line in file.read().splitlines())
    return int(lines[kind.encode()], 16)
