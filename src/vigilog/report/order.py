"""The orders that reported lines can be put in, and a block of them made into a Run: sorted, and cheap to pickle.

Orders are those of the tools that Vigilog replaces, in the C locale (GNU coreutils 9.1):
stamp is `sort -k 1,3 -s`, unique is `sort -u`, arrival is no sort at all (Psionic's logcheck).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

# Fields as sort has them: each begins with the blanks before it, and only space and tab are blank in the C locale.
_KEYS = re.compile(rb"([ \t]*[^ \t\n]*[ \t]*[^ \t\n]*[ \t]*[^ \t\n]*)[^\n]*\n")

# Space stays, tab and everything else become one letter each: what is left of a line's head shows where its fields end.
_SHAPE = bytes(0x20 if byte == 0x20 else 0x74 if byte == 0x09 else 0x78 for byte in range(256))
_STAMP_SHAPES = (b"xxx xx xxxxxxxx ", b"xxx  x xxxxxxxx ")
_STAMP_HEAD = len(_STAMP_SHAPES[0])
_STAMP_KEY = _STAMP_HEAD - 1
_WORD_HEAD = 32
_BOUND = 256
_BLANKS = b" \t\r\v\f"


@dataclass(frozen=True, slots=True)
class Run:
    """Lines in order. No line's key is less than `first` or greater than `last` (which are bounds, not always keys).

    `count` is the number of lines, `blanks` whether one of them ends in blanks, `data` the raw lines with their newlines;
    `given` is how many lines it was made of, which is more where equal ones are one.
    """

    first: bytes
    last: bytes
    count: int
    blanks: bool
    data: bytes
    given: int


@dataclass(frozen=True, slots=True)
class Order:
    """One order: `make` sorts a block of whole lines, `keys` gives the key of each line of a block, `distinct` says that
    equal lines are printed once, `strips` that blanks at line ends are removed after sorting (logcheck's sed does)."""

    make: Callable[[bytes], Run]
    keys: Callable[[bytes], list[bytes]]
    distinct: bool
    strips: bool


def make_run(lines: bytes, order: str) -> Run:
    """`lines` (each with its newline) in the order named `order`, a key of ORDERS. No lines are a Run of none."""
    return ORDERS[order].make(lines) if lines else Run(b"", b"", 0, False, b"", 0)


def has_trailing_blanks(lines: bytes) -> bool:
    r"""Whether some line ends in what `sed 's/[[:space:]]\+$//'` removes in the C locale."""
    return b" \n" in lines or any(blank in lines and blank + b"\n" in lines for blank in (b"\t", b"\r", b"\v", b"\f"))


def without_trailing_blanks(lines: bytes) -> bytes:
    """`lines` as that sed prints them. Linear in their length, whatever they hold."""
    return b"\n".join([line.rstrip(_BLANKS) for line in lines.split(b"\n")])


def _arrival(lines: bytes) -> Run:
    count = lines.count(b"\n")
    return Run(b"", b"", count, False, lines, count)


def _no_keys(lines: bytes) -> list[bytes]:
    return [b""] * lines.count(b"\n")


def _stamp(lines: bytes) -> Run:
    rows = _rows(lines)
    blanks = has_trailing_blanks(lines)
    heads = [row[:_STAMP_HEAD] for row in rows]
    if not _all_stamps(heads):
        heads = _telling_heads(rows) or _KEYS.findall(lines)
    elif blanks:
        # Where a stamp is all of the key, blanks at the end are none of it: they can go now, while the lines are apart.
        rows = [row.rstrip(_BLANKS) for row in rows]
        lines, blanks = _joined(rows), False
    if heads != sorted(heads):
        lines = _joined([rows[number] for number in sorted(range(len(rows)), key=heads.__getitem__)])
    final = lines[lines.rfind(b"\n", 0, -1) + 1 :]
    return Run(_floor(_key(lines)), _ceiling(_key(final)), len(rows), blanks, lines, len(rows))


def _telling_heads(rows: list[bytes]) -> list[bytes] | None:
    """The first bytes of each line, if these are long words of which no two are equal (stamps of RFC 3339 with a fraction).

    They decide the order of the keys then: a search for every line's third field would cost more than all else. None where
    they do not. (A BSD stamp, which is all of a key, decides in any case.)
    """
    heads = [row[:_WORD_HEAD] for row in rows]
    together = b"".join(heads)
    if b" " in together or b"\t" in together or len(set(heads)) != len(heads):
        return None
    return heads


def _all_stamps(heads: list[bytes]) -> bool:
    shape = b"".join(heads).translate(_SHAPE)
    return any(shape == one * len(heads) for one in _STAMP_SHAPES)


def _stamp_keys(lines: bytes) -> list[bytes]:
    rows = _rows(lines)
    if _all_stamps([row[:_STAMP_HEAD] for row in rows]):
        return [row[:_STAMP_KEY] for row in rows]
    return _KEYS.findall(lines)


def _key(line: bytes) -> bytes:
    found = _KEYS.match(line)
    return found[1] if found else b""


def _unique(lines: bytes) -> Run:
    given = _rows(lines)
    rows = sorted(set(given))
    data = _joined(rows)
    return Run(_floor(rows[0]), _ceiling(rows[-1]), len(rows), has_trailing_blanks(data), data, len(given))


def _rows(lines: bytes) -> list[bytes]:
    rows = lines.split(b"\n")
    rows.pop()
    return rows


def _joined(rows: list[bytes]) -> bytes:
    return b"\n".join(rows) + b"\n"


def _floor(key: bytes) -> bytes:
    """A short lower bound of `key`: keys can be as long as lines, and many are kept."""
    return key[:_BOUND]


def _ceiling(key: bytes) -> bytes:
    """A short upper bound of `key`, above every floor that is only its beginning."""
    return key if len(key) <= _BOUND else key[:_BOUND] + b"\xff"


ORDERS: dict[str, Order] = {
    "stamp": Order(_stamp, _stamp_keys, distinct=False, strips=True),
    "unique": Order(_unique, _rows, distinct=True, strips=True),
    "arrival": Order(_arrival, _no_keys, distinct=False, strips=False),
}
