"""Bytes over a connection, as the kernel counts them."""

from __future__ import annotations

import socket
from contextlib import closing

from vigilog.ftpd.traffic import Traffic, traffic


def test_what_waits_in_the_kernel_is_written():
    """Who wrote it may close the connection: it goes out all the same."""
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        here = socket.create_connection(door.getsockname())
        there, _ = door.accept()
        with closing(here), closing(there):
            here.setblocking(False)
            here.send(b"hello")
            assert there.recv(5) == b"hello"
            written = 5
            while True:
                try:
                    written += here.send(b"x" * 65536)
                except BlockingIOError:
                    break
            there.sendall(b"abc")
            assert here.recv(3) == b"abc"
            assert traffic(here.fileno()) == Traffic(3, written)


def test_what_is_no_tcp_has_none():
    with closing(socket.socket(socket.AF_UNIX)) as other:
        assert traffic(other.fileno()) == Traffic()
