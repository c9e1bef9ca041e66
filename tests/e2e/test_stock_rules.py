"""For every stock rule of Debian and every line of the sample data, Vigilog's verdict is that of `LC_ALL=C grep -E`.

The sample lines alone would hardly try most rules (they speak of programs that did not write there), so each rule is also shown lines
made from itself, and near misses of those. `make test` takes a line of every fourth shape; `make torture` takes them all.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from random import Random

import pytest
from tests.e2e.witness import witnesses

from vigilog.core.nouns import Place, Rule
from vigilog.patterns import block, compiling, database
from vigilog.patterns.block import View
from vigilog.patterns.languages import LANGUAGES

INSTALLED = Path("/etc/logcheck")
FOLDERS = ("cracking.d", "violations.d", "violations.ignore.d", "ignore.d.paranoid", "ignore.d.server", "ignore.d.workstation")
BLOCK = 256 * 1024
WHITE = b" \t\r\v\f"


def rules_below(top: Path) -> Iterator[Rule]:
    """The rules in all directories of a set in Debian's layout, one by one."""
    for folder in FOLDERS:
        for path in sorted((top / folder).glob("*")):
            for number, text in enumerate(path.read_bytes().split(b"\n"), start=1):
                if text.strip() and not text.startswith(b"#"):
                    yield Rule(path.name, folder, "ere", text, Place(str(path), number))


@pytest.fixture(scope="module")
def rules(sample_data: Path) -> tuple[Rule, ...]:
    """The stock rules, each text once: those of the sample data, and those that are installed here."""
    (shipped,) = (sample_data / "logcheck").glob("debian-*")
    found = list(rules_below(shipped))
    assert len(found) == 1907
    if os.access(INSTALLED, os.X_OK):
        found += rules_below(INSTALLED)
    return tuple({rule.text: rule for rule in found}.values())


@pytest.fixture(scope="module")
def sample_lines(sample_data: Path) -> tuple[bytes, ...]:
    """Every line of every file of the sample data, once."""
    lines: set[bytes] = set()
    for path in sorted(sample_data.rglob("*")):
        if path.is_file():
            lines.update(path.read_bytes().split(b"\n"))
    return tuple(sorted(lines))


def one_of_each_shape(lines: Iterable[bytes]) -> tuple[bytes, ...]:
    """The first of all lines that differ in their words and numbers only."""
    shapes: dict[bytes, bytes] = {}
    for line in lines:
        shapes.setdefault(re.sub(rb"(\S+\s+)\1+", rb"\1", re.sub(rb"[0-9A-Za-z]+", b"0", line)), line)
    return tuple(shapes.values())


def made_for(rules: Sequence[Rule], count: int) -> Iterator[bytes]:
    """Lines made from each rule, and near misses."""
    for rule in rules:
        yield from witnesses(LANGUAGES["ere"].parse(rule.text, rule.place), rule.text, count)


Verdicts = dict[int, set[int]]
"""For each rule, by its place in the rule set, the lines it matches, by theirs."""


def greps(rules: Sequence[Rule], lines: Sequence[bytes], folder: Path) -> Verdicts:
    """What grep says, rule by rule."""
    text = folder / "lines"
    text.write_bytes(b"".join(line + b"\n" for line in lines))

    def one(rule: Rule) -> set[int]:
        command = [b"grep", b"-E", b"--text", b"-n", b"-e", rule.text, os.fsencode(text)]
        done = subprocess.run(command, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, capture_output=True, check=False)
        assert done.returncode in (0, 1), (rule, done.stderr)
        return {int(number) - 1 for number in re.findall(rb"^(\d+):", done.stdout, re.MULTILINE)}

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return dict(enumerate(pool.map(one, rules)))


@cache
def compiled_once(rules: tuple[Rule, ...], view: View) -> database.Database:
    """The rules' database: compiling it takes seconds."""
    return compiling.compile_rules(rules, view)


def vigilogs(rules: tuple[Rule, ...], lines: Sequence[bytes], view: View) -> Verdicts:
    """What one scan of blocks of many lines says."""
    compiled = compiled_once(rules, view)
    assert compiled.refused == ()
    verdicts: Verdicts = {index: set() for index in range(len(rules))}
    begin = 0
    while begin < len(lines):
        framed, ends = bytearray(b"\n"), {}
        while begin < len(lines) and len(framed) < BLOCK:
            framed += lines[begin] + b"\n"
            ends[len(framed)] = begin
            begin += 1
        for end, index in compiled.hits(block.frame(bytes(framed[1:])), undecided=False):
            verdicts[index].add(ends[end])
    return verdicts


def compare(rules: tuple[Rule, ...], lines: Sequence[bytes], view: View, folder: Path) -> int:
    """Assert that both say the same of every rule and line; the number of matches."""
    seen = [line.rstrip(WHITE) for line in lines] if view == "stripped" else lines
    expected, got = greps(rules, seen, folder), vigilogs(rules, lines, view)
    wrong = [
        (str(rule.place), rule.text, "missed" if number in expected[index] else "too many", lines[number])
        for index, rule in enumerate(rules)
        for number in sorted(expected[index] ^ got[index])
    ]
    assert wrong[:10] == [], f"{len(wrong)} verdicts differ"
    return sum(map(len, expected.values()))


@pytest.mark.peer
def test_stock_rules_judge_sample_lines_as_grep_does(
    rules: tuple[Rule, ...], sample_lines: tuple[bytes, ...], tmp_path: Path
) -> None:
    """One line of every fourth shape in the sample data, stripped of trailing blanks as logcheck does."""
    assert compare(rules, one_of_each_shape(sample_lines)[::4], "stripped", tmp_path) > 100


@pytest.mark.peer
def test_stock_rules_judge_lines_made_for_them_as_grep_does(rules: tuple[Rule, ...], tmp_path: Path) -> None:
    """Lines made from each rule, and near misses: nearly every rule matches one, and each matches what grep says."""
    lines = tuple(dict.fromkeys(made_for(rules, 1)))
    assert compare(rules, lines, "stripped", tmp_path) > len(rules)


@pytest.mark.torture
@pytest.mark.peer
@pytest.mark.parametrize("view", ["stripped", "raw"])
def test_stock_rules_judge_every_sample_line_as_grep_does(
    view: View, rules: tuple[Rule, ...], sample_lines: tuple[bytes, ...], tmp_path: Path
) -> None:
    """Every line of the sample data, as logcheck sees it and as it stands."""
    assert compare(rules, sample_lines, view, tmp_path) > 5_000


@pytest.mark.torture
@pytest.mark.peer
@pytest.mark.parametrize("view", ["stripped", "raw"])
def test_stock_rules_judge_many_lines_made_for_them_as_grep_does(view: View, rules: tuple[Rule, ...], tmp_path: Path) -> None:
    """Ten lines made from each rule, and their near misses."""
    lines = tuple(dict.fromkeys(made_for(rules, 10)))
    assert compare(rules, lines, view, tmp_path) > 10 * len(rules)


LOST_BY_VECTORSCAN = (rb"\(.*\)$", rb"a.*[bd]$", rb"a.*b[cd]", rb"a.*(bc|de)", rb"^x.*b *$")
"""Rules of whose matches Vectorscan 5.4.12 loses some: those whose last two bytes end the block, and some inside of it."""


@pytest.mark.parametrize("text", LOST_BY_VECTORSCAN, ids=bytes.decode)
@pytest.mark.parametrize("view", ["stripped", "raw"])
def test_a_line_of_any_length_is_found_at_the_end_of_a_block(text: bytes, view: View) -> None:
    """A rule finds its line also where nothing follows it in the block, however long it is (Vectorscan 5.4.12 does not)."""
    compiled = compiling.compile_rules([Rule("x", "x", "ere", text, Place("x", 1))], view)
    search = re.compile(text, re.DOTALL).search
    for length in range(200):
        for end in (b"b", b"bc", b"de", b")", b"d", b"b  "):
            line = b"xa(" + b"m" * length + end
            seen = line.rstrip(WHITE) if view == "stripped" else line
            assert bool(compiled.matching(line)) == bool(search(seen)), line


@pytest.mark.torture
@pytest.mark.peer
def test_a_verdict_does_not_depend_on_the_lines_around(
    rules: tuple[Rule, ...], sample_lines: tuple[bytes, ...], tmp_path: Path
) -> None:
    """A million lines, drawn at random into blocks of all sizes: each gets grep's verdict wherever it stands."""
    lines = tuple(dict.fromkeys([*made_for(rules, 4), *sample_lines[::4]]))
    expected: dict[int, set[int]] = {}
    for index, matched in greps(rules, [line.rstrip(WHITE) for line in lines], tmp_path).items():
        for number in matched:
            expected.setdefault(number, set()).add(index)
    compiled, random, drawn = compiled_once(rules, "stripped"), Random(1), 0
    while drawn < 1_000_000:
        numbers = random.choices(range(len(lines)), k=random.choice((1, 2, 3, 5, 20, 100, 1000)))
        framed, ends = bytearray(b"\n"), {}
        for number in numbers:
            framed += lines[number] + b"\n"
            ends[len(framed)] = number
        got: dict[int, set[int]] = {}
        for end, index in compiled.hits(block.frame(bytes(framed[1:])), undecided=False):
            got.setdefault(end, set()).add(index)
        for end, number in ends.items():
            assert got.get(end, set()) == expected.get(number, set()), (lines[number], len(numbers), end == len(framed))
        drawn += len(numbers)
