"""The watchman beside fail2ban, on the same log."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.fail2ban import fail2ban, regex, wait
from benchmarks.figure import Benchmark, Figure, pace, ratio
from benchmarks.place import Place
from benchmarks.watchmen import watchman

LINES = 500_000
COUNT = 5
WINDOW = 400 * 86400
LAST = "192.0.2.99"
TRIGGERS = f"""
[[trigger]]
rule = "sshd"
count = {COUNT}
within = {WINDOW}
after = "once"
actions = ["null"]
"""


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    lines = place.lines(LINES)
    log = place.auth_log(lines)
    text = log.read_bytes() + last_failures()
    root = place.work / "against-fail2ban"
    with fail2ban(root / "fail2ban", window=WINDOW, count=COUNT) as peer:
        server = poured(text, peer.log, lambda: LAST in peer.banned())
        theirs = peer.banned()
    with watchman(root / "vigilog", TRIGGERS) as daemon:
        ours = poured(text, daemon.log, lambda: LAST in daemon.said())
        wait(daemon.idle)
        found = daemon.alerted()
    same = found == theirs
    searched = regex(log, root / "regex").seconds
    yield ratio("beside its server", pace(lines, ours), pace(lines, server), server / ours, least=20, same=same)
    yield ratio("beside fail2ban-regex", pace(lines, ours), pace(lines, searched), searched / ours, least=12, same=same)
    yield Figure("addresses found", f"{len(found):,}", f"{len(theirs):,}", "the same" if same else "NOT the same")
    shutil.rmtree(root)


def poured(text: bytes, log: Path, done: Callable[[], bool]) -> float:
    """Writes all of `text` to a watched log at once; gives the seconds until `done`."""
    begun = time.perf_counter()
    with log.open("ab") as file:
        file.write(text)
    wait(done)
    return time.perf_counter() - begun


def last_failures() -> bytes:
    """Failures from an address that is nowhere else, by which one sees that all before them was read."""
    stamp = time.strftime("%b %e %H:%M:%S")
    line = f"{stamp} host sshd[1]: Failed password for root from {LAST} port 4022 ssh2\n"
    return (line * (COUNT + 1)).encode()


BENCHMARK = Benchmark(
    "Against fail2ban",
    f"""
    {LINES:,} lines of auth log (what sshd, sudo, su, CRON and systemd-logind write in a corpus of `make_corpus.py`). Both
    watch a log to which all of them are appended at once, with their sshd rules, {COUNT} failures, and an action that does
    nothing; measured until the last address is found. fail2ban-regex: a whole run over the same log, which counts nothing.
    The addresses that are found must be the same. Two kinds of lines are left out of the log: "message repeated N times",
    which Vigilog counts once and fail2ban 1.0.2 not at all, and FreeBSD's "PAM: ... for illegal user", in which fail2ban sees
    a second user of the session, and counts its end as one more failure.
    """,
    figures,
)
