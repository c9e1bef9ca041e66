"""TAI64N labels, as multilog and tai64n write them and tai64nlocal reads them."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.parse import tai64n


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_constant_is_ten_and_there_are_no_leap_seconds():
    assert tai64n.split(b"@4000000037c219bf2ef02e94") == (935467445, 787492500)
    assert tai64n.seconds(b"@4000000037c219bf2ef02e94 hello") == pytest.approx(935467445.7874925)
    assert tai64n.split(b"@4000000000000000" + b"0" * 8) == (-10, 0)
    assert tai64n.label(0) == b"@400000000000000a00000000"


@pytest.mark.parametrize(
    "text",
    [
        b"", b"@", b"x", b"@4000000037c219bf", b"@4000000037c219bf2ef02e9", b"@4000000037c219bf2ef02e940",
        b"@4000000037C219BF2EF02E94", b" @4000000037c219bf2ef02e94", b"4000000037c219bf2ef02e94",
    ],
)  # fmt: skip
def test_what_is_no_whole_label_passes_unchanged(text):
    assert tai64n.split(text) is None
    assert tai64n.seconds(text) is None
    assert tai64n.localize(text + b" x\n") == text + b" x\n"


@given(st.integers(-tai64n.EPOCH, 2**64 - 1 - tai64n.EPOCH), st.integers(0, 2**32 - 1))
def test_a_label_is_read_again(seconds, nanoseconds):
    assert tai64n.split(tai64n.label(seconds, nanoseconds)) == (seconds, nanoseconds)


@pytest.mark.parametrize(("seconds", "nanoseconds"), [(2**64, 0), (-(2**63), 0), (0, 2**32), (0, -1)])
def test_what_does_not_fit_a_label_is_refused(seconds, nanoseconds):
    with pytest.raises(ValueError, match="does not fit"):
        tai64n.label(seconds, nanoseconds)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"@4000000037c219bf2ef02e94 hello\n", b"1999-08-24 04:04:05.787492500 hello\n"),
        (b"@4000000037c219bf2ef02e94x", b"1999-08-24 04:04:05.787492500x"),
        (b"@4000000037c219bf2ef02e94ABC", b"1999-08-24 04:04:05.787492500ABC"),
        (b"@4000000037c219bf3b9aca00 x\n", b"1999-08-24 04:04:05.1000000000 x\n"),
        (b"@4000000037c219bfffffffff x\n", b"1999-08-24 04:04:05.4294967295 x\n"),
        (b"@400000ff0000000000000000 y\n", b"36676-01-13 18:07:50.000000000 y\n"),
        (b"no stamp\n", b"no stamp\n"),
    ],
)
def test_a_line_in_local_time(line, expected):
    assert tai64n.localize(line) == expected


def test_local_time_is_this_machines(monkeypatch):
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    assert tai64n.localize(b"@4000000037c219bf2ef02e94 x") == b"1999-08-23 21:04:05.787492500 x"


@given(st.binary(max_size=60))
def test_no_line_is_too_strange(line):
    assert tai64n.localize(b"@" + line).endswith(line[24:])


@pytest.mark.peer
def test_a_thousand_labels_as_tai64nlocal_prints_them(need):
    need("tai64nlocal")
    lines = [tai64n.label(n * 9_876_543 - 1_000_000_000, n * 4_294_967 % 2**32) + b" line %d\n" % n for n in range(1_000)]
    environment = {**os.environ, "TZ": "UTC"}
    done = subprocess.run(["tai64nlocal"], input=b"".join(lines), capture_output=True, check=True, env=environment)
    assert done.stdout == b"".join(map(tai64n.localize, lines))
