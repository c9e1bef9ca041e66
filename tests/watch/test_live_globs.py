"""Patterns and multilog directories, live."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.watch.reader import chunks
from tests.watch.test_live_files import append
from tests.watch.watching import Watching
from vigilog.parse.tai64n import label
from vigilog.watch import live_glob


def test_all_that_match_begin_at_their_end_and_each_is_followed(tmp_path):
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    append(one, b"old")
    append(two, b"old")
    with Watching(f"{tmp_path}/*.log") as seen:
        append(one, b"1")
        seen.wait(b"1")
        append(two, b"2")
        seen.wait(b"1", b"2")
        append(one, b"3")
        seen.wait(b"1", b"2", b"3")


def test_what_appears_is_read_from_its_start_and_yesterday_to_its_end_before(tmp_path):
    append(tmp_path / "monday.log", b"old")
    with Watching(f"{tmp_path}/*.log") as seen:
        append(tmp_path / "monday.log", b"late")
        time.sleep(0.02)
        append(tmp_path / "tuesday.log", b"early")
        seen.wait(b"late", b"early")
        append(tmp_path / "tuesday.log", b"noon")
        seen.wait(b"late", b"early", b"noon")
        assert chunks(seen.items)[-1].facts == {"path": f"{tmp_path}/tuesday.log"}


def test_what_appears_where_nothing_was_is_read_from_its_start(tmp_path):
    with Watching(f"{tmp_path}/days/*/log") as seen:
        assert seen.kinds() == ["missing"]
        day = tmp_path / "days" / "monday"
        day.mkdir(parents=True)
        seen.settle()
        append(day / "log", b"one")
        seen.wait(b"one")
        other = tmp_path / "days" / "tuesday"
        other.mkdir()
        append(other / "log", b"two")
        seen.wait(b"one", b"two")
        append(day / "log", b"three")
        seen.wait(b"one", b"two", b"three")
        assert seen.kinds() == ["missing"]


def test_any_depth(tmp_path):
    with Watching(f"{tmp_path}/**/*.log") as seen:
        deep = tmp_path / "a" / "b" / "c"
        deep.mkdir(parents=True)
        append(deep / "x.log", b"one")
        seen.wait(b"one")
        append(tmp_path / "y.log", b"two")
        seen.wait(b"one", b"two")


def test_a_file_that_is_rotated_or_deleted_loses_no_line(tmp_path):
    log = tmp_path / "one.log"
    append(log, b"old")
    with Watching(f"{tmp_path}/*.log") as seen, log.open("ab", buffering=0) as slow:
        log.rename(tmp_path / "one.log.1")
        seen.settle()
        slow.write(b"one\n")
        seen.wait(b"one")
        append(log, b"three")
        slow.write(b"two\n")
        seen.until(lambda: len(seen.records) == 3)
        (tmp_path / "one.log.1").unlink()
        slow.write(b"four\n")
        seen.until(lambda: len(seen.records) == 4)
        assert sorted(seen.records) == sorted([b"one", b"two", b"three", b"four"])
        assert seen.kinds() == []


def test_a_restart_goes_on_in_each_file(tmp_path):
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    append(one, b"old")
    append(two, b"old")
    with Watching(f"{tmp_path}/*.log") as seen:
        append(one, b"1")
        append(two, b"2")
        seen.until(lambda: len(seen.records) == 2)
        positions = seen.stored()
    append(one, b"3")
    append(two, b"4")
    append(tmp_path / "new.log", b"5")
    with Watching(f"{tmp_path}/*.log", positions=positions) as again:
        assert sorted(again.records) == [b"3", b"4", b"5"]
        assert again.notices == []


def test_files_that_are_gone_for_long_are_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr(live_glob, "_GRACE", 0.2)
    with Watching(f"{tmp_path}/*.log") as seen:
        for number in range(5):
            append(tmp_path / f"{number}.log", b"%d" % number)
            seen.settle()
            (tmp_path / f"{number}.log").unlink()
            seen.settle()
        seen.until(lambda: seen.live.timeout() is None)
        assert sorted(seen.records) == [b"0", b"1", b"2", b"3", b"4"]
        (source,) = seen.live._logs.values()
        assert isinstance(source, live_glob.LiveGlob)
        assert source._logs == {}
        assert not [name for name in map(os.readlink, descriptors()) if str(tmp_path) in name]


def descriptors():
    return [path for path in map("/proc/self/fd/{}".format, os.listdir("/proc/self/fd")) if Path(path).is_symlink()]


def test_a_multilog_directory(tmp_path):
    directory = tmp_path / "main"
    with Watching(f"multilog:{directory}") as seen:
        directory.mkdir()
        current = directory / "current"
        append(current, b"one")
        seen.wait(b"one")
        append(current, b"two")
        current.rename(directory / f"{label(1_795_176_000).decode()}.s")
        append(current, b"three")
        seen.wait(b"one", b"two", b"three")
        append(current, b"four")
        seen.wait(b"one", b"two", b"three", b"four")
        assert seen.kinds() == ["missing"]


@pytest.mark.peer
def test_the_real_multilog_deletes_old_files_at_once_and_nothing_is_lost(tmp_path, need):
    import subprocess

    need("multilog")
    directory = tmp_path / "main"
    most = 20_000
    with (
        Watching(f"multilog:{directory}") as seen,
        subprocess.Popen(
            [shutil.which("multilog", path="/usr/bin:/bin") or "multilog", "s4096", "n20", directory], stdin=subprocess.PIPE
        ) as multilog,
    ):
        assert multilog.stdin
        for first in range(0, most, 100):
            multilog.stdin.write(b"".join(b"record %d\n" % number for number in range(first, first + 100)))
            multilog.stdin.flush()
            while len(seen.records) < first + 100:
                seen.turn(0.2)
        multilog.stdin.close()
        multilog.wait(10)
        assert seen.records == [b"record %d" % number for number in range(most)]
        assert set(seen.kinds()) <= {"missing"}


def test_files_that_are_deleted_before_they_are_read_are_a_loss(tmp_path):
    current = tmp_path / "current"
    append(current, b"old")
    with Watching(f"multilog:{tmp_path}") as seen:
        append(current, b"one")
        seen.wait(b"one")
        for number in range(5):
            finished = tmp_path / f"{label(1_795_176_000 + number).decode()}.s"
            current.rename(finished)
            append(current, b"%d" % number)
            if number < 3:
                finished.unlink()
        seen.until(lambda: seen.records[-1:] == [b"4"])
        assert seen.records == [b"one", b"2", b"3", b"4"]
        assert seen.kinds() == ["lost"]


def test_a_file_found_under_two_names_is_read_once(tmp_path):
    current = tmp_path / "current"
    append(current, b"old")
    with Watching(f"multilog:{tmp_path}") as seen:
        append(current, b"one")
        current.rename(tmp_path / "previous")
        os.link(tmp_path / "previous", tmp_path / f"{label(1_795_176_000).decode()}.s")
        append(current, b"two")
        seen.wait(b"one", b"two")


def test_who_has_enough_can_break_off_anywhere_and_go_on(tmp_path):
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    append(one, b"old")
    append(two, b"old")
    with Watching(f"{tmp_path}/*.log") as seen:
        append(one, *[b"x" * 1000] * 3000)
        append(two, b"y")
        (source,) = seen.live.ready()
        reader = seen.readers[source.name]
        turns = 0
        while reader.read(most=1):
            turns += 1
            assert seen.live.timeout() == 0 or len(reader.records) == 3001
        assert len(reader.records) == 3001
        assert turns > 10
