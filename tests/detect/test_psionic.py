"""The verdict of the logcheck of 1997 on every line, held against the greps that it consists of (fact sheet 1.2 and 1.3)."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Heading
from vigilog.core.seams import Judgement
from vigilog.detect import psionic
from vigilog.detect.psionic import ATTACK, UNUSUAL, VIOLATION, PsionicRules

Files = dict[str, bytes | None]
"""The four pattern files by the argument that names them; None for one that is missing."""

NAMES = ("hacking", "violations", "violations_ignore", "ignore")
PLAIN: Files = {"hacking": b"attack\n", "violations": b"denied\n", "violations_ignore": b"never mind\n", "ignore": b"quiet\n"}


def loaded(folder: Path, files: Files, *, exact_grep: bool = False) -> PsionicRules:
    paths = {name: str(folder / name) for name in NAMES}
    for name, content in files.items():
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            (folder / name).write_bytes(content)
    return psionic.load(**paths, exact_grep=exact_grep)


def judged(rules: PsionicRules, *lines: bytes) -> dict[Heading, list[bytes]]:
    verdict, ignored, raised = rules.judge(b"".join(line + b"\n" for line in lines))
    found = {heading: rows.split(b"\n")[:-1] for heading, rows in verdict.items()}
    assert ignored + raised + len(found.get(UNUSUAL, ())) == len(lines)
    return found


def test_the_three_sections_do_not_exclude_each_other(tmp_path: Path) -> None:
    rules = loaded(tmp_path, PLAIN)
    assert judged(rules, b"attack denied", b"attack quiet", b"denied never mind", b"quiet", b"x") == {
        ATTACK: [b"attack denied", b"attack quiet"],
        VIOLATION: [b"attack denied"],
        UNUSUAL: [b"attack denied", b"denied never mind", b"x"],
    }


def test_attacks_and_violations_disregard_case_and_the_ignore_files_do_not(tmp_path: Path) -> None:
    rules = loaded(tmp_path, PLAIN)
    assert judged(rules, b"ATTACK", b"Denied Never Mind", b"denied never mind", b"Quiet", b"quiet") == {
        ATTACK: [b"ATTACK"],
        VIOLATION: [b"Denied Never Mind"],
        UNUSUAL: [b"ATTACK", b"Denied Never Mind", b"denied never mind", b"Quiet"],
    }


def test_blanks_at_the_end_of_a_line_count(tmp_path: Path) -> None:
    rules = loaded(tmp_path, PLAIN | {"ignore": b"quiet$\nblank $\n"})
    assert judged(rules, b"quiet", b"quiet ", b"blank ", b"blank") == {UNUSUAL: [b"quiet ", b"blank"]}


def test_lines_that_begin_with_a_number_sign_are_patterns(tmp_path: Path) -> None:
    rules = loaded(tmp_path, PLAIN | {"ignore": b"#quiet\n"})
    assert judged(rules, b"a #quiet b", b"quiet") == {UNUSUAL: [b"quiet"]}


def test_a_star_in_front_repeats_nothing(tmp_path: Path) -> None:
    assert judged(loaded(tmp_path, PLAIN | {"hacking": b"*WIZ\n"}), b"wiz", b"x") == {ATTACK: [b"wiz"], UNUSUAL: [b"wiz", b"x"]}


BLANK: dict[str, tuple[str, bytes]] = {
    "hacking": ("every line is an attack", b"attack\n\n"),
    "violations": ("every line is a violation", b"denied\n\n"),
    "violations_ignore": ("no violation is left", b"never mind\n\n"),
    "ignore": ("the section never appears", b"\nquiet\n"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_blank_line_matches_nothing_and_is_said(tmp_path: Path, name: str) -> None:
    lines = (b"attack", b"denied", b"denied never mind", b"quiet", b"x")
    rules = loaded(tmp_path, PLAIN | {name: BLANK[name][1]})
    assert judged(rules, *lines) == judged(loaded(tmp_path, PLAIN), *lines)
    (notice,) = rules.notices
    number = 1 if name == "ignore" else 2
    assert notice.kind == "rule"
    assert notice.text.startswith(f"{tmp_path}/{name}:{number}: a blank line")


@pytest.mark.parametrize("name", NAMES)
def test_a_line_of_blanks_only_matches_nothing_and_is_said(tmp_path: Path, name: str) -> None:
    rules = loaded(tmp_path, PLAIN | {name: b"  \t\n"})
    assert len(rules.notices) == 1
    assert judged(rules, b"x  \ty") == {UNUSUAL: [b"x  \ty"]}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"\n"])
def test_a_file_without_patterns_matches_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    rules = loaded(tmp_path, PLAIN | {name: content})
    lines = (b"attack", b"denied", b"denied never mind", b"quiet")
    wanted = judged(loaded(tmp_path, PLAIN), *lines)
    if name == "hacking":
        del wanted[ATTACK]
    elif name == "violations":
        del wanted[VIOLATION]
    elif name == "violations_ignore":
        wanted[VIOLATION] = [b"denied", b"denied never mind"]
    else:
        wanted[UNUSUAL] = list(lines)
    assert judged(rules, *lines) == wanted


def test_a_missing_ignore_file_means_no_section_of_unusual_events_and_is_said(tmp_path: Path) -> None:
    rules = loaded(tmp_path, PLAIN | {"ignore": None})
    assert judged(rules, b"attack", b"x") == {ATTACK: [b"attack"]}
    (notice,) = rules.notices
    assert notice.kind == "missing"
    assert f"{tmp_path}/ignore is missing" in notice.text


def test_a_missing_violations_ignore_file_takes_no_violation_out_and_is_said(tmp_path: Path) -> None:
    """With grep there would be no violations at all."""
    rules = loaded(tmp_path, PLAIN | {"violations_ignore": None})
    assert judged(rules, b"denied never mind") == {VIOLATION: [b"denied never mind"], UNUSUAL: [b"denied never mind"]}
    assert ["is missing" in notice.text for notice in rules.notices] == [True]
    assert VIOLATION not in judged(loaded(tmp_path, PLAIN | {"violations_ignore": None}, exact_grep=True), b"denied")


def test_missing_files_of_attacks_or_violations_mean_that_there_is_no_such_section(tmp_path: Path) -> None:
    rules = loaded(tmp_path, PLAIN | {"hacking": None, "violations": None})
    assert judged(rules, b"attack", b"denied") == {UNUSUAL: [b"attack", b"denied"]}
    assert rules.notices == ()


def test_without_any_file_nothing_is_reported(tmp_path: Path) -> None:
    for exact_grep in (False, True):
        rules = loaded(tmp_path, dict.fromkeys(NAMES), exact_grep=exact_grep)
        assert judged(rules, b"attack", b"denied", b"x") == {}
    assert psionic.load("", "", "", "").judge(b"x\n") == Judgement({}, ignored=1, raised=0)


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_expression_is_skipped_and_said_and_its_section_stays(tmp_path: Path, name: str) -> None:
    lines = (b"attack", b"denied", b"denied never mind", b"quiet", b"x", b"(")
    rules = loaded(tmp_path, PLAIN | {name: b"a(\n" + (PLAIN[name] or b"")})
    assert judged(rules, *lines) == judged(loaded(tmp_path, PLAIN), *lines)
    (notice,) = rules.notices
    assert notice.kind == "rule"
    assert notice.text.startswith(f"Rule skipped: {tmp_path}/{name}:1:3: `(` without its `)`")


def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> bytes:
        raise RuleError(f"Could not read {path}")

    monkeypatch.setattr(psionic, "read", refuse)
    with pytest.raises(RuleError, match="Could not read"):
        loaded(tmp_path, PLAIN)


def test_an_undecided_line_is_an_attack_and_a_violation_and_is_not_ignored(tmp_path: Path) -> None:
    """What a backtracking engine could not decide in time is shown rather than hidden."""
    hostile = b"a" * 60 + b"baacaaaax"
    pattern = rb"^(aa+)+b\1c\1x$" + b"\n"
    rules = loaded(tmp_path, dict.fromkeys(NAMES, pattern))
    assert judged(rules, b"aabaacaax", b"aabaacaaax", hostile) == {
        ATTACK: [b"aabaacaax", hostile],
        VIOLATION: [hostile],
        UNUSUAL: [b"aabaacaaax", hostile],
    }


def grep(options: list[str], patterns: Path, text: bytes) -> tuple[int, bytes]:
    """What the script's egrep does: its status, and the lines it prints."""
    done = subprocess.run(
        ["grep", "-E", "--text", *options, "-f", str(patterns)],
        input=text,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout


def script(folder: Path, text: bytes) -> dict[Heading, bytes]:
    """The sections that the script makes, by its own greps."""
    report = {}
    if (folder / "hacking").is_file():
        report[ATTACK] = grep(["-i"], folder / "hacking", text)
    if (folder / "violations").is_file():
        first = grep(["-i"], folder / "violations", text)
        report[VIOLATION] = grep(["-v"], folder / "violations_ignore", first[1]) if first[0] == 0 else first
    if (folder / "ignore").is_file():
        report[UNUSUAL] = grep(["-v"], folder / "ignore", text)
    return {heading: rows for heading, (status, rows) in report.items() if status == 0}


# without a backslash at the end of a pattern: that is an error to grep, but not in the last of several lines of a file
pattern = st.sampled_from(
    [
        *[
            b"",
            b" ",
            b"  ",
            b"#",
            b"# x",
            b"*WIZ",
            b"a",
            b"A",
            b"[^a]",
            b"[A-C]b",
            b"^a",
            b"b$",
            b"a b",
            b"(",
            b"[",
            b"a{2,1}",
        ],
        *[
            b"[[:upper:]]$",
            b"a|b",
            b"(a|b) ",
            b".*x",
            b"\\bB",
            b"\\<b",
            b"a\r",
            b"a ",
            b"{",
            b"a+?",
            b"(a)\\1",
            b"^$",
            b"[[:foo:]]",
            b"\xff",
        ],
    ]
)
content = st.one_of(
    st.none(), st.lists(pattern, max_size=3).map(lambda rows: b"".join(row + b"\n" for row in rows)), pattern, st.just(b"")
)
some_lines = st.lists(
    st.lists(
        st.sampled_from([b"a", b"A", b"b", b"B", b" ", b"x", b"#", b"wiz", b"\r", b"\xff", b"\x00", b"{"]), max_size=5
    ).map(b"".join),
    min_size=1,
    max_size=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@example([b"\n", b"\n", b"", b" \n"], [b"a", b" ", b""])
@example([b"(\n", b"a", b"(\n", None], [b"a"])
@example([b"[^a]\n", b"a", None, b"a\n\n"], [b"a", b"A", b"b"])
@given(st.lists(content, min_size=4, max_size=4), some_lines)
@pytest.mark.peer
def test_with_exact_grep_the_sections_are_those_of_the_scripts_greps(
    tmp_path: Path, contents: list[bytes | None], lines: list[bytes]
) -> None:
    # GNU grep 3.8 finds `(a)\1` in `a` where another pattern of the file is `{`, and in `aa` only where it is alone: its own fault
    assume(not any(content and b"{\n" in content + b"\n" and b"\\1" in content for content in contents))
    rules = loaded(tmp_path, dict(zip(NAMES, contents, strict=True)), exact_grep=True)
    text = b"".join(line + b"\n" for line in lines)
    assert rules.judge(text).verdict == script(tmp_path, text)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(content, min_size=4, max_size=4), some_lines)
@pytest.mark.peer
def test_without_it_they_are_the_same_wherever_all_patterns_are_good(
    tmp_path: Path, contents: list[bytes | None], lines: list[bytes]
) -> None:
    files = dict(zip(NAMES, contents, strict=True))
    rules = loaded(tmp_path, files)
    assume(not rules.notices)
    text = b"".join(line + b"\n" for line in lines)
    assert rules.judge(text).verdict == script(tmp_path, text)


def test_the_layers_are_those_that_there_are(tmp_path: Path) -> None:
    assert list(loaded(tmp_path, PLAIN).layers) == ["attack", "violation", "violation ignore", "ignore"]
    assert list(loaded(tmp_path, PLAIN | {"hacking": None, "ignore": None}).layers) == ["violation", "violation ignore"]
