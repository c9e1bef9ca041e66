"""From a line in a log to an address in the kernel's set, and bans restored at a start."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles

from benchmarks.fail2ban import fail2ban
from benchmarks.figure import Benchmark, Figure
from benchmarks.namespace import namespace
from benchmarks.place import Place
from benchmarks.watchmen import watchman
from vigilog.store.bans import Banned, record
from vigilog.store.database import open_store, transaction

BANS = 150_000
SAMPLES = 200
PEER_SAMPLES = 10
TRIGGERS = """
[[trigger]]
rule = "sshd"
count = 1
actions = ["ban"]
"""
RESTORE = 1.5
MEDIAN, NEARLY_ALL = 0.010, 0.050


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    root = place.work / "bans"
    count = place.lines(BANS)
    with namespace() as within:
        empty = started(root / "empty", within, 0)
        full = started(root / "full", within, count)
        shutil.rmtree(root / "empty")
        restored = full - empty
        yield Figure(
            f"{count:,} bans restored",
            f"{restored:.2f} s",
            f"start without any: {empty:.2f} s",
            "",
            f"under {RESTORE:g} s",
            restored < RESTORE,
        )
        with watchman(root / "full", TRIGGERS, *within) as daemon:
            took = latencies(daemon.log, within, "vigilog", SAMPLES)
        with fail2ban(root / "peer", *within, window=86400, count=1, action="nftables[type=allports]") as peer:
            fill_peer(within, count)
            theirs = latencies(peer.log, within, "f2b-table", PEER_SAMPLES)
    for what, ours, other, most in (
        ("line to kernel, median", median(took), median(theirs), MEDIAN),
        ("line to kernel, 99th percentile", quantiles(took, n=100)[98], max(theirs), NEARLY_ALL),
    ):
        compared = f"{other / ours:,.0f} x"
        yield Figure(
            what, f"{ours * 1000:.1f} ms", f"{other * 1000:,.0f} ms", compared, f"under {most * 1000:g} ms", ours < most
        )
    shutil.rmtree(root)


def started(root: Path, within: tuple[str, ...], count: int) -> float:
    """Seconds from the start of a daemon that has so many bans in force until it is ready, the second time it starts."""
    with watchman(root, TRIGGERS, *within):
        pass
    with closing(open_store(str(root / "state"))) as store, transaction(store):
        record(store, bans(count))
    begun = time.perf_counter()
    with watchman(root, TRIGGERS, *within):
        return time.perf_counter() - begun


def bans(count: int) -> Iterator[Banned]:
    """So many bans of different addresses, for weeks."""
    now = time.time()
    for number in random.Random(count).sample(range(11 << 24, 126 << 24), count):
        yield Banned(socket.inet_ntoa(number.to_bytes(4, "big")), "", "sshd", now - 60, now + 2e6, 1, "at once")


def fill_peer(within: tuple[str, ...], count: int) -> None:
    """Puts as many addresses into the set of fail2ban, whose action makes it with the first ban."""
    elements = ", ".join(ban.target for ban in bans(count))
    script = "add table inet f2b-table\nadd set inet f2b-table addr-set-sshd { type ipv4_addr; flags interval; }\n"
    script += f"add element inet f2b-table addr-set-sshd {{ {elements} }}\n"
    subprocess.run([*within, "nft", "-f", "-"], input=script.encode(), check=True)


def latencies(log: Path, within: tuple[str, ...], table: str, count: int) -> list[float]:
    """Seconds from the writing of a line until the kernel tells that its address is in a set of the table, again and again."""
    with subprocess.Popen([*within, "nft", "monitor", "new", "elements"], stdout=subprocess.PIPE) as monitor:
        assert monitor.stdout
        time.sleep(5)  # it reads all sets first
        took = []
        for number in range(count):
            address = f"203.0.{113 + number // 200}.{1 + number % 200}"
            stamp = time.strftime("%b %e %H:%M:%S")
            begun = time.perf_counter()
            with log.open("a") as file:
                file.write(f"{stamp} host sshd[1]: Failed password for root from {address} port 4022 ssh2\n")
            while not (table in (line := monitor.stdout.readline().decode()) and address in line):
                pass
            took.append(time.perf_counter() - begun)
            time.sleep(0.02)
        monitor.terminate()
    return took


BENCHMARK = Benchmark(
    "Bans",
    f"""
    In a network namespace of its own. {BANS:,} bans in force are restored at a start: the time until `vigilog run` is ready,
    without that of a start with none. Then failed logins from {SAMPLES} addresses, one after the other, each banned at once:
    from the writing of the line until the kernel announces the address in the set (`nft monitor`). Beside it fail2ban with its
    action `nftables[type=allports]` and as many addresses in its set, {PEER_SAMPLES} logins (the largest in the place of the
    percentile).
    """,
    figures,
)
