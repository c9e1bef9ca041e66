"""Files that somebody named are put in the order in which they were written."""

import os

import pytest

from vigilog.watch.families import families


@pytest.mark.parametrize(
    ("named", "ordered"),
    [
        (["l", "l.1", "l.2", "l.10"], ["l.10", "l.2", "l.1", "l"]),
        (["l.1", "l.2.gz", "l.3.xz", "l"], ["l.3.xz", "l.2.gz", "l.1", "l"]),
        (["l", "l-20261120", "l-20261119.bz2"], ["l-20261119.bz2", "l-20261120", "l"]),
        (["f.1.log", "f.log", "f.2.log.zst"], ["f.2.log.zst", "f.1.log", "f.log"]),
        (["f-2026-11-20.log", "f-2026-11-09.log"], ["f-2026-11-09.log", "f-2026-11-20.log"]),
        (["l.1763540000", "l.1763530000"], ["l.1763530000", "l.1763540000"]),
        (["l", "l.gz"], ["l.gz", "l"]),
        (["l.1", "l.1.gz"], ["l.1"]),
        (["l.1.gz", "l.1"], ["l.1"]),
        (["l", "l", "./l"], ["l"]),
    ],
)
def test_one_log_is_read_from_its_oldest_file_on(named, ordered, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [[os.path.normpath(path) for path in family] for family in families(named)] == [ordered]


def test_other_logs_are_families_of_their_own(tmp_path):
    named = [f"{tmp_path}/{name}" for name in ("a.1", "b", "a", "sub/a.2", "b.1")]
    found = [[path.removeprefix(f"{tmp_path}/") for path in family] for family in families(named)]
    assert found == [["a.1", "a"], ["b.1", "b"], ["sub/a.2"]]


def test_where_kinds_of_names_are_mixed_the_time_of_change_decides(tmp_path):
    for age, name in enumerate(["l", "l.1", "l-20261101", "l.2"]):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    (family,) = families([f"{tmp_path}/{name}" for name in ("l", "l-20261101", "l.1", "l.2")])
    assert [os.path.basename(path) for path in family] == ["l.2", "l-20261101", "l.1", "l"]
