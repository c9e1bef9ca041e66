"""Rules that the scanner cannot hold are found, widened and confirmed, or named; the rest of the set is never lost."""

import pytest

from tests.patterns.verdicts import hits, matched, rule, stopped
from vigilog.patterns.compiling import compile_rules

TOO_LARGE = rb"^x(((a|bc){0,99}d){0,99}e){0,999}$"
"""Hyperscan: "Bounded repeat is too large"."""

LINES = [b"x", b"xe", b"xade", b"xbcade", b"xx", b"xf", b"x" + b"d" * 99 + b"e", b"x" + b"d" * 100 + b"e", b"foo", b"bar"]


def test_a_rule_too_large_for_the_scanner_is_widened_and_its_hits_are_confirmed() -> None:
    database = compile_rules([rule(b"foo"), rule(TOO_LARGE), rule(b"^bar$")])
    assert database.refused == ()
    assert [found.text for found in database.doubtful] == [TOO_LARGE]
    assert hits(database, LINES) == {(0, 1), (1, 1), (2, 1), (3, 1), (6, 1), (8, 0), (9, 2)}
    assert matched(database, LINES) == {0, 1, 2, 3, 6, 8, 9}


def test_the_same_rule_twice_is_confirmed_twice() -> None:
    database = compile_rules([rule(TOO_LARGE), rule(TOO_LARGE), rule(rb"(f)o\1"), rule(rb"(f)o\1")])
    assert database.refused == ()
    assert hits(database, [b"xe", b"x" + b"d" * 100 + b"e", b"fof", b"foo"]) == {(0, 0), (0, 1), (2, 2), (2, 3)}


def test_a_widened_rule_with_a_back_reference_is_still_decided_exactly() -> None:
    database = compile_rules([rule(rb"^(x|y)(((a|bc){0,99}d){0,99}e){0,999}\1$")])
    assert database.refused == ()
    assert matched(database, [b"xadex", b"xadey", b"yy", b"xx", b"x" + b"d" * 100 + b"ex"]) == {0, 2, 3}


def test_a_rule_that_cannot_be_held_at_all_is_named_and_the_others_work() -> None:
    long = b"x" * 20_000
    database = compile_rules([rule(b"foo", line=1), rule(long, line=2), rule(b"bar", line=3)])
    (error,) = database.refused
    assert str(error).startswith("rules:2: Pattern length exceeds limit: `xxx")
    assert len(str(error)) < 400
    assert hits(database, [b"foo", long, b"bar"]) == {(0, 0), (2, 2)}


@pytest.mark.parametrize("text", [b"a^b", b"$a", rb"^\Ba", rb"a\bb", rb"x\<", b"a$b|b^a", rb"^\>"])
def test_a_rule_that_no_line_can_match_is_no_mistake_and_takes_no_other_away(text: bytes) -> None:
    database = compile_rules([rule(b"foo"), rule(text), rule(b"a"), rule(rb"(b)\1")])
    assert database.refused == ()
    assert hits(database, [b"foo", b"ab", b"bb"]) == {(0, 0), (1, 2), (2, 3)}


def test_a_set_of_which_nothing_is_left_matches_nothing() -> None:
    for texts in ([], [b"a^b"], [rb"^\Ba"], [b"(", b"["], [b"x" * 20_000]):
        database = compile_rules([rule(text) for text in texts])
        assert matched(database, [b"", b"a", b"x"]) == set()
        assert hits(database, [b"", b"a", b"x"]) == set()


@pytest.mark.parametrize("text", [b"(" * 3000 + b"a" + b")" * 3000, b"a" + b"*" * 5000, b"(" * 300 + b"a" + b")*" * 300])
@pytest.mark.parametrize("language", ["ere", "regex"])
def test_a_rule_nested_too_deeply_is_named_and_the_others_work(text: bytes, language: str) -> None:
    database = compile_rules([rule(b"foo"), rule(text, language, line=2)])
    (error,) = database.refused
    assert str(error).startswith("rules:2")
    assert hits(database, [b"foo", b"a"]) == {(0, 0)}


def test_a_rule_with_a_mistake_is_named_and_the_others_work() -> None:
    database = compile_rules([rule(b"a(", line=1), rule(b"foo", line=2), rule(b"[z", line=3), rule(b"bar", line=4)])
    assert [str(error).split(" ")[0] for error in database.refused] == ["rules:1:3:", "rules:3:3:"]
    with stopped(database):
        assert hits(database, [b"foo", b"bar", b"a("]) == {(0, 1), (1, 3)}
