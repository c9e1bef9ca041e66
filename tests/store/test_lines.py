"""The lines of a report are a file that is whole on the disk, ours alone, or not there at all."""

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.torture.disk import fill, small_disk
from vigilog.core.errors import StoreError
from vigilog.store.guard import guarded_directory
from vigilog.store.lines import forget_all_but, read, write

SECTIONS = [[b"one\n", b"two\nthree\n"], [], [b"four\n"]]


@pytest.fixture
def directory(tmp_path):
    return guarded_directory(str(tmp_path / "state"))


def names(directory: str) -> list[str]:
    with suppress(FileNotFoundError):
        return sorted(os.listdir(os.path.join(directory, "reports")))
    return []


def mode(path: str) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def everything(directory: str, report: int, extents: list[tuple[int, int]]) -> list[bytes]:
    return [b"".join(read(directory, report, *extent)) for extent in extents]


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """What a full disk is to a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_each_section_comes_back_as_it_was_put_in(directory):
    extents = write(directory, 12, SECTIONS)
    assert extents == [(0, 14), (14, 0), (14, 5)]
    assert everything(directory, 12, extents) == [b"one\ntwo\nthree\n", b"", b"four\n"]
    assert names(directory) == ["12"]


def test_a_report_without_lines_is_an_empty_file(directory):
    assert write(directory, 1, []) == []
    assert names(directory) == ["1"]


lines = st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"") + b"\n")
blocks = st.lists(lines, min_size=1, max_size=4).map(b"".join)


@given(sections=st.lists(st.lists(blocks, max_size=6), max_size=4), size=st.integers(1, 100))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_lines_come_in_blocks_of_whole_lines_that_are_longer_than_a_block_only_by_their_last_one(directory, sections, size):
    extents = write(directory, 1, sections)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vigilog.store.lines._BLOCK", size)
        found = [list(read(directory, 1, *extent)) for extent in extents]
    assert list(map(b"".join, found)) == list(map(b"".join, sections))
    for block in (block for section in found for block in section):
        assert block.endswith(b"\n")
        assert block.rfind(b"\n", 0, -1) + 1 <= size


def test_directory_and_file_are_made_for_their_owner_alone_whatever_the_umask(directory):
    before = os.umask(0)
    try:
        write(directory, 1, SECTIONS)
    finally:
        os.umask(before)
    assert mode(os.path.join(directory, "reports")) == 0o700
    assert mode(os.path.join(directory, "reports", "1")) == 0o600


def test_a_file_that_others_could_read_is_made_private_again(directory):
    extents = write(directory, 1, SECTIONS)
    path = os.path.join(directory, "reports", "1")
    os.chmod(path, 0o644)
    everything(directory, 1, extents)
    assert mode(path) == 0o600
    os.chmod(path, 0o644)
    write(directory, 1, SECTIONS)
    assert mode(path) == 0o600


def test_a_symbolic_link_in_place_of_the_file_is_refused_and_its_target_left_alone(directory, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"precious\n")
    os.mkdir(os.path.join(directory, "reports"), 0o700)
    os.symlink(target, os.path.join(directory, "reports", "1"))
    with pytest.raises(StoreError, match="/reports/1: a symbolic link; expected a file"):
        write(directory, 1, SECTIONS)
    with pytest.raises(StoreError, match="/reports/1: a symbolic link; expected a file"):
        list(read(directory, 1, 0, 9))
    assert target.read_bytes() == b"precious\n"


def test_a_symbolic_link_in_place_of_the_directory_is_refused(directory, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / "1").write_bytes(b"foreign\n")
    os.symlink(elsewhere, os.path.join(directory, "reports"))
    with pytest.raises(StoreError, match="/reports: a symbolic link; expected a directory"):
        write(directory, 1, SECTIONS)
    with pytest.raises(StoreError, match="/reports: a symbolic link; expected a directory"):
        list(read(directory, 1, 0, 8))
    assert (elsewhere / "1").read_bytes() == b"foreign\n"


def test_a_directory_that_others_may_write_is_refused(directory):
    os.mkdir(os.path.join(directory, "reports"))
    os.chmod(os.path.join(directory, "reports"), 0o770)
    with pytest.raises(StoreError, match=r"/reports: others may write in it.*chmod go-w"):
        write(directory, 1, SECTIONS)


def test_what_was_left_of_a_report_that_was_not_committed_is_written_over(directory):
    write(directory, 1, [[b"a much longer line than any other\n" * 10]])
    extents = write(directory, 1, SECTIONS)
    assert everything(directory, 1, extents) == list(map(b"".join, SECTIONS))
    assert os.path.getsize(os.path.join(directory, "reports", "1")) == 19


def test_the_lines_are_on_the_disk_and_then_every_name_that_leads_to_them(directory, monkeypatch):
    synchronized = []

    def note(descriptor):
        synchronized.append(os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}"), directory))

    monkeypatch.setattr(os, "fdatasync", note)
    monkeypatch.setattr(os, "fsync", note)
    write(directory, 1, SECTIONS)
    assert synchronized == [".", "reports/1", "reports"]
    write(directory, 2, SECTIONS)
    assert synchronized[3:] == ["reports/2", "reports"]


def test_an_error_while_lines_are_made_leaves_no_file_and_passes_on(directory):

    def fails():
        yield b"first\n"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(directory, 1, [fails()])
    assert names(directory) == []


def test_a_file_that_may_not_grow_is_an_error_with_a_remedy_and_nothing_is_left_of_it(directory):
    with no_file_longer_than(100_000), pytest.raises(StoreError) as raised:
        write(directory, 1, [[b"x" * 9_999 + b"\n"] * 20])
    assert str(raised.value) == (
        f"{directory}/reports/1: the lines of a report cannot be kept: File too large; "
        "make room on its disk and run again; nothing was changed"
    )
    assert names(directory) == []


def test_a_full_disk_is_an_error_with_a_remedy_and_nothing_is_left_on_it(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        if not disk.mounted:
            pytest.skip("no tmpfs can be mounted here")
        state = guarded_directory(str(disk.path / "state"))
        fill(disk.path / "filler", 1 << 20)
        with pytest.raises(StoreError, match="cannot be kept: No space left on device; make room on its disk"):
            write(state, 1, [[b"x" * 99_999 + b"\n"] * 20])
        assert names(state) == []
        extents = write(state, 1, [[b"x" * 99_999 + b"\n"] * 5])
        assert sum(map(len, read(state, 1, *extents[0]))) == 500_000


@pytest.mark.parametrize(("size", "missing"), [(0, 14), (4, 10), (6, 8), (8, 6), (13, 1)])
def test_a_file_that_was_cut_short_is_an_error_with_an_address_and_a_way_out(directory, size, missing):
    [extent, *_] = write(directory, 3, SECTIONS)
    os.truncate(os.path.join(directory, "reports", "3"), size)
    with pytest.raises(StoreError) as raised:
        list(read(directory, 3, *extent))
    assert str(raised.value) == (
        f"{directory}/reports/3: it ends {missing} bytes early; put it back, or go on without it: sqlite3 "
        f"{directory}/vigilog.db \"UPDATE reports SET status = 'delivered', delivered_at = 0 WHERE id = 3\""
    )


def test_half_a_line_is_not_given_out(directory, monkeypatch):
    monkeypatch.setattr("vigilog.store.lines._BLOCK", 5)
    [extent, *_] = write(directory, 3, SECTIONS)
    os.truncate(os.path.join(directory, "reports", "3"), 10)
    reading = read(directory, 3, *extent)
    assert next(reading) == b"one\ntwo\n"
    with pytest.raises(StoreError, match="it ends 4 bytes early"):
        next(reading)


def test_a_file_that_is_gone_is_an_error_with_an_address(directory):
    [extent, *_] = write(directory, 3, SECTIONS)
    os.unlink(os.path.join(directory, "reports", "3"))
    with pytest.raises(StoreError, match=r"/reports/3: the lines of a report cannot be read: No such file.*put it back"):
        list(read(directory, 3, *extent))


def test_only_the_lines_of_unknown_reports_are_removed(directory):
    for number in range(1, 6):
        write(directory, number, SECTIONS)
    kept = os.path.join(directory, "reports", "notes")
    with open(kept, "wb"):
        pass
    forget_all_but(directory, {2, 4, 77})
    assert names(directory) == ["2", "4", "notes"]


def test_where_no_report_was_ever_kept_there_is_nothing_to_forget(directory):
    forget_all_but(directory, set())
    assert names(directory) == []


def test_what_cannot_be_removed_is_an_error(directory):
    os.makedirs(os.path.join(directory, "reports", "5"), 0o700)
    with pytest.raises(StoreError, match="/reports: the lines of a report cannot be removed: Is a directory"):
        forget_all_but(directory, {1})
