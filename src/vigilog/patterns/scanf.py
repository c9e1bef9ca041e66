"""logtrigger's patterns: text with the codes `%d %i %u %f %o %x %X %c %s %b`, one capture for each.

The readings are those recommended for the seed's variant of logtrigger (2020): the pattern may begin anywhere, must reach
the end of the line unless it ends in `%s`, `%s` is the shortest run of non-blanks that lets the rest match (a final one
takes the whole run), `%b` takes anything, numbers skip blanks before them, `%%` is a percent sign.
"""

from __future__ import annotations

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.patterns import syntax
from vigilog.patterns.syntax import (
    ANY,
    ANY_MASK,
    BLANK,
    BLANK_MASK,
    EMPTY,
    LINE_END,
    Chars,
    Group,
    Node,
    choice,
    repeat,
    sequence,
)

DIGITS = repeat(syntax.chars(b"0123456789"), 1, None)
HEX_DIGITS = repeat(syntax.chars(b"0123456789abcdefABCDEF"), 1, None)
SIGN = repeat(syntax.chars(b"+-"), 0, 1)
HEX_PREFIX = sequence([syntax.literal(b"0"), syntax.chars(b"xX")])
DOT = syntax.literal(b".")
EXPONENT = sequence([syntax.chars(b"eE"), SIGN, DIGITS])
FLOAT = sequence(
    [
        SIGN,
        choice([sequence([DIGITS, repeat(sequence([DOT, repeat(DIGITS, 0, 1)]), 0, 1)]), sequence([DOT, DIGITS])]),
        repeat(EXPONENT, 0, 1),
    ]
)
NUMBERS: dict[int, Node] = {
    ord("d"): sequence([SIGN, DIGITS]),
    ord("i"): sequence([SIGN, choice([sequence([HEX_PREFIX, HEX_DIGITS]), DIGITS])]),
    ord("u"): DIGITS,
    ord("f"): FLOAT,
    ord("o"): repeat(syntax.chars(b"01234567"), 1, None),
    ord("x"): sequence([repeat(HEX_PREFIX, 0, 1), HEX_DIGITS]),
    ord("X"): sequence([repeat(HEX_PREFIX, 0, 1), HEX_DIGITS]),
}
NON_BLANK = Chars(ANY_MASK & ~BLANK_MASK)
CODES = "%d %i %u %f %o %x %X %c %s %b %%"


def parse(text: bytes, place: Place | None = None) -> Node:
    """The tree of one pattern. Raises RuleError for an empty pattern, an unknown code, or a `%` at the end."""
    if not text:
        raise RuleError("an empty pattern", place=place, expected="text with format codes")
    parts: list[Node] = []
    index, at, last = 0, 0, 0
    while at < len(text):
        if text[at] != ord("%"):
            parts.append(Chars(1 << text[at] & ANY_MASK))
            at, last = at + 1, 0
            continue
        code = text[at + 1] if at + 1 < len(text) else 0
        final = at + 2 == len(text)
        if code == ord("%"):
            parts.append(syntax.literal(b"%"))
            at, last = at + 2, 0
            continue
        index += 1
        parts.append(_code(code, index, final, text, place, at))
        at, last = at + 2, code
    return sequence([*parts, EMPTY if last == ord("s") else LINE_END])


def _code(code: int, index: int, final: bool, text: bytes, place: Place | None, at: int) -> Node:
    if code in NUMBERS:
        return sequence([repeat(BLANK, 0, None), Group(NUMBERS[code], index)])
    match code:
        case 0x63:  # c
            return Group(ANY, index)
        case 0x73:  # s
            return Group(repeat(NON_BLANK, 1, None, greedy=final), index)
        case 0x62:  # b
            return Group(repeat(ANY, 0, None, greedy=final), index)
        case _:
            found = text[at : at + 2].decode("ascii", "backslashreplace")
            where = Place(place.file, place.line, at + 1) if place else None
            raise RuleError(
                f"format code `{found}`", place=where, expected=f"one of {CODES}", remedy="write %% for a percent sign"
            )
