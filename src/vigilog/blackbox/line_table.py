"""Line numbers of a function that stands in for another: in a traceback it stands where the other one stood."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType

_LOOKS_UP = frozenset(("LOAD_METHOD", "LOAD_ATTR", "LOAD_GLOBAL"))
_NO_COLUMNS = 0x80 | 13 << 3
_LONGEST = 8


def lines_of(theirs: CodeType, ours: CodeType) -> bytes:
    """The `co_linetable` (of Python 3.11 and later) for `ours`, beginning at the first line of `theirs`: each line has
    the number of the line of `theirs` that looks up the same name, or of its last one."""
    where = dict(_names(theirs))
    last = max(where.values(), default=theirs.co_firstlineno)
    same = {line: where[name] for name, line in _names(ours) if name in where}
    table = bytearray()
    before = theirs.co_firstlineno
    for start, end, line in ours.co_lines():
        number = last if line is None else same.get(line, last)
        for at in range(start, end, 2 * _LONGEST):
            table.append(_NO_COLUMNS | min(_LONGEST, (end - at) // 2) - 1)
            table.extend(_signed(number - before))
            before = number
    return bytes(table)


def _names(code: CodeType) -> Iterator[tuple[str, int]]:
    import dis  # noqa: PLC0415 - importing the black box takes half the time without

    for found in dis.get_instructions(code):
        if found.opname in _LOOKS_UP and found.positions is not None and found.positions.lineno is not None:
            yield found.argval, found.positions.lineno


def _signed(number: int) -> Iterator[int]:
    """`number` in groups of six bits, the lowest first; the lowest bit of all is its sign."""
    rest = -number << 1 | 1 if number < 0 else number << 1
    while rest >= 64:
        yield rest & 63 | 64
        rest >>= 6
    yield rest
