"""Fewer rights: what the helper does not need, it cannot use, nor can a program that it starts.

See capabilities(7), prctl(2) and capset(2).
"""

from __future__ import annotations

import struct

_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_VERSION_3 = 0x20080522
_LAST = 63
DAC_READ_SEARCH, NET_ADMIN, NET_RAW, SYS_PTRACE = 2, 12, 13, 19

FIREWALL = frozenset({NET_ADMIN, NET_RAW, DAC_READ_SEARCH, SYS_PTRACE})
"""To change the firewall; and to see which process holds which connection, for those who are logged in over SSH."""


def narrow(keep: frozenset[int]) -> None:
    """Gives up all capabilities but those in `keep`, for good, of this process and of what it starts. What it never had, and
    what it may not give up, stays as it is; all of it where Python cannot call the C library."""
    try:
        import ctypes  # noqa: PLC0415 - this may fail
    except (ImportError, MemoryError):  # an old libffi under systemd's MemoryDenyWriteExecute
        return
    libc = ctypes.CDLL(None)
    for capability in range(_LAST + 1):
        if capability not in keep:
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = struct.pack("=Ii", _VERSION_3, 0)
    data = ctypes.create_string_buffer(24)
    if libc.capget(header, data) == 0:
        low, high = (sum(1 << each - base for each in keep if base <= each < base + 32) for base in (0, 32))
        # effective, permitted and inheritable, of the lower 32 first: without the last, nft would lose what a service was given
        kept = [word & (low if at < 3 else high) for at, word in enumerate(struct.unpack("=6I", data.raw))]
        libc.capset(header, struct.pack("=6I", *kept))
