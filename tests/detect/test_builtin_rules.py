"""The rules that Vigilog brings along: their files, and the samples beside them (samples/README.md), judged by GNU grep."""

from __future__ import annotations

import re

import pytest

from tests.detect.oracle import (
    DIRECTORIES,
    DOCUMENT,
    HEAD,
    LEVELS,
    RULES,
    SECTIONS,
    files_of,
    judge,
    matching,
    rules_of,
    samples,
    shipped,
)


def test_the_layout_is_debians_and_holds_nothing_else():
    assert sorted(path.name for path in RULES.iterdir()) == sorted(DIRECTORIES)
    for directory in DIRECTORIES:
        assert [path.name for path in files_of(directory)] == sorted(path.name for path in (RULES / directory).iterdir())


def test_every_rule_begins_with_the_common_head_and_ends_at_the_end_of_the_line():
    for directory, file, rule in shipped():
        text = rule.decode("ascii")
        assert text.startswith(HEAD), f"{directory}/{file}: {text}"
        assert text.endswith("$"), f"{directory}/{file}: {text}"
        assert not re.search(r"[\t\r ]\$?$", text), f"{directory}/{file}: blanks at the end: {text}"
        assert text[len(HEAD) :].count("^") == len(re.findall(r"\[\^", text[len(HEAD) :])), f"{directory}/{file}: {text}"


def test_no_rule_stands_twice_in_a_level():
    seen: dict[bytes, str] = {}
    for directory, file, rule in shipped():
        kind = "ignore" if directory.startswith("ignore") else directory
        assert (place := seen.get(kind.encode() + rule)) is None, f"{directory}/{file} repeats {place}: {rule.decode()}"
        seen[kind.encode() + rule] = f"{directory}/{file}"


def test_every_rule_file_says_what_it_is_about_or_is_small():
    for directory in DIRECTORIES:
        for path in files_of(directory):
            assert path.read_bytes().endswith(b"\n")
            assert rules_of(path), f"{directory}/{path.name} has no rules"


@pytest.mark.parametrize(
    "stamp",
    [
        "Nov 20 08:30:00",
        "Dec  3 08:30:00",
        "Feb 1 00:00:00",
        "2026-11-20T08:30:00+01:00",
        "2026-11-20T08:30:00Z",
        "2026-11-20T08:30:00.123456+01:00",
        "2026-11-20T08:30:00.123Z",
        "2026-11-20T08:30:00.123456789-05:00",
        "2026-11-20T08:30:00+0100",
    ],
)
@pytest.mark.parametrize("host", ["mx1", "web-2.example.org", "db_3", "192.0.2.10", "2001:db8::1", "h"])
def test_the_head_takes_both_stamps_and_every_host(stamp, host):
    assert matching([f"{stamp} {host} sshd[1]: Server listening on :: port 22.".encode()], [HEAD.encode()]) == {0}


@pytest.mark.parametrize(
    "line",
    [
        "sshd[1]: Server listening on :: port 22.",
        "mx1 sshd[1]: Server listening on :: port 22.",
        "Nov 20 08:30:00  sshd[1]: Server listening on :: port 22.",
        "x Nov 20 08:30:00 mx1 sshd[1]: Server listening on :: port 22.",
        "1795163646 mx1 sshd[1]: Server listening on :: port 22.",
    ],
)
def test_a_line_without_stamp_or_host_is_never_ignored(line):
    assert [verdict.kind for verdict in judge([line.encode()], "workstation")] == ["unusual"]


def repeats(rule: str) -> list[tuple[int, int, bool]]:
    """Spans of all atoms that are repeated without limit, and whether each is a group."""
    spans, opened, last, index = [], [], (0, 0, False), 0
    while index < len(rule):
        start, char = index, rule[index]
        if char == "\\":
            index += 2
            last = (start, index, False)
        elif char == "[":
            end = index + 2 if rule[index + 1] == "^" else index + 1
            end += rule[end] == "]"
            while rule[end] != "]":
                end = rule.index(":]", end) + 2 if rule.startswith("[:", end) else end + 1
            index = end + 1
            last = (start, index, False)
        elif char == "(":
            opened.append(index)
            index += 1
        elif char == ")":
            index += 1
            last = (opened.pop(), index, True)
        elif char in "*+" or re.match(r"\{[0-9]+,\}", rule[index:]):
            spans.append(last)
            index = index + 1 if char in "*+" else rule.index("}", index) + 1
        elif char == "{" and (interval := re.match(r"\{[0-9]*,?[0-9]*\}", rule[index:])):
            index += interval.end()
        else:
            index += 1
            last = (start, index, False)
    return spans


def test_the_search_for_nested_repeats_finds_them():
    assert repeats("a(b+c)*d") == [(2, 3, False), (1, 6, True)]
    assert repeats(r"\(x[]*)]+[^]+]{3}") == [(3, 8, False)]
    assert repeats("[[:alnum:]+*]+") == [(0, 13, False)]


def test_no_rule_repeats_what_itself_repeats_without_limit():
    """Such rules cost more than linear time in engines that backtrack."""
    for directory, file, rule in shipped():
        text = rule.decode()
        spans = repeats(text)
        for start, end, group in spans:
            inner = [span for span in spans if group and start < span[0] and span[1] < end]
            assert not inner, f"{directory}/{file}: {text[start:end]} in {text}"


@pytest.mark.parametrize("level", LEVELS)
def test_every_sample_is_classed_as_its_section_says(level):
    wrong = [
        f"samples/{sample.file}:{sample.number}: {sample.section!r} but {verdict.kind} {verdict.names} at {level}: {sample.line.decode()}"
        for sample, verdict in zip(samples(), judge([sample.line for sample in samples()], level), strict=True)
        if verdict.kind != SECTIONS[sample.section][level]
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_sample_of_an_attack_or_violation_is_reported_under_its_own_file():
    reported = [sample for sample in samples() if sample.section in ("attack", "violation")]
    for sample, verdict in zip(reported, judge([sample.line for sample in reported]), strict=True):
        if (RULES / {"attack": "cracking.d", "violation": "violations.d"}[sample.section] / sample.file).exists():
            assert sample.file in verdict.names, f"samples/{sample.file}:{sample.number} is reported under {verdict.names}"


def test_no_sample_is_reported_under_two_files():
    """Debian's report prints a line once for each file that matches it; one line should be one line there."""
    for sample, verdict in zip(samples(), judge([sample.line for sample in samples()]), strict=True):
        assert len(verdict.names) <= 1, f"samples/{sample.file}:{sample.number} is reported under {verdict.names}"


def test_no_rule_is_dead():
    """Every rule of every file is matched by a sample of the same name that stands in a section of the rule's class."""
    mine = {"cracking.d": ("attack",), "violations.d": ("violation", "attack", "ignored always")}
    dead = []
    for directory in DIRECTORIES:
        for path in files_of(directory):
            wanted = mine.get(directory, ("ignored", "ignored at paranoid", "ignored always", "ignored at workstation"))
            lines = [sample.line for sample in samples() if sample.file == path.name and sample.section in wanted]
            dead += [f"{directory}/{path.name}: {rule.decode()}" for rule in rules_of(path) if not matching(lines, [rule])]
    assert not dead, "\n" + "\n".join(dead)


def test_every_sample_file_belongs_to_a_rule_file():
    names = {file for _, file, _ in shipped()}
    assert {sample.file for sample in samples()} <= names


def test_the_documentation_counts_the_files_and_rules_as_they_are():
    rows = re.findall(r"^\| `([a-z.]+)` \| ([0-9]+) \| ([0-9]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    counted = {name: (len(files_of(name)), sum(len(rules_of(path)) for path in files_of(name))) for name in DIRECTORIES}
    assert {name: (int(files), int(rules)) for name, files, rules in rows} == counted


def test_the_rules_that_the_documentation_shows_do_what_it_says():
    text = DOCUMENT.read_text()
    shown = [line.strip().encode() for line in text.splitlines() if line.startswith("    ^")]
    lines = [
        b"Nov 20 08:30:00 mx1 backup[1]: run finished, 12 files",
        b"Nov 20 08:30:00 mx1 sshd[1]: Accepted publickey for root from 192.0.2.7 port 9 ssh2: ED25519 SHA256:THE_FINGERPRINT",
        b"2026-11-20T08:30:00.123456+01:00 mx1 sshd[1]: Connection closed by 192.0.2.8 port 40022",
    ]
    assert [matching(lines, [rule]) for rule in shown] == [{0}, {1}, {2}]
