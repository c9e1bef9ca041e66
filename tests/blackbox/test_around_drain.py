"""The drain and the shared memory: everything arrives in order, or is counted; whoever wrote is known."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time

import pytest

from vigilog.blackbox.around_drained import Drained, Record, pending
from vigilog.blackbox.around_program import ends

SECONDS = 30


@pytest.fixture
def channel():
    """A function that makes a drained channel: what drains it, and the descriptor to write to."""
    made = []

    def make(size=1 << 20, *, tells=False):
        pair = ends(tells=tells)
        made.append(Drained([pair.channel], size))
        return made[-1], pair.writes

    yield make
    for drained in made:
        drained.process.kill()
        drained.process.wait()
        drained.close()


def all_of(drained, until):
    """Takes records until `until(records)` holds."""
    records: list[Record] = []
    limit = time.monotonic() + SECONDS
    while not until(records):
        assert time.monotonic() < limit, records[-3:]
        if not drained.more:
            select.select([drained.descriptor], [], [], 0.1)
        records += drained.take()
    return records


def ended(records):
    return any(not record.data and record.lost is None for record in records)


@pytest.mark.parametrize("tells", [False, True])
def test_all_arrives_in_order_where_it_is_taken_in_time(channel, tells):
    drained, writes = channel(tells=tells)
    chance = random.Random(1)
    data = chance.randbytes(6 << 20)
    records: list[Record] = []
    at = 0
    while at < len(data):
        at += os.write(writes, data[at : at + chance.choice((1, 15, 16, 17, 100, 4096, 70_000))])
        # Waiting for it keeps the reader in step: nothing needs to be dropped.
        records += all_of(drained, lambda _: drained.quiet())
    os.close(writes)
    records += all_of(drained, ended)
    assert not [record for record in records if record.lost]
    assert b"".join(record.data for record in records) == data
    assert {record.process for record in records if record.data} == {os.getpid() if tells else 0}


def test_what_finds_no_room_is_counted_to_the_byte(channel):
    drained, writes = channel(64 << 10)
    chance = random.Random(2)
    written = b""
    for _ in range(20):
        for _ in range(chance.randrange(40)):
            piece = chance.randbytes(chance.randrange(1, 9000))
            written += piece[: os.write(writes, piece)]
        limit = time.monotonic() + SECONDS
        while pending(drained.channels[0].descriptor):
            assert time.monotonic() < limit
            time.sleep(0.001)
    os.close(writes)
    records = all_of(drained, ended)
    lost = sum(record.lost.size for record in records if record.lost)
    kept = b"".join(record.data for record in records)
    assert lost > 0
    assert len(kept) + lost == len(written)
    at = 0
    for record in records:  # what was kept stands where it stood, with the gaps between
        if record.lost:
            at += record.lost.size
            assert record.lost.goes_on == (written[at - 1] != 0x0A)
        else:
            assert written[at : at + len(record.data)] == record.data
            at += len(record.data)


def test_pieces_of_different_processes_are_told_apart(channel):
    drained, writes = channel(tells=True)
    code = "import os, sys\nfor n in range(200): os.write(1, b'%d %d\\n' % (os.getpid(), n))"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=writes) for _ in range(4)]
    os.close(writes)
    records = all_of(drained, ended)
    for process in processes:
        assert process.wait() == 0  # not before: whose child a process was, it can be asked until it was waited for
        own = b"".join(record.data for record in records if record.process == process.pid)
        assert own == b"".join(b"%d %d\n" % (process.pid, number) for number in range(200))
        assert drained.parents[process.pid] == os.getpid()


def test_nobody_waits_when_nobody_takes(channel):
    drained, writes = channel(64 << 10)
    for _ in range(2000):
        os.write(writes, b"x" * (64 << 10))  # would block for ever if the pipe were full
    assert not drained.ended


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE])
def test_the_drain_heeds_no_signal_that_can_be_ignored(channel, number):
    drained, writes = channel()
    os.write(writes, b"first")
    all_of(drained, lambda records: records)
    drained.process.send_signal(number)
    os.write(writes, b"second")
    assert all_of(drained, lambda records: records)[0].data == b"second"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_another_drain_goes_on_where_the_last_one_was(channel, number):
    drained, writes = channel()
    os.write(writes, b"before")
    assert all_of(drained, lambda records: records)[0].data == b"before"
    drained.process.send_signal(number)
    os.write(writes, b"meanwhile")
    limit = time.monotonic() + SECONDS
    while not drained.replaced:
        assert time.monotonic() < limit
        time.sleep(0.1)
        drained.watch()
    assert all_of(drained, lambda records: records)[0].data == b"meanwhile"
    assert drained.replaced == 1


def test_a_drain_at_work_is_left_at_it(channel):
    drained, writes = channel(64 << 10)
    for _ in range(4):
        time.sleep(0.5)
        os.write(writes, b"x" * 5000)  # it has no time to read this before it is looked at
        assert not drained.watch()


def test_quiet_is_said_only_when_all_was_taken(channel):
    drained, writes = channel()
    for _ in range(200):
        os.write(writes, b"y" * 1000)
        taken = b""
        limit = time.monotonic() + SECONDS
        while not drained.quiet():
            assert time.monotonic() < limit
            taken += b"".join(record.data for record in drained.take())
        assert taken == b"y" * 1000


def test_the_drain_needs_the_standard_library_only_and_little_memory(channel):
    drained, writes = channel()
    os.write(writes, b"x")
    all_of(drained, lambda records: records)
    with open(f"/proc/{drained.process.pid}/status") as file:
        facts = file.read()
    private = next(int(line.split()[1]) for line in facts.splitlines() if line.startswith("RssAnon"))
    assert private < 12 << 10
    with open(f"/proc/{drained.process.pid}/maps") as file:
        assert "site-packages" not in file.read()
