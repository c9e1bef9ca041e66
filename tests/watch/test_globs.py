"""A pattern of names: the newest file counts, and none of what is written to any of them from then on is lost."""

from __future__ import annotations

import gzip
import os

import pytest

from tests.watch.reader import Reader, noon
from vigilog.watch.options import Options
from vigilog.watch.sources import open_source


def write(path, data, *, age=0):
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.write(data)
    os.utime(path, (1_795_000_000 - age, 1_795_000_000 - age))


def reader(pattern, **options):
    return Reader(open_source(str(pattern), Options(clock=noon, **options)))


def test_the_first_reading_takes_the_newest_file_by_time_then_name(tmp_path):
    write(tmp_path / "a" / "syslog", b"oldest\n", age=9)
    write(tmp_path / "b" / "syslog", b"older\n", age=5)
    write(tmp_path / "c" / "syslog", b"newest\n", age=5)
    seen = reader(tmp_path / "*" / "syslog")
    assert seen.read() == [b"newest"]
    assert seen.source.name == f"file:{tmp_path}/*/syslog"
    assert seen.read() == []


def test_the_end_of_yesterdays_file_comes_before_todays(tmp_path):
    write(tmp_path / "19" / "syslog", b"one\n", age=9)
    seen = reader(tmp_path / "*" / "syslog")
    seen.read()
    write(tmp_path / "19" / "syslog", b"two\n", age=5)
    write(tmp_path / "20" / "syslog", b"three\n", age=4)
    write(tmp_path / "21" / "syslog", b"four\n", age=3)
    assert seen.read() == [b"two", b"three", b"four"]
    assert seen.read() == []


def test_a_position_is_kept_for_each_file(tmp_path):
    write(tmp_path / "a.log", b"a1\n", age=9)
    write(tmp_path / "b.log", b"b1\n", age=5)
    seen = reader(tmp_path / "*.log")
    assert seen.read() == [b"b1"]
    write(tmp_path / "a.log", b"a2\n", age=4)
    assert seen.read() == [b"a2"]
    write(tmp_path / "b.log", b"b2\n", age=3)
    write(tmp_path / "a.log", b"a3\n", age=2)
    assert seen.read() == [b"b2", b"a3"]


def test_reading_resumes_after_any_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("vigilog.watch.records.BLOCK", 300)
    write(tmp_path / "a.log", b"first\n", age=9)
    seen = reader(tmp_path / "*.log")
    seen.read()
    write(tmp_path / "a.log", b"".join(b"a %d\n" % n for n in range(100)), age=8)
    write(tmp_path / "b.log", b"".join(b"b %d\n" % n for n in range(100)), age=7)
    while seen.read(most=2):
        pass
    assert seen.records == [b"first", *(b"a %d" % n for n in range(100)), *(b"b %d" % n for n in range(100))]


def test_a_chunk_says_which_file_it_is_from(tmp_path):
    write(tmp_path / "a.log", b"one\n")
    (chunk,) = reader(tmp_path / "*.log").source.read(None)
    assert chunk.facts == {"path": f"{tmp_path}/a.log"}
    assert chunk.source == chunk.position.source == f"file:{tmp_path}/*.log"


def test_rotated_and_packed_files_are_no_matches_but_are_looked_into(tmp_path):
    write(tmp_path / "syslog", b"one\n", age=9)
    seen = reader(tmp_path / "syslog*")
    seen.read()
    write(tmp_path / "syslog", b"two\n", age=8)
    (tmp_path / "syslog").rename(tmp_path / "syslog.1")
    write(tmp_path / "syslog.2.gz", gzip.compress(b"old\n"), age=20)
    write(tmp_path / "syslog", b"three\n", age=7)
    assert seen.read() == [b"two", b"three"]
    assert seen.notices == []


def test_a_dated_file_that_was_packed_where_it_stood_is_read_to_its_end(tmp_path):
    write(tmp_path / "app-20261119.log", b"one\n", age=9)
    seen = reader(tmp_path / "app-*")
    seen.read()
    (tmp_path / "app-20261119.log").unlink()
    write(tmp_path / "app-20261119.log.gz", gzip.compress(b"one\ntwo\n"), age=5)
    write(tmp_path / "app-20261120.log", b"three\n", age=4)
    assert seen.read() == [b"two", b"three"]
    assert seen.read() == []
    assert seen.notices == []


def test_when_the_newest_file_is_gone_that_is_a_loss(tmp_path):
    write(tmp_path / "19.log", b"one\n", age=9)
    seen = reader(tmp_path / "*.log")
    seen.read()
    (tmp_path / "19.log").unlink()
    write(tmp_path / "20.log", b"two\n", age=4)
    assert seen.read() == [b"two"]
    assert seen.kinds() == ["lost"]
    assert seen.read() == []
    assert seen.kinds() == ["lost"]


def test_when_an_older_file_is_gone_nobody_minds(tmp_path):
    write(tmp_path / "18.log", b"zero\n", age=19)
    write(tmp_path / "19.log", b"one\n", age=9)
    seen = reader(tmp_path / "*.log")
    seen.read()
    (tmp_path / "18.log").unlink()
    assert seen.read() == []
    assert seen.notices == []


def test_a_pattern_that_matches_nothing_is_missing(tmp_path):
    seen = reader(tmp_path / "*.log")
    assert seen.read() == []
    assert [(notice.kind, notice.text) for notice in seen.notices] == [("missing", f"File could not be read: {tmp_path}/*.log")]


def test_the_notices_of_its_files_are_its_own(tmp_path):
    write(tmp_path / "a.log", b"one\ntwo\n")
    seen = reader(tmp_path / "*.log")
    seen.read()
    os.truncate(tmp_path / "a.log", 0)
    seen.read()
    assert [(notice.kind, notice.source) for notice in seen.notices] == [("shrank", seen.source.name)]


@pytest.mark.parametrize("first", ["none", "today"])
def test_the_first_time_none_or_today(tmp_path, first):
    write(tmp_path / "a.log", b"Nov 19 08:00:00 gate one\n", age=3)
    seen = reader(tmp_path / "*.log", first=first)
    assert seen.read() == []
    write(tmp_path / "a.log", b"Nov 20 08:00:00 gate two\n", age=2)
    write(tmp_path / "b.log", b"Nov 19 08:00:00 gate three\n", age=1)
    assert seen.read() == [b"Nov 20 08:00:00 gate two", b"Nov 19 08:00:00 gate three"]


def test_a_hundred_files_are_followed_as_far_as_they_changed_last(tmp_path):
    for number in range(100):
        write(tmp_path / f"{number:03}.log", b"old %d\n" % number, age=1000 - number)
    seen = reader(tmp_path / "*.log")
    assert seen.read() == [b"old 99"]
    write(tmp_path / "090.log", b"new\n", age=10)
    write(tmp_path / "100.log", b"newer\n", age=9)
    assert seen.read() == [b"new", b"newer"]
