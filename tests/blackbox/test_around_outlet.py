"""The ordinary log: written by a thread, dropped and counted where nobody takes it."""

from __future__ import annotations

import os
import time

import pytest

from vigilog.blackbox.around_outlet import MOST, Outlet

SECONDS = 30


@pytest.fixture
def pipe():
    reads, writes = os.pipe()
    ends = {reads, writes}
    yield reads, writes, ends
    for end in ends:
        os.close(end)


def test_all_is_written_in_its_order(tmp_path):
    with open(tmp_path / "log", "wb") as file:
        outlet = Outlet(file.fileno())
        for number in range(1000):
            outlet.write(b"%d\n" % number)
        outlet.close(SECONDS)
    assert (tmp_path / "log").read_bytes() == b"".join(b"%d\n" % number for number in range(1000))
    assert outlet.dropped == 0


def test_a_descriptor_that_does_not_block_is_waited_for(pipe):
    reads, writes, _ = pipe
    os.set_blocking(writes, False)
    outlet = Outlet(writes)
    outlet.write(b"x" * (1 << 20))
    taken = 0
    while taken < 1 << 20:
        taken += len(os.read(reads, 1 << 16))
    outlet.close(SECONDS)
    assert outlet.dropped == 0


def test_what_finds_no_room_is_dropped_and_counted(pipe):
    reads, writes, _ = pipe
    outlet = Outlet(writes)
    for _ in range(100):
        outlet.write(b"y" * (1 << 16))
    outlet.close(0.1)
    left = len(os.read(reads, 1 << 20))
    assert 100 * (1 << 16) - MOST - (1 << 20) <= outlet.dropped <= 100 * (1 << 16) - left


def test_a_reader_that_is_gone_is_not_asked_again(pipe):
    reads, writes, ends = pipe
    os.close(reads)
    ends.remove(reads)
    outlet = Outlet(writes)
    outlet.write(b"one")
    limit = time.monotonic() + SECONDS
    while outlet.dropped < 3:
        assert time.monotonic() < limit
        time.sleep(0.01)
    outlet.write(b"more")
    outlet.close(SECONDS)
    assert outlet.dropped == 7


def test_a_full_disk_costs_what_found_no_room_and_no_more():
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        outlet = Outlet(full)
        outlet.write(b"lost")
        limit = time.monotonic() + SECONDS
        while outlet.dropped < 4:
            assert time.monotonic() < limit
            time.sleep(0.01)
        reads, writes = os.pipe()
        os.dup2(writes, full)  # there is room again
        os.close(writes)
        outlet.write(b"back")
        assert os.read(reads, 10) == b"back"
        os.close(reads)
        outlet.close(SECONDS)
        assert outlet.dropped == 4
    finally:
        os.close(full)
