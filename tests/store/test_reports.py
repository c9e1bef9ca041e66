"""A report is stored with the positions past its lines, delivered at least once, and forgotten after a while."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Position
from vigilog.store.database import NAME, open_store, transaction
from vigilog.store.positions import positions, save_positions
from vigilog.store.reports import (
    add_part,
    add_parts,
    add_report,
    mark_attempt,
    mark_delivered,
    parts,
    pending,
    prune,
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
) -> int:
    return add_report(connection, created=created, host=host, subject=subject, kind="check", meta=dict(meta))


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


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=30).map(lambda data: data.replace(b"\n", b"") + b"\n"), max_size=20),
    size=st.integers(1, 100),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_lines_come_back_as_they_were_put_in_in_parts_of_whole_pieces(connection, pieces, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vigilog.store.reports._PART", size)
        number = some_report(connection)
        add_parts(connection, number, 0, pieces)
    found = list(parts(connection, number, 0))
    assert b"".join(found) == b"".join(pieces)
    assert all(part.endswith(b"\n") for part in found)
    assert all(len(part) <= size or part.count(b"\n") == 1 for part in found)


def test_parts_of_other_sections_and_reports_do_not_mix(connection):
    first, second = some_report(connection), some_report(connection)
    add_part(connection, second, 0, 0, b"second\n")
    add_part(connection, first, 1, 0, b"first, 1\n")
    add_part(connection, first, 0, 1, b"first, 0, later\n")
    add_part(connection, first, 0, 0, b"first, 0\n")
    assert list(parts(connection, first, 0)) == [b"first, 0\n", b"first, 0, later\n"]
    assert list(parts(connection, first, 1)) == [b"first, 1\n"]
    assert list(parts(connection, first, 2)) == []


def test_the_store_can_be_written_while_parts_are_read(connection):
    number = some_report(connection)
    for sequence in range(3):
        add_part(connection, number, 0, sequence, b"%d\n" % sequence)
    reading = parts(connection, number, 0)
    assert next(reading) == b"0\n"
    with transaction(connection):
        mark_attempt(connection, number, 1.0)
    assert list(reading) == [b"1\n", b"2\n"]


def test_a_part_of_no_report_is_refused(connection):
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        add_part(connection, 5, 0, 0, b"x\n")


def test_pruning_forgets_old_delivered_reports_with_their_lines_and_keeps_pending_ones(connection):
    old, recent, waiting = some_report(connection), some_report(connection), some_report(connection)
    for number in (old, recent, waiting):
        add_part(connection, number, 0, 0, b"x\n")
    mark_delivered(connection, old, 1000.0)
    mark_delivered(connection, recent, 2000.0)
    assert prune(connection, 1500.0) == 1
    assert connection.execute("SELECT id FROM reports").fetchall() == [(recent,), (waiting,)]
    assert connection.execute("SELECT report FROM parts").fetchall() == [(recent,), (waiting,)]


def test_numbers_of_forgotten_reports_are_not_used_again(connection):
    number = some_report(connection)
    mark_delivered(connection, number, 1.0)
    prune(connection, 2.0)
    assert some_report(connection) > number


def test_pruning_gives_the_space_back_to_the_disk(connection, directory):
    number = some_report(connection)
    with transaction(connection):
        add_parts(connection, number, 0, (b"x" * 999_999 + b"\n" for _ in range(20)))
    mark_delivered(connection, number, 1.0)
    prune(connection, 2.0)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert os.path.getsize(os.path.join(directory, NAME)) < 500_000


PROGRAM = """
import os, signal, sys
from vigilog.core.nouns import Position
from vigilog.store.database import open_store, transaction
from vigilog.store.positions import save_positions
from vigilog.store.reports import add_parts, add_report, mark_attempt, mark_delivered

def reached(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

connection = open_store(sys.argv[1])
with transaction(connection):
    number = add_report(connection, created=1.0, host="h", subject="s", kind="check", meta={})
    add_parts(connection, number, 0, [b"x" * 999_999 + b"\\n"] * 8)
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
    ("step", "offset", "reports"),
    [
        ("written", None, []),
        ("positioned", None, []),
        ("committed", 8_000_000, [("pending", 0)]),
        ("attempted", 8_000_000, [("pending", 1)]),
        ("delivered", 8_000_000, [("delivered", 1)]),
    ],
)
def test_killed_at_any_point_positions_and_report_agree(directory, step, offset, reports):
    killed = subprocess.run([sys.executable, "-c", PROGRAM, directory, step], check=False)
    assert killed.returncode == -signal.SIGKILL
    connection = open_store(directory)
    found = positions(connection, "check")
    assert (found["log"].state["offset"] if found else None) == offset
    rows = connection.execute("SELECT status, attempts, id FROM reports").fetchall()
    assert [row[:2] for row in rows] == reports
    assert [sum(map(len, parts(connection, row[2], 0))) for row in rows] == [8_000_000] * len(rows)
    connection.close()


def test_a_disk_that_fills_up_while_lines_are_stored_leaves_neither_report_nor_positions(connection):
    connection.execute("PRAGMA max_page_count = 100")

    def store_all() -> None:
        with transaction(connection):
            number = some_report(connection)
            save_positions(connection, "check", [Position("log", {"offset": 1})])
            add_parts(connection, number, 0, (b"x" * 999_999 + b"\n" for _ in range(5)))

    with pytest.raises(StoreError, match="full; make room"):
        store_all()
    assert pending(connection) == []
    assert positions(connection, "check") == {}
