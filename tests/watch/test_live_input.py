"""Standard input, live: pipes, terminals and files, never waited for."""

from __future__ import annotations

import os
import pty
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.watch.reader import Reader, noon, records
from tests.watch.watching import Watching
from vigilog.watch.live import Live
from vigilog.watch.live_input import LiveInput
from vigilog.watch.options import Options
from vigilog.watch.records import LIMIT


@pytest.fixture
def redirected():
    """A function that makes a descriptor this process's standard input, for a while."""
    former = os.dup(0)
    yield lambda descriptor: os.dup2(descriptor, 0)
    os.dup2(former, 0)
    os.close(former)


def test_a_pipe_is_read_as_it_comes(redirected):
    out, into = os.pipe()
    redirected(out)
    with Watching("-") as seen:
        assert seen.records == []
        assert seen.live.timeout() is None
        os.write(into, b"one\ntw")
        seen.wait(b"one")
        os.write(into, b"o\nlast")
        seen.wait(b"one", b"two")
        assert not seen.live.ended
        os.close(into)
        seen.wait(b"one", b"two", b"last")
        assert seen.live.ended
        wakes = seen.wakes
        seen.turn(0.2)
        assert seen.wakes == wakes
    os.close(out)


def test_a_terminal_is_read_as_it_comes(redirected):
    leader, follower = pty.openpty()
    redirected(follower)
    with Watching("-") as seen:
        os.write(leader, b"one\n")
        seen.wait(b"one")
        os.write(leader, b"\x04")
        seen.until(lambda: seen.live.ended)
    os.close(leader)
    os.close(follower)


def test_a_file_is_read_to_its_end(redirected, tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"".join(b"record %06d\n" % number for number in range(100_000)) + b"last")
    descriptor = os.open(path, os.O_RDONLY)
    redirected(descriptor)
    with Watching("-") as seen:
        assert len(seen.records) == 100_001
        assert seen.records[-1] == b"last"
        assert seen.live.ended
        assert seen.live.timeout() is None
    os.close(descriptor)


def test_other_sources_go_on_when_it_has_ended(redirected, tmp_path):
    descriptor = os.open(os.devnull, os.O_RDONLY)
    redirected(descriptor)
    with Watching("-", str(tmp_path / "log")) as seen:
        (tmp_path / "log").write_bytes(b"one\n")
        seen.wait(b"one")
        assert not seen.live.ended
    os.close(descriptor)


def test_reading_it_never_waits(redirected):
    out, into = os.pipe()
    redirected(out)
    live = Live(["-"], Options(clock=noon))
    before = time.monotonic()
    (source,) = live._flows.values()
    assert list(source.read(None)) == []
    os.write(into, b"one\n")
    assert records(source.read(None)) == [b"one"]
    assert time.monotonic() - before < 1
    live.close()
    os.close(into)
    os.close(out)


def test_a_long_record_travels_in_pieces():
    out, into = os.pipe()
    seen = Reader(LiveInput(noon, out))
    sent = b"before\n" + b"x" * (3 * LIMIT) + b"\nafter\n"
    for start in range(0, len(sent), 60_000):
        os.write(into, sent[start : start + 60_000])
        seen.read()
    assert seen.records == [b"before", b"x" * (3 * LIMIT), b"after"]
    assert seen.kinds() == ["long"]
    assert seen.position
    assert seen.position.state == {"offset": len(sent)}
    os.close(into)
    os.close(out)


@given(st.lists(st.text("ab\n", max_size=8).map(str.encode), max_size=8))
def test_any_split_gives_the_same_records(parts):
    out, into = os.pipe()
    seen = Reader(LiveInput(noon, out))
    for part in parts:
        if part:
            os.write(into, part)
            seen.read()
    os.close(into)
    seen.read()
    whole = b"".join(parts)
    assert seen.records == (whole.removesuffix(b"\n").split(b"\n") if whole else [])
    os.close(out)


def test_what_cannot_be_read_has_ended(redirected, tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    redirected(descriptor)
    with Watching("-") as seen:
        assert seen.kinds() == ["unreadable"]
        assert seen.live.ended
    os.close(descriptor)
