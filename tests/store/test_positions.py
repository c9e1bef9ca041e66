"""Positions belong to a consumer and a source, and come back as they were put in."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigilog.core.nouns import Position
from vigilog.store.database import open_store
from vigilog.store.positions import positions, save_positions


@pytest.fixture
def connection(tmp_path):
    connection = open_store(str(tmp_path / "state"))
    yield connection
    connection.close()


# Names of files as Python has them: any text, bytes that are not UTF-8 included.
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
scalars = st.one_of(texts, st.integers(0, 2**64 - 1), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none())


@given(state=st.dictionaries(texts, scalars, max_size=5), source=texts, consumer=st.sampled_from(["check", "run"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_a_position_comes_back_as_it_was_put_in(connection, state, source, consumer):
    position = Position(source, state)
    save_positions(connection, consumer, [position])
    assert positions(connection, consumer)[source] == position


def test_consumers_do_not_share_positions(connection):
    save_positions(connection, "check", [Position("file:/var/log/syslog", {"offset": 1})])
    save_positions(connection, "run", [Position("file:/var/log/syslog", {"offset": 2})])
    assert positions(connection, "check")["file:/var/log/syslog"].state == {"offset": 1}
    assert positions(connection, "run")["file:/var/log/syslog"].state == {"offset": 2}
    assert positions(connection, "ship") == {}


def test_saving_replaces_the_same_source_and_keeps_the_others(connection):
    save_positions(connection, "check", [Position("a", {"offset": 1, "inode": 5}), Position("b", {"offset": 2})])
    save_positions(connection, "check", [Position("a", {"offset": 3})])
    assert positions(connection, "check") == {"a": Position("a", {"offset": 3}), "b": Position("b", {"offset": 2})}


def test_names_that_are_utf_8_can_be_read_by_people_with_sqlite(connection):
    save_positions(connection, "check", [Position("file:/var/log/größe", {"offset": 1})])
    assert connection.execute("SELECT CAST(source AS TEXT), state FROM positions").fetchall() == [
        ("file:/var/log/größe", '{"offset": 1}')
    ]
