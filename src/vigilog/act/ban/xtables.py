"""What the firewalls through iptables(8) (1.8) share: both programs, one chain of ours, and the rule that leads to it.

The chain stands in the table `raw`, for the reasons that `nftables` gives for its own place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vigilog.act.ban.program import told, tried

CHAIN = "VIGILOG"
PROGRAMS: Mapping[int, str] = {4: "iptables", 6: "ip6tables"}
_WAIT = ["-w", "10"]
_NEIGHBOURS = (133, 134, 135, 136)


def passing(version: int, *, forward: bool) -> list[str]:
    """The first rules of the chain: what is not even looked at (see `nftables.passing`)."""
    rules = []
    if version == 6:
        rules += [f"-p ipv6-icmp --icmpv6-type {kind} -m hl --hl-eq 255 -j RETURN" for kind in _NEIGHBOURS]
    if not forward:
        rules.append("-m addrtype --dst-type UNICAST -j RETURN")
    return rules


def fill(version: int, rules: Iterable[str]) -> None:
    """Puts these rules, and no others, into the chain in one step, and leads all packets there first. Raises FirewallError."""
    lines = "".join(f"-A {CHAIN} {rule}\n" for rule in rules)
    change(version, f":{CHAIN} - [0:0]\n{lines}")
    if not leads(version):
        told([PROGRAMS[version], *_WAIT, "-t", "raw", "-I", "PREROUTING", "-j", CHAIN])


def change(version: int, lines: str) -> None:
    """Carries out lines of iptables-restore in one step. Raises FirewallError."""
    told([f"{PROGRAMS[version]}-restore", *_WAIT, "--noflush"], f"*raw\n{lines}COMMIT\n")


def leads(version: int) -> bool:
    """Whether packets come to the chain at all. Raises FirewallError if iptables cannot be run."""
    return tried([PROGRAMS[version], *_WAIT, "-t", "raw", "-C", "PREROUTING", "-j", CHAIN])[0] == 0


def rules(version: int) -> Sequence[str] | None:
    """The rules in the chain, as `iptables -S` writes them, without `-A VIGILOG `; None without a chain."""
    status, output, _ = tried([PROGRAMS[version], *_WAIT, "-t", "raw", "-S", CHAIN])
    if status != 0:
        return None
    start = f"-A {CHAIN} "
    return [line.removeprefix(start) for line in output.decode().splitlines() if line.startswith(start)]


def clear() -> None:
    """Takes the chain out, if it is there. Raises FirewallError."""
    for version, program in PROGRAMS.items():
        while leads(version):
            told([program, *_WAIT, "-t", "raw", "-D", "PREROUTING", "-j", CHAIN])
        if rules(version) is not None:
            told([program, *_WAIT, "-t", "raw", "-F", CHAIN])
            told([program, *_WAIT, "-t", "raw", "-X", CHAIN])
