r"""POSIX extended regular expressions as GNU `grep -E` 3.8 reads them in the C locale: every byte is a character.

What differs from other languages, all checked against the program: `^` and `$` are anchors everywhere; a backslash in a
bracket is itself; a `{` that starts no valid interval is itself; a repetition with nothing before it repeats the empty
string; repetitions may be stacked; `\w \W \s \S \b \B \< \> \`` and `\'` have a meaning, every other `\x` is x.
"""

from __future__ import annotations

import re

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.patterns import syntax
from vigilog.patterns.syntax import ANY, ANY_MASK, LINE_END, LINE_START, WORD_MASK, Assertion, Chars, Group, Node

SPACE_MASK = syntax.mask(b" \t\n\r\v\f")
LOWER, UPPER, DIGIT = b"abcdefghijklmnopqrstuvwxyz", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
PUNCTUATION = bytes(value for value in range(0x21, 0x7F) if value not in LOWER + UPPER + DIGIT)
CLASSES = {
    b"alnum": syntax.mask(LOWER + UPPER + DIGIT),
    b"alpha": syntax.mask(LOWER + UPPER),
    b"blank": syntax.mask(b" \t"),
    b"cntrl": syntax.mask([*range(0x20), 0x7F]),
    b"digit": syntax.mask(DIGIT),
    b"graph": syntax.mask(range(0x21, 0x7F)),
    b"lower": syntax.mask(LOWER),
    b"print": syntax.mask(range(0x20, 0x7F)),
    b"punct": syntax.mask(PUNCTUATION),
    b"space": SPACE_MASK,
    b"upper": syntax.mask(UPPER),
    b"xdigit": syntax.mask(DIGIT + b"abcdefABCDEF"),
}
ESCAPES: dict[int, Node] = {
    ord("w"): Chars(WORD_MASK),
    ord("W"): Chars(ANY_MASK & ~WORD_MASK),
    ord("s"): Chars(SPACE_MASK & ANY_MASK),
    ord("S"): Chars(ANY_MASK & ~SPACE_MASK),
    ord("b"): Assertion("word edge"),
    ord("B"): Assertion("no word edge"),
    ord("<"): Assertion("word start"),
    ord(">"): Assertion("word end"),
    ord("`"): LINE_START,
    ord("'"): LINE_END,
}
INTERVAL = re.compile(rb"\{(\d*)(,?)(\d*)\}")
OPERATORS = re.compile(rb"[*+?{]+")
MOST_REPETITIONS = 32767


def parse(text: bytes, place: Place | None = None) -> Node:
    """The tree of one expression. Raises RuleError (with `place` and the column) where grep would refuse it."""
    return _Reader(text, place).expression()


class _Reader:
    """Goes through one expression from left to right."""

    def __init__(self, text: bytes, place: Place | None) -> None:
        self.text = text
        self.place = place
        self.at = 0
        self.groups = 0
        self.closed: set[int] = set()
        self.depth = 0

    def error(self, found: str, expected: str) -> RuleError:
        place = Place(self.place.file, self.place.line, self.at + 1) if self.place else None
        shown = self.text.decode("ascii", "backslashreplace")
        return RuleError(f"{found} in `{shown}`", place=place, expected=expected, remedy="write it as grep -E accepts it")

    def expression(self) -> Node:
        return self.alternatives()

    def alternatives(self) -> Node:
        """Branches up to the end or the group's `)`. A group closed in one branch is unknown in the next, as in glibc."""
        before = frozenset(self.closed)
        branches = [self.branch()]
        closed = set(self.closed)
        while self.peek() == ord("|"):
            self.at += 1
            self.closed = set(before)
            branches.append(self.branch())
            closed |= self.closed
        self.closed = closed
        return branches[0] if len(branches) == 1 else syntax.choice(branches)

    def peek(self) -> int | None:
        return self.text[self.at] if self.at < len(self.text) else None

    def branch(self) -> Node:
        parts: list[Node] = []
        self.check_operator(self.peek())
        while (byte := self.peek()) is not None and byte != ord("|") and not (byte == ord(")") and self.depth):
            parts.append(self.repetitions(self.atom(byte)))
        return syntax.sequence(parts)

    def repetitions(self, node: Node) -> Node:
        if isinstance(node, Assertion):
            self.check_operator(self.peek())
        while (byte := self.peek()) is not None:
            if byte == ord("*"):
                least, most, length = 0, None, 1
            elif byte == ord("+"):
                least, most, length = 1, None, 1
            elif byte == ord("?"):
                least, most, length = 0, 1, 1
            elif (interval := self.interval()) is not None:
                least, most, length = interval
            else:
                break
            self.at += length
            node = syntax.repeat(node, least, most)
        return node

    def interval(self) -> tuple[int, int | None, int] | None:
        """Least, most and length of the interval that stands here; None where `{` is a literal."""
        found = INTERVAL.match(self.text, self.at)
        if not found or not (found[1] or found[2]):
            return None
        least = int(found[1] or 0)
        most = least if not found[2] else int(found[3]) if found[3] else None
        if not found[2] and found[3]:
            return None
        if most is not None and most < least:
            raise self.error(f"interval {found[0].decode()}", "its numbers in ascending order")
        if max(least, most or 0) > MOST_REPETITIONS:
            raise self.error(f"interval {found[0].decode()}", f"at most {MOST_REPETITIONS} repetitions")
        return least, most, len(found[0])

    def atom(self, byte: int) -> Node:
        if byte in b"*+?" or (byte == ord("{") and self.interval() is not None):
            return syntax.EMPTY
        self.at += 1
        match chr(byte):
            case "(":
                return self.group()
            case "[":
                return self.bracket()
            case ".":
                return ANY
            case "^":
                return LINE_START
            case "$":
                return LINE_END
            case "\\":
                return self.escape()
            case _:
                return Chars(1 << byte & ANY_MASK)

    def check_operator(self, byte: int | None) -> None:
        """Refuses a repetition of nothing right before a group's `)`: glibc takes that `)` for a literal, so grep fails."""
        if byte is not None and byte in b"*+?{" and self.depth:
            run = OPERATORS.match(self.text, self.at)
            if run and self.text[run.end() : run.end() + 1] == b")":
                raise self.error(f"`{run[0].decode()})`", "something to repeat before it")

    def group(self) -> Node:
        self.groups += 1
        index = self.groups
        self.depth += 1
        body = self.alternatives()
        if self.peek() != ord(")"):
            raise self.error("`(` without its `)`", "a closed group")
        self.at += 1
        self.depth -= 1
        self.closed.add(index)
        return Group(body, index)

    def escape(self) -> Node:
        byte = self.peek()
        if byte is None:
            raise self.error("a backslash at the end", "a character after it")
        self.at += 1
        if byte in b"123456789":
            index = byte - ord("0")
            if index not in self.closed:
                raise self.error(f"back-reference \\{index}", f"a group {index} that is closed before it")
            return syntax.BackReference(index)
        return ESCAPES.get(byte, Chars(1 << byte & ANY_MASK))

    def bracket(self) -> Chars:
        negated = self.peek() == ord("^")
        if negated:
            self.at += 1
        start = self.at
        bits, first, only_characters = 0, True, True
        while True:
            byte = self.peek()
            if byte is None:
                raise self.error("`[` without its `]`", "a closed bracket expression")
            if byte == ord("]") and not first:
                self.at += 1
                break
            if byte == ord("[") and self.text[self.at + 1 : self.at + 2] == b":":
                bits |= self.character_class()
                first = only_characters = False
                continue
            if byte == ord("-") and not first and self.text[self.at + 1 : self.at + 2] != b"]":
                raise self.error("a range that begins at `-`", "`-` first or last in the bracket")
            first = False
            only_characters = only_characters and self.text[self.at : self.at + 2] not in (b"[.", b"[=")
            equivalence = self.text[self.at : self.at + 2] == b"[="
            low = self.element()
            if self.peek() == ord("-") and self.text[self.at + 1 : self.at + 2] not in (b"]", b""):
                self.at += 1
                only_characters = False
                if equivalence or self.text[self.at : self.at + 2] in (b"[:", b"[="):
                    raise self.error("a range that begins or ends in a class", "a character at each end of a range")
                high = self.element()
                if high < low:
                    raise self.error(f"range {chr(low)}-{chr(high)}", "its ends in ascending order")
                bits |= syntax.mask(range(low, high + 1))
            else:
                bits |= 1 << low
        inner = self.text[start : self.at - 1]
        if only_characters and inner.strip(b":") and inner[:1] == inner[-1:] == b":":
            raise self.error(f"[{inner.decode('ascii', 'backslashreplace')}]", "the class inside a bracket, as in [[:space:]]")
        return Chars((~bits if negated else bits) & ANY_MASK, negated)

    def character_class(self) -> int:
        end = self.text.find(b":]", self.at + 2)
        name = self.text[self.at + 2 : end] if end >= 0 else b""
        if end < 0 or name not in CLASSES:
            shown = name.decode("ascii", "backslashreplace")
            names = " ".join(known.decode() for known in CLASSES)
            raise self.error(f"character class [:{shown}:]", f"one of {names}")
        self.at = end + 2
        return CLASSES[name]

    def element(self) -> int:
        """One member of a bracket: a byte, or a one-byte collating element `[.x.]` or equivalence class `[=x=]`."""
        opening = self.text[self.at : self.at + 2]
        if opening in (b"[.", b"[="):
            end = self.text.find(opening[1:] + b"]", self.at + 3)
            if end != self.at + 3:
                raise self.error("a collating element", "a single character between its marks")
            value = self.text[self.at + 2]
            self.at = end + 2
            return value
        value = self.text[self.at] if self.at < len(self.text) else -1
        if value < 0:
            raise self.error("`[` without its `]`", "a closed bracket expression")
        self.at += 1
        return value
