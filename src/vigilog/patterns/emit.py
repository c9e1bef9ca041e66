r"""Trees as expression text: for Hyperscan, RE2 and Python's `re`, whose common syntax is used wherever there is one."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from vigilog.patterns import syntax
from vigilog.patterns.syntax import ANY_MASK, Assertion, BackReference, Chars, Choice, Group, Node, Repeat, Sequence

Engine = Literal["hyperscan", "re2", "re"]

PLAIN = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz _<>=:;,@%&~!'\"/`-")
ASSERTIONS: dict[Engine, dict[str, str]] = {
    "hyperscan": {"line start": "^", "line end": "$", "word edge": r"\b", "no word edge": r"\B"},
    "re2": {"line start": r"\A", "line end": r"\z", "word edge": r"\b", "no word edge": r"\B"},
    "re": {
        "line start": r"\A",
        "line end": r"\Z",
        "word edge": r"\b",
        "no word edge": r"(?!\b)",
        "word start": r"\b(?=\w)",
        "word end": r"\b(?<=\w)",
    },
}


def expression(node: Node, engine: Engine) -> str:
    """The tree in `engine`'s syntax, in ASCII: bytes are meant, not characters.

    Raises ValueError for what the engine has no word for (back-references and look-arounds outside `re`).
    """
    match node:
        case Chars(bits=bits):
            return byte_set(bits)
        case Sequence(parts=parts):
            return "".join(_operand(part, engine) if isinstance(part, Choice) else expression(part, engine) for part in parts)
        case Choice(branches=branches):
            return "|".join(expression(branch, engine) for branch in branches) if branches else byte_set(0)
        case Repeat(body=body, least=least, most=most, greedy=greedy):
            return _operand(body, engine) + _count(least, most) + ("" if greedy else "?")
        case Group(body=body, name=name):
            if engine == "hyperscan":
                return _operand(body, engine)
            return f"({f'?P<{name}>' if name else ''}{expression(body, engine)})"
        case Assertion(kind=kind):
            word = ASSERTIONS[engine].get(kind)
            if word is None:
                raise ValueError(f"{engine} cannot say: {kind}")
            return word
        case BackReference(index=index) if engine == "re":
            return f"(?:\\{index})"
        case _:
            raise ValueError(f"{engine} cannot say: {type(node).__name__}")


def _operand(node: Node, engine: Engine) -> str:
    """The node as one thing that a repetition can follow."""
    text = expression(node, engine)
    return text if isinstance(node, Chars) else f"(?:{text})"


def _count(least: int, most: int | None) -> str:
    match (least, most):
        case (0, None):
            return "*"
        case (1, None):
            return "+"
        case (0, 1):
            return "?"
        case (_, None):
            return f"{{{least},}}"
        case _:
            return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


@lru_cache(maxsize=4096)
def byte_set(bits: int) -> str:
    r"""A set of bytes: `.` for everything but the newline, the byte itself, or a bracket spelled out in ranges."""
    if bits == ANY_MASK:
        return r"[^\n]"
    values = list(syntax.members(bits))
    if not values:
        return r"[^\x00-\xff]"
    if len(values) == 1:
        return _byte(values[0])
    ranges: list[tuple[int, int]] = []
    for value in values:
        if ranges and ranges[-1][1] == value - 1:
            ranges[-1] = (ranges[-1][0], value)
        else:
            ranges.append((value, value))
    inside = "".join(_bracketed(low) if low == high else f"{_bracketed(low)}-{_bracketed(high)}" for low, high in ranges)
    return f"[{inside}]"


def _byte(value: int) -> str:
    return chr(value) if value in PLAIN else f"\\x{value:02x}"


def _bracketed(value: int) -> str:
    return chr(value) if chr(value).isalnum() and value < 128 else f"\\x{value:02x}"
