"""A report is stored with the positions past its lines, delivered at least once, and forgotten after a while."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pytest

from tests.torture.disk import fill, small_disk
from vigilog.core.errors import StoreError
from vigilog.core.nouns import Position
from vigilog.store.database import NAME, open_store, transaction
from vigilog.store.positions import positions, save_positions
from vigilog.store.reports import (
    add_report,
    forget_uncommitted,
    mark_attempt,
    mark_delivered,
    pending,
    prune,
    section_lines,
    stored_report,
)


@pytest.fixture
def directory(tmp_path):
    return str(tmp_path / "state")


@pytest.fixture
def connection(directory):
    connection = open_store(directory)
    yield connection
    connection.close()


def some_report(
    connection: sqlite3.Connection,
    created: float = 1000.5,
    host: str = "web1",
    subject: str = "web1 System Events",
    meta: Mapping[str, object] = MappingProxyType({}),
    sections: Iterable[Iterable[bytes]] = ([b"x\n"],),
) -> int:
    with transaction(connection):
        return add_report(
            connection, created=created, host=host, subject=subject, kind="check", meta=dict(meta), sections=sections
        )


def files(directory: str) -> dict[str, int]:
    """The sizes of the files in which lines of reports are."""
    return {entry.name: entry.stat().st_size for entry in os.scandir(os.path.join(directory, "reports"))}


def test_a_report_comes_back_as_it_was_put_in_and_is_pending(connection):
    number = some_report(connection, host="h\udcff", subject="größe \udc80", meta={"title": "\udcff", "n": [1, None, True]})
    [report] = pending(connection)
    assert report == stored_report(connection, number)
    assert (report.created, report.host, report.subject, report.kind) == (1000.5, "h\udcff", "größe \udc80", "check")
    assert report.meta == {"title": "\udcff", "n": [1, None, True]}
    assert (report.status, report.attempts, report.attempted_at, report.delivered_at) == ("pending", 0, None, None)


def test_attempts_are_counted_and_the_last_ones_time_is_known(connection):
    number = some_report(connection)
    mark_attempt(connection, number, 2000.0)
    mark_attempt(connection, number, 3000.0)
    [report] = pending(connection)
    assert (report.attempts, report.attempted_at, report.status) == (2, 3000.0, "pending")


def test_what_was_delivered_is_pending_no_more(connection):
    first, second = some_report(connection), some_report(connection)
    mark_delivered(connection, first, 2000.0)
    assert [report.id for report in pending(connection)] == [second]
    assert stored_report(connection, first).status == "delivered"
    assert stored_report(connection, first).delivered_at == 2000.0


def test_pending_reports_come_in_the_order_in_which_they_were_made(connection):
    numbers = [some_report(connection, created=float(-number)) for number in range(5)]
    assert [report.id for report in pending(connection)] == numbers


def test_a_report_that_is_not_there_is_an_error(connection):
    with pytest.raises(StoreError, match="there is no report 77"):
        stored_report(connection, 77)


def test_lines_of_other_sections_and_reports_do_not_mix(connection):
    first = some_report(connection, sections=[[b"first, 0\n", b"first, 0, later\n"], [b"first, 1\n"]])
    second = some_report(connection, sections=[[b"second\n"], []])
    assert b"".join(section_lines(connection, first, 0)) == b"first, 0\nfirst, 0, later\n"
    assert b"".join(section_lines(connection, first, 1)) == b"first, 1\n"
    assert b"".join(section_lines(connection, second, 0)) == b"second\n"
    assert [list(section_lines(connection, number, 2)) for number in (first, second, 77)] == [[], [], []]
    assert list(section_lines(connection, second, 1)) == []


def test_the_store_can_be_written_while_lines_are_read(connection, monkeypatch):
    monkeypatch.setattr("vigilog.store.lines._BLOCK", 1)
    number = some_report(connection, sections=[[b"0\n1\n2\n"]])
    reading = section_lines(connection, number, 0)
    assert next(reading) == b"0\n"
    with transaction(connection):
        mark_attempt(connection, number, 1.0)
    assert list(reading) == [b"1\n", b"2\n"]


def test_pruning_forgets_old_delivered_reports_with_their_lines_and_keeps_pending_ones(connection, directory):
    old, recent, waiting = some_report(connection), some_report(connection), some_report(connection)
    mark_delivered(connection, old, 1000.0)
    mark_delivered(connection, recent, 2000.0)
    assert prune(connection, 1500.0) == 1
    assert connection.execute("SELECT id FROM reports").fetchall() == [(recent,), (waiting,)]
    assert connection.execute("SELECT report FROM sections").fetchall() == [(recent,), (waiting,)]
    assert files(directory).keys() == {str(recent), str(waiting)}
    assert b"".join(section_lines(connection, recent, 0)) == b"x\n"


def test_numbers_of_forgotten_reports_are_not_used_again(connection):
    number = some_report(connection)
    mark_delivered(connection, number, 1.0)
    prune(connection, 2.0)
    assert some_report(connection) > number


def test_pruning_gives_the_space_in_the_database_back_to_the_disk(connection, directory):
    number = some_report(connection, meta={"header": "x" * 20_000_000})
    mark_delivered(connection, number, 1.0)
    prune(connection, 2.0)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert os.path.getsize(os.path.join(directory, NAME)) < 500_000


def test_a_report_is_forgotten_for_good_before_its_lines_are(connection, monkeypatch):
    """After a power failure a report whose lines are gone would wait for its delivery for ever."""
    number = some_report(connection)
    mark_delivered(connection, number, 1.0)
    done = []
    connection.set_trace_callback(lambda statement: done.append(statement.split(" WHERE")[0]))
    monkeypatch.setattr(os, "unlink", lambda path: done.append(f"unlink {os.path.basename(path)}"))
    prune(connection, 2.0)
    order = ["PRAGMA synchronous = FULL", "DELETE FROM reports", "PRAGMA synchronous = NORMAL", f"unlink {number}"]
    assert [step for step in dict.fromkeys(done) if step in order] == order


def test_lines_that_were_not_committed_are_forgotten_and_no_others(connection, directory):
    kept = some_report(connection)

    def fail_within() -> None:
        with transaction(connection):
            add_report(connection, created=1.0, host="h", subject="s", kind="check", meta={}, sections=[[b"y\n"]])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_within()
    assert files(directory) == {str(kept): 2, str(kept + 1): 2}
    forget_uncommitted(connection)
    assert files(directory) == {str(kept): 2}


def test_lines_are_not_forgotten_while_another_process_stores_them(connection, directory):
    other = open_store(directory)
    other.execute("PRAGMA busy_timeout = 10")
    with transaction(connection):
        number = add_report(connection, created=1.0, host="h", subject="s", kind="check", meta={}, sections=[[b"y\n"]])
        with pytest.raises(StoreError, match="another process is writing"):
            forget_uncommitted(other)
    forget_uncommitted(other)
    other.close()
    assert files(directory) == {str(number): 2}


PROGRAM = """
import os, signal, sys
from vigilog.core.nouns import Position
from vigilog.store.database import open_store, transaction
from vigilog.store.positions import save_positions
from vigilog.store.reports import add_report, mark_attempt, mark_delivered

def reached(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

def lines():
    yield from [b"x" * 999_999 + b"\\n"] * 4
    reached("half")
    yield from [b"x" * 999_999 + b"\\n"] * 4

connection = open_store(sys.argv[1])
with transaction(connection):
    number = add_report(connection, created=1.0, host="h", subject="s", kind="check", meta={}, sections=[lines(), [b"y\\n"]])
    reached("written")
    save_positions(connection, "check", [Position("log", {"offset": 8_000_000})])
    reached("positioned")
reached("committed")
mark_attempt(connection, number, 2.0)
reached("attempted")
mark_delivered(connection, number, 3.0)
reached("delivered")
"""


@pytest.mark.parametrize(
    ("step", "offset", "reports", "size"),
    [
        ("half", None, [], 4_000_000),
        ("written", None, [], 8_000_002),
        ("positioned", None, [], 8_000_002),
        ("committed", 8_000_000, [("pending", 0)], 8_000_002),
        ("attempted", 8_000_000, [("pending", 1)], 8_000_002),
        ("delivered", 8_000_000, [("delivered", 1)], 8_000_002),
    ],
)
@pytest.mark.parametrize("then", ["another run", "pruning"])
def test_killed_at_any_point_positions_report_and_lines_agree(directory, step, offset, reports, size, then):
    killed = subprocess.run([sys.executable, "-c", PROGRAM, directory, step], check=False)
    assert killed.returncode == -signal.SIGKILL
    connection = open_store(directory)
    found = positions(connection, "check")
    assert (found["log"].state["offset"] if found else None) == offset
    rows = connection.execute("SELECT status, attempts, id FROM reports").fetchall()
    assert [row[:2] for row in rows] == reports
    assert [sum(map(len, section_lines(connection, row[2], 0))) for row in rows] == [8_000_000] * len(rows)
    assert [list(section_lines(connection, row[2], 1)) for row in rows] == [[b"y\n"]] * len(rows)
    assert files(directory) == {"1": size}
    committed = {"1": size} if reports else {}
    if then == "pruning":
        prune(connection, 0.0)
        assert files(directory) == committed
    else:
        number = some_report(connection, sections=[[b"new\n"]])
        assert files(directory) == committed | {str(number): 4}
        assert list(section_lines(connection, number, 0)) == [b"new\n"]
    connection.close()


def test_a_disk_that_fills_up_while_lines_are_stored_leaves_neither_report_nor_positions_nor_lines(tmp_path):
    def store_all(connection: sqlite3.Connection, size: int) -> None:
        sections = [[b"few\n"], (b"x" * 99_999 + b"\n" for _ in range(size // 100_000))]
        with transaction(connection):
            save_positions(connection, "check", [Position("log", {"offset": 1})])
            add_report(connection, created=1.0, host="h", subject="s", kind="check", meta={}, sections=sections)

    with small_disk(tmp_path / "disk") as disk:
        if not disk.mounted:
            pytest.skip("no tmpfs can be mounted here")
        connection = open_store(str(disk.path / "state"))
        fill(disk.path / "filler", 2_000_000)
        with pytest.raises(StoreError, match="No space left on device; make room on its disk and run again"):
            store_all(connection, 5_000_000)
        assert pending(connection) == []
        assert positions(connection, "check") == {}
        assert files(str(disk.path / "state")) == {}
        store_all(connection, 1_000_000)
        assert files(str(disk.path / "state")) == {"1": 1_000_004}
        connection.close()


def test_a_database_that_is_full_leaves_neither_report_nor_positions(connection):
    connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(StoreError, match="full; make room"):
        some_report(connection, meta={"header": "x" * 1_000_000})
    assert pending(connection) == []
