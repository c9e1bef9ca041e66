"""How many bytes went over a TCP connection, TLS and all: asked of the kernel (tcp(7), TCP_INFO; Linux 4.19)."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

RECEIVED, NOT_SENT, SENT, SENT_AGAIN = 128, 144, 200, 208
"""Where tcpi_bytes_received, tcpi_notsent_bytes, tcpi_bytes_sent and tcpi_bytes_retrans stand in struct tcp_info."""


class Traffic(NamedTuple):
    """Bytes read and written."""

    read: int = 0
    written: int = 0


def traffic(descriptor: int) -> Traffic:
    """The payload of a connection so far, in both directions, with what still waits in the kernel; zeros if the kernel does not
    tell."""
    try:
        with socket.socket(fileno=descriptor) as asked:
            try:
                info = asked.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            finally:
                asked.detach()
    except OSError:
        return Traffic()
    if len(info) < SENT_AGAIN + 8:
        return Traffic()
    received, sent, again = (struct.unpack_from("Q", info, at)[0] for at in (RECEIVED, SENT, SENT_AGAIN))
    (waiting,) = struct.unpack_from("I", info, NOT_SENT)
    return Traffic(received, sent - again + waiting)
