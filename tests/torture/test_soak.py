"""Memory stays flat whatever the input is, and nothing of the input is lost for it."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import absent
from tests.torture.command import check_arguments, measured

MOST = 200 << 20
"""Bytes of memory that no run may need."""
HUGE = 100 << 20
GIGABYTE = 1_000_000_000

pytestmark = pytest.mark.torture


def lines_of(report: Path) -> Iterator[bytes]:
    """The lines of a report, without its title, the warnings and the empty lines."""
    with report.open("rb") as file:
        for line in file:
            if line == b"Logcheck Warnings\n":
                return
            if line not in (b"\n", b"System Events\n", b"=-=-=-=-=-=-=\n"):
                yield line


def test_a_line_of_100_megabytes_is_reported_whole_in_flat_memory(tmp_path):
    """It is cut into pieces, and the report says so."""
    numbers = HUGE // 8
    log, report = tmp_path / "app.log", tmp_path / "report"
    with log.open("wb") as file:
        file.write(b"Nov 20 10:00:00 host app: before\n")
        for start in range(0, numbers, 1 << 16):
            file.write(b"".join(b"%08x" % number for number in range(start, min(numbers, start + (1 << 16)))))
        file.write(b"\nNov 20 10:00:01 host app: after\n")
    peak = measured([*check_arguments(tmp_path, tmp_path / "state"), str(log)], report)
    pieces = [line for line in lines_of(report) if not line.startswith(b"Nov ")]
    assert sum(len(piece) - 1 for piece in pieces) == numbers * 8
    found = sorted(int(group, 16) for piece in pieces for group in re.findall(rb"[0-9a-f]{8}", piece))
    assert found == list(range(numbers))
    text = report.read_bytes()
    assert b"host app: before\n" in text
    assert b"host app: after\n" in text
    assert b"was cut into pieces" in text
    assert peak < MOST


def test_100_megabytes_of_nuls_are_reported_whole_in_flat_memory(tmp_path):
    """Half of them in one line, half of them in a line each."""
    log, report = tmp_path / "app.log", tmp_path / "report"
    with log.open("wb") as file:
        for _ in range(50):
            file.write(bytes(1 << 20))
        file.write(b"\n")
        for _ in range(50):
            file.write(b"\0\n" * (1 << 20))
    peak = measured([*check_arguments(tmp_path, tmp_path / "state"), str(log)], report)
    assert sum(line.count(0) for line in lines_of(report)) == HUGE
    assert peak < MOST


def test_a_gigabyte_of_dirty_logs_is_reported_whole_in_flat_memory(tmp_path, sample_data):
    """Every line is reported, as often as it is there."""
    maker = sample_data.parent / "tools" / "make_corpus.py"
    if not maker.is_file():
        absent(f"no {maker}")
    part, log, report = tmp_path / "part", tmp_path / "app.log", tmp_path / "report"
    subprocess.run(
        [sys.executable, str(maker), str(part), "--lines", "200000", "--dirty", "0.001", "--data", str(sample_data)],
        check=True,
        capture_output=True,
    )
    data = part.read_bytes()
    times = GIGABYTE // len(data) + 1
    with log.open("wb") as file:
        for _ in range(times):
            file.write(data)
    stripped = (line.rstrip(b" \t\r\v\f") for line in data.split(b"\n")[:-1])
    kept = [line for line in stripped if line]
    peak = measured([*check_arguments(tmp_path, tmp_path / "state"), str(log)], report)
    count = checksum = 0
    for line in lines_of(report):
        count += 1
        checksum += zlib.crc32(line[:-1])
    assert (count, checksum) == (times * len(kept), times * sum(map(zlib.crc32, kept)))
    assert peak < MOST
