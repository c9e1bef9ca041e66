"""The journal, live: the real journalctl over real journal files, and one of our own where the real one cannot be made to."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.watch.reader import NOON, chunks, noon
from tests.watch.test_journal import fake, journal, utc  # noqa: F401  fixtures
from tests.watch.watching import Watching
from vigilog.core.nouns import Position
from vigilog.watch import live_journal
from vigilog.watch.live import Live
from vigilog.watch.options import Options


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """journalctl is started again at once."""
    monkeypatch.setattr(live_journal, "_FIRST_DELAY", 0.05)


def messages(seen):
    return [record.split(b": ", 1)[1] for record in seen.records]


def process(seen):
    (source,) = seen.live._flows.values()
    return source._program._process


def ready(seen):
    (source,) = seen.live._flows.values()
    seen.until(lambda: source._follows and source._program.runs)


@pytest.mark.peer
def test_entries_come_as_they_are_written(journal):  # noqa: F811
    journal.add(b"old")
    with Watching(f"journal:{journal.directory}") as seen:
        ready(seen)
        assert seen.live.timeout() is None
        journal.add(b"one", at=NOON + 1)
        seen.until(lambda: len(seen.records) == 1)
        journal.add(b"two\nforged", at=NOON + 2)
        seen.until(lambda: len(seen.records) == 2)
        assert seen.records == [b"Nov 20 12:00:03 gate app[7]: one", b"Nov 20 12:00:05 gate app[7]: two#012forged"]
        assert seen.notices == []
        wakes = seen.wakes
        seen.turn(0.5)
        assert seen.wakes == wakes


@pytest.mark.peer
def test_a_restart_goes_on_behind_the_cursor(journal):  # noqa: F811
    with Watching(f"journal:{journal.directory}") as seen:
        ready(seen)
        journal.add(b"one", at=NOON + 1)
        seen.until(lambda: len(seen.records) == 1)
        positions = seen.stored()
    journal.add(b"two", b"three", at=NOON + 2)
    with Watching(f"journal:{journal.directory}", positions=positions) as again:
        again.until(lambda: len(again.records) == 2)
        assert messages(again) == [b"two", b"three"]
        assert again.notices == []


@pytest.mark.peer
def test_a_journalctl_that_dies_is_started_again_where_it_was(journal):  # noqa: F811
    with Watching(f"journal:{journal.directory}") as seen:
        ready(seen)
        journal.add(b"one", at=NOON + 1)
        seen.until(lambda: len(seen.records) == 1)
        former = process(seen).pid
        os.kill(former, signal.SIGKILL)
        journal.add(b"two", at=NOON + 2)
        seen.until(lambda: len(seen.records) == 2)
        assert messages(seen) == [b"one", b"two"]
        assert seen.notices == []
    with pytest.raises(ProcessLookupError):
        os.kill(former, 0)


@pytest.mark.peer
def test_the_entry_read_last_being_gone_is_a_loss(journal):  # noqa: F811
    with Watching(f"journal:{journal.directory}") as seen:
        ready(seen)
        journal.add(b"one", at=NOON + 1)
        seen.until(lambda: len(seen.records) == 1)
        os.kill(process(seen).pid, signal.SIGKILL)
        (journal.directory / "a.journal").unlink()
        journal.add(b"two", at=NOON + 2)
        seen.until(lambda: len(seen.records) == 2)
        assert seen.kinds() == ["lost"]


@pytest.mark.peer
def test_a_long_entry_travels_in_pieces_and_one_that_is_too_long_to_wait_for_comes_another_way(journal, monkeypatch):  # noqa: F811
    monkeypatch.setattr(live_journal, "_LONGEST", 8_000_000)
    with Watching(f"journal:{journal.directory}") as seen:
        ready(seen)
        journal.add(b"one", b"x" * 3_000_000, b"y\n" * 5_000_000, b"two", at=NOON + 1)
        seen.until(lambda: len(seen.records) == 4, 60)
        assert messages(seen) == [b"one", b"x" * 3_000_000, b"y#012" * 5_000_000, b"two"]
        assert seen.kinds() == ["long", "long"]


@pytest.mark.peer
def test_replacing_the_sources_keeps_it_and_closing_ends_it(journal):  # noqa: F811
    spec = f"journal:{journal.directory}"
    with Watching(spec) as seen:
        ready(seen)
        former = process(seen).pid
        seen.live.replace([spec, "/nowhere/log"])
        assert process_of(seen.live, spec).pid == former
        seen.live.replace(["/nowhere/log"])
        with pytest.raises(ProcessLookupError):
            os.kill(former, 0)


def process_of(live, spec):
    return live._flows[live.name_of(spec)]._program._process


def test_no_journalctl_is_said_once(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with Watching("journal") as seen:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            seen.turn(0.1)
        assert seen.kinds() == ["missing"]


def test_a_journalctl_that_fails_is_tried_at_growing_distances_and_said_once(fake):  # noqa: F811
    called = fake("echo 'No such thing' >&2; exit 1")
    with Watching("journal") as seen:
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            seen.turn(0.1)
        assert [(notice.kind, notice.text) for notice in seen.notices] == [("unreadable", "journalctl failed: No such thing")]
        assert 3 <= len(called.read_text().splitlines()) <= 6


def test_what_is_not_json_is_said(fake):  # noqa: F811
    fake("echo '{nonsense'; sleep 1")
    with Watching("journal") as seen:
        seen.until(lambda: bool(seen.notices))
        assert "journalctl printed" in seen.notices[0].text


def test_output_that_comes_by_the_byte_is_an_entry_when_it_is_whole(fake):  # noqa: F811
    line = (
        '{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1795172400000000","_HOSTNAME":"gate","SYSLOG_IDENTIFIER":"app","MESSAGE":"x"}'
    )
    half = len(line) // 2
    fake(f"printf '%s' '{line[:half]}'; sleep 0.2; printf '%s\\n%s' '{line[half:]}' '{line[:5]}'; sleep 5")
    with Watching("journal") as seen:
        seen.until(lambda: len(seen.records) == 1)
        assert seen.records == [b"Nov 20 11:00:00 gate app: x"]


def test_reading_never_waits_for_journalctl(fake):  # noqa: F811
    fake("sleep 30")
    live = Live(["journal"], Options(clock=noon, first="none"))
    before = time.monotonic()
    position = None
    for _ in range(5):
        for source in live.ready():
            for item in chunks(source.read(position)):
                position = item.position
    live.close()
    assert time.monotonic() - before < 2


def test_a_position_that_is_none_of_a_journal_is_said_once(fake):  # noqa: F811
    fake("sleep 5")
    with Watching("journal", positions={"journal": Position("journal", {"inode": 5})}) as seen:
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            seen.turn(0.1)
        assert seen.kinds() == ["unreadable"]
