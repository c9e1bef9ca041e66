"""The verdict of Debian's logcheck on every line, statement by statement of its fact sheet (2.1 and 2.4)."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Heading
from vigilog.detect import debian
from vigilog.detect.debian import DebianRules

EVENT = Heading("unusual", "")


def loaded(base: Path, files: Mapping[str, str], level: str = "server", *, cracking_ignore: bool = False) -> DebianRules:
    """Rule files, by their path below the rule directory, loaded."""
    for name, text in files.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return debian.load([str(base)], level, cracking_ignore=cracking_ignore)


def judged(rules: DebianRules, *lines: str) -> dict[Heading, list[str]]:
    verdict, ignored, raised = rules.judge("".join(line + "\n" for line in lines).encode())
    found = {heading: rows.decode().splitlines() for heading, rows in verdict.items()}
    assert ignored + raised + len(found.get(EVENT, ())) == len(lines)
    return found


def attack(name: str) -> Heading:
    return Heading("attack", name)


def violation(name: str, *, unless_attack: bool = False) -> Heading:
    return Heading("violation", name, unless_attack)


def test_a_line_that_no_rule_matches_is_an_unusual_event(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"ignore.d.server/a": "^quiet"})
    assert judged(rules, "quiet", "loud", "not quiet") == {EVENT: ["loud", "not quiet"]}


def test_nothing_is_said_of_a_block_in_which_all_is_ignored(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"ignore.d.server/a": "."})
    assert judged(rules, "one", "two") == {}
    assert judged(rules) == {}


@pytest.mark.parametrize(
    ("level", "left"),
    [("paranoid", ["server", "workstation"]), ("server", ["workstation"]), ("workstation", [])],
)
def test_each_level_ignores_what_the_ones_before_it_do(tmp_path: Path, level: str, left: list[str]) -> None:
    files = {f"ignore.d.{name}/same-name": name for name in ("paranoid", "server", "workstation")}
    found = judged(loaded(tmp_path, files, level), "paranoid", "server", "workstation")
    assert found == ({EVENT: left} if left else {})


def test_blanks_at_the_end_of_a_line_do_not_count(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"ignore.d.server/a": "done$\n^only blank $", "violations.d/v": "bad$"})
    assert judged(rules, "all done \t\r", "done x", "only blank ", "bad  ", "bad x") == {
        violation("v"): ["bad  "],
        EVENT: ["done x", "only blank ", "bad x"],
    }


def test_case_counts(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"cracking.d/c": "ATTACK", "ignore.d.server/i": "quiet"})
    assert judged(rules, "ATTACK", "attack", "Quiet") == {attack("c"): ["ATTACK"], EVENT: ["attack", "Quiet"]}


def test_hits_stand_under_each_file_that_has_them(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"cracking.d/a": "one|two", "cracking.d/b": "two|three"})
    assert judged(rules, "one", "two", "three", "four") == {
        attack("a"): ["one", "two"],
        attack("b"): ["two", "three"],
        EVENT: ["four"],
    }


def test_a_line_that_several_rules_of_a_file_match_stands_there_once(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"violations.d/a": "one\no\n^one$\n(o)n"})
    assert judged(rules, "one") == {violation("a"): ["one"]}


def test_the_ignore_file_of_the_same_name_takes_hits_away(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"violations.d/su": "su", "violations.ignore.d/su": "ok", "violations.ignore.d/other": "su other"})
    assert judged(rules, "su ok", "su bad", "su other") == {violation("su"): ["su bad", "su other"]}


def test_so_does_the_ignore_file_whose_name_begins_with_logcheck(tmp_path: Path) -> None:
    files = {"violations.d/su": "su", "violations.ignore.d/logcheck-su": "ok", "violations.ignore.d/logcheck-sudo": "su other"}
    assert judged(loaded(tmp_path, files), "su ok", "su other") == {violation("su"): ["su other"]}


@pytest.mark.parametrize("name", ["local", "local-mine", "local-"])
def test_the_local_ignore_files_take_hits_of_every_file_away(tmp_path: Path, name: str) -> None:
    files = {"violations.d/su": "su", "violations.d/sudo": "sudo", f"violations.ignore.d/{name}": "ok"}
    assert judged(loaded(tmp_path, files), "su ok", "sudo ok", "su", "sudo") == {
        violation("su"): ["su", "sudo"],
        violation("sudo"): ["sudo"],
    }


@pytest.mark.parametrize("name", ["other", "logcheck", "locals", "su-local", "su2", "logcheck-"])
def test_ignore_files_of_any_other_name_have_no_effect(tmp_path: Path, name: str) -> None:
    rules = loaded(tmp_path, {"violations.d/su": "su", f"violations.ignore.d/{name}": "ok"})
    assert judged(rules, "su ok") == {violation("su"): ["su ok"]}


@pytest.mark.parametrize("name", ["other", "logcheck", "logcheck-logcheck", "su", "local"])
def test_every_ignore_file_has_an_effect_on_the_general_file(tmp_path: Path, name: str) -> None:
    rules = loaded(tmp_path, {"violations.d/logcheck": "bad", f"violations.ignore.d/{name}": "ok"})
    assert judged(rules, "bad ok", "bad") == {violation("logcheck"): ["bad"]}


def test_the_general_file_has_only_what_no_other_file_has(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"violations.d/logcheck": "bad", "violations.d/su": "su"})
    assert judged(rules, "bad su", "bad") == {violation("su"): ["bad su"], violation("logcheck"): ["bad"]}


@pytest.mark.parametrize("name", ["logcheck-su", "logcheck2", "logchecX", "logchec"])
def test_files_whose_name_begins_like_the_general_files_take_nothing_from_it(tmp_path: Path, name: str) -> None:
    rules = loaded(tmp_path, {"violations.d/logcheck": "bad", f"violations.d/{name}": "su"})
    assert judged(rules, "bad su") == {violation("logcheck"): ["bad su"], violation(name): ["bad su"]}


def test_the_general_file_loses_a_line_even_to_a_file_that_does_not_report_it(tmp_path: Path) -> None:
    files = {"violations.d/logcheck": "bad", "violations.d/su": "su", "violations.ignore.d/su": "never mind"}
    assert judged(loaded(tmp_path, files), "bad su never mind") == {}


def test_what_violations_ignore_takes_away_is_no_event_either(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"violations.d/su": "su", "violations.ignore.d/su": "ok"})
    assert judged(rules, "su ok", "x") == {EVENT: ["x"]}


def test_what_is_ignored_by_level_is_still_a_violation_or_an_attack(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"violations.d/v": "bad", "cracking.d/c": "evil", "ignore.d.server/i": "."})
    assert judged(rules, "bad", "evil", "x") == {attack("c"): ["evil"], violation("v"): ["bad"]}


def test_an_attack_is_a_violation_only_if_no_attack_is_reported_at_all(tmp_path: Path) -> None:
    """Which only the end of the report can tell: the verdict says so."""
    rules = loaded(tmp_path, {"cracking.d/c": "evil", "violations.d/v": "bad|evil"})
    assert judged(rules, "evil", "bad") == {
        attack("c"): ["evil"],
        violation("v", unless_attack=True): ["evil"],
        violation("v"): ["bad"],
    }


def test_an_ignored_attack_may_still_be_a_violation(tmp_path: Path) -> None:
    files = {"cracking.d/c": "evil", "cracking.ignore.d/c": "ok", "violations.d/v": "evil"}
    rules = loaded(tmp_path, files, cracking_ignore=True)
    assert judged(rules, "evil ok") == {violation("v", unless_attack=True): ["evil ok"]}


def test_cracking_ignore_counts_only_where_it_is_switched_on(tmp_path: Path) -> None:
    files = {"cracking.d/c": "evil", "cracking.ignore.d/c": "ok"}
    assert judged(loaded(tmp_path, files), "evil ok", "evil") == {attack("c"): ["evil ok", "evil"]}
    assert judged(loaded(tmp_path, files, cracking_ignore=True), "evil ok", "evil") == {attack("c"): ["evil"]}


def test_the_general_cracking_file_is_ruled_by_all_cracking_ignore_files(tmp_path: Path) -> None:
    files = {"cracking.d/logcheck": "evil", "cracking.ignore.d/any": "ok", "cracking.ignore.d/local-x": "mine"}
    rules = loaded(tmp_path, files, cracking_ignore=True)
    assert judged(rules, "evil ok", "evil mine", "evil") == {attack("logcheck"): ["evil"]}


def test_without_a_directory_for_it_cracking_ignore_takes_nothing_away(tmp_path: Path) -> None:
    """logcheck then reports no attack at all."""
    assert judged(loaded(tmp_path, {"cracking.d/c": "evil"}, cracking_ignore=True), "evil") == {attack("c"): ["evil"]}


def test_missing_directories_hold_no_rules(tmp_path: Path) -> None:
    """logcheck stops, after it has moved on in the logs."""
    assert judged(loaded(tmp_path / "nowhere", {}), "x") == {EVENT: ["x"]}


def test_a_rule_file_without_rules_matches_nothing(tmp_path: Path) -> None:
    files = {"cracking.d/c": "", "violations.d/v": "# nothing\n\n", "ignore.d.server/i": "  \n"}
    assert judged(loaded(tmp_path, files), "x", "") == {EVENT: ["x", ""]}


def test_a_bad_rule_is_said_and_skipped_and_everything_else_is_reported(tmp_path: Path) -> None:
    """logcheck reports no event at all."""
    files = {
        "ignore.d.server/i": "(quiet\nsilent",
        "violations.d/v": "bad[\nworse",
        "violations.ignore.d/v": "x{2,1}",
        "cracking.d/c": "\\",
    }
    rules = loaded(tmp_path, files)
    assert judged(rules, "quiet", "silent", "worse") == {violation("v"): ["worse"], EVENT: ["quiet"]}
    assert [notice.kind for notice in rules.notices] == ["rule"] * 4
    for notice, place in zip(
        rules.notices, ["cracking.d/c", "violations.d/v", "violations.ignore.d/v", "ignore.d.server/i"], strict=True
    ):
        assert notice.text.startswith(f"Rule skipped: {tmp_path}/{place}:1:")


def test_several_rule_directories_are_one(tmp_path: Path) -> None:
    (tmp_path / "one" / "violations.d").mkdir(parents=True)
    (tmp_path / "one" / "violations.d" / "v").write_text("bad\n")
    (tmp_path / "two" / "violations.ignore.d").mkdir(parents=True)
    (tmp_path / "two" / "violations.ignore.d" / "v").write_text("ok\n")
    rules = debian.load([str(tmp_path / "one"), str(tmp_path / "two")], "server")
    assert judged(rules, "bad ok", "bad") == {violation("v"): ["bad"]}


def test_lines_are_reported_as_they_were_and_in_their_order(tmp_path: Path) -> None:
    rules = loaded(tmp_path, {"violations.d/v": "b", "ignore.d.server/i": "q"})
    lines = b"b \xff\x00 \r\n\nq\nb2\t \n x \x1b[0m\nb1\n"
    assert rules.judge(lines).verdict == {violation("v"): b"b \xff\x00 \r\nb2\t \nb1\n", EVENT: b"\n x \x1b[0m\n"}


def test_an_undecided_line_is_raised_by_a_rule_and_not_taken_away_by_an_ignore_rule(tmp_path: Path) -> None:
    """What a backtracking engine could not decide in time is shown rather than hidden."""
    open_rule = r"^(aa+)+b\1c\1x"
    hostile = "a" * 60 + "baacaaaax"
    files = {
        "cracking.d/c": open_rule + "$",
        "ignore.d.server/i": r"^(bb+)+a\1c\1x$",
        "violations.d/v": "x x$",
        "violations.ignore.d/v": open_rule,
    }
    rules = loaded(tmp_path, files)
    ignorable = "b" * 60 + "abbcbbbbx"
    assert judged(rules, "aabaacaax", hostile, ignorable, "bbabbcbbx", hostile + " x", "a" * 5000, hostile[:-1] + "y") == {
        attack("c"): ["aabaacaax", hostile],
        violation("v"): [hostile + " x"],
        EVENT: [ignorable, "a" * 5000, hostile[:-1] + "y"],
    }


def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="a file; expected a directory"):
        loaded(tmp_path, {"cracking.d": "evil"})


def test_the_layers_are_named_in_the_order_in_which_they_decide(tmp_path: Path) -> None:
    names = ["attack", "attack ignore", "violation", "violation ignore", "ignore"]
    assert list(loaded(tmp_path, {}, cracking_ignore=True).layers) == names
    assert list(loaded(tmp_path, {}).layers) == [name for name in names if name != "attack ignore"]


def test_the_stock_rules_load_without_a_complaint(sample_data: Path, tmp_path: Path) -> None:
    (stock,) = (sample_data / "logcheck").glob("debian-*")
    rules = debian.load([os.fspath(stock)], "paranoid", cache_directory=str(tmp_path / "cache"))
    assert rules.notices == ()
    counts = {name: len(database.rules) for name, database in rules.layers.items()}
    assert counts == {"attack": 9, "violation": 7, "violation ignore": 9, "ignore": 77}
