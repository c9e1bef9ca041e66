"""The chain of `vigilog check`: what becomes of every line is known, and a report is committed whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigilog.check.pipeline import CONSUMER, check, commit, judged
from vigilog.config.settings import Check, Settings, State
from vigilog.core.errors import StoreError
from vigilog.core.seams import Judge
from vigilog.detect import debian, psionic
from vigilog.report.order import ORDERS
from vigilog.store.database import open_store
from vigilog.store.positions import positions
from vigilog.store.reports import pending, section_lines

DEBIAN = {
    "cracking.d/a": "attack",
    "violations.d/v": "bad",
    "violations.d/w": "bad|worse",
    "violations.ignore.d/v": "never mind",
    "violations.ignore.d/w": "never mind",
    "ignore.d.server/i": "quiet",
}
PSIONIC = {"hacking": "attack", "violations": "bad|worse", "violations_ignore": "never mind", "ignore": "quiet"}
WORDS = [b"attack", b"bad", b"worse", b"never mind", b"quiet", b"else", b""]


def debian_rules(folder: Path) -> Judge:
    for name, text in DEBIAN.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return debian.load([str(folder)], "server").judge


def psionic_rules(folder: Path, *, without: str = "") -> Judge:
    for name, text in PSIONIC.items():
        if name != without:
            (folder / name).write_text(text + "\n")
    return psionic.load(*(str(folder / name) for name in PSIONIC)).judge


def psionic_rules_without_unusual_events(folder: Path) -> Judge:
    return psionic_rules(folder, without="ignore")


RULES = [debian_rules, psionic_rules, psionic_rules_without_unusual_events]
Rules = Callable[[Path], Judge]


def counts(judge: Judge, lines: bytes, order: str = "arrival") -> tuple[int, int]:
    """How many lines are shown, and how many are ignored."""
    found = judged(judge, order, lines)
    return found.shown, found.ignored


def test_a_line_under_the_headings_of_several_rule_files_counts_once(tmp_path: Path) -> None:
    assert counts(debian_rules(tmp_path), b"bad\nbad\nattack, bad\nattack\nelse\nquiet\n") == (5, 1)


def test_a_line_that_was_taken_out_of_its_heading_again_is_ignored(tmp_path: Path) -> None:
    assert counts(debian_rules(tmp_path), b"bad, never mind\nnever mind\nworse\n") == (2, 1)


def test_a_line_in_several_sections_of_the_logcheck_of_1997_counts_once(tmp_path: Path) -> None:
    judge = psionic_rules(tmp_path)
    assert counts(judge, b"attack, bad\nattack, quiet\nbad, quiet\nquiet\nbad, never mind\nnever mind, quiet\nelse\n") == (5, 2)


def test_where_there_are_no_unusual_events_what_is_in_no_section_is_ignored(tmp_path: Path) -> None:
    judge = psionic_rules_without_unusual_events(tmp_path)
    assert counts(judge, b"attack, bad\nbad\nbad, never mind\nelse\nquiet\n") == (2, 3)


@pytest.mark.parametrize("rules", RULES)
def test_equal_lines_are_counted_as_often_as_they_came_even_where_they_are_printed_once(tmp_path: Path, rules: Rules) -> None:
    judge = rules(tmp_path)
    lines = b"else\n" * 3 + b"bad\n" * 2 + b"quiet\n" * 4
    found = judged(judge, "unique", lines)
    assert (found.shown, found.ignored) == counts(judge, lines)
    for _, run in found.runs:
        rows = run.data.splitlines()
        assert len(rows) == len(set(rows))


@pytest.mark.parametrize("rules", RULES)
def test_nothing_is_counted_of_nothing(tmp_path: Path, rules: Rules) -> None:
    assert counts(rules(tmp_path), b"") == (0, 0)


LOADED: dict[Rules, Judge] = {}
some_lines = st.lists(st.lists(st.sampled_from(WORDS), max_size=3).map(b", ".join), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(some_lines)
@pytest.mark.parametrize("order", list(ORDERS))
@pytest.mark.parametrize("rules", RULES)
def test_a_block_has_as_many_lines_shown_and_ignored_as_its_lines_have_alone(
    tmp_path_factory: pytest.TempPathFactory, rules: Rules, order: str, lines: list[bytes]
) -> None:
    judge = LOADED.get(rules) or LOADED.setdefault(rules, rules(tmp_path_factory.mktemp("rules")))
    alone = [bool(judge(line + b"\n").verdict) for line in lines]
    assert counts(judge, b"".join(line + b"\n" for line in lines), order) == (sum(alone), len(lines) - sum(alone))


def of_a_log(folder: Path, lines: bytes) -> Settings:
    """Settings with one log, which holds `lines`, and the rules above."""
    debian_rules(folder / "rules")
    (folder / "log").write_bytes(lines)
    sources = (str(folder / "log"),)
    chosen = Check(sources=sources, rules="debian", rule_directory=str(folder / "rules"), order="arrival")
    return Settings(check=chosen, state=State(directory=str(folder / "state")))


def test_lines_and_the_position_behind_them_are_committed_together(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "state"))
    checked = check(of_a_log(tmp_path, b"else\nquiet\nbad\n"), store, lambda: 1000.0, host="h")
    assert (checked.report.facts.lines, checked.report.facts.ignored) == (3, 1)
    number = commit(store, checked)
    assert number is not None
    assert [report.id for report in pending(store)] == [number]
    assert [b"".join(section_lines(store, number, place)) for place in range(3)] == [b"bad\n", b"bad\n", b"else\n"]
    assert [position.state["offset"] for position in positions(store, CONSUMER).values()] == [15]
    store.close()


def test_where_nothing_is_to_be_reported_only_the_position_is_committed(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "state"))
    checked = check(of_a_log(tmp_path, b"quiet\n"), store, lambda: 1000.0, host="h")
    assert commit(store, checked) is None
    assert pending(store) == []
    assert [position.state["offset"] for position in positions(store, CONSUMER).values()] == [6]
    assert not (tmp_path / "state" / "reports").exists()
    store.close()


def test_where_the_commit_fails_nothing_is_left_of_the_report(tmp_path: Path) -> None:
    """What its lines take up may be just what the disk lacks."""
    store = open_store(str(tmp_path / "state"))
    checked = check(of_a_log(tmp_path, b"else\n" * 1000), store, lambda: 1000.0, host="h")
    store.execute("CREATE TRIGGER full BEFORE INSERT ON positions BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END")
    with pytest.raises(StoreError, match="disk I/O error"):
        commit(store, checked)
    assert os.listdir(tmp_path / "state" / "reports") == []
    assert pending(store) == []
    assert positions(store, CONSUMER) == {}
    store.execute("DROP TRIGGER full")
    number = commit(store, checked)
    assert os.listdir(tmp_path / "state" / "reports") == [str(number)]
    store.close()
