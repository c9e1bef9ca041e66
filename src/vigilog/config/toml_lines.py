"""In which line of a TOML text each key stands, for tomllib does not tell. Format: TOML 1.0.0.

The text need not be valid: whatever cannot be understood becomes a statement of its own, and reading goes on at the next
line that begins like a key or a table. What is valid is tomllib's decision alone; this only has to point.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys from the root; a number is the place in a list, or of a table in an array of tables."""

PART = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
KEY = re.compile(rf"[ \t]*({PART}(?:[ \t]*\.[ \t]*{PART})*)[ \t]*")
SINGLE = re.compile(PART)
SPACE = re.compile(r"[ \t]*")
BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
END = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
SCALAR = re.compile(r"[A-Za-z0-9_+:.-]+(?: [0-9][0-9:.Zz+-]*)?")
BEGINNING = re.compile(rf"^[ \t]*(?:\[\[?[ \t]*{PART}[^\n]*\]|{PART}(?:[ \t]*\.[ \t]*{PART})*[ \t]*=)", re.MULTILINE)

DEPTH = 100
"""How deep brackets are followed."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One table header or one key with its value: its first and last line (from 1)."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Index:
    """`lines`: the line (from 1) of every key, list entry and table, by its path. `statements` in their order."""

    lines: dict[Path, int]
    statements: list[Statement]


class NotUnderstood(Exception):
    """The text at hand is not TOML; caught where the next statement is looked for."""


def index(text: str) -> Index:
    """Where everything stands in `text`. Raises nothing, whatever the text is."""
    return Scan(text).run()


class Scan:
    """One pass over a text, from the left to the right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[Path, int] = {}
        self.statements: list[Statement] = []
        self.arrays: dict[Path, int] = {}
        self.table: Path = ()
        self.newlines = [found.start() for found in re.finditer("\n", text)]

    def run(self) -> Index:
        at = self.match(BLANK, 0)
        while at < len(self.text):
            start = at
            try:
                at = self.match(END, self.statement(at))
            except NotUnderstood:
                at = self.next_beginning(start)
            self.statements.append(Statement(self.line(start), self.line(max(at - 1, start))))
            at = self.match(BLANK, at)
        return Index(self.lines, self.statements)

    def line(self, at: int) -> int:
        """The line (from 1) of the character at `at`."""
        return bisect_left(self.newlines, at) + 1

    def match(self, pattern: re.Pattern[str], at: int) -> int:
        found = pattern.match(self.text, at)
        if not found:
            raise NotUnderstood
        return found.end()

    def next_beginning(self, start: int) -> int:
        newline = self.text.find("\n", start)
        found = BEGINNING.search(self.text, newline + 1) if newline >= 0 else None
        return found.start() if found else len(self.text)

    def statement(self, at: int) -> int:
        """Reads a header or a key with its value; gives where it ends."""
        if self.text[at] != "[":
            return self.pair(at, self.table)
        double = self.text.startswith("[[", at)
        keys, end = self.keys(at + 1 + double)
        closing = "]]" if double else "]"
        if not self.text.startswith(closing, end):
            raise NotUnderstood
        path = self.below(keys[:-1], at)
        path = self.note(path, keys[-1:], at)
        if double:
            self.arrays[path] = self.arrays.get(path, -1) + 1
        self.table = (*path, self.arrays[path]) if path in self.arrays else path
        self.lines.setdefault(self.table, self.line(at))
        return end + len(closing)

    def below(self, keys: list[str], at: int) -> Path:
        """The path that the `keys` of a header lead to: through an array of tables it goes to its last table."""
        path: Path = ()
        for key in keys:
            path = self.note(path, [key], at)
            if path in self.arrays:
                path = (*path, self.arrays[path])
        return path

    def note(self, path: Path, keys: list[str], at: int) -> Path:
        for key in keys:
            path = (*path, key)
            self.lines.setdefault(path, self.line(at))
        return path

    def keys(self, at: int) -> tuple[list[str], int]:
        found = KEY.match(self.text, at)
        if not found:
            raise NotUnderstood
        return [unquoted(part) for part in SINGLE.findall(found[1])], found.end()

    def pair(self, at: int, table: Path) -> int:
        keys, end = self.keys(at)
        if not self.text.startswith("=", end):
            raise NotUnderstood
        path = self.note(table, keys, at)
        return self.value(end + 1, path)

    def value(self, at: int, path: Path) -> int:
        if len(path) > DEPTH:
            raise NotUnderstood
        at = self.match(SPACE, at)
        self.lines.setdefault(path, self.line(at))
        match self.text[at : at + 1]:
            case '"' | "'":
                return self.match(STRING, at)
            case "[":
                return self.listing(at + 1, path)
            case "{":
                return self.inline(at + 1, path)
            case _:
                return self.match(SCALAR, at)

    def listing(self, at: int, path: Path) -> int:
        count = 0
        at = self.match(BLANK, at)
        while not self.text.startswith("]", at):
            at = self.match(BLANK, self.value(at, (*path, count)))
            count += 1
            if self.text.startswith(",", at):
                at = self.match(BLANK, at + 1)
            elif not self.text.startswith("]", at):
                raise NotUnderstood
        return at + 1

    def inline(self, at: int, path: Path) -> int:
        at = self.match(BLANK, at)
        while not self.text.startswith("}", at):
            at = self.match(BLANK, self.pair(at, path))
            if self.text.startswith(",", at):
                at = self.match(BLANK, at + 1)
            elif not self.text.startswith("}", at):
                raise NotUnderstood
        return at + 1


def unquoted(part: str) -> str:
    """A key without its quotes and escapes; as it stands if the escapes are wrong."""
    if part[0] == "'":
        return part[1:-1]
    if part[0] != '"':
        return part
    if "\\" not in part:
        return part[1:-1]
    try:
        return str(tomllib.loads(f"key = {part}")["key"])
    except tomllib.TOMLDecodeError:
        return part
