"""Lines made from a pattern's tree: some that the pattern should match, and near misses of them. What is true of a line, grep decides."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from vigilog.patterns import syntax
from vigilog.patterns.syntax import Assertion, BackReference, Chars, Choice, Foreign, Group, Node, Repeat, Sequence

PLAIN = b"abkzAQZ059 .:-/_[](){}<>=,;'\"|"


def matched(node: Node, random: Random, groups: dict[int, bytes]) -> bytes:
    """A text that `node` matches if the conditions in it happen to hold."""
    match node:
        case Chars(bits=bits):
            plain = [value for value in PLAIN if bits >> value & 1]
            return bytes([random.choice(plain or list(syntax.members(bits)) or [0x21])])
        case Sequence(parts=parts):
            return b"".join(matched(part, random, groups) for part in parts)
        case Choice(branches=branches):
            return matched(random.choice(branches), random, groups) if branches else b""
        case Repeat(body=body, least=least, most=most):
            times = least + random.choice((0, 0, 1, 2))
            return b"".join(matched(body, random, groups) for _ in range(times if most is None else min(times, most)))
        case Group(body=body, index=index):
            groups[index] = matched(body, random, groups)
            return groups[index]
        case BackReference(index=index):
            return groups.get(index, b"")
        case Foreign(wider=wider):
            return matched(wider, random, groups)
        case Assertion():
            return b""


def near_misses(line: bytes, random: Random) -> Iterator[bytes]:
    """`line` with a byte lost, doubled or changed, with something before or behind it, or blanks at its end."""
    at = random.randrange(len(line)) if line else 0
    yield line[:at] + line[at + 1 :]
    yield line[:at] + line[at : at + 1] + line[at:]
    yield line[:at] + random.choice((b" ", b"x", b"\xe9", b"\0", b"\r", b"7")) + line[at + 1 :]
    yield random.choice((b"x", b" ")) + line
    yield line + random.choice((b" x", b".", b"\0", b" \t\r"))


def witnesses(tree: Node, seed: bytes, count: int) -> Iterator[bytes]:
    """`count` lines that the pattern should match, and the near misses of each; the same ones for the same seed."""
    random = Random(seed)
    for _ in range(count):
        line = matched(tree, random, {}).replace(b"\n", b" ")
        yield line
        yield from near_misses(line, random)
