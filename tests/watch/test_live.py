"""What the kernel tells, what it does not, and what that costs."""

from __future__ import annotations

import errno
import gc
import os
import selectors
import time
from pathlib import Path

import pytest

from tests.watch.test_live_files import append
from tests.watch.watching import Watching
from vigilog.watch import changes, inotify, live, mounts
from vigilog.watch.inotify import Inotify


def test_inotify_tells_what_happened_to_which_name(tmp_path):
    told = Inotify()
    watch = told.add(str(tmp_path), inotify.CREATE | inotify.DELETE)
    assert told.add(f"{tmp_path}/", inotify.MOVED_TO) == watch
    (tmp_path / "one").touch()
    (tmp_path / "one").unlink()
    assert [(event.watch, event.what, event.name) for event in told.read()] == [
        (watch, inotify.CREATE, b"one"),
        (watch, inotify.DELETE, b"one"),
    ]
    assert told.read() == []
    with pytest.raises(FileNotFoundError):
        told.add(str(tmp_path / "absent"), inotify.MODIFY)
    told.close()


def test_writes_that_come_together_are_one_wake_up(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log)) as seen:
        wakes = seen.wakes
        for number in range(1000):
            append(log, b"%d" % number)
        seen.settle()
        assert len(seen.records) == 1000
        assert seen.wakes - wakes <= 2


def test_when_events_were_dropped_everything_is_read(tmp_path, monkeypatch):
    logs = [tmp_path / name for name in ("one", "two")]
    for log in logs:
        append(log, b"old")
    with Watching(*map(str, logs)) as seen:
        for log in logs:
            append(log, b"new")
        read = Inotify.read

        def overflown(self):
            read(self)
            monkeypatch.setattr(Inotify, "read", read)
            return [inotify.Happened(-1, inotify.OVERFLOW, b"")]

        monkeypatch.setattr(Inotify, "read", overflown)
        seen.wait(b"new", b"new")


def test_a_real_overflow(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 100_000:
        pytest.skip(f"it takes {limit} events")
    with Watching(str(log)) as seen:
        for _ in range(limit // 3 + 500):
            (tmp_path / "log.x").touch()
            (tmp_path / "log.x").unlink()
        append(log, b"new")
        seen.wait(b"new")


def none(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("way", ["no inotify", "no more watches"])
def test_without_inotify_logs_are_looked_at_now_and_then(tmp_path, monkeypatch, way):
    if way == "no inotify":
        monkeypatch.setattr(changes, "Inotify", none)
    else:
        monkeypatch.setattr(Inotify, "add", none)
    monkeypatch.setattr(live, "_POLL", 0.05)
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log), f"{tmp_path}/*.day") as seen:
        assert 0 <= (seen.live.timeout() or 0) <= 0.05
        append(log, b"one")
        append(tmp_path / "monday.day", b"two")
        seen.wait(b"one", b"two")
        log.rename(tmp_path / "log.1")
        append(log, b"three")
        seen.until(lambda: len(seen.records) == 3)
        wakes = seen.wakes
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            seen.turn(0.5)
        assert seen.wakes - wakes <= 12


@pytest.mark.parametrize(("kind", "polls"), [("nfs4", True), ("fuse.sshfs", True), ("ext4", False)])
def test_where_other_hosts_write_the_kernel_tells_nothing_and_logs_are_looked_at(tmp_path, monkeypatch, kind, polls):
    device = tmp_path.stat().st_dev
    table = tmp_path / "mountinfo"
    table.write_text(
        f"22 1 0:1 / /proc rw - proc proc rw\n29 1 {os.major(device)}:{os.minor(device)} / / rw shared:1 - {kind} x rw\n"
    )
    monkeypatch.setattr(mounts, "MOUNTS", str(table))
    with Watching(str(tmp_path / "logs" / "log"), f"{tmp_path}/*.day") as seen:
        assert ((seen.live.timeout() or 60) <= live._POLL) == polls


def test_it_can_be_waited_for_by_a_selector_among_others(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log)) as seen, selectors.DefaultSelector() as selector:
        selector.register(seen.live, selectors.EVENT_READ)
        assert selector.select(0.05) == []
        append(log, b"new")
        assert selector.select(1)
        seen.wait(b"new")
        assert selector.select(0.05) == []


def test_reading_little_from_a_large_log_with_many_rotated_files_is_quick(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"old record\n" * 1_000_000)
    for number in range(50):
        (tmp_path / f"log.{number + 1}").write_bytes(b"x\n")
    with Watching(str(log)) as seen:
        times = []
        for number in range(200):
            append(log, b"%d" % number)
            before = time.perf_counter()
            seen.turn()
            times.append(time.perf_counter() - before)
        assert len(seen.records) == 200
        assert sorted(times)[100] < 0.001


def test_closing_leaves_no_descriptor(tmp_path):
    gc.collect()
    before = set(os.listdir("/proc/self/fd"))
    with Watching(str(tmp_path / "log"), f"{tmp_path}/*.day", f"syslog:unix:{tmp_path}/socket") as seen:
        append(tmp_path / "log", b"one")
        append(tmp_path / "monday.day", b"two")
        seen.settle()
        seen.live.replace([str(tmp_path / "log")])
        seen.live.replace([f"{tmp_path}/*.day", f"syslog:unix:{tmp_path}/socket"])
        seen.settle()
    assert set(os.listdir("/proc/self/fd")) <= before
