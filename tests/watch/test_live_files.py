"""Files, live: read as they grow, through every rotation, without polling."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import time

import pytest

from tests.watch.rotations import COPIED, DATED, NUMBERED, SAVELOG, LogWriter
from tests.watch.watching import Watching


def append(path, *lines):
    with path.open("ab", buffering=0) as file:
        file.write(b"".join(line + b"\n" for line in lines))


def test_a_first_start_begins_at_the_end(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log)) as seen:
        assert seen.records == []
        append(log, b"new")
        seen.wait(b"new")


def test_a_first_start_begins_at_the_end_whatever_logtail_left_behind(tmp_path):
    log = tmp_path / "log"
    append(log, b"old", b"older")
    (tmp_path / "log.offset").write_text(f"{log.stat().st_ino}\n4\n")
    (tmp_path / "x.day").write_bytes(b"old\n")
    (tmp_path / "x.day.offset").write_text(f"{(tmp_path / 'x.day').stat().st_ino}\n0\n")
    with Watching(str(log), f"{tmp_path}/*.day") as seen:
        append(log, b"new")
        seen.wait(b"new")


def test_a_log_that_may_not_be_read_is_said_once_and_read_when_it_may_be(tmp_path):
    log = tmp_path / "log"
    log.symlink_to("log")
    with Watching(str(log)) as seen:
        assert seen.kinds() == ["unreadable"]
        assert 50 < (seen.live.timeout() or 0) <= 60
        log.unlink()
        append(log, b"old")
        seen.settle()
        append(log, b"new")
        seen.until(lambda: bool(seen.records))
        assert seen.records[-1] == b"new"
        assert seen.kinds() == ["unreadable"]


def test_rotation_leaves_no_watch_and_no_descriptor_behind(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log)) as seen:
        for number in range(30):
            append(log, b"%d" % number)
            log.rename(tmp_path / f"log-{1_795_176_000 + number}")
            append(log, b"new %d" % number)
            seen.settle()
        assert len(seen.records) == 60
        assert seen.live._changes
        assert len(seen.live._changes._logs) <= 3 + len(tmp_path.parts)
        held = [
            path for path in os.listdir("/proc/self/fd") if os.path.realpath(f"/proc/self/fd/{path}").startswith(str(tmp_path))
        ]
        assert len(held) <= 2


def test_the_name_of_a_spec_is_that_of_its_source(tmp_path):
    log = tmp_path / "log"
    with Watching(str(log), f"file:{log}", f"{tmp_path}/*.x") as seen:
        assert seen.live.name_of(str(log)) == seen.live.name_of(f"file:{log}") == f"file:{log}"
        assert seen.live.names == (f"file:{log}", f"file:{tmp_path}/*.x")


def test_a_last_line_without_its_newline_waits(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log)) as seen, log.open("ab", buffering=0) as file:
        file.write(b"beg")
        seen.settle()
        file.write(b"un")
        seen.settle()
        assert seen.records == []
        file.write(b"\nnext\n")
        seen.wait(b"begun", b"next")


def test_a_line_begun_before_the_start_comes_whole(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"old\nbeg")
    with Watching(str(log)) as seen:
        append(log, b"un")
        seen.wait(b"begun")


def test_nothing_wakes_it_when_nothing_happens(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log), str(tmp_path / "absent" / "log"), f"{tmp_path}/*.day") as seen:
        before = seen.wakes
        assert (seen.live.timeout() or 60) > 5
        (tmp_path / "other").write_bytes(b"x\n")
        append(tmp_path / "other", b"y")
        seen.turn(0.3)
        time.sleep(0.3)
        seen.settle()
        assert seen.wakes - before <= 1  # names in a directory cannot be told apart by the kernel; writes can
        before = seen.wakes
        append(tmp_path / "other", b"z")
        assert not seen.turn(0.3)
        assert seen.wakes == before


def test_a_log_that_comes_later_is_read_from_its_start(tmp_path):
    log = tmp_path / "log"
    with Watching(str(log)) as seen:
        assert seen.kinds() == ["missing"]
        append(log, b"one", b"two")
        seen.wait(b"one", b"two")
        append(log, b"three")
        seen.wait(b"one", b"two", b"three")
        assert seen.kinds() == ["missing"]


def test_a_directory_that_comes_later_is_waited_for(tmp_path):
    log = tmp_path / "a" / "b" / "c" / "log"
    with Watching(str(log)) as seen:
        (tmp_path / "a").mkdir()
        seen.settle()
        log.parent.mkdir(parents=True)
        seen.settle()
        append(log, b"one")
        seen.wait(b"one")
        shutil.rmtree(tmp_path / "a")
        seen.settle()
        log.parent.mkdir(parents=True)
        append(log, b"two")
        seen.wait(b"one", b"two")


def test_a_directory_that_is_moved_away_and_made_anew(tmp_path):
    log = tmp_path / "a" / "log"
    log.parent.mkdir()
    append(log, b"old")
    with Watching(str(log)) as seen:
        (tmp_path / "a").rename(tmp_path / "b")
        log.parent.mkdir()
        append(log, b"one")
        seen.wait(b"one")


def test_a_link_that_points_elsewhere_is_followed(tmp_path):
    days = tmp_path / "days"
    days.mkdir()
    append(days / "monday", b"old")
    link = tmp_path / "current"
    link.symlink_to("days/monday")
    with Watching(str(link)) as seen:
        append(days / "monday", b"late on monday")
        append(days / "tuesday", b"early on tuesday")
        other = tmp_path / "other"
        other.symlink_to("days/tuesday")
        other.rename(link)
        seen.wait(b"late on monday", b"early on tuesday")
        append(days / "tuesday", b"tuesday")
        seen.wait(b"late on monday", b"early on tuesday", b"tuesday")


def test_a_link_among_the_directories_is_followed(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    append(tmp_path / "one" / "log", b"old")
    link = tmp_path / "current"
    link.symlink_to("one")
    with Watching(str(link / "log")) as seen:
        append(tmp_path / "one" / "log", b"one")
        append(tmp_path / "two" / "log", b"two")
        link.unlink()
        link.symlink_to(tmp_path / "two")
        seen.wait(b"one", b"two")


@pytest.mark.parametrize("settled", [True, False])
def test_a_writer_that_holds_the_file_open_across_a_rotation_loses_no_line(tmp_path, settled):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log)) as seen, log.open("ab", buffering=0) as slow:
        slow.write(b"one\n")
        log.rename(tmp_path / "log.1")
        if settled:
            seen.settle()
        slow.write(b"two\n")
        append(log, b"four")
        if settled:
            seen.settle()
        slow.write(b"three\n")
        seen.until(lambda: len(seen.records) == 4)
        seen.settle()
        assert sorted(seen.records) == sorted([b"one", b"two", b"three", b"four"])
        assert seen.kinds() == []


def test_a_rotated_file_that_is_deleted_or_packed_at_once_is_read_to_its_end(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log)) as seen, log.open("ab", buffering=0) as slow:
        slow.write(b"one\n")
        log.unlink()
        slow.write(b"two\n")
        append(log, b"three")
        seen.wait(b"one", b"two", b"three")
        with log.open("ab", buffering=0) as slower:
            slower.write(b"four\n")
            (tmp_path / "log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
            log.unlink()
            append(log, b"six")
            seen.wait(b"one", b"two", b"three", b"four", b"six")
        assert seen.kinds() == []


def test_what_is_written_to_a_deleted_file_is_read(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log)) as seen, log.open("ab", buffering=0) as slow:
        log.unlink()
        seen.settle()
        slow.write(b"one\n")
        seen.wait(b"one")
        append(log, b"new")
        seen.wait(b"one", b"new")
        slow.write(b"two\n")
        seen.wait(b"one", b"new", b"two")


def test_a_log_that_is_copied_and_cut_is_read_on(tmp_path):
    log = tmp_path / "log"
    append(log, b"old")
    with Watching(str(log)) as seen:
        append(log, b"one")
        seen.wait(b"one")
        append(log, b"two")
        shutil.copyfile(log, tmp_path / "log.1")
        os.truncate(log, 0)
        append(log, b"three, which is longer than everything that stood there before")
        seen.wait(b"one", b"two", b"three, which is longer than everything that stood there before")
        assert seen.kinds() == []


def test_a_log_saved_by_an_editor_is_not_read_again(tmp_path):
    log = tmp_path / "log"
    append(log, *(b"old %d" % n for n in range(100)))
    with Watching(str(log)) as seen:
        append(log, b"one")
        seen.wait(b"one")
        (tmp_path / "log.new").write_bytes(log.read_bytes() + b"two\n")
        (tmp_path / "log.new").rename(log)
        seen.wait(b"one", b"two")
        append(log, b"three")
        seen.wait(b"one", b"two", b"three")


def test_what_is_in_both_sets_stays_open_when_they_are_replaced(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    append(one, b"old")
    append(two, b"old")
    with Watching(str(one)) as seen:
        append(one, b"1")
        seen.live.replace([str(one), str(two)])
        seen.wait(b"1")
        append(two, b"2")
        seen.wait(b"1", b"2")
        seen.live.replace([str(two)])
        append(one, b"not any more")
        append(two, b"3")
        seen.wait(b"1", b"2", b"3")


def test_a_long_backlog_leaves_others_their_turn(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    append(one, b"old")
    append(two, b"old")
    with Watching(str(one), str(two)) as seen:
        append(one, *[b"x" * 1000] * 40_000)
        append(two, b"soon")
        seen.turn(1)
        assert b"soon" in seen.records
        assert 500 < len(seen.records) < 20_000
        seen.settle()
        assert len(seen.records) == 40_001


FAMILIES = {"numbered": NUMBERED, "dated": DATED, "savelog": SAVELOG, "copied": COPIED}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("stragglers", [False, True])
def test_every_record_comes_once_under_rotation_at_random(tmp_path, family, seed, stragglers):
    chance = random.Random(seed)
    writer = LogWriter(tmp_path, chance, FAMILIES[family], stragglers=stragglers and family != "copied")
    diary = []
    with Watching(str(writer.path)) as seen:
        for _ in range(150):
            diary.append(writer.step())
            if chance.random() < 0.6:
                seen.settle()
                diary.append("read")
        writer.close()
        seen.settle()
        assert sorted(seen.records) == sorted(writer.lines), diary
        if not stragglers:
            assert seen.records == writer.lines, diary
        assert set(seen.kinds()) <= {"missing"}, diary
