"""A real dnscache under multilog, in a DNS world of its own: three tinydns on loopback addresses, one of them
lame, a server that fails, and one that never answers.

dnscache asks servers at port 53 only, so all of this is for root; 127.53.0.0/16 is used.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

CACHE, ROOT, ZONES, LAME, FAILING, SILENT = (f"127.53.{os.getpid() % 251}.{number}" for number in range(1, 7))
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
TYPES = {"A": 1, "NS": 2, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "AXFR": 252, "ANY": 255}
ROOT_DATA = f"""\
.:{ROOT}:a.rootsrv.test:259200
&test:{ZONES}:a.ns.test:86400
&test:{ZONES}:b.ns.test:86400
&10.in-addr.arpa:{ZONES}:a.ns.test:86400
&lame:{LAME}:a.ns.lame:86400
&failing:{FAILING}:a.ns.failing:86400
&glueless::three.test:86400
&silent:{SILENT}:a.ns.silent:86400
"""
ZONE_DATA = f"""\
.test:{ZONES}:a.ns.test:86400
.test:{ZONES}:b.ns.test:86400
.10.in-addr.arpa:{ZONES}:a.ns.test:86400
=www.test:10.0.0.1:3600
+two.test:10.0.0.2:3600
+three.test:{ZONES}:3600
.glueless::three.test:86400
+x.glueless:10.0.0.9:3600
Calias.test:www.test:3600
@test:10.0.0.3:mx.test:10:3600
'txt31.test:{"t" * 30}:60
'txt32.test:{"t" * 40}:60
:empty.test:65280::60
:v6.test:28:{chr(92)}040{chr(92)}001{chr(92)}015{chr(92)}270{chr(92)}000{chr(92)}000{chr(92)}000{chr(92)}000\
{chr(92)}000{chr(92)}000{chr(92)}000{chr(92)}000{chr(92)}000{chr(92)}000{chr(92)}000{chr(92)}001:60
"""
LAME_DATA = f"&:{ROOT}:a.rootsrv.test:259200\n"


@contextmanager
def world(place: Path) -> Iterator[Path]:
    """Gives multilog's directory, in which dnscache writes until the end of this."""
    log = place / "log"
    with ExitStack() as stack:
        for name, address, data in (("root", ROOT, ROOT_DATA), ("zones", ZONES, ZONE_DATA), ("lame", LAME, LAME_DATA)):
            folder = _folder(place / name)
            (folder / "data").write_text(data)
            subprocess.run(["tinydns-data"], cwd=folder, env={"PATH": PATH}, check=True)
            (folder / "data.cdb").chmod(0o644)
            stack.enter_context(_running(["tinydns"], folder, IP=address))
        stack.enter_context(_failing())
        stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((SILENT, 53))
        folder = _folder(place / "cache")
        _folder(folder / "servers")
        (folder / "servers" / "@").write_text(f"{ROOT}\n")
        _folder(folder / "ip")
        (folder / "ip" / "127").touch()
        (folder / "seed").write_bytes(os.urandom(128))
        writer = stack.enter_context(subprocess.Popen(["multilog", "t", str(log)], stdin=subprocess.PIPE))
        assert writer.stdin is not None
        stack.enter_context(writer.stdin)
        settings = {"IP": CACHE, "IPSEND": "0.0.0.0", "CACHESIZE": "1000000"}
        stack.enter_context(_running(["dnscache"], folder, output=writer.stdin, **settings))
        until(lambda: b" starting\n" in (log / "current").read_bytes() if (log / "current").exists() else False)
        yield log


def ask(name: str, kind: str, number: int = 1) -> bytes:
    """The answer to a question by UDP, as bytes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("127.0.0.1", 0))
        asking.settimeout(30)
        asking.sendto(_question(name, kind, number), (CACHE, 53))
        return asking.recv(4096)


@contextmanager
def by_tcp() -> Iterator[socket.socket]:
    """A connection to dnscache."""
    with socket.create_connection((CACHE, 53), timeout=30) as connection:
        yield connection


def ask_by_tcp(connection: socket.socket, name: str, kind: str) -> bytes:
    """What comes back; b'' if dnscache closes the connection."""
    question = _question(name, kind, 7)
    connection.sendall(struct.pack(">H", len(question)) + question)
    with suppress(ConnectionResetError):
        return connection.recv(4096)
    return b""


def flood(questions: int) -> None:
    """So many questions at once for a server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("127.0.0.1", 0))
        for number in range(questions):
            asking.sendto(_question(f"x{number}.silent", "A", number), (CACHE, 53))


def until(holds, seconds: float = 20) -> None:
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def _question(name: str, kind: str, number: int) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return (
        struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0)
        + b"".join(bytes([len(label)]) + label for label in labels)
        + b"\0"
        + struct.pack(">HH", TYPES[kind], 1)
    )


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    path.chmod(0o755)
    return path


@contextmanager
def _failing() -> Iterator[None]:
    """A server that asks for TCP, where it does not listen: so dnscache knows at once that it failed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
        answering.bind((FAILING, 53))

        def answer() -> None:
            while (asked := answering.recvfrom(512))[0]:
                question, client = asked
                answering.sendto(question[:2] + b"\x82\x00" + question[4:], client)

        thread = threading.Thread(target=answer)
        thread.start()
        yield
        answering.sendto(b"", (FAILING, 53))
        thread.join()


@contextmanager
def _running(command: list[str], folder: Path, output=subprocess.DEVNULL, **settings: str) -> Iterator[None]:
    """A program of djbdns, in a root of its own and as nobody, until the end of this."""
    seed = folder / "seed"
    environment = {"PATH": PATH, "ROOT": str(folder), "UID": "65534", "GID": "65534", **settings}
    with seed.open("rb") if seed.exists() else open(os.devnull, "rb") as given:
        process = subprocess.Popen(command, stdin=given, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
