"""Who is logged in over SSH at this moment, and from where.

An attacker has connections to the SSH port as well, so that an open connection proves nothing: only a session that was
let in counts. Three places tell of those: the titles that sshd gives to its processes (OpenSSH 7.5 and later:
`sshd: USER@pts/0`, `sshd: USER@notty`, `sshd: USER` with nothing in brackets; from 9.8 on `sshd-session: ...`), together
with their sockets; the session files of systemd-logind; utmp(5). To see the sockets of others needs root; the rest anybody
may read.
"""

from __future__ import annotations

import os
import re
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address

from vigilog.act.ban.target import Address, address, plain

_TITLE = re.compile(rb"sshd(?:-session)?: [^\[\]\0]+")
_UTMP = struct.Struct("=hxxi32s4s32s256s16x16s20x")  # struct utmp of glibc on 64-bit machines
_USER_PROCESS = 7
_ESTABLISHED = b"01"


def peers(proc: str = "/proc", logind: str = "/run/systemd/sessions", utmp: str = "/run/utmp") -> frozenset[Address]:
    """The addresses that somebody is logged in from over the network, as far as this user may see it. Takes milliseconds."""
    return frozenset([*by_processes(proc), *by_logind(proc, logind), *by_utmp(proc, utmp)])


def here(environment: Mapping[str, str]) -> frozenset[Address]:
    """Where the SSH session comes from that this process was started in: SSH_CONNECTION, as ssh(1) tells of it."""
    with suppress(ValueError, IndexError):
        return frozenset([address(environment.get("SSH_CONNECTION", "").split()[0].partition("%")[0])])
    return frozenset()


def by_processes(proc: str) -> Iterator[Address]:
    """The other ends of the connections that processes of SSH servers hold after the login, in this network namespace: what
    is said in that of a container says nothing about who reaches this host."""
    try:
        here, names = _network(f"{proc}/thread-self"), os.listdir(proc)
    except OSError:  # no /proc to be seen
        return
    for name in names:
        if not name.isdigit():
            continue
        with suppress(OSError):
            directory = f"{proc}/{name}"
            command = _read(f"{directory}/comm").strip()
            if command in {b"sshd", b"sshd-session"}:
                if not _TITLE.fullmatch(_read(f"{directory}/cmdline").rstrip(b"\0 ")):
                    continue
            elif command != b"dropbear" or not _has_let_in(proc, name):
                continue
            if _network(directory) == here:
                yield from _other_ends(directory)


def _network(directory: str) -> str:
    """The network namespace of a process. Raises OSError."""
    return os.readlink(f"{directory}/ns/net")


def _has_let_in(proc: str, process: str) -> bool:
    """What dropbear does not say in its title: a shell, or whatever was asked for, is a child of the one that was let in."""
    children = _read(f"{proc}/{process}/task/{process}/children").split()
    return any(_read(f"{proc}/{child.decode()}/comm").strip() != b"dropbear" for child in children)


def _other_ends(directory: str) -> Iterator[Address]:
    """The remote addresses of the TCP connections that a process holds."""
    links = [os.readlink(f"{directory}/fd/{number}") for number in os.listdir(f"{directory}/fd")]
    inodes = {link[8:-1].encode() for link in links if link.startswith("socket:[")}
    for table in ("tcp", "tcp6"):
        with suppress(FileNotFoundError):
            for line in _read(f"{directory}/net/{table}").splitlines()[1:]:
                fields = line.split()
                if fields[9] in inodes and fields[3] == _ESTABLISHED:
                    yield _unhexed(fields[2].partition(b":")[0])


def _unhexed(text: bytes) -> Address:
    """An address as /proc/net/tcp writes it: words of four bytes in the order of this machine."""
    packed = bytes.fromhex(text.decode())
    if sys.byteorder == "little":
        packed = b"".join(packed[at : at + 4][::-1] for at in range(0, len(packed), 4))
    return plain(ip_address(packed))


def by_logind(proc: str, directory: str) -> Iterator[Address]:
    """The hosts of remote sessions whose leading process is alive. Format: systemd 252, /run/systemd/sessions/ID."""
    with suppress(OSError):
        for name in os.listdir(directory):
            with suppress(OSError, ValueError):
                text = _read(f"{directory}/{name}").decode(errors="replace")
                facts = dict(line.partition("=")[::2] for line in text.splitlines())
                if facts.get("REMOTE") == "1" and os.path.exists(f"{proc}/{facts['LEADER']}" if "LEADER" in facts else proc):
                    yield address(facts.get("REMOTE_HOST", "").partition("%")[0])


def by_utmp(proc: str, path: str) -> Iterator[Address]:
    """The hosts of logins whose process is alive."""
    with suppress(OSError):
        data = _read(path)
        for record in _UTMP.iter_unpack(data[: len(data) // _UTMP.size * _UTMP.size]):
            kind, process, *_, host, packed = record
            if kind != _USER_PROCESS or not os.path.exists(f"{proc}/{process}"):
                continue
            if any(packed):
                yield plain(ip_address(packed[:4] if not any(packed[4:]) else packed))
            else:
                with suppress(ValueError):
                    yield address(host.rstrip(b"\0").decode("latin-1"))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
