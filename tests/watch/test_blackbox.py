"""A file of forensic blocks as a source: each block that ended is a record, through rotations and restarts."""

from __future__ import annotations

import pytest

from tests.watch.reader import Reader, noon
from tests.watch.watching import Watching
from vigilog.core.errors import ConfigurationError
from vigilog.watch.options import Options
from vigilog.watch.sources import open_source

HEAD = b"-----BEGIN FAILED LOGIN FORENSICS-----\nClient-Address: 203.0.113.%d\nUID: 0\nPID: 4711\n"
TAIL = b"\n[SystemLog:6] 2026-11-20 08:29:59,000 USER anna\n-----END FAILED LOGIN FORENSICS-----\n"


def block(number: int) -> bytes:
    return HEAD % number + TAIL


def clients(records: list[bytes]) -> list[int]:
    return [int(record.split(b"client=203.0.113.")[1].split()[0]) for record in records]


def write(path, data: bytes, mode: str = "ab") -> None:
    with path.open(mode, buffering=0) as file:
        file.write(data)


def test_blocks_are_records_as_they_end(tmp_path):
    log = tmp_path / "forensic.log"
    write(log, block(1))
    with Watching(f"blackbox:{log}") as seen:
        write(log, block(2) + HEAD % 3)
        seen.until(lambda: len(seen.records) == 1)
        write(log, TAIL)
        seen.until(lambda: len(seen.records) == 2)
        assert clients(seen.records) == [2, 3]


def test_a_block_that_was_begun_before_a_rotation_and_a_restart_is_whole(tmp_path):
    log = tmp_path / "forensic.log"
    log.touch()
    with Watching(f"blackbox:{log}") as seen:
        write(log, block(1) + HEAD % 2)
        seen.until(lambda: len(seen.records) == 1)
        positions = seen.stored()
    write(log, b"\n[SystemLog:6] half\n")
    log.rename(tmp_path / "forensic.log.1")
    write(log, b"[SystemLog:6] more\n-----END FAILED LOGIN FORENSICS-----\n" + block(3))
    with Watching(f"blackbox:{log}", positions=positions) as seen:
        seen.until(lambda: len(seen.records) == 2)
        assert clients(seen.records) == [2, 3]
        assert b" messages=2" in seen.records[0]


def test_in_batch_the_same_blocks_come_stopped_anywhere(tmp_path):
    log = tmp_path / "forensic.log"
    write(log, b"")
    options = Options(noon, first="all")
    reader = Reader(open_source(f"blackbox:{log}", options))
    for number in range(1, 6):
        data = block(number)
        write(log, data[: len(data) // 2])
        reader = Reader(open_source(f"blackbox:{log}", options), reader.position)
        assert reader.read() == []
        write(log, data[len(data) // 2 :])
        reader = Reader(open_source(f"blackbox:{log}", options), reader.position)
        assert clients(reader.read()) == [number]


def test_a_message_of_megabytes_forges_no_block_even_where_it_is_cut(tmp_path):
    log = tmp_path / "forensic.log"
    options = Options(noon, first="all")
    forged = block(66).replace(b"\n", b"\r")
    for shift in range(-3, 4):
        long = b"[SystemLog:6] " + b"x" * ((1 << 20) - 14 + shift) + b"-----END FAILED LOGIN FORENSICS-----" + forged
        write(log, HEAD % 1 + b"\n" + long + b"\n-----END FAILED LOGIN FORENSICS-----\n", "wb")
        reader = Reader(open_source(f"blackbox:{log}", options))
        assert clients(reader.read()) == [1]
        assert b" messages=1" in reader.records[0]


def test_a_stop_within_such_a_message_loses_no_block_behind_it(tmp_path):
    log = tmp_path / "forensic.log"
    options = Options(noon, first="all")
    write(log, HEAD % 1 + b"\n[SystemLog:6] " + b"x" * (3 << 20))
    first = Reader(open_source(f"blackbox:{log}", options))
    assert first.read() == []
    write(log, b"\n-----END FAILED LOGIN FORENSICS-----\n" + block(2))
    second = Reader(open_source(f"blackbox:{log}", options), first.position)
    assert clients(second.read()) == [1, 2]


@pytest.mark.parametrize("spec", ["blackbox:", "blackbox:/var/log/*/forensic.log"])
def test_one_file_is_one_source(spec):
    with pytest.raises(ConfigurationError, match="one file of forensic blocks"):
        open_source(spec, Options(noon))
