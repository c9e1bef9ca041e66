"""Network namespaces for tests: hosts of their own inside this one, joined by cables, gone at the end whatever happens.

    with namespaces() as (server, client):
        listening = server.listen("tcp", 22)            # a socket that lives in there
        client.connects(server.ipv4, 22)                # True, until the server's firewall drops it
        with server.entered():                          # what this thread starts now, starts in there
            subprocess.run(["nft", "list", "ruleset"])
        server.run("nft", "list", "ruleset")            # the same in one call

Needs root and ip(8); otherwise the test is skipped, or fails where CI=true.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import absent

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count(1)
_TYPES = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@dataclass(frozen=True)
class Namespace:
    """A host: its name in `ip netns`, and its first addresses (it may have more)."""

    name: str
    ipv4: str
    ipv6: str

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs `arguments` in there."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def run(self, *arguments: str, check: bool = True, **options) -> subprocess.CompletedProcess[str]:
        """Runs a program in there and gives what it printed, as text."""
        return subprocess.run(
            self.command(*arguments), check=check, text=True, timeout=60, **{"capture_output": True, **options}
        )

    def start(self, *arguments: str, **options) -> subprocess.Popen[bytes]:
        """Starts a program in there; it is killed with the namespace, if it did not end before."""
        return subprocess.Popen(self.command(*arguments), **options)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread, and whatever it starts, is in there meanwhile. Sockets stay where they were made."""
        with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{self.name}", "rb") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def own_socket(self, address: str, kind: str = "tcp") -> socket.socket:
        """A socket in there, of the family of `address`, with a time limit of 5 s."""
        with self.entered():
            made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, _TYPES[kind])
        made.settimeout(5)
        return made

    def listen(self, kind: str, port: int, address: str = "::") -> socket.socket:
        """A socket that listens in there, at all addresses of both families if none is given."""
        made = self.own_socket(address, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address == "::":
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((address, port))
        if kind == "tcp":
            made.listen(64)
        return made

    def connects(self, address: str, port: int, source: str = "", seconds: float = 0.5) -> bool:
        """Whether a TCP connection from in there (from the address `source`) is made in time. A dropped packet: it is not."""
        with self.own_socket(address) as made:
            made.settimeout(seconds)
            if source:
                made.bind((source, 0))
            try:
                made.connect((address, port))
            except TimeoutError:
                return False
            return True


@contextmanager
def namespace(ipv4: str = "", ipv6: str = "") -> Iterator[Namespace]:
    """One host with nothing but its loopback; the addresses are those that it is going to have."""
    if os.geteuid() != 0 or not shutil.which("ip", path="/usr/sbin:/usr/bin:/sbin:/bin"):
        absent("network namespaces need root and ip(8)")
    made = Namespace(f"vigilog-{os.getpid()}-{next(_numbers)}", ipv4, ipv6)
    done = subprocess.run(["ip", "netns", "add", made.name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        absent(f"no network namespaces here: {done.stderr.strip()}")
    try:
        made.run("ip", "link", "set", "lo", "up")
        yield made
    finally:
        _end(made)


@contextmanager
def namespaces() -> Iterator[tuple[Namespace, Namespace]]:
    """A server and a client, joined. The client has two more addresses, that of a neighbour in either family:

    server 10.77.0.1, fd00:77:0:1::1; client 10.77.0.2, fd00:77:0:2::1 and (in the same /64) fd00:77:0:2::2;
    neighbour 10.77.0.3, fd00:77:0:3::1.
    """
    with ExitStack() as stack:
        server = stack.enter_context(namespace("10.77.0.1", "fd00:77:0:1::1"))
        client = stack.enter_context(namespace("10.77.0.2", "fd00:77:0:2::1"))
        cable(server, ["10.77.0.1/24", "fd00:77:0:1::1/48"], client, [f"10.77.0.{host}/24" for host in (2, 3)])
        for address in ("fd00:77:0:2::1", "fd00:77:0:2::2", "fd00:77:0:3::1"):
            client.run("ip", "addr", "add", f"{address}/48", "dev", _device(server), "nodad")
        yield server, client


def cable(one: Namespace, ones: list[str], other: Namespace, others: list[str]) -> None:
    """Joins two hosts by a cable; at its ends they have the addresses, each with its prefix length."""
    end, far = _device(other), _device(one)
    one.run("ip", "link", "add", end, "type", "veth", "peer", "name", far, "netns", other.name)
    for host, device, addresses in ((one, end, ones), (other, far, others)):
        for address in addresses:
            host.run("ip", "addr", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
        host.run("ip", "link", "set", device, "up")


def _device(of: Namespace) -> str:
    """The name of the network device that leads to `of`: at most 15 bytes."""
    return "to" + of.name.removeprefix("vigilog-")[-12:]


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _end(gone: Namespace) -> None:
    """Kills what still runs in there and removes it."""
    limit = time.monotonic() + 5
    while time.monotonic() < limit and (running := _running(gone)):
        for process in running:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
    subprocess.run(["ip", "netns", "delete", gone.name], check=True, capture_output=True)


def _running(host: Namespace) -> list[int]:
    """The processes in there that are not dead yet, but for this one."""
    listed = subprocess.run(["ip", "netns", "pids", host.name], capture_output=True, text=True, check=False).stdout.split()
    return [int(number) for number in listed if int(number) != os.getpid() and _alive(int(number))]


def _alive(process: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False
