"""Machines of a fleet on one wire: network namespaces on a bridge. All of it lies in this process's own network namespace."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

MIDDLE = "10.99.0.1"
"""Where Kafka and the workers are: this process's own end of the wire."""


@dataclass(frozen=True)
class Machine:
    """Somebody on the wire: a name, which is that of its namespace, and an address."""

    name: str
    address: str

    def command(self, *words: str) -> list[str]:
        """The command that runs another one in there."""
        return ["ip", "netns", "exec", self.name, *words]

    def ask(self, *words: str) -> str:
        """What a program says that is run in there. Raises CalledProcessError if it fails."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=True, timeout=60).stdout


def wire(*machines: Machine) -> None:
    """Makes a bridge, and each machine at it."""
    os.makedirs("/run/netns", exist_ok=True)
    _ip("link set lo up")
    _ip("link add wire type bridge")
    _ip(f"addr add {MIDDLE}/24 dev wire")
    _ip("link set wire up")
    for machine in machines:
        name = machine.name
        _ip(f"netns add {name}")
        _ip(f"link add to-{name} type veth peer name eth0 netns {name}")
        _ip(f"link set to-{name} master wire up")
        _ip(f"-n {name} link set lo up")
        _ip(f"-n {name} addr add {machine.address}/24 dev eth0")
        _ip(f"-n {name} link set eth0 up")


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True)
