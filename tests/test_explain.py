"""`explain` says which rules match a line, which layer decides, what the fields are, and where the closest rule stops."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.patterns import strategies
from tests.patterns.verdicts import rule
from vigilog.check.rule_set import RuleSet
from vigilog.cli.main import main
from vigilog.core.nouns import Heading
from vigilog.detect import debian, psionic
from vigilog.explain import Explanation, explanation
from vigilog.patterns.closest import closest
from vigilog.patterns.compiling import compile_rules

RULES = {
    "cracking.d/sshd": r"sshd\[[0-9]+\]: attack from ([0-9.]+)",
    "cracking.ignore.d/sshd": "attack from 10[.]",
    "violations.d/su": r"su: (bad|attack)",
    "violations.d/logcheck": "bad",
    "violations.ignore.d/su": "bad luck",
    "ignore.d.server/sshd": r"^\w{3} sshd\[[0-9]+\]: Accepted (password|publickey) for ([a-z]+)$",
    "ignore.d.server/other": "quiet$\nquiet",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in RULES.items():
        path = tmp_path / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return tmp_path / "rules"


@pytest.fixture
def rules(folder: Path) -> RuleSet:
    return debian.load([str(folder)], "server", cracking_ignore=True)


def matches(answer: Explanation) -> list[tuple[str, str, int | None]]:
    return [(match.layer, match.rule.name, match.rule.place.line) for match in answer.matches]


def test_an_ignored_line_names_every_rule_that_ignores_it(rules: RuleSet) -> None:
    answer = explanation(rules, b"all quiet  ")
    assert answer.headings == ()
    assert answer.decided == "ignore"
    assert matches(answer) == [("ignore", "other", 1), ("ignore", "other", 2)]
    assert answer.nearest is None


def test_a_reported_line_names_the_rule_that_raises_it_and_the_fields_it_takes_out(rules: RuleSet) -> None:
    answer = explanation(rules, b"Nov sshd[7]: attack from 1.2.3.4")
    assert answer.headings == (Heading("attack", "sshd"),)
    assert answer.decided == "attack"
    (match,) = answer.matches
    assert match.fields == {"1": b"1.2.3.4"}
    assert match.rule.place.file.endswith("/cracking.d/sshd")


def test_what_an_ignore_rule_of_the_same_file_took_away_was_decided_by_it(rules: RuleSet) -> None:
    answer = explanation(rules, b"sshd[7]: attack from 10.0.0.1")
    assert answer.headings == ()
    assert answer.decided == "attack ignore"
    assert matches(answer) == [("attack", "sshd", 1), ("attack ignore", "sshd", 1)]
    assert explanation(rules, b"su: bad luck").decided == "violation ignore"


def test_a_line_may_be_ignored_by_one_layer_and_raised_by_another(rules: RuleSet) -> None:
    answer = explanation(rules, b"su: bad and quiet")
    assert answer.headings == (Heading("violation", "su"),)
    assert answer.decided == "violation"
    assert ("ignore", "other", 2) in matches(answer)


def test_an_attack_is_not_said_to_be_a_violation_too(rules: RuleSet) -> None:
    answer = explanation(rules, b"su: attack sshd[7]: attack from 1.2.3.4")
    assert answer.headings == (Heading("attack", "sshd"),)


def test_an_attack_that_is_ignored_is_a_violation_as_long_as_no_attack_is_reported(rules: RuleSet) -> None:
    answer = explanation(rules, b"su: attack sshd[7]: attack from 10.0.0.1")
    assert answer.headings == (Heading("violation", "su", unless_attack=True),)
    assert answer.decided == "violation"


def test_a_line_that_no_rule_matches_has_no_decision_but_a_closest_rule(rules: RuleSet) -> None:
    line = b"Nov sshd[7]: Accepted keys for me"
    answer = explanation(rules, line)
    assert answer.headings == (Heading("unusual", ""),)
    assert answer.decided == ""
    assert answer.nearest is not None
    assert answer.nearest.rule.name == "sshd"
    assert line[: answer.nearest.reached] == b"Nov sshd[7]: Accepted "
    assert answer.nearest.rule.text[: answer.nearest.taken] == rb"^\w{3} sshd\[[0-9]+\]: Accepted "


def test_what_could_not_be_decided_is_shown_as_the_rule_that_reports_it(tmp_path: Path) -> None:
    (tmp_path / "cracking.d").mkdir()
    (tmp_path / "cracking.d" / "c").write_bytes(rb"^(aa+)+b\1c\1x$")
    (tmp_path / "ignore.d.server").mkdir()
    (tmp_path / "ignore.d.server" / "i").write_bytes(rb"^(aa+)+b\1c\1x$")
    answer = explanation(debian.load([str(tmp_path)], "server"), b"a" * 60 + b"baacaaaax")
    assert answer.headings == (Heading("attack", "c"),)
    assert matches(answer) == [("attack", "c", 1)]
    assert answer.decided == "attack"


def test_psionics_sections_are_all_named(tmp_path: Path) -> None:
    for name, text in {"h": "attack", "v": "denied (.)", "vi": "never", "i": "quiet"}.items():
        (tmp_path / name).write_text(text + "\n")
    rules = psionic.load(*(str(tmp_path / name) for name in ("h", "v", "vi", "i")))
    answer = explanation(rules, b"ATTACK Denied X")
    assert [heading.kind for heading in answer.headings] == ["attack", "violation", "unusual"]
    assert [(match.layer, match.fields) for match in answer.matches] == [("attack", {}), ("violation", {"1": b"X"})]
    assert explanation(rules, b"quiet").decided == "ignore"


def test_the_fields_of_a_syslog_line_are_told_whatever_the_rules_say(rules: RuleSet) -> None:
    assert explanation(rules, b"Nov  3 08:00:00 gate su[12]: hello").fields == {
        "stamp": b"Nov  3 08:00:00",
        "host": b"gate",
        "program": b"su",
        "process": b"12",
        "message": b"hello",
    }
    assert explanation(rules, b"hello").fields == {}


@pytest.mark.parametrize(
    ("expressions", "line", "reached", "taken"),
    [
        ([b"^abc$"], b"abd", b"ab", b"^ab"),
        ([b"^x", b"^ab", b"^abc"], b"abd", b"ab", b"^ab"),
        ([b"^a[0-9]+z"], b"a12x", b"a12", b"^a[0-9]+"),
        ([b"^(one|two) three"], b"two four", b"two ", b"^(one|two) "),
        ([rb"^(a)\1cd"], b"aacx", b"aac", rb"^(a)\1c"),
        ([b"^a$"], b"ab", b"a", b"^a"),
    ],
)
def test_the_closest_rule_is_the_one_that_matches_most_of_the_line_from_its_start(
    expressions: list[bytes], line: bytes, reached: bytes, taken: bytes
) -> None:
    found = closest([rule(text) for text in expressions], line)
    assert found is not None
    assert line[: found.reached] == reached
    assert found.rule.text[: found.taken] == taken


def test_where_no_rule_agrees_with_a_byte_there_is_no_closest_rule() -> None:
    assert closest([rule(b"^x"), rule(b"y"), rule(b"a("), rule(b"(" * 3000)], b"ab") is None
    assert closest([], b"ab") is None


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(strategies.expressions, min_size=1, max_size=4), strategies.lines)
def test_the_closest_rule_agrees_with_no_more_than_there_is(expressions: list[bytes], line: bytes) -> None:
    rules = [rule(text) for text in expressions]
    found = closest(rules, line)
    if found is not None:
        assert found.rule in rules
        assert 0 < found.reached <= len(line)
        assert 0 <= found.taken <= len(found.rule.text)
    anchored = [rule(b"^(" + text + b")$") for text in expressions if not compile_rules([rule(b"^(" + text + b")$")]).refused]
    if any(compile_rules([whole]).matching(line) for whole in anchored) and line == line.rstrip():
        nearest = closest(anchored, line)
        assert not line or (nearest is not None and nearest.reached == len(line))


HOSTILE = b"Nov sshd[7]: attack from 1.2.3.4 \x1b[2J\x1b]0;x\x07\xff\x00\x9b1m\r\x7f"


def command(folder: Path, tmp_path: Path, *arguments: str | bytes) -> list[str]:
    config = tmp_path / "vigilog.toml"
    config.write_text(f'[state]\ndirectory = "{tmp_path}/state"\n')
    return ["explain", "--config", str(config), "-r", str(folder), *(os.fsdecode(argument) for argument in arguments)]


def test_the_command_tells_what_it_found_and_gives_1_for_a_line_that_is_reported(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(folder, tmp_path, "all quiet")) == 0
    text = capsys.readouterr().out
    assert text.startswith("all quiet\n  not reported: ignore\n  decides  ignore  ")
    assert f"{folder}/ignore.d.server/other:1\n" in text
    assert main(command(folder, tmp_path, "all quiet", "Nov sshd[7]: attack from 1.2.3.4")) == 1
    text = capsys.readouterr().out
    assert "  reported as an attack (sshd)\n" in text
    assert "1=1.2.3.4" in text


def test_the_command_marks_where_the_closest_rule_and_the_line_part(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(folder, tmp_path, "Nov sshd[7]: Accepted keys for me")) == 1
    rows = capsys.readouterr().out.splitlines()
    assert rows[1:3] == ["  reported as an unusual event", "  no rule matches it"]
    column = rows[6].index("N")
    assert rows[7][column:].startswith("~" * len("Nov sshd[7]: Accepted ") + "^")


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_in_a_line_or_a_rule_reaches_the_terminal_as_a_control_character(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    (folder / "cracking.d" / "evil").write_bytes(b"(\x1b.*)$\n")
    lines = tmp_path / "lines"
    lines.write_bytes(HOSTILE + b"\n" + b"\x1b[31mred\n\xc2\x9b0m quiet\n")
    assert main(command(folder, tmp_path, "--format", form, "-f", str(lines))) == 1
    text = capsys.readouterr().out
    assert not {
        character for character in text if (ord(character) < 0x20 and character != "\n") or 0x7F <= ord(character) < 0xA0
    }
    assert "1.2.3.4" in text


def test_the_answer_as_json_has_everything_in_it(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = tmp_path / "lines"
    lines.write_bytes(b"Nov sshd[7]: attack from 1.2.3.4\nNov sshd[7]: Accepted keys\nall quiet")
    assert main(command(folder, tmp_path, "--format", "json", "-f", str(lines))) == 1
    attack, unusual, quiet = (json.loads(row) for row in capsys.readouterr().out.splitlines())
    assert attack["reported"] == [{"kind": "attack", "name": "sshd", "unless_attack": False}]
    assert attack["decided"] == "attack"
    assert attack["matches"] == [
        {
            "layer": "attack",
            "file": f"{folder}/cracking.d/sshd",
            "line": 1,
            "pattern": RULES["cracking.d/sshd"],
            "fields": {"1": "1.2.3.4"},
        }
    ]
    assert attack["closest"] is None
    assert unusual["closest"]["line_agrees"] == len("Nov sshd[7]: Accepted ")
    assert unusual["closest"]["file"] == f"{folder}/ignore.d.server/sshd"
    assert quiet["reported"] == []
    assert [found["line"] for found in quiet["matches"]] == [1, 2]


def test_a_word_with_a_newline_in_it_is_two_lines(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(folder, tmp_path, "--format", "json", "all quiet\nloud\n")) == 1
    first, second = (json.loads(row) for row in capsys.readouterr().out.splitlines())
    assert (first["line"], first["reported"]) == ("all quiet", [])
    assert (second["line"], second["decided"]) == ("loud", "")


def test_a_file_of_lines_that_is_not_there_is_an_error(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(folder, tmp_path, "-f", str(tmp_path / "nowhere"))) == 66
    assert f"{tmp_path}/nowhere: No such file or directory" in capsys.readouterr().err
