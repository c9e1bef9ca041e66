"""Many rules in one database, and many lines in one block: each rule's verdict on each line is that of RE2."""

from random import Random

import pytest

from tests.patterns.verdicts import hits, rule
from vigilog.patterns.block import BLANKS, View
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.confirm import linear

WORDS = [
    b"foo",
    b"sshd",
    b"kernel:",
    b"x",
    b"ab",
    b"[1]",
    b"=",
    b"a",
    b"aa",
    b"--",
    b"   ",
    b"::",
    b" ",
    b" ",
    b"  ",
    b"7",
    b"q",
]
RUNS = [(b"a", 80), (b" ", 80), (b"-", 70), (b"=", 66), (b"M", 140)]
ATOMS = [
    *[
        b"foo",
        b"sshd",
        b"kernel:",
        b" ",
        b" *",
        b" +",
        b"a*",
        b"a+",
        b"-*",
        b"=+",
        b"[[:digit:]]+",
        b"[^ ]+",
        b"[[:alnum:]]+",
        b".*",
        b"\\w+",
    ],
    *[
        b"(foo|sshd)",
        b"( foo)?",
        b"(ab)*",
        b"[ab]+",
        b"x?",
        b"[^a]*",
        b"[^=]+",
        b" {2}",
        b"a{2,5}",
        b":+",
        b"[bq]",
        b"(aa|ab)",
        b"\\]",
    ],
]


def expression(random: Random) -> bytes:
    text = b"".join(random.choices(ATOMS, k=random.randint(1, 7)))
    if random.random() < 0.6:
        text = b"^\\w{3} " + text
    return text + b"$" if random.random() < 0.5 else text


def line(random: Random) -> bytes:
    parts = []
    for _ in range(random.randint(0, 10)):
        byte, longest = random.choice(RUNS)
        parts.append(random.choice([*WORDS, byte * random.randint(1, longest)]))
    return (b"Nov " if random.random() < 0.6 else b"") + b"".join(parts)


@pytest.mark.parametrize("seed", range(8))
def test_the_verdicts_of_many_rules_on_blocks_of_lines_are_those_of_re2(seed: int) -> None:
    random = Random(seed)
    view: View = "raw" if seed % 2 else "stripped"
    rules = [rule(expression(random), line=number) for number in range(1, 31)]
    database = compile_rules(rules, view)
    assert database.refused == ()
    searches = [linear(found).search for found in rules]  # type: ignore[union-attr]
    for _ in range(10):
        lines = [line(random) for _ in range(random.randint(1, 60))]
        seen = [text.rstrip(BLANKS) for text in lines] if view == "stripped" else lines
        wanted = {(at, index) for at, text in enumerate(seen) for index, search in enumerate(searches) if search(text)}
        got = hits(database, lines)
        wrong = [(rules[index].text, lines[at], (at, index) in wanted) for at, index in sorted(got ^ wanted)]
        assert wrong == []


def test_hundreds_of_rules_are_told_apart() -> None:
    rules = [rule(b"^(foo|bar) number %d( again)?$" % number) for number in range(300)]
    database = compile_rules(rules)
    lines = [b"foo number %d" % number for number in range(0, 300, 7)] + [b"bar number 299 again", b"foo number 300"]
    wanted = {(at, number) for at, number in enumerate(range(0, 300, 7))} | {(len(lines) - 2, 299)}
    assert hits(database, lines) == wanted


def test_a_line_of_megabytes_is_one_line() -> None:
    database = compile_rules([rule(b"^a.*z$"), rule(b"needle"), rule(b"^$"), rule(b"x{5} *$")])
    long = b"a" + b"-" * 3_000_000 + b"z"
    lines = [b"needle", long, b"", b"x" * 2_000_000 + b" " * 1_000_000, b"a" + b"\0" * 1_000_000 + b"needle\xff z", b"x"]
    assert hits(database, lines) == {(0, 1), (1, 0), (2, 2), (3, 3), (4, 0), (4, 1)}
