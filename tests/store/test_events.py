"""Counted events come back as they were put in, in their order, and are forgotten when no window needs them."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigilog.core.errors import StoreError
from vigilog.store.database import NAME, open_store, transaction
from vigilog.store.events import (
    COMPANY,
    Counted,
    add_events,
    all_events,
    counted,
    events,
    forget_events,
    last_number,
    packed,
    unpacked,
)
from vigilog.store.words import stored, told


@pytest.fixture
def directory(tmp_path):
    return str(tmp_path / "state")


@pytest.fixture
def connection(directory):
    connection = open_store(directory)
    yield connection
    connection.close()


def event(number: int, key: bytes = b"k", *, clears: bool = False, line: bytes = b"line", arrived: float = 5.0) -> Counted:
    return Counted(number, "rule", clears, key, 4.5, arrived, b"file:/x", line)


def put(connection: sqlite3.Connection, some: Iterable[Counted]) -> None:
    with transaction(connection):
        add_events(connection, some)


def rows(connection: sqlite3.Connection) -> list[tuple[int, int, int]]:
    return connection.execute("SELECT first, last, count FROM events ORDER BY first").fetchall()


values = st.binary(max_size=40).map(lambda value: value.replace(b"\n", b""))
moments = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=20)
"""With surrogates: a path that is no UTF-8 has them."""


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            texts.filter(lambda text: text.isprintable()),
            st.booleans(),
            st.lists(values, max_size=3),
            moments,
            moments,
            texts,
            st.binary(),
        ),
        max_size=8,
    )
)
def test_any_event_comes_back_as_it_was_put_in(tmp_path_factory, some) -> None:
    connection = open_store(str(tmp_path_factory.mktemp("store")))
    number = count(1)
    made = [
        Counted(next(number), rule, clears, packed(tuple(key)), at, arrived, stored(source), line)
        for rule, clears, key, at, arrived, source, line in some
    ]
    put(connection, made)
    assert list(all_events(connection)) == made
    assert events(connection, [each.number for each in made]) == {each.number: each for each in made}
    assert [told(each.source) for each in all_events(connection)] == [each[5] for each in some]
    connection.close()


@given(st.lists(values, max_size=5).filter(lambda key: key != [b""]))
def test_a_key_comes_out_of_one_value_as_it_went_in(key) -> None:
    assert unpacked(packed(tuple(key))) == tuple(key)


def test_sources_and_keys_may_be_no_utf_8(connection) -> None:
    source = os.fsdecode(b"file:/var/log/\xff\xfe")
    put(connection, [Counted(1, "r", False, b"\xff\x00", 1.0, 2.0, stored(source), b"\xff\x00\x1b[2J")])
    [one] = all_events(connection)
    assert (told(one.source), one.key, one.line) == (source, b"\xff\x00", b"\xff\x00\x1b[2J")


@pytest.mark.parametrize("size", [0, 1, COMPANY - 1, COMPANY, COMPANY + 1, 3 * COMPANY + 7])
def test_batches_of_any_size_come_back_in_their_order(connection, size: int) -> None:
    put(connection, (event(number) for number in range(1, size + 1)))
    put(connection, [event(size + 10)])
    assert [each.number for each in all_events(connection)] == [*range(1, size + 1), size + 10]
    assert counted(connection) == size + 1
    assert last_number(connection) == size + 10


def test_an_empty_store_has_no_last_number(connection) -> None:
    assert (last_number(connection), counted(connection), list(all_events(connection))) == (0, 0, [])


def test_events_are_found_by_their_numbers_as_far_as_they_are_there(connection) -> None:
    put(connection, [event(number) for number in (3, 4, 5, *range(100, 900, 2))])
    assert set(events(connection, [1, 3, 5, 6, 101, 102, 600, 899, 898, 5000])) == {3, 5, 102, 600, 898}
    assert events(connection, []) == {}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(st.integers(1, 9), max_size=5).map(len), max_size=6),
    st.sets(st.integers(1, 3000)),
    st.sampled_from([1, 7, 100, 600]),
)
def test_what_is_needed_stays_and_nothing_else(tmp_path_factory, batches, needed, factor) -> None:
    connection = open_store(str(tmp_path_factory.mktemp("store")))
    number = 0
    for size in batches:
        put(connection, [event(number + place) for place in range(1, size * factor + 1)])
        number += size * factor + 3
    there = [each.number for each in all_events(connection)]
    with transaction(connection):
        forgotten = forget_events(connection, needed)
    assert [each.number for each in all_events(connection)] == [each for each in there if each in needed]
    assert forgotten == len(there) - counted(connection)
    assert events(connection, there).keys() == needed & set(there)
    put(connection, [event(100_000)])
    assert list(all_events(connection))[-1].number == 100_000
    connection.close()


def test_forgetting_leaves_full_companies(connection) -> None:
    put(connection, (event(number) for number in range(1, 5001)))
    with transaction(connection):
        assert forget_events(connection, set(range(1, 5001, 10))) == 4500
    assert [size for _, _, size in rows(connection)] == [COMPANY, 500 - COMPANY]


def test_forgetting_gives_the_space_back(connection, directory) -> None:
    put(connection, (event(number, line=b"x" * 1000) for number in range(1, 20_001)))
    with transaction(connection):
        forget_events(connection, {20_000})
    put(connection, (event(number, line=b"x" * 1000) for number in range(20_001, 40_001)))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert os.path.getsize(os.path.join(directory, NAME)) < 30_000_000


def test_a_number_is_there_once(connection) -> None:
    put(connection, [event(1)])
    with pytest.raises(StoreError):
        put(connection, [event(1)])
    assert counted(connection) == 1


def test_a_hundred_thousand_events_cost_about_a_second_at_most(connection) -> None:
    some = [event(number, key=b"192.0.2.%d" % (number % 250), line=b"x" * 100) for number in range(1, 100_001)]
    started = time.process_time()
    put(connection, some)
    assert sum(1 for _ in all_events(connection)) == 100_000
    assert time.process_time() - started < 5


PROGRAM = """
import os, signal, sys
from vigilog.store.database import open_store, transaction
from vigilog.store.events import add_events, forget_events

def reached(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

def events(numbers):
    return [(number, "rule", False, b"key", 1.0, 2.0, b"file:/x", b"x" * 500) for number in numbers]

connection = open_store(sys.argv[1])
with transaction(connection):
    add_events(connection, events(range(1, 5001)))
    reached("added")
reached("committed")
with transaction(connection):
    forget_events(connection, set(range(100, 200)))
    reached("forgetting")
reached("forgotten")
with transaction(connection):
    add_events(connection, events(range(5001, 5003)))
reached("more")
"""


@pytest.mark.parametrize(
    ("step", "numbers"),
    [
        ("added", []),
        ("committed", [*range(1, 5001)]),
        ("forgetting", [*range(1, 5001)]),
        ("forgotten", [*range(100, 200)]),
        ("more", [*range(100, 200), 5001, 5002]),
    ],
)
def test_killed_at_any_point_all_of_a_transaction_is_there_or_nothing(directory, step, numbers) -> None:
    killed = subprocess.run([sys.executable, "-c", PROGRAM, directory, step], check=False)
    assert killed.returncode == -signal.SIGKILL
    connection = open_store(directory)
    assert [each.number for each in all_events(connection)] == numbers
    connection.close()
