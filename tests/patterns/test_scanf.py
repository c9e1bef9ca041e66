"""logtrigger's patterns: every case of the table in its fact sheet, and what its page says of the codes."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.patterns.verdicts import matched, rule, verdicts
from vigilog.patterns.block import BLANKS
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.confirm import linear
from vigilog.patterns.extract import fields


def found(pattern: bytes, line: bytes) -> list[bytes] | None:
    """The values that a pattern takes out of a line, None if it does not match; the line is stripped first."""
    taken = fields(rule(pattern, "scanf"), line.rstrip(BLANKS))
    if verdicts(pattern, [line], "stripped", language="scanf") != {0}:
        assert taken == {}
        return None
    return [taken[str(number)] for number in range(1, len(taken) + 1)]


PASSWORD = b"dropbear[1]: bad password attempt for 'root' from 1.2.3.4:5555"

TABLE = [
    (b"bad password attempt for '%s' from %s:", PASSWORD, None),
    (b"bad password attempt for '%s' from %s:%d", PASSWORD, [b"root", b"1.2.3.4", b"5555"]),
    (b"a %d", b"a 5x", None),
    (b"a %d b", b"a -5 b", [b"-5"]),
    (b"a %d b", b"a +5 b", [b"+5"]),
    (b"a %d b", b"a - b", None),
    (b"a %u b", b"a -5 b", None),
    (b"a %d b", b"a  5 b", [b"5"]),
    (b"a b %d", b"a  b 5", None),
    (b"a %i b", b"a 0x1f b", [b"0x1f"]),
    (b"a %x b", b"a 1F b", [b"1F"]),
    (b"a %o b", b"a 17 b", [b"17"]),
    (b"a %o b", b"a 8 b", None),
    (b"a %f b", b"a 1.5 b", [b"1.5"]),
    (b"a %f b", b"a .5 b", [b".5"]),
    (b"a %f b", b"a -1. b", [b"-1."]),
    (b"a %f b", b"a 1e5 b", [b"1e5"]),
    (b"a %c b", b"a z b", [b"z"]),
    (b"a %c b", b"a   b", [b" "]),
    (b"a %s b", b"a two words b", None),
    (b"a %s", b"a two words", [b"two"]),
    (b"a '%s' b", b"a '' b", None),
    (b"a <%b> b", b"a <x y> b", [b"x y"]),
    (b"a '%b' b", b"a '' b", [b""]),
    (b"a <%b> b", b"a <no end", None),
    (b"a %b", b"a rest of line", [b"rest of line"]),
    (b"a %s, b", b"a x,y, b", [b"x,y"]),
    (b"%d x", b"abc 5 x", [b"5"]),
    (b"ab %d", b"ab x ab 5", [b"5"]),
    (b"[%d]", b"x[1] y[2]", [b"2"]),
    (b"foo %s", b"fofoo bar", [b"bar"]),
    (b"A %d", b"a 5", None),
    (b"end %d", b"end 5 ", [b"5"]),
    (b"no specs", b"has no specs here", None),
    (b"no specs", b"has no specs", []),
    (b"100%% %s", b"100% sure", [b"sure"]),
]
"""Column S of the table: the recommended reading."""


@pytest.mark.parametrize(("pattern", "line", "values"), TABLE, ids=[f"{pattern!r} {line!r}" for pattern, line, _ in TABLE])
def test_the_table_of_cases(pattern: bytes, line: bytes, values: list[bytes] | None) -> None:
    assert found(pattern, line) == values


HOMEWORK = b"The dog ate my homework and, I know this is the 10 th time this has happened."
LEASE = b"daemon.info dnsmasq-dhcp[4273]: DHCPACK(br-lan) 192.168.2.153 'mac address' 'computer name'"


@pytest.mark.parametrize(
    ("pattern", "line", "values"),
    [
        (b"The %s ate my homework and, I know this is the %d th time this has happened.", HOMEWORK, [b"dog", b"10"]),
        (b"The %s ate my homework and, I know this is the %d th time this has happened.", HOMEWORK + b" Sorry.", None),
        (b"The %s ate my homework and, I know this is the %d th time %s", HOMEWORK, [b"dog", b"10", b"this"]),
        (b"The %s ate my homework and, I know this is the %d th time %s", HOMEWORK + b" Sorry.", [b"dog", b"10", b"this"]),
        (b"dnsmasq-dhcp[%d]: DHCPACK(%s) %s", LEASE, [b"4273", b"br-lan", b"192.168.2.153"]),
        (b"login for '%s' failed", b"login for 'root' failed", [b"root"]),
    ],
)
def test_the_pages_own_examples(pattern: bytes, line: bytes, values: list[bytes] | None) -> None:
    assert found(pattern, line) == values


@pytest.mark.parametrize(
    ("pattern", "line", "values"),
    [
        (b"%s%s", b"ab", [b"a", b"b"]),
        (b"%d%s", b"12ab", [b"12", b"ab"]),
        (b"%s%d", b"ab12", [b"ab", b"12"]),
        (b"%s %d %d:%d", b"Nov  3 08:05", [b"Nov", b"3", b"08", b"05"]),
        (b"%x", b"0x1F", [b"0x1F"]),
        (b"%X", b"0x1f", [b"0x1f"]),
        (b"%x", b"0x", None),
        (b"a %i b", b"a 017 b", [b"017"]),
        (b"a %f b", b"a . b", None),
        (b"a %f b", b"a 1e b", None),
        (b"a %f b", b"a +1.5E-3 b", [b"+1.5E-3"]),
        (b"a%cb", b"a b", [b" "]),
        (b"a%cb", b"ab", None),
        (b"a %s", b"a ", None),
        (b"a%b", b"a", [b""]),
        (b"%b: %s", b"k: v: w", [b"k", b"v:"]),
        (b"a.b", b"axb", None),
        (b"(%d)", b"(5)", [b"5"]),
        (b"a %d", b"a 5 \r", [b"5"]),
        (b"%s", b"\x00\xff", [b"\x00\xff"]),
        (b"%%d", b"%d", []),
        (b"50%%", b"at 50% now", None),
        (b"50%%", b"at 50%", []),
    ],
)
def test_codes_in_every_company(pattern: bytes, line: bytes, values: list[bytes] | None) -> None:
    assert found(pattern, line) == values


@pytest.mark.parametrize(
    ("pattern", "column", "said"),
    [
        (b"x %q", 3, "format code `%q`"),
        (b"%", 1, "format code `%`"),
        (b"a %d b%", 7, "format code `%`"),
        (b"%3s", 1, "format code `%3`"),
        (b"%*d", 1, "format code `%*`"),
        (b"%ld", 1, "format code `%l`"),
        (b"%\xe4", 1, "format code `%\\xe4`"),
    ],
)
def test_anything_else_behind_a_percent_sign_is_a_mistake_with_its_column(pattern: bytes, column: int, said: str) -> None:
    (error,) = compile_rules([rule(pattern, "scanf")]).refused
    assert error.found == said
    assert str(error).startswith(f"rules:1:{column}: ")
    assert error.remedy == "write %% for a percent sign"


def test_an_empty_pattern_is_a_mistake() -> None:
    (error,) = compile_rules([rule(b"", "scanf")]).refused
    assert str(error).startswith("rules:1: an empty pattern")


BLANK = rb"[ \t\r\v\f]*"
FLOAT = rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
MEANING = {
    "d": BLANK + rb"([+-]?[0-9]+)",
    "i": BLANK + rb"([+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+))",
    "u": BLANK + rb"([0-9]+)",
    "f": BLANK + b"(" + FLOAT + b")",
    "o": BLANK + rb"([0-7]+)",
    "x": BLANK + rb"((?:0[xX])?[0-9a-fA-F]+)",
    "X": BLANK + rb"((?:0[xX])?[0-9a-fA-F]+)",
    "c": rb"(.)",
    "s": rb"([^ \t\r\v\f]+?)",
    "b": rb"(.*?)",
}
parts = st.one_of(
    st.sampled_from([b"a", b"b ", b" ", b":", b"[", b"]", b".", b"5", b"x", b"%%", b"-", b"\x00"]),
    st.sampled_from(sorted(MEANING)),
)
pieces = st.sampled_from(
    [b"a", b"b", b" ", b"  ", b":", b"[", b"]", b".", b"5", b"17", b"-3", b"0x1f", b"1e5", b"x", b"%", b"\t", b"\x00", b"\xff"]
)
lines = st.lists(pieces, max_size=10).map(b"".join)


def as_python(made: list[bytes | str]) -> bytes:
    """The pattern as this test understands it, in Python's own language."""
    text = b""
    for number, part in enumerate(made):
        if isinstance(part, bytes):
            text += re.escape(b"%" if part == b"%%" else part)
        elif number == len(made) - 1 and part in "sb":
            text += {"s": rb"([^ \t\r\v\f]+)", "b": rb"(.*)\Z"}[part]
        else:
            text += MEANING[part]
    return text if made[-1] in ("s", "b") else text + rb"\Z"


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@example(["d", "d"], [b"-3-3"])
@example(["s", "s"], [b"ab"])
@example(["d", b" ", "c", "b"], [b"  5  x"])
@given(st.lists(parts, min_size=1, max_size=6), st.lists(lines, min_size=1, max_size=6))
def test_verdict_and_values_are_those_of_the_written_out_expression(made: list[bytes | str], some: list[bytes]) -> None:
    text = b"".join(part if isinstance(part, bytes) else b"%" + part.encode() for part in made)
    pattern = rule(text, "scanf")
    search = re.compile(as_python(made), re.DOTALL).search
    wanted = {index: search(line.rstrip(BLANKS)) for index, line in enumerate(some)}
    assert matched(compile_rules([pattern]), some) == {index for index, value in wanted.items() if value}
    for index, value in wanted.items():
        taken = fields(pattern, some[index].rstrip(BLANKS))
        assert taken == ({str(number): text for number, text in enumerate(value.groups(), 1)} if value else {})


@settings(max_examples=150, deadline=None)
@given(st.lists(parts, min_size=1, max_size=40))
def test_no_pattern_needs_an_engine_that_a_line_can_slow_down(made: list[bytes | str]) -> None:
    text = b"".join(part if isinstance(part, bytes) else b"%" + part.encode() for part in made)
    assert linear(rule(text, "scanf")) is not None
    assert compile_rules([rule(text, "scanf")]).doubtful == ()
