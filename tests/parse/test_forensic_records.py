"""Forensic blocks as lines, one for each."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.parse.forensic_records import Records
from vigilog.parse.forensics import blocks
from vigilog.parse.stamps import stamp
from vigilog.parse.syslog import fields

ARRIVED = 1_795_176_000.0

OURS = b"""\
-----BEGIN FAILED LOGIN FORENSICS-----
Client-Address: 203.0.113.7
Server-Address: 192.0.2.1:21
Elapsed: 12
Protocol: ftp
UID: 0
GID: 0
Time: 2026-11-20T08:30:00.123+01:00
Service: ftpd
PID: 4711
Attempted-User: an"na\x1b[2J

[SystemLog:6] 2026-11-20 08:29:59,000 USER anna
[SystemLog:6] 2026-11-20 08:29:59,100 PASS (hidden)
-----END FAILED LOGIN FORENSICS-----
"""


def test_a_block_is_a_line_of_syslog_with_what_its_header_says() -> None:
    found = Records(host="ftp1").of(OURS, ARRIVED)
    assert found == (
        b"2026-11-20T08:30:00.123+01:00 ftp1 blackbox[4711]: FAILED LOGIN: client=203.0.113.7 server=192.0.2.1:21 "
        b'attempted="an\\x22na\\x1b[2J" service="ftpd" protocol=ftp messages=2\n'
    )
    assert fields(found)["program"] == b"blackbox"
    assert stamp(found, ARRIVED) == 1795159800.123


def test_the_real_proftpds_blocks_are_all_there(sample_data: Path) -> None:
    path = sample_data / "ftp" / "proftpd-1.3.8" / "forensic.log"
    text = path.read_bytes()
    lines = Records().of(text, ARRIVED).splitlines()
    wanted = [block for block in blocks(text.splitlines()) if block.complete]
    assert len(lines) == len(wanted) == 44
    kinds = [re.match(rb"\S+ \S+ \S+ blackbox\[\d+\]: ([A-Z ]+): client=(\S+) ", line) for line in lines]
    assert [(each[1].decode(), each[2].decode()) for each in kinds if each] == [
        (block.kind, block.value("Client-Address")) for block in wanted
    ]
    assert all(b"blackbox[0]" not in line for line in lines), "the messages tell the process"
    assert all(stamp(line, ARRIVED) != ARRIVED for line in lines), "and the time"


@pytest.mark.parametrize("cut", range(0, OURS.count(b"\n") * 2, 3))
def test_it_goes_on_in_the_middle_of_a_block(cut: int) -> None:
    lines = (OURS * 2).splitlines(keepends=True)
    first = Records(host="h")
    before = first.of(b"".join(lines[:cut]), ARRIVED)
    after = Records(first.state, host="h").of(b"".join(lines[cut:]), ARRIVED)
    assert before + after == Records(host="h").of(OURS * 2, ARRIVED)
    assert (before + after).count(b"\n") == 2


def test_outside_of_blocks_there_is_nothing_and_an_end_without_a_begin_is_none() -> None:
    text = b"-----END FAILED LOGIN FORENSICS-----\nClient-Address: 192.0.2.9\n\n"
    assert Records().of(text, ARRIVED) == b""


PIECES = st.sampled_from(
    [
        *OURS.splitlines(keepends=True),
        b"-----BEGIN UNTIMELY DEATH FORENSICS-----\n",
        b"-----END UNTIMELY DEATH FORENSICS-----\n",
        b'User: x" client=192.0.2.66 y\n',
        b"\n",
        b"\xff\xfe\0\n",
        b"-----BEGIN \x1b[2J FORENSICS-----\n",
    ]
)


@given(st.lists(PIECES, max_size=60), st.data())
def test_whatever_stands_there_each_record_is_one_printable_line_and_where_it_is_cut_does_not_matter(
    pieces: list[bytes], data: st.DataObject
) -> None:
    whole = Records(host="h").of(b"".join(pieces), ARRIVED)
    assert all(32 <= byte < 127 or byte == 10 for byte in whole)
    state, found, at = "", b"", 0
    while at < len(pieces):
        end = data.draw(st.integers(at + 1, len(pieces)))
        records = Records(state, host="h")
        found += records.of(b"".join(pieces[at:end]), ARRIVED)
        state, at = records.state, end
    assert found == whole
    assert whole.count(b"\n") <= b"".join(pieces).count(b"-----END")


def test_what_outsiders_say_stays_within_its_quotes() -> None:
    hostile = OURS.replace(b'an"na\x1b[2J', b'x" client=192.0.2.66 y="')
    line = Records().of(hostile, ARRIVED)
    assert re.findall(rb"(?<!\\x22 )client=(\S+)", re.sub(rb'"[^"]*"', b"", line)) == [b"203.0.113.7"]
    assert os.fsdecode(line).count('"') == 4
