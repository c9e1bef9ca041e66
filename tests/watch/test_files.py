"""One log file: what is a record, what happens at its end, and everything that rotates it, case by case."""

from __future__ import annotations

import gzip
import os
import shutil

import pytest

from tests.watch.nobody import as_nobody, let_in, only_root
from tests.watch.reader import Reader, check_resuming, chunks, noon, records
from tests.watch.rotations import PACKERS
from vigilog.core.errors import SourceError
from vigilog.core.nouns import Chunk, Notice, Position
from vigilog.watch.options import Options
from vigilog.watch.records import BLOCK, LIMIT
from vigilog.watch.sources import open_source


@pytest.fixture
def log(tmp_path):
    return tmp_path / "syslog"


def reader(log, since=None, **options):
    return Reader(open_source(str(log), Options(clock=noon, **options)), since)


def append(path, data):
    with path.open("ab") as file:
        file.write(data)


def numbered(first, last):
    return b"".join(b"Nov 20 08:%02d:%02d gate app[1]: record %06d\n" % (n // 60 % 60, n % 60, n) for n in range(first, last))


def lines(data):
    return data.split(b"\n")[:-1]


# --- records


def test_whole_lines_are_records_and_a_second_reading_has_nothing(log):
    log.write_bytes(numbered(0, 5))
    seen = reader(log)
    assert seen.read() == lines(numbered(0, 5))
    assert seen.read() == []


def test_nul_carriage_return_and_high_bytes_survive(log):
    log.write_bytes(b"nul \0\0 \r\n\xff\xfe high\n\n caf\xc3\xa9 \x1b[31m\n")
    assert reader(log).read() == [b"nul \0\0 \r", b"\xff\xfe high", b"", b" caf\xc3\xa9 \x1b[31m"]


def test_a_last_line_without_its_newline_waits_until_it_is_complete(log):
    log.write_bytes(b"one\ntw")
    seen = reader(log)
    assert seen.read() == [b"one"]
    append(log, b"o")
    assert seen.read() == []
    append(log, b"!\nthree\n")
    assert seen.read() == [b"two!", b"three"]


def test_partial_lines_gives_it_at_once_and_the_rest_as_a_line_of_its_own(log):
    log.write_bytes(b"one\ntw")
    seen = reader(log, partial_lines=True)
    assert seen.read() == [b"one", b"tw"]
    append(log, b"o\n")
    assert seen.read() == [b"o"]


def test_a_chunk_is_about_256_kib_and_ends_with_a_newline(log):
    log.write_bytes(numbered(0, 30_000))
    found = chunks(open_source(str(log), Options(clock=noon)).read(None))
    assert len(found) > 4
    assert all(BLOCK - 100 < len(chunk.data) <= BLOCK and chunk.data.endswith(b"\n") for chunk in found[:-1])
    assert b"".join(chunk.data for chunk in found) == numbered(0, 30_000)


def test_a_chunk_knows_its_source_and_when_it_arrived(log):
    log.write_bytes(b"one\n")
    (chunk,) = chunks(open_source(str(log), Options(clock=lambda: 42.5)).read(None))
    assert (chunk.source, chunk.arrived, chunk.position.source) == (f"file:{log}", 42.5, f"file:{log}")


@pytest.mark.parametrize("length", [BLOCK - 1, BLOCK, BLOCK + 1, LIMIT - 1, LIMIT])
def test_a_record_up_to_one_mebibyte_travels_whole(log, length):
    log.write_bytes(b"before\n" + b"x" * length + b"\nafter\n")
    items = list(open_source(str(log), Options(clock=noon)).read(None))
    assert not any(chunk.piece for chunk in chunks(items))
    assert records(items) == [b"before", b"x" * length, b"after"]


@pytest.mark.parametrize("length", [LIMIT + 1, 2 * LIMIT, 2 * LIMIT + 1, 3 * LIMIT + 77])
def test_a_longer_record_travels_in_pieces_with_one_notice_and_can_be_resumed_within(log, length):
    body = bytes(32 + n % 90 for n in range(251)) * (length // 251 + 1)
    log.write_bytes(b"before\n" + body[:length] + b"\nafter\n")
    source = open_source(str(log), Options(clock=noon))
    items = list(source.read(None))
    pieces = [chunk for chunk in chunks(items) if chunk.piece]
    assert [item.kind for item in items if isinstance(item, Notice)] == ["long"]
    assert len(pieces) == -(-length // LIMIT) - 1
    assert all(len(piece.data) == LIMIT + 1 and piece.data.endswith(b"\n") for piece in pieces)
    assert check_resuming(source) == [b"before", body[:length], b"after"]
    rest = list(source.read(pieces[0].position))
    assert chunks(rest) == rest, "the notice comes once for each record"


def test_a_long_record_that_is_still_being_written_travels_as_far_as_it_is(log):
    log.write_bytes(b"x" * (2 * LIMIT + 10))
    seen = reader(log)
    assert seen.read() == []
    append(log, b"y" * LIMIT + b"\nnext\n")
    assert seen.read() == [b"x" * (2 * LIMIT + 10) + b"y" * LIMIT, b"next"]
    assert seen.kinds() == ["long"]


def test_a_line_of_100_mb_is_read_in_flat_memory(log):
    with log.open("wb") as file:
        file.truncate(100 * LIMIT)
        file.seek(0, os.SEEK_END)
        file.write(b"\nafter\n")
    largest = total = 0
    for item in open_source(str(log), Options(clock=noon)).read(None):
        if isinstance(item, Chunk):
            largest = max(largest, len(item.data))
            total += len(item.data)
    assert largest <= LIMIT + 1
    assert total == 100 * LIMIT + 99 + len(b"\nafter\n")


def test_reading_resumes_after_any_chunk_of_a_plain_file(log):
    log.write_bytes(numbered(0, 20_000) + b"begun")
    assert check_resuming(open_source(str(log), Options(clock=noon))) == lines(numbered(0, 20_000))


def test_an_empty_file_gives_a_position_and_no_record(log):
    log.touch()
    seen = reader(log)
    assert seen.read() == []
    assert seen.position is not None
    append(log, b"one\n")
    assert seen.read() == [b"one"]


# --- renamed, copied, packed


def test_renamed_to_1_the_rest_comes_first_then_the_new_file(log):
    log.write_bytes(numbered(0, 10))
    seen = reader(log)
    seen.read()
    append(log, numbered(10, 15))
    log.rename(f"{log}.1")
    log.write_bytes(numbered(15, 20))
    assert seen.read() == lines(numbered(10, 20))


def test_a_partial_last_line_of_a_finished_file_is_a_record(log):
    log.write_bytes(b"one\nlast")
    seen = reader(log)
    seen.read()
    log.rename(f"{log}.1")
    log.write_bytes(b"new\n")
    assert seen.read() == [b"last", b"new"]


def test_a_renamed_file_is_not_finished_while_nothing_is_in_the_new_one(log):
    log.write_bytes(b"one\nbeg")
    seen = reader(log)
    seen.read()
    log.rename(f"{log}.1")
    log.touch()
    assert seen.read() == []
    append(log.with_name("syslog.1"), b"un\nmore\n")
    assert seen.read() == [b"begun", b"more"]
    append(log, b"new\n")
    assert seen.read() == [b"new"]


def test_what_a_slow_writer_adds_to_the_file_before_is_read_too(log):
    log.write_bytes(b"one\n")
    seen = reader(log)
    seen.read()
    log.rename(f"{log}.1")
    log.write_bytes(b"new\n")
    assert seen.read() == [b"new"]
    append(log.with_name("syslog.1"), b"late\n")
    append(log, b"newer\n")
    assert seen.read() == [b"late", b"newer"]
    assert seen.read() == []


def test_what_came_late_to_a_file_that_was_packed_then_is_read_too(log):
    log.write_bytes(b"one\n")
    seen = reader(log)
    seen.read()
    log.rename(f"{log}.1")
    log.write_bytes(b"new\n")
    seen.read()
    log.with_name("syslog.1").unlink()
    log.with_name("syslog.2.gz").write_bytes(gzip.compress(b"one\nlate\n"))
    assert seen.read() == [b"late"]
    assert seen.read() == []


@pytest.mark.parametrize("ending", PACKERS)
def test_the_rest_of_a_packed_file_is_found_by_its_content(log, ending):
    log.write_bytes(numbered(0, 300))
    seen = reader(log)
    seen.read()
    log.unlink()
    log.with_name("syslog.2" + ending).write_bytes(PACKERS[ending](numbered(0, 420)))
    log.with_name("syslog.1").write_bytes(numbered(420, 430))
    log.write_bytes(numbered(430, 440))
    assert seen.read() == lines(numbered(300, 440))
    assert seen.notices == []


@pytest.mark.parametrize("ending", PACKERS)
def test_reading_resumes_within_a_packed_file(log, monkeypatch, ending):
    monkeypatch.setattr("vigilog.watch.records.BLOCK", 5_000)
    log.write_bytes(numbered(0, 3))
    seen = reader(log)
    seen.read()
    start = seen.position
    log.unlink()
    log.with_name("syslog.1" + ending).write_bytes(PACKERS[ending](numbered(0, 2_000)))
    log.write_bytes(numbered(2_000, 2_010))
    source = seen.source
    items = chunks(source.read(start))
    assert len(items) > 10
    for index, item in enumerate(items):
        assert records(source.read(item.position)) == records(items[index + 1 :])
    assert records(items) == lines(numbered(3, 2_010))


@pytest.mark.parametrize("ending", PACKERS)
def test_a_packed_log_can_be_read_by_its_own_name(tmp_path, ending):
    packed = tmp_path / ("old.log" + ending)
    packed.write_bytes(PACKERS[ending](numbered(0, 30_000) + b"last"))
    assert check_resuming(open_source(str(packed), Options(clock=noon))) == [*lines(numbered(0, 30_000)), b"last"]


def test_of_a_file_that_is_just_being_packed_the_plain_one_counts(log):
    log.write_bytes(numbered(0, 10))
    seen = reader(log)
    seen.read()
    append(log, numbered(10, 20))
    log.rename(f"{log}.1")
    log.with_name("syslog.1.gz").write_bytes(gzip.compress(numbered(0, 20))[:40])
    log.write_bytes(numbered(20, 21))
    assert seen.read() == lines(numbered(10, 21))
    assert seen.notices == []


@pytest.mark.parametrize("ending", PACKERS)
def test_of_a_damaged_packed_file_comes_what_is_whole_and_a_notice(log, ending):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    log.unlink()
    noise = b"".join(os.urandom(1_000).hex().encode() + b"\n" for _ in range(1_000))
    whole = PACKERS[ending](numbered(0, 100) + noise + numbered(200, 300))
    log.with_name("syslog.1" + ending).write_bytes(whole[:-20])
    log.write_bytes(b"new\n")
    assert seen.read()[-1] == b"new"
    assert seen.kinds() == ["lost"]
    assert f"syslog.1{ending} is damaged" in seen.notices[0].text


def test_several_rotations_since_last_time(log):
    log.write_bytes(numbered(0, 10))
    seen = reader(log)
    seen.read()
    append(log, numbered(10, 12))
    log.rename(f"{log}.3")
    log.with_name("syslog.2").write_bytes(numbered(12, 15))
    log.with_name("syslog.1").write_bytes(numbered(15, 20))
    log.write_bytes(numbered(20, 22))
    assert seen.read() == lines(numbered(10, 22))


def test_savelog_zero_is_newer_than_one(log):
    log.write_bytes(numbered(0, 10))
    seen = reader(log)
    seen.read()
    append(log, numbered(10, 12))
    log.unlink()
    log.with_name("syslog.1.gz").write_bytes(gzip.compress(numbered(0, 12)))
    log.with_name("syslog.0").write_bytes(numbered(12, 15))
    log.write_bytes(numbered(15, 16))
    assert seen.read() == lines(numbered(10, 16))


@pytest.mark.parametrize(
    "names",
    [
        ("syslog-20261119", "syslog-20261120"),
        ("syslog-20261120-083000", "syslog-20261120-093000"),
        ("syslog-2026-11-19.gz", "syslog-2026-11-20"),
        ("syslog.20261119", "syslog.20261120"),
        ("syslog-1795100000", "syslog-1795200000"),
        ("syslog-20261119-1795100000", "syslog-20261120-1795200000"),
        ("syslog-202610", "syslog-202611.xz"),
    ],
)
def test_dated_files_in_the_order_of_their_dates(log, names):
    log.write_bytes(numbered(0, 10))
    seen = reader(log)
    seen.read()
    log.unlink()
    log.with_name(names[0]).write_bytes(PACKERS.get(names[0][-3:], bytes)(numbered(0, 12)))
    log.with_name(names[1]).write_bytes(PACKERS.get(names[1][-3:], bytes)(numbered(12, 15)))
    log.write_bytes(numbered(15, 16))
    assert seen.read() == lines(numbered(10, 16))


def test_the_number_or_date_may_stand_before_the_extension(tmp_path):
    log = tmp_path / "app.log"
    log.write_bytes(numbered(0, 10))
    seen = reader(log)
    seen.read()
    log.rename(tmp_path / "app-20261120.log")
    append(tmp_path / "app-20261120.log", numbered(10, 12))
    log.write_bytes(numbered(12, 15))
    assert seen.read() == lines(numbered(10, 15))


def test_files_of_other_logs_are_left_alone(log):
    log.write_bytes(numbered(0, 10))
    seen = reader(log)
    seen.read()
    for name in ("syslog2", "syslog.old", "syslog.1~", "rsyslog.1", "syslog.d", "syslog.12345"):
        log.with_name(name).write_bytes(numbered(0, 20))
    append(log, numbered(10, 11))
    assert seen.read() == lines(numbered(10, 11))


@pytest.mark.parametrize("new", [5, 100, 1_000])
def test_copytruncate_is_noticed_however_long_the_new_content_is(log, new):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    append(log, numbered(100, 110))
    shutil.copyfile(log, f"{log}.1")
    os.truncate(log, 0)
    append(log, numbered(110, 110 + new))
    assert seen.read() == lines(numbered(100, 110 + new))
    assert seen.notices == []


def test_copytruncate_before_anything_was_written_to_the_new_file(log):
    log.write_bytes(numbered(0, 10))
    seen = reader(log)
    seen.read()
    for first in (10, 20, 30):
        shutil.copyfile(log, f"{log}.1")
        os.truncate(log, 0)
        seen.read()
        append(log, numbered(first, first + 10))
    assert seen.read() == lines(numbered(30, 40))


def test_copytruncate_of_a_file_that_was_empty_when_it_was_read_last(log):
    log.touch()
    seen = reader(log)
    seen.read()
    append(log, numbered(0, 5))
    shutil.copyfile(log, f"{log}.1")
    os.truncate(log, 0)
    append(log, numbered(5, 9))
    assert seen.read() == lines(numbered(0, 9))


def test_copytruncate_twice_of_a_log_that_always_begins_alike(log):
    log.write_bytes(b"#Fields: date time\n")
    seen = reader(log)
    seen.read()
    append(log, b"first\n")
    shutil.copyfile(log, f"{log}.2")
    log.with_name("syslog.1").write_bytes(b"#Fields: date time\nsecond\n")
    log.write_bytes(b"#Fields: date time\nthird\n")
    assert seen.read() == [b"first", b"#Fields: date time", b"second", b"#Fields: date time", b"third"]


def test_a_copy_that_was_made_too_early_for_copytruncate_is_no_loss(log):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    log.with_name("syslog.1").write_bytes(numbered(0, 90))
    log.write_bytes(numbered(200, 203))
    assert seen.read() == lines(numbered(200, 203))
    assert seen.notices == []


def test_a_mere_copy_changes_nothing(log):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    append(log, numbered(100, 110))
    shutil.copyfile(log, f"{log}.1")
    append(log, numbered(110, 120))
    assert seen.read() == lines(numbered(100, 120))


def made_anew(log):
    """The log is deleted and made anew, empty, with an inode of its own."""
    log.with_name("other").touch()
    log.with_name("other").rename(log)


@pytest.mark.parametrize("read", [0, 5])
@pytest.mark.parametrize("pieces", [(1, 0), (1, 1), (40, 1), (1, 1, 1), (40, 1, 40)])
@pytest.mark.parametrize("packed", [False, True])
def test_mere_copies_of_a_log_that_was_made_anew_are_not_read_beside_it(log, read, pieces, packed):
    log.write_bytes(numbered(0, read))
    seen = reader(log)
    seen.read()
    made_anew(log)
    at = 100
    for number, count in enumerate(pieces, start=1):
        append(log, numbered(at, at + count))
        at += count
        if number < len(pieces):
            copy = log.with_name(f"syslog-2026112{number}")
            shutil.copyfile(log, copy)
            if packed:
                copy.with_name(f"{copy.name}.gz").write_bytes(gzip.compress(copy.read_bytes()))
                copy.unlink()
    assert seen.read() == lines(numbered(100, at))
    assert seen.kinds() == ["lost"]
    assert seen.read() == []


def test_mere_copies_of_a_log_that_has_another_inode_now_are_not_read_beside_it(log):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    append(log, numbered(100, 110))
    shutil.copyfile(log, f"{log}.1")
    shutil.copyfile(log, log.with_name("other"))
    log.with_name("other").rename(log)
    append(log, numbered(110, 120))
    assert seen.read() == lines(numbered(100, 120))
    assert seen.notices == []


def test_a_copy_of_what_came_behind_the_file_that_was_being_read_is_not_read_beside_it(log):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    log.rename(f"{log}.3")
    log.write_bytes(numbered(100, 101))
    shutil.copyfile(log, f"{log}.2")
    append(log, numbered(101, 102))
    shutil.copyfile(log, f"{log}.1")
    append(log, numbered(102, 103))
    assert seen.read() == lines(numbered(100, 103))
    assert seen.notices == []


def test_files_that_are_alike_and_not_dated_are_all_read(log):
    log.write_bytes(numbered(0, 5))
    seen = reader(log)
    seen.read()
    made_anew(log)
    append(log, b"backup done\n")
    renamed(log)
    append(log, b"backup done\n")
    renamed(log)
    append(log, b"backup done\nbackup failed\n")
    assert seen.read() == [b"backup done", b"backup done", b"backup failed"]  # the first was deleted by the second `renamed`


# --- gone, shrunk, unreadable


def test_a_file_that_shrank_is_reported_in_logtails_words_and_read_from_its_start(log):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    os.truncate(log, 0)
    append(log, numbered(7, 9))
    assert seen.read() == lines(numbered(7, 9))
    said = f"*** WARNING ***: Log file {log} is smaller than last time checked!"
    text = f"***************\n{said}\n*************** This could indicate tampering."
    assert [(notice.kind, notice.source, notice.text) for notice in seen.notices] == [("shrank", f"file:{log}", text)]
    assert seen.read() == []


def test_a_file_that_was_cut_to_nothing_says_so_once(log):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    os.truncate(log, 0)
    assert seen.read() == []
    assert seen.read() == []
    assert seen.kinds() == ["shrank"]


def test_a_file_that_was_rewritten_in_place_is_a_loss(log):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    with log.open("r+b") as file:
        file.write(numbered(500, 600))
    append(log, numbered(600, 610))
    assert seen.read() == lines(numbered(500, 610))
    assert seen.kinds() == ["lost"]


def test_one_changed_byte_before_the_position_is_a_loss(log):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read()
    with log.open("r+b") as file:
        file.seek(-20, os.SEEK_END)
        file.write(b"X")
    append(log, b"new\n")
    assert seen.read()[-1] == b"new"
    assert seen.kinds() == ["lost"]


def test_a_file_that_was_deleted_and_made_anew_is_a_loss_and_read_from_its_start(log):
    log.write_bytes(numbered(0, 10))
    seen = reader(log)
    seen.read()
    log.with_name("other").write_bytes(numbered(50, 52))  # with an inode of its own, as long as the old one is there
    log.with_name("other").rename(log)
    assert seen.read() == lines(numbered(50, 52))
    assert seen.kinds() == ["lost"]
    assert seen.notices[0].text == (
        f"{log} was read to byte {len(numbered(0, 10))} and is another file now, and the former one is not there any more: "
        "what was appended to that is lost"
    )


def test_a_file_that_was_empty_when_it_was_read_and_is_gone_may_have_been_a_loss(log):
    log.touch()
    seen = reader(log)
    seen.read()
    log.with_name("other").write_bytes(b"new\n")
    log.with_name("other").rename(log)
    assert seen.read() == [b"new"]
    assert seen.kinds() == ["lost"]


def test_when_the_old_file_is_gone_newer_rotated_ones_are_still_read(log):
    log.write_bytes(numbered(0, 10))
    log.with_name("syslog.1").write_bytes(b"older\n")
    seen = reader(log)
    seen.read()
    log.rename(f"{log}.2")
    log.with_name("syslog.2").write_bytes(b"older\n")
    log.with_name("syslog.1").write_bytes(numbered(10, 12))
    log.write_bytes(numbered(12, 14))
    assert seen.read() == lines(numbered(10, 14))
    assert seen.kinds() == ["lost"]


def renamed(log):
    """The log becomes LOG.1 and a new one begins; what was LOG.1 is deleted."""
    log.with_name("other").touch()  # with an inode of its own, as long as the old ones are there
    log.rename(f"{log}.1")
    log.with_name("other").rename(log)


def copied(log):
    """The log is copied to LOG.1 and cut; what was LOG.1 is deleted."""
    log.with_name("syslog.1").unlink(missing_ok=True)
    shutil.copyfile(log, f"{log}.1")
    os.truncate(log, 0)


@pytest.mark.parametrize("rotate", [renamed, copied])
@pytest.mark.parametrize("times", [1, 2, 3, 5])
@pytest.mark.parametrize("meanwhile", [0, 2])
def test_a_quiet_log_that_is_rotated_until_its_past_is_gone_is_no_loss(log, rotate, times, meanwhile):
    log.write_bytes(numbered(0, 3))
    seen = reader(log)
    seen.read()
    for _ in range(times):
        rotate(log)
        assert seen.read() == []
        position = seen.position
        assert seen.read() == []
        assert seen.position == position
    append(log, numbered(3, 3 + meanwhile))
    rotate(log)
    append(log, numbered(5, 7))
    assert seen.read() == lines(numbered(3, 3 + meanwhile) + numbered(5, 7))
    assert seen.notices == []


def test_a_file_that_is_gone_is_a_loss_if_its_last_line_was_not_complete(log):
    log.write_bytes(numbered(0, 3) + b"half a li")
    seen = reader(log)
    seen.read()
    renamed(log)
    assert seen.read() == []
    renamed(log)
    seen.read()
    assert seen.kinds() == ["lost"]


def test_a_file_that_is_gone_is_a_loss_if_it_was_not_read_to_its_end(log, small):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)
    seen.read(1)
    renamed(log)
    seen.read(1)
    renamed(log)
    append(log, numbered(200, 201))
    assert seen.read() == lines(numbered(200, 201))
    assert seen.kinds() == ["lost"]


def test_a_quiet_log_of_which_nothing_is_left_at_all_may_have_been_a_loss(log):
    log.write_bytes(numbered(0, 3))
    seen = reader(log)
    seen.read()
    renamed(log)
    seen.read()
    log.with_name("syslog.1").unlink()
    log.with_name("other").write_bytes(b"new\n")
    log.with_name("other").rename(log)
    assert seen.read() == [b"new"]
    assert seen.kinds() == ["lost"]


def test_a_slow_writer_is_waited_for_in_the_file_that_it_has_while_nothing_is_in_the_new_one(log):
    log.write_bytes(numbered(0, 3))
    seen = reader(log)
    seen.read()
    renamed(log)
    assert seen.read() == []
    old = log.with_name("syslog.1")
    append(old, numbered(3, 4) + b"half a ")
    assert seen.read() == lines(numbered(3, 4))
    append(old, b"line\n")
    assert seen.read() == [b"half a line"]
    append(log, numbered(4, 5))
    assert seen.read() == lines(numbered(4, 5))
    assert seen.notices == []


def test_a_missing_file_is_named_as_logcheck_names_it_and_its_position_stays(log):
    log.write_bytes(b"one\n")
    seen = reader(log)
    seen.read()
    before = seen.position
    log.unlink()
    assert seen.read() == []
    assert [(notice.kind, notice.text) for notice in seen.notices] == [("missing", f"File could not be read: {log}")]
    assert seen.position == before


def test_a_file_that_never_was_is_missing(log):
    seen = reader(log)
    assert seen.read() == []
    assert (seen.kinds(), seen.position) == (["missing"], None)


def test_a_renamed_file_without_a_successor_is_read_on_and_the_log_is_missing(log):
    log.write_bytes(b"one\n")
    seen = reader(log)
    seen.read()
    append(log, b"two\nthr")
    log.rename(f"{log}.1")
    assert seen.read() == [b"two"]
    assert seen.kinds() == ["missing"]


@only_root
def test_a_file_that_may_not_be_read_is_unreadable(log):
    log.write_bytes(b"one\n")
    log.chmod(0o600)
    let_in(log.parent)

    def look():
        seen = reader(log)
        assert seen.read() == []
        text = f"File could not be read: {log}: Permission denied"
        assert [(notice.kind, notice.text) for notice in seen.notices] == [("unreadable", text)]

    as_nobody(look)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_regular_file_is_missing_as_for_logcheck_and_nobody_waits_for_it(log, make):
    make(log)
    seen = reader(log)
    assert seen.read() == []
    assert [(notice.kind, notice.text) for notice in seen.notices] == [("missing", f"File could not be read: {log}")]


def test_a_rotated_file_that_is_a_link_is_not_followed(log, tmp_path):
    secret = tmp_path / "secret"
    log.write_bytes(b"one\n")
    seen = reader(log)
    seen.read()
    log.unlink()
    secret.write_bytes(b"one\nsecret\n")
    os.symlink(secret, f"{log}.1")
    log.write_bytes(b"new\n")
    assert seen.read() == [b"new"]
    assert seen.kinds() == ["lost"]


def test_a_log_that_is_a_link_is_followed_also_when_it_points_elsewhere(log, tmp_path):
    first, second = tmp_path / "20261119.txt", tmp_path / "20261120.txt"
    first.write_bytes(numbered(0, 3))
    os.symlink(first, log)
    seen = reader(log)
    assert seen.read() == lines(numbered(0, 3))
    append(first, numbered(3, 5))
    second.write_bytes(numbered(5, 7))
    log.unlink()
    os.symlink(second, log)
    assert seen.read() == lines(numbered(3, 7))
    assert seen.notices == []


@pytest.mark.parametrize("state", [{}, {"inode": 5}, {"log": 7}, {"cursor": "x"}])
def test_a_position_that_is_not_one_is_an_error_with_an_address(log, state):
    log.write_bytes(b"one\n")
    with pytest.raises(SourceError, match=r"the stored position of file:.* says"):
        list(open_source(str(log), Options(clock=noon)).read(Position(f"file:{log}", state)))


# --- while it is read


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr("vigilog.watch.records.BLOCK", 500)


def interrupt(seen, after, happen):
    """Reads, and lets `happen` happen after `after` items."""
    for number, item in enumerate(seen.source.read(seen.position)):
        if number == after:
            happen()
        seen.take(item)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_renamed_while_it_is_read(log, small, after):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)

    def happen():
        append(log, numbered(100, 105))
        log.rename(f"{log}.1")
        log.write_bytes(numbered(105, 110))

    interrupt(seen, after, happen)
    assert seen.records == lines(numbered(0, 110))


@pytest.mark.parametrize("after", [0, 1, 3])
def test_cut_after_copying_while_it_is_read(log, small, after):
    log.write_bytes(numbered(0, 100))
    seen = reader(log)

    def happen():
        append(log, numbered(100, 105))
        shutil.copyfile(log, f"{log}.1")
        os.truncate(log, 0)
        append(log, numbered(105, 410))

    interrupt(seen, after, happen)
    assert seen.records == lines(numbered(0, 410))
    assert seen.notices == []


@pytest.mark.parametrize("after", [0, 1, 3])
def test_deleted_and_made_anew_while_it_is_read(log, small, after):
    log.write_bytes(numbered(0, 100) + b"last")
    seen = reader(log)

    def happen():
        log.unlink()
        log.write_bytes(numbered(105, 110))

    interrupt(seen, after, happen)
    assert seen.records == [*lines(numbered(0, 100)), b"last", *lines(numbered(105, 110))]
    assert seen.notices == []


def test_a_writer_that_never_stops_does_not_keep_the_reader(log, small):
    log.write_bytes(numbered(0, 100))
    items = 0
    for _ in open_source(str(log), Options(clock=noon)).read(None):
        append(log, numbered(100, 120))
        items += 1
    assert items < 15


# --- the first time


def test_first_all_reads_the_present_file_and_not_the_rotated_ones(log):
    log.with_name("syslog.1").write_bytes(b"old\n")
    log.write_bytes(b"one\n")
    seen = reader(log)
    assert seen.read() == [b"one"]
    log.rename(f"{log}.2")
    log.with_name("syslog.1").write_bytes(b"between\n")
    log.write_bytes(b"two\n")
    assert seen.read() == [b"between", b"two"]


def test_first_none_begins_at_the_end_and_remembers_it(log):
    log.write_bytes(b"one\ntwo\nthr")
    seen = reader(log, first="none")
    assert seen.read() == []
    append(log, b"ee\nfour\n")
    assert seen.read() == [b"three", b"four"]


def test_first_none_with_partial_lines_begins_behind_the_partial_one(log):
    log.write_bytes(b"one\nthr")
    seen = reader(log, first="none", partial_lines=True)
    assert seen.read() == []
    append(log, b"ee\n")
    assert seen.read() == [b"ee"]


@pytest.mark.parametrize("old", [3, 40_000])
def test_first_today_begins_with_the_first_record_stamped_today(log, old):
    yesterday = b"".join(b"Nov 19 %02d:%02d:00 gate x\n  trace\n" % (n // 60 % 24, n % 60) for n in range(old))
    today = b"Nov 20 00:00:00 gate first\n  its trace\nNov 20 09:00:00 gate second\n"
    log.write_bytes(b"no stamp\n" + yesterday + today)
    seen = reader(log, first="today")
    assert seen.read() == [b"Nov 20 00:00:00 gate first", b"  its trace", b"Nov 20 09:00:00 gate second"]


def test_first_today_of_a_log_without_anything_of_today_begins_at_its_end(log):
    log.write_bytes(b"Nov 19 09:00:00 gate x\n")
    seen = reader(log, first="today")
    assert seen.read() == []
    append(log, b"y\n")
    assert seen.read() == [b"y"]


# --- taken over


def test_the_offset_file_of_logcheck_is_taken_over(log, tmp_path):
    log.write_bytes(b"one\ntwo\nthree\n")
    state = tmp_path / "state"
    state.mkdir()
    (state / ("offset" + str(log).replace("/", "."))).write_bytes(b"%d\n4\n" % log.stat().st_ino)
    assert reader(log, takeover=(str(tmp_path / "none"), str(state))).read() == [b"two", b"three"]


def test_logtails_own_offset_file_beside_the_log_is_taken_over(log):
    log.write_bytes(b"one\ntwo\n")
    log.with_name("syslog.offset").write_bytes(b"%d\n4" % log.stat().st_ino)
    assert reader(log, first="none").read() == [b"two"]


def test_a_taken_over_file_that_was_rotated_is_found_by_its_inode(log):
    log.write_bytes(b"one\ntwo\n")
    log.with_name("syslog.offset").write_bytes(b"%d\n4\n" % log.stat().st_ino)
    log.rename(f"{log}.3")
    log.with_name("syslog.1").write_bytes(b"three\n")
    log.write_bytes(b"four\n")
    assert reader(log).read() == [b"two", b"three", b"four"]


def test_a_taken_over_file_that_is_shorter_now_is_reported(log):
    log.write_bytes(b"one\n")
    log.with_name("syslog.offset").write_bytes(b"%d\n400\n" % log.stat().st_ino)
    seen = reader(log)
    assert seen.read() == [b"one"]
    assert seen.kinds() == ["shrank"]


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"0\n4\n", b"1.5\n4\n"])
def test_an_offset_file_without_an_inode_counts_for_nothing(log, content):
    log.write_bytes(b"one\n")
    log.with_name("syslog.offset").write_bytes(content)
    assert reader(log).read() == [b"one"]


def test_our_own_position_counts_more_than_an_offset_file(log):
    log.write_bytes(b"one\ntwo\n")
    seen = reader(log)
    seen.read()
    log.with_name("syslog.offset").write_bytes(b"%d\n0\n" % log.stat().st_ino)
    assert seen.read() == []
