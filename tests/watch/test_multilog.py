"""A directory of multilog: its files in order, lines cut across files, files renamed and deleted under the reader."""

from __future__ import annotations

import subprocess

import pytest

from tests.watch.reader import Reader, check_resuming, noon
from vigilog.parse import tai64n
from vigilog.watch.options import Options
from vigilog.watch.sources import open_source

START = 1_795_100_000


def name(second, kind="s"):
    return tai64n.label(START + second, 123).decode() + "." + kind


def line(second, text):
    return tai64n.label(START + second, 0) + b" " + text + b"\n"


@pytest.fixture
def directory(tmp_path):
    folder = tmp_path / "main"
    folder.mkdir()
    for other in ("lock", "state", "newstate", "processed"):
        (folder / other).write_bytes(b"not a log\n")
    return folder


def reader(directory, **options):
    return Reader(open_source(f"multilog:{directory}", Options(clock=noon, **options)))


def test_finished_files_in_name_order_then_previous_then_current(directory):
    (directory / "current").write_bytes(line(5, b"five"))
    (directory / "previous").write_bytes(line(4, b"four"))
    (directory / name(20, "u")).write_bytes(line(3, b"three"))
    (directory / name(10)).write_bytes(line(1, b"one") + line(2, b"two"))
    seen = reader(directory)
    assert [record[26:] for record in seen.read()] == [b"one", b"two", b"three", b"four", b"five"]
    assert seen.notices == []
    assert seen.read() == []


def test_a_line_that_was_cut_goes_on_in_the_next_file_and_the_next(directory):
    whole = line(1, b"x" * 9_000)
    (directory / name(10)).write_bytes(line(0, b"zero") + whole[:4_000])
    (directory / name(20)).write_bytes(whole[4_000:8_000])
    (directory / "current").write_bytes(whole[8_000:] + line(2, b"two"))
    source = open_source(f"multilog:{directory}", Options(clock=noon))
    assert check_resuming(source) == [line(0, b"zero")[:-1], whole[:-1], line(2, b"two")[:-1]]


def test_a_cut_line_waits_until_its_end_is_there(directory):
    whole = line(1, b"x" * 6_000)
    (directory / "current").write_bytes(line(0, b"zero") + whole[:4_000])
    seen = reader(directory)
    assert seen.read() == [line(0, b"zero")[:-1]]
    (directory / "current").rename(directory / name(10))
    (directory / "current").write_bytes(whole[4_000:5_000])
    assert seen.read() == []
    with (directory / "current").open("ab") as file:
        file.write(whole[5_000:])
    assert seen.read() == [whole[:-1]]


def test_what_a_crash_left_unfinished_is_a_line_of_its_own(directory):
    (directory / name(10, "u")).write_bytes(line(1, b"one") + line(2, b"tw")[:-1])
    (directory / "current").write_bytes(line(3, b"three"))
    assert [record[26:] for record in reader(directory).read()] == [b"one", b"tw", b"three"]


def test_a_cut_line_of_more_than_a_mebibyte_travels_in_pieces(directory):
    whole = line(1, b"x" * 5_000_000)
    for number in range(50):
        (directory / name(10 + number)).write_bytes(whole[number * 100_000 : (number + 1) * 100_000])
    (directory / "current").write_bytes(whole[5_000_000:] + line(2, b"two"))
    source = open_source(f"multilog:{directory}", Options(clock=noon))
    assert check_resuming(source) == [whole[:-1], line(2, b"two")[:-1]]


def test_current_that_was_renamed_is_read_on_by_its_identity(directory):
    (directory / "current").write_bytes(line(1, b"one"))
    seen = reader(directory)
    seen.read()
    with (directory / "current").open("ab") as file:
        file.write(line(2, b"two"))
    (directory / "current").rename(directory / name(10))
    (directory / name(20)).write_bytes(line(3, b"three"))
    (directory / "current").write_bytes(line(4, b"four"))
    assert [record[26:] for record in seen.read()] == [b"two", b"three", b"four"]
    assert seen.notices == []


def test_current_that_is_being_renamed_while_it_is_read(directory, monkeypatch):
    monkeypatch.setattr("vigilog.watch.records.BLOCK", 300)
    (directory / "current").write_bytes(b"".join(line(n, b"line") for n in range(50)))
    seen = reader(directory)
    for number, item in enumerate(seen.source.read(None)):
        seen.take(item)
        if number == 2:
            (directory / "current").rename(directory / name(60))
        if number == 4:
            (directory / "current").write_bytes(line(70, b"new"))
    assert seen.records == [line(n, b"line")[:-1] for n in range(50)] + [line(70, b"new")[:-1]]


def test_no_current_for_a_moment_is_nothing_to_tell(directory):
    (directory / "current").write_bytes(line(1, b"one"))
    seen = reader(directory)
    seen.read()
    (directory / "current").rename(directory / name(10))
    assert seen.read() == []
    assert seen.notices == []
    (directory / "current").write_bytes(line(2, b"two"))
    assert [record[26:] for record in seen.read()] == [b"two"]


def test_files_deleted_before_they_were_read_are_a_loss_and_the_others_are_read(directory):
    (directory / "current").write_bytes(line(1, b"one"))
    seen = reader(directory)
    seen.read()
    (directory / name(30)).write_bytes(line(3, b"three"))
    (directory / "new").write_bytes(line(4, b"four"))
    (directory / "new").rename(directory / "current")
    assert [record[26:] for record in seen.read()] == [b"three", b"four"]
    assert seen.kinds() == ["lost"]


def test_the_first_time_none_begins_at_the_end_of_current(directory):
    (directory / name(10)).write_bytes(line(1, b"one"))
    (directory / "current").write_bytes(line(2, b"two"))
    seen = reader(directory, first="none")
    assert seen.read() == []
    with (directory / "current").open("ab") as file:
        file.write(line(3, b"three"))
    assert [record[26:] for record in seen.read()] == [b"three"]


def test_the_first_time_today_begins_with_todays_first_record_in_whichever_file(directory):
    midnight = int(noon() // 86_400 * 86_400) - START
    (directory / name(10)).write_bytes(line(midnight - 5, b"one") + line(midnight - 1, b"two"))
    (directory / name(20)).write_bytes(line(midnight - 1, b"three") + line(midnight, b"four"))
    (directory / "current").write_bytes(line(midnight + 9, b"five"))
    assert [record[26:] for record in reader(directory, first="today").read()] == [b"four", b"five"]


def test_a_directory_that_is_not_there_is_missing(tmp_path):
    seen = reader(tmp_path / "nowhere")
    assert seen.read() == []
    assert [(notice.kind, notice.text) for notice in seen.notices] == [
        ("missing", f"File could not be read: {tmp_path}/nowhere/current")
    ]


@pytest.mark.peer
def test_the_real_multilog_with_long_lines_and_many_rotations(tmp_path, need):
    need("multilog")
    directory = tmp_path / "main"
    records = [b"%06d %s" % (n, b"x" * (9_000 if n % 50 == 0 else n % 70)) for n in range(2_000)]
    with subprocess.Popen(["multilog", "t", "s4096", "n300", str(directory)], stdin=subprocess.PIPE) as multilog:
        assert multilog.stdin
        seen = Reader(open_source(f"multilog:{directory}", Options(clock=noon)))
        for start in range(0, len(records), 40):
            multilog.stdin.write(b"".join(record + b"\n" for record in records[start : start + 40]))
            multilog.stdin.flush()
            seen.read(most=3)
        multilog.stdin.close()
    seen.read()
    assert [record[26:] for record in seen.records] == records
    assert len(list(directory.glob("@*.s"))) > 50
    assert "lost" not in seen.kinds()
