"""Asking the kernel about nftables: tables, rules, sets and elements, without starting a program.

nft 1.0.6 takes 3 s and 10 MB of JSON to list 150,000 elements, and 2 s to say that a table is there; the kernel is asked
here as nft asks it. Formats: linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h, linux/netlink.h.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from array import array
from collections.abc import Iterator

NETLINK_NETFILTER = 12
GROUP = 7  # NFNLGRP_NFTABLES
_SUBSYSTEM = 10 << 8  # NFNL_SUBSYS_NFTABLES
GETTABLE, GETCHAIN, GETRULE, GETSET, GETELEMENTS, NEWGEN, GETGEN = 1, 4, 7, 10, 13, 15, 16
INET = 1  # NFPROTO_INET

_REQUEST, _DUMP, _MULTI, _INTERRUPTED = 1, 0x300, 2, 0x10
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_GENERIC = struct.Struct("=BBH")
_ATTRIBUTE = struct.Struct("=HH")
_SOL_NETLINK, _ADD_MEMBERSHIP, _DROP_MEMBERSHIP = 270, 1, 2
_BLOCK = 1 << 20
_SECONDS = 10


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    return _ATTRIBUTE.pack(4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def attributes(data: bytes | memoryview) -> Iterator[tuple[int, bytes]]:
    """The attributes in `data`: their kinds (without flags) and values."""
    at = 0
    while at + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < 4:
            return
        yield kind & 0x3FFF, bytes(data[at + 4 : at + length])
        at += (length + 3) & ~3


def ask(kind: int, family: int, request: bytes = b"", *, dump: bool = True) -> list[bytes]:
    """What the kernel answers to one question: the attributes of each object. Empty if there is no such thing.

    Raises OSError for anything else. Takes at most some seconds. A listing that was changed meanwhile is asked for again.
    """
    while True:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER) as asked:
            asked.settimeout(_SECONDS)
            flags = _REQUEST | (_DUMP if dump else 0)
            body = _GENERIC.pack(family, 0, 0) + request
            asked.sendto(_HEADER.pack(16 + len(body), _SUBSYSTEM | kind, flags, 1, 0) + body, (0, 0))
            answer = _answer(asked)
        if answer is not None:
            return answer


def _answer(asked: socket.socket) -> list[bytes] | None:
    """All objects of an answer; None if it was interrupted."""
    objects: list[bytes] = []
    while True:
        for kind, flags, payload in messages(asked.recv(_BLOCK)):
            if flags & _INTERRUPTED:
                return None
            if kind == _DONE:
                return objects
            if kind == _ERROR:
                code = -struct.unpack_from("=i", payload)[0]
                if code == errno.ENOENT or not code:
                    return []
                if code == errno.EINTR:
                    return None
                raise OSError(code, os.strerror(code))
            objects.append(payload[4:])
            if not flags & _MULTI:
                return objects


def messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The messages in a datagram: kind (with its subsystem), flags and payload."""
    at = 0
    while at + 16 <= len(data):
        length, kind, flags, _, _ = _HEADER.unpack_from(data, at)
        if length < 16:
            return
        yield kind, flags, data[at + 16 : at + length]
        at += (length + 3) & ~3


def generation() -> int:
    """The number of the rule set: each change of anything in nftables in this network namespace makes it one more."""
    return _number(ask(GETGEN, 0, dump=False)[0])


def _number(gen: bytes) -> int:
    return next(int.from_bytes(value, "big") for kind, value in attributes(gen) if kind == 1)


def listener() -> socket.socket:
    """A socket that can be read, without waiting, after each change of the rule set; `drain` reads it. Raises OSError.

    The kernel sends a message for each object of a change and then one for the whole; a filter lets only that one in, so
    that 150,000 new elements wake nobody 150,000 times.
    """
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, NETLINK_NETFILTER)
    try:
        _only(made, _SUBSYSTEM | NEWGEN)
        made.bind((0, 0))
        hear(made, True)
    except OSError:
        made.close()
        raise
    return made


def hear(listening: socket.socket, whether: bool) -> None:
    """Lets a listener hear of changes, or not. While anybody hears of them the kernel writes a message for each element, also
    if no filter lets it in: for 150,000 new ones that takes longer than to put them in. Raises OSError."""
    listening.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP if whether else _DROP_MEMBERSHIP, GROUP)


def drain(listening: socket.socket) -> None:
    """Takes in what was announced; `generation` tells what came of it. Raises OSError."""
    while True:
        try:
            listening.recv(_BLOCK)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # some were lost: that, too, says only that something changed
                raise


def _only(listening: socket.socket, kind: int) -> None:
    """Lets only datagrams in whose first message is of this kind (a classic BPF program, linux/filter.h)."""
    swapped = socket.htons(kind)  # the field is in the host's order, and BPF loads in the network's
    program = array("B")
    program.frombytes(struct.pack("=HBBI", 0x28, 0, 0, 4))  # ldh [4]
    program.frombytes(struct.pack("=HBBI", 0x15, 0, 1, swapped))  # jeq kind, +0, +1
    program.frombytes(struct.pack("=HBBI", 0x06, 0, 0, 0xFFFFFFFF))  # ret all of it
    program.frombytes(struct.pack("=HBBI", 0x06, 0, 0, 0))  # ret nothing
    where, size = program.buffer_info()
    listening.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", size // 8, where))  # SO_ATTACH_FILTER
