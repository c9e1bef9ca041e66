"""proftpd.conf: its regular expressions mean what PCRE2 means by them, and never take long."""

from __future__ import annotations

import pytest

from vigilog.config.proftpd_regex import matcher
from vigilog.config.proftpd_words import Bad


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        ("", "", True),
        ("b", "abc", True),
        ("^b", "abc", False),
        (r"\.txt$", "a.txt", True),
        (r"\.txt$", "a.txt2", False),
        ("^(a|b){2,3}$", "aba", True),
        ("[[:alpha:]_]+$", "1_", True),
        ("^[[:alpha:]]+$", "a:", False),
        ("^[^[:space:]]+$", "a b", False),
        ("[]x]", "]", True),
        (r"\[[:a]", "[:", True),
        ("^[[:punct:]]$", "]", True),
        ("é", "é", True),
        ("^.$", "\udcff", True),
    ],
)
def test_what_is_found(expression, text, found):
    assert matcher(expression)(text) is found


def test_in_any_case():
    assert matcher("abc", caseless=True)("xABCx")
    assert not matcher("abc")("xABCx")


@pytest.mark.parametrize(
    "expression", ["(", "[", "a**", r"(a)\1", "(?=a)", "(?<!a)b", "[[:nothing:]]", "[:alpha:]", "a{99999999999999}", "(" * 5000]
)
def test_what_cannot_be_used_is_said_to_be_so(expression):
    with pytest.raises(Bad, match="failed regex compilation"):
        matcher(expression)


def test_a_hostile_text_takes_no_time():
    assert not matcher("^(a+)+$")("a" * 100_000 + "b")
