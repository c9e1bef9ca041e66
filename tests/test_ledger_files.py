"""Ledgers as files: cut for two processes, packed, and read as they were when they were opened."""

import gzip
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog import ledger_files
from vigilog.core.errors import SourceError
from vigilog.ledger.check import unfinished
from vigilog.ledger_files import LedgerFile, in_two


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch):
    monkeypatch.setattr(ledger_files, "LARGE", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


def opened(*paths):
    return [LedgerFile(str(path), pytest.fail) for path in paths]


def contents(inputs):
    return [b"".join(each.blocks()) for each in inputs]


@given(st.lists(st.text("+-|ab", max_size=12), min_size=1, max_size=20))
def test_a_file_is_cut_at_a_newline_and_nothing_is_lost(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("l") / "l"
    path.write_text("\n".join(lines))
    (file,) = opened(path)
    halves = file.halves()
    if halves:
        assert b"".join(contents(halves)) == b"\n" + path.read_bytes()
        assert halves[1].continued
    file.close()


def test_a_ledger_of_several_files_is_cut_about_in_its_middle(tmp_path):
    line = b"+%04d|x\n"
    paths = [tmp_path / name for name in ("l.2.gz", "l.1", "l")]
    paths[0].write_bytes(gzip.compress(line % 1 + line % 2, mtime=0))
    paths[1].write_bytes(b"".join(line % number for number in range(10, 200)))
    paths[2].write_bytes(line % 9999)
    files = opened(*paths)
    first, second = in_two(files)
    assert [each.name for each in first] == [str(path) for path in paths[:2]]
    assert [each.name for each in second] == [str(path) for path in paths[1:]]
    assert second[0].continued
    found = unfinished(first, second)
    assert [(line.file, line.line) for line in found] == [
        (str(paths[0]), 1),
        (str(paths[0]), 2),
        *((str(paths[1]), number) for number in range(1, 191)),
        (str(paths[2]), 1),
    ]


def test_where_one_file_is_most_of_it_the_cut_is_between_files(tmp_path):
    paths = [tmp_path / "l.2", tmp_path / "l.1"]
    for path in paths:
        path.write_bytes(b"+1|x\n" * 100)
    first, second = in_two(opened(*paths))
    assert len(first) + len(second) >= 2
    assert b"".join(contents([*first, *second])).count(b"+1|x") == 200


def test_an_empty_file_beside_a_large_one_is_no_reason_to_take_longer(tmp_path):
    (tmp_path / "l.1").write_bytes(b"+1|x\n" * 100)
    (tmp_path / "l").touch()
    first, second = in_two(opened(tmp_path / "l.1", tmp_path / "l"))
    assert [each.name for each in (*first, *second)] == [str(tmp_path / name) for name in ("l.1", "l.1", "l")]


def test_what_comes_through_a_pipe_is_for_one_process(tmp_path):
    os.mkfifo(tmp_path / "p")
    writer = subprocess.Popen(["sh", "-c", "printf '+1|x\\n' > p"], cwd=tmp_path)
    first, second = in_two(opened(tmp_path / "p"))
    assert (len(first), second) == (1, [])
    assert [line.id for line in unfinished(first)] == [b"1"]
    writer.wait()


def test_a_ledger_that_grows_is_read_to_where_it_ended_when_it_was_opened(tmp_path):
    log = tmp_path / "l"
    log.write_bytes(b"+1|x\n")
    (file,) = opened(log)
    with log.open("ab") as more:
        more.write(b"+2|x\n")
    assert contents(file.inputs()) == [b"\n+1|x\n"]


def test_what_is_no_file_is_an_error(tmp_path):
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / "none", "No such file")):
        with pytest.raises(SourceError, match=reason):
            LedgerFile(str(path), pytest.fail)


WRITE = """
import sys
pairs, waiting = int(sys.argv[1]), []
with open(sys.argv[2], "wb") as file:
    for number in range(pairs):
        file.write(b"+%d:6b000000:%x|GET /%d HTTP/1.1|Host:www.example.test\\n" % (number % 9, number, number))
        waiting.append(b"-%d:6b000000:%x\\n" % (number % 9, number))
        if len(waiting) > 30:
            file.write(waiting.pop(number % 30))
    file.writelines(waiting)
"""
CHECK = """
import resource, sys
from vigilog.cli.main import main
assert main(["ledger", "check", sys.argv[1]]) == 0
print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


def test_memory_does_not_grow_with_a_ledger_that_is_well_formed(tmp_path):
    peaks = []
    for pairs in (50_000, 800_000):
        subprocess.run([sys.executable, "-c", WRITE, str(pairs), str(tmp_path / "l")], check=True)
        done = subprocess.run([sys.executable, "-c", CHECK, str(tmp_path / "l")], check=True, capture_output=True)
        peaks.append(int(done.stdout))
    assert peaks[1] < peaks[0] + 4096
