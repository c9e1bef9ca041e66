"""Offset files: read as Perl reads numbers, written so that logtail2 reads them."""

from __future__ import annotations

import math
import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.watch.nobody import as_nobody, let_in, only_root

from vigilog.parse import offsets
from vigilog.parse.offsets import Offset


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"123\n456\n", Offset(123, 456)),
        (b"123\n456", Offset(123, 456)),
        (b"123\n", Offset(123, 0)),
        (b"123", Offset(123, 0)),
        (b"", Offset(0, 0)),
        (b"\n456\n", Offset(0, 456)),
        (b"garbage\n456\n", Offset(0, 456)),
        (b"123\n456\n789\n", Offset(123, 456)),
        (b"123\r\n456\r\n", Offset(123, 456)),
        (b"123\n-4\n", Offset(123, -4)),
    ],
)
def test_inode_and_offset_stand_on_the_first_two_lines(content, expected):
    assert offsets.parse(content) == expected


NUMBERS = [
    b"12", b" 12", b"\t\v\f12", b"+12", b"-12", b"12abc", b"12.75", b".5", b"5.", b"1e3", b"1e+3", b"1E3", b"4e", b"1.e5",
    b".8e1", b"0x10", b"1_0", b"", b"x", b"- 4", b"+-4", b"\x0012", b"00012", b"18446744073709551617", b"1e400",
    b"inf", b"-inf", b"Infinity", b"INFI", b"in", b"nan", b"1.#INF", b"1#INF", b"1.#IND", b"13.999999",
]  # fmt: skip


@pytest.mark.peer
@pytest.mark.parametrize("text", NUMBERS, ids=repr)
def test_a_number_is_what_perl_makes_of_it(text, need):
    need("perl")
    done = subprocess.run(
        ["perl", "-e", r'local $/; my $n = <STDIN> + 0; printf "%.17g", $n'], input=text, capture_output=True, check=True
    )
    expected, found = float(done.stdout), float(offsets.number(text))
    assert found == expected or (math.isnan(found) and math.isnan(expected))


def test_a_whole_number_stays_whole_however_long():
    assert offsets.number(b"18446744073709551617") == 2**64 + 1
    assert offsets.start(offsets.number(b"9" * 400)) == 2**63 - 1
    assert offsets.start(offsets.number(b"9" * 5_000)) == 2**63 - 1


@pytest.mark.parametrize(
    ("offset", "start"),
    [
        (0, 0),
        (7, 7),
        (7.9, 7),
        (-4, 0),
        (-0.5, 0),
        (math.nan, 0),
        (math.inf, 2**63 - 1),
        (-math.inf, 0),
        (2**70, 2**63 - 1),
        (1e30, 2**63 - 1),
    ],
)
def test_reading_starts_at_a_whole_byte(offset, start):
    assert offsets.start(offset) == start


@given(st.integers(0, 2**64), st.integers(0, 2**64))
def test_what_is_written_is_read_again(inode, offset):
    assert offsets.parse(offsets.render(inode, offset)) == (inode, offset)


@given(st.binary())
def test_any_content_is_two_numbers(content):
    inode, offset = offsets.parse(content)
    assert offsets.start(offset) >= 0
    assert isinstance(inode, int | float)


def test_a_file_that_cannot_be_read_says_nothing(tmp_path):
    assert offsets.read(str(tmp_path / "none")) is None
    assert offsets.read(str(tmp_path)) is None


def test_nobody_waits_for_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert offsets.read(str(tmp_path / "pipe")) == Offset(0, 0)


def test_a_written_file_is_the_owners_alone_whatever_it_was_before(tmp_path):
    path = tmp_path / "offset"
    path.write_bytes(b"1\n2\nlonger than the new one\n")
    path.chmod(0o644)
    os.umask(os.umask(0))
    offsets.write(str(path), 12, 34)
    assert path.read_bytes() == b"12\n34\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["offset"]


def test_a_link_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "victim").write_bytes(b"precious")
    os.symlink(tmp_path / "victim", tmp_path / "offset")
    offsets.write(str(tmp_path / "offset"), 1, 2)
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert (tmp_path / "offset").read_bytes() == b"1\n2\n"
    assert not (tmp_path / "offset").is_symlink()


def test_a_reader_never_sees_a_part(tmp_path, monkeypatch):
    path = tmp_path / "offset"
    path.write_bytes(b"1\n2\n")
    seen = []
    rename = os.rename

    def watched(old, new):
        seen.append((path.read_bytes(), Path(old).read_bytes()))
        rename(old, new)

    monkeypatch.setattr(os, "rename", watched)
    offsets.write(str(path), 3, 4)
    assert seen == [(b"1\n2\n", b"3\n4\n")]


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path):
    path = tmp_path / "offset"
    (tmp_path / f"offset.{os.getpid()}.new").write_bytes(b"left")
    offsets.write(str(path), 3, 4)
    assert os.listdir(tmp_path) == ["offset"]


def test_a_device_is_written_to_and_not_replaced():
    offsets.write("/dev/null", 1, 2)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_directory_or_no_directory_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(IsADirectoryError):
        offsets.write(str(tmp_path), 1, 2)
    with pytest.raises(FileNotFoundError):
        offsets.write(str(tmp_path / "none" / "offset"), 1, 2)
    assert os.listdir(tmp_path) == []


@only_root
def test_an_old_file_in_a_directory_that_takes_no_new_one_is_written_in_place(tmp_path):
    path = tmp_path / "offset"
    path.write_bytes(b"1\n2\nlonger than the new one\n")
    path.chmod(0o666)
    let_in(tmp_path)
    as_nobody(lambda: offsets.write(str(path), 3, 4))
    assert path.read_bytes() == b"3\n4\n"
