"""While much of a log waits, other processes look at its lines, too; nothing else is different."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from random import Random

import pytest

import vigilog.run.reading
from tests.run.test_daemon_review import Running
from vigilog.run.answers import status
from vigilog.run.lookouts import Lookouts

HEAD = "Nov 20 08:30:00 host sshd[%d]: "
TRIGGERS = r"""
[[trigger]]
name = "failed"
pattern = 'sshd\[\d+\]: Failed password for \S+ from (?P<address>[\d.]+)'
reset = ['sshd\[\d+\]: Accepted password for \S+ from (?P<address>[\d.]+)']
follow = ['Disconnecting: Too many authentication failures']
key = ["address"]
count = 4
after = "%s"

[[trigger]]
name = "accepted"
pattern = 'sshd\[\d+\]: Accepted password for (?P<user>\S+) from (?P<address>[\d.]+)'
key = ["user"]
count = 3
within = "1h"
"""


def auth_log(lines: int, seed: int) -> bytes:
    """Failures, logins, lines that belong to a process and do not say of whom, very long lines with forgeries, and others."""
    random = Random(seed)
    made = []
    for _ in range(lines):
        head = HEAD % random.randint(1, 300)
        peer = f"192.0.2.{random.randint(1, 60)}"
        kind = random.random()
        if kind < 0.3:
            made.append(f"{head}Failed password for root from {peer} port 22 ssh2")
        elif kind < 0.35:
            made.append(f"{head}Accepted password for user{random.randint(1, 40)} from {peer} port 22 ssh2")
        elif kind < 0.4:
            made.append(f"{head}Disconnecting: Too many authentication failures")
        elif kind < 0.4005:
            made.append(
                head + "x" * random.randint(300_000, 1_200_000) + f"\r{head}Failed password for root from 192.0.2.1 port 1"
            )
        else:
            made.append(f"{head}something else " + "." * random.randint(0, 200))
    return "".join(f"{line}\n" for line in made).encode()


def children() -> set[int]:
    """The processes that this one has started and not yet taken leave of."""
    return {int(child) for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()}


def watched(
    directory: Path, text: bytes, others: int, after: str, disturb=lambda daemon: None
) -> tuple[list[tuple[str, bytes]], list[tuple[int, int]], int, list[str]]:
    """What a daemon comes to that finds all of `text` at once."""
    directory.mkdir()
    (directory / "log").touch()
    one = Running(directory, TRIGGERS % after)
    one.daemon.reading.lookouts = Lookouts(others)
    try:
        with open(directory / "log", "ab") as file:
            file.write(text)
        lines = text.count(b"\n")
        one.until(
            lambda: disturb(one.daemon) or (status(one.daemon).sources[0].lines >= lines and not one.daemon.reading.unread),
            60.0,
        )
        assert status(one.daemon).sources[0].lines >= lines
        alerts = one.rows("SELECT rule, key FROM alerts ORDER BY number")
        counts = [(each.events, each.alerts) for each in one.daemon.watchman.tallies]
        return alerts, counts, int(one.daemon.reading.positions[f"file:{directory}/log"].state["offset"] or 0), one.said
    finally:
        one.close()


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    monkeypatch.setattr(vigilog.run.reading, "TURN", 300_000)


@pytest.fixture(autouse=True)
def nobody_is_left():
    before = children()
    yield
    assert children() <= before


@pytest.mark.parametrize("after", ["count-anew", "once", "keep-firing"])
@pytest.mark.parametrize("others", [1, 3])
def test_with_others_there_come_the_same_alerts_in_the_same_order(tmp_path, others, after):
    text = auth_log(20_000, seed=others)
    helped = []
    alone = watched(tmp_path / "alone", text, 0, after)
    together = watched(tmp_path / "together", text, others, after, lambda daemon: helped.append(daemon.reading.lookouts.called))
    assert any(helped), "others were called"
    assert len(alone[0]) > 50
    assert together[:3] == alone[:3]


def test_one_of_the_others_may_die_and_nothing_is_lost_or_counted_twice(tmp_path):
    text = auth_log(20_000, seed=7)
    before = children()
    killed: list[int] = []

    def kill(daemon):
        if daemon.reading.lookouts.called and not killed:
            killed.extend(children() - before)
            os.kill(killed[0], signal.SIGKILL)

    alone = watched(tmp_path / "alone", text, 0, "count-anew")
    together = watched(tmp_path / "together", text, 1, "count-anew", kill)
    assert killed
    assert together[:3] == alone[:3]
    assert [line for line in together[3] if "by this process alone from now on" in line]


def test_where_no_process_can_be_had_this_one_does_it_alone(tmp_path, monkeypatch):
    def refused():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    text = auth_log(8_000, seed=9)
    alone = watched(tmp_path / "alone", text, 0, "once")
    monkeypatch.setattr(os, "fork", refused)
    refused_once = watched(tmp_path / "refused", text, 2, "once")
    assert refused_once[:3] == alone[:3]
    assert len([line for line in refused_once[3] if "no other process can help" in line]) == 1


def test_when_nothing_waits_any_more_they_are_gone(tmp_path):
    before = children()
    (tmp_path / "log").touch()
    one = Running(tmp_path, TRIGGERS % "once")
    one.daemon.reading.lookouts = Lookouts(2)
    seen = []
    with open(tmp_path / "log", "ab") as file:
        file.write(auth_log(8_000, seed=3))

    def done() -> bool:
        seen.append(len(children() - before))
        return max(seen) == 2 and not one.daemon.reading.unread

    assert one.until(done)
    assert children() <= before
    one.close()


def test_after_a_reload_they_look_for_what_is_wanted_now(tmp_path):
    (tmp_path / "log").touch()
    one = Running(tmp_path, TRIGGERS % "once")
    one.daemon.reading.lookouts = Lookouts(1)
    text = auth_log(20_000, seed=4) + b"Nov 20 08:30:00 host su[1]: anna became root\n"
    with open(tmp_path / "log", "ab") as file:
        file.write(text)
    assert one.until(lambda: one.daemon.reading.lookouts.called)
    one.configure(TRIGGERS % "once" + "[[trigger]]\nname = 'su'\npattern = '(?P<user>\\w+) became root'\nlanguage = 'regex'\n")
    one.daemon.reloading = True
    assert one.until(lambda: status(one.daemon).sources[0].lines >= text.count(b"\n"), 60.0)
    found = one.rows("SELECT rule, key FROM alerts WHERE rule = 'su'")
    assert len(found) == (1 if len(one.daemon.plan.triggers) == 3 else 0)
    assert len(one.daemon.plan.triggers) == 3
    one.close()
