"""What `validate` says about rules: every mistake with its address, and what should be known."""

import os
from pathlib import Path

import pytest

from vigilog.check.audit import audited
from vigilog.config.settings import Check, Psionic, Settings, State
from vigilog.core.errors import RuleError


def psionic(folder: Path, *, exact_grep: bool) -> Settings:
    hacking, violations, violations_ignore, ignore = (
        os.fspath(folder / name) for name in ("hacking", "violations", "violations_ignore", "ignore")
    )
    files = Psionic(
        hacking=hacking, violations=violations, violations_ignore=violations_ignore, ignore=ignore, exact_grep=exact_grep
    )
    return Settings(check=Check(rules="psionic"), psionic=files, state=State(directory=os.fspath(folder / "state")))


@pytest.mark.parametrize("exact_grep", [False, True])
def test_every_bad_pattern_of_the_four_files_is_named_whatever_grep_would_make_of_them(
    tmp_path: Path, exact_grep: bool
) -> None:
    (tmp_path / "hacking").write_text("good\nbad(\n[worse\n")
    (tmp_path / "violations").write_text("good\n")
    (tmp_path / "violations_ignore").write_text("a{2,1}\n")
    (tmp_path / "ignore").write_text("fine\n")
    errors, _ = audited(psionic(tmp_path, exact_grep=exact_grep))
    assert [str(error).split(": ")[0] for error in errors] == [
        f"{tmp_path}/hacking:2:5",
        f"{tmp_path}/hacking:3:7",
        f"{tmp_path}/violations_ignore:1:2",
    ]


def test_blank_lines_and_missing_files_are_no_mistakes_but_are_said(tmp_path: Path) -> None:
    (tmp_path / "hacking").write_text("good\n\n(\n")
    (tmp_path / "violations").write_text("good\n")
    (tmp_path / "violations_ignore").write_text("good\n")
    errors, notices = audited(psionic(tmp_path, exact_grep=False))
    assert len(errors) == 1
    blank, missing = (notice.text for notice in notices)
    assert blank.startswith(f"{tmp_path}/hacking:2: a blank line")
    assert f"{tmp_path}/ignore is missing" in missing


def test_patterns_that_only_backtracking_can_decide_are_said_with_their_address(tmp_path: Path) -> None:
    rules = tmp_path / "rules" / "ignore.d.server"
    rules.mkdir(parents=True)
    (rules / "mine").write_text("plain\n(a)\\1\nx{2,1}\n\\<foo\\>\n")
    state = tmp_path / "state"
    settings = Settings(check=Check(rules="debian", rule_directory=str(tmp_path / "rules")), state=State(directory=str(state)))
    errors, notices = audited(settings)
    assert [error.place and error.place.line for error in errors] == [3]
    (slow,) = notices
    assert slow.text.startswith(f"{rules}/mine:2: decided by a backtracking engine, on lines up to 4 KiB only: `(a)\\1`")
    assert not state.exists()


def test_a_rule_file_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ignore.d.server").write_text("x\n")
    with pytest.raises(RuleError, match="expected a directory"):
        audited(
            Settings(check=Check(rules="debian", rule_directory=str(tmp_path)), state=State(directory=str(tmp_path / "state")))
        )
