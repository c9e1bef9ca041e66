"""A report that was kept in the store is printed again as it was, and says so if it may have been delivered."""

from dataclasses import replace

import pytest

from tests.report.samples import CREATED, HOSTILE, Written, full_report, section
from vigilog.core.clock import local
from vigilog.report.archive import keep, recall
from vigilog.report.document import Report
from vigilog.report.renderers import RENDERERS
from vigilog.store.database import open_store, transaction
from vigilog.store.reports import mark_attempt, pending


@pytest.fixture
def connection(tmp_path):
    connection = open_store(str(tmp_path / "state"))
    yield connection
    connection.close()


def kept(connection, report):
    with transaction(connection):
        keep(connection, report)
    [stored] = pending(connection)
    return recall(connection, stored)


@pytest.mark.parametrize("name", list(RENDERERS))
def test_it_is_printed_again_to_the_byte_in_every_form(connection, name):
    report = replace(full_report(), repeated=None, header=b"\xff\x00HEADER", errors=("E: /\udcff",))
    report = replace(report, sections=(*report.sections, section("violation", "x", "T\udcff", HOSTILE, places=("/p\udcff",))))
    before, after = Written(), Written()
    RENDERERS[name](report, before.write)
    RENDERERS[name](kept(connection, report), after.write)
    assert after.data == before.data


def test_everything_but_the_lines_comes_back_equal(connection):
    report = replace(full_report(), repeated=None)
    found = kept(connection, report)
    assert replace(found, sections=()) == replace(report, sections=())
    for one, other in zip(found.sections, report.sections, strict=True):
        assert replace(one, pieces=other.pieces) == other


def test_a_report_whose_delivery_was_begun_is_marked_as_repeated(connection):
    keep(connection, Report(host="h", created=CREATED, subject="s"))
    [stored] = pending(connection)
    assert recall(connection, stored).repeated is None
    mark_attempt(connection, stored.id, 1_800_000_000.0)
    [stored] = pending(connection)
    assert recall(connection, stored).repeated == local(1_800_000_000.0)
