"""OpenWrt's configuration files (UCI), read as libuci reads a single one: sections with options and lists.

    config TYPE [NAME]
        option NAME VALUE
        list NAME VALUE

A mistake anywhere takes the whole file, as it does there, and is told in the same words with the same line and byte. One
thing is a mistake only here: `;` outside quotes, where libuci loses what stands behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

Value = str | tuple[str, ...]
"""Of an option, or of a list. Bytes that are not UTF-8 are surrogates in it."""

BLANKS = b" \t\n\v\f\r"
LINE = re.compile(rb"[^\n]*\n|[^\n]+")
SPACE = re.compile(rb"[ \t\n\v\f\r]*")
PLAIN = re.compile(rb"[^ \t\n\v\f\r'\"#;\\]+")
QUOTED = {b"'": re.compile(rb"[^']+"), b'"': re.compile(rb'[^"\\]+')}
NAME = re.compile(rb"[A-Za-z0-9_]*")
TYPE = re.compile(rb"[!-~]*")
COMMANDS = {b"package": "package", b"config": "config", b"option": "option", b"list": "list"}
COMMANDS |= {word[:1]: name for word, name in COMMANDS.items()}


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its type, its name ('' where it has none), the line (from 1) of its beginning, its options and lists, and the
    line of each where it was last set or added to. Sections of one name are one."""

    type: str
    name: str
    line: int
    options: dict[str, Value] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def parse(data: bytes, file: str) -> tuple[Section, ...]:
    """The sections of a file in their order. Raises ConfigurationError, whose `found` is libuci's own message."""
    return Parser(data, file).run()


class Parser:
    """One pass over a file. `line` is the physical line at hand and `at` how far it is read; `origin` is how many bytes of the
    statement were read in the lines before it."""

    def __init__(self, data: bytes, file: str) -> None:
        self.file = file
        self.coming = LINE.finditer(data)
        self.line = b""
        self.number = self.at = self.origin = 0
        self.sections: list[Section] = []
        self.current = 0

    def run(self) -> tuple[Section, ...]:
        while self.next_line():
            self.origin = 0
            self.statement()
        return tuple(self.sections)

    def next_line(self) -> bool:
        """Goes on to the next line; False at the end of the file."""
        found = next(self.coming, None)
        self.origin += self.at
        self.line, self.at = found[0] if found else b"", 0
        self.number += found is not None
        return found is not None

    def fail(self, reason: str) -> NoReturn:
        message = f"Parse error ({reason}) at line {self.number}, byte {self.origin + self.at}"
        raise ConfigurationError(message, place=Place(self.file, self.number))

    def skip(self, pattern: re.Pattern[bytes]) -> bytes:
        """What `pattern`, which may match nothing, matches here."""
        found = pattern.match(self.line, self.at)
        self.at = found.end() if found else self.at
        return found[0] if found else b""

    def here(self) -> bytes:
        """The byte at hand; nothing at the end of the line."""
        return self.line[self.at : self.at + 1]

    def statement(self) -> None:
        self.skip(SPACE)
        if self.here() in {b"", b"#"}:
            return
        if b"\0" in self.line:
            self.fail("NUL in a line")
        word = self.line[self.at :].split(b"\t")[0].split(b" ")[0]
        if word not in COMMANDS:
            self.fail("invalid command")
        if COMMANDS[word] in {"option", "list"} and not self.sections:
            self.fail("option/list command found before the first section")
        self.at += len(word) + 1
        match COMMANDS[word]:
            case "config":
                self.section()
            case "package":
                self.argument(name=True, required=True)
                self.end()
            case command:
                self.setting(listed=command == "list")

    def section(self) -> None:
        line = self.number
        kind = self.argument(required=True)
        if not TYPE.fullmatch(kind):
            self.fail("invalid character in type field")
        name = text(self.argument(name=True))
        self.end()
        earlier = next((number for number, each in enumerate(self.sections) if name and each.name == name), None)
        if earlier is None:
            self.current = len(self.sections)
            self.sections.append(Section(text(kind), name, line))
        elif self.sections[earlier].type != text(kind):
            self.fail("section of different type overwrites prior section with same name")
        else:
            self.current = earlier

    def setting(self, *, listed: bool) -> None:
        line = self.number
        name = text(self.argument(name=True, required=True))
        value = text(self.argument())
        self.end()
        section = self.sections[self.current]
        if not value and not listed:
            return
        before = section.options.get(name, ())
        section.options[name] = (*((before,) if isinstance(before, str) else before), value) if listed else value
        section.lines[name] = line

    def end(self) -> None:
        if self.argument():
            self.fail("too many arguments")
        self.skip(SPACE)
        if self.here() not in {b"", b"#"}:  # '' is no argument, but nothing may follow it
            self.fail("invalid command")

    def argument(self, *, name: bool = False, required: bool = False) -> bytes:
        """The next word of the statement without its quotes; empty if there is none."""
        self.skip(SPACE)
        value = bytearray()
        self.word(value)
        if self.here() not in {b"", b"#"}:
            self.at += 1  # the blank that ended it
        if required and not value:
            self.fail("insufficient arguments")
        if name and not NAME.fullmatch(value):
            self.fail("invalid character in name field")
        return bytes(value)

    def word(self, value: bytearray) -> None:
        """Adds all pieces of a word to `value`, up to a blank, a comment or the end of the line."""
        while (here := self.here()) and here not in BLANKS:
            match here:
                case b"'" | b'"':
                    self.quoted(value, here)
                case b"#":
                    self.line = self.line[: self.at]
                case b";":
                    self.fail("; outside quotes")
                case b"\\":
                    self.escaped(value)
                case _:
                    value += self.skip(PLAIN)

    def escaped(self, value: bytearray) -> None:
        """A backslash: the byte behind it stands for itself, a newline behind it joins the next line on."""
        self.at += 1
        if self.line[self.at :] in {b"\n", b"\r\n"}:
            self.next_line()
        else:
            value += self.here()
            self.at += len(self.here())

    def quoted(self, value: bytearray, quote: bytes) -> None:
        """What stands between two quotes, over as many lines as it takes."""
        self.at += 1
        while (here := self.here()) != quote:
            if not here:
                if not self.next_line():
                    self.fail(f"EOF with unterminated {quote.decode()}")
            elif here == b"\\" and quote == b'"':
                self.escaped(value)
            else:
                value += self.skip(QUOTED[quote])
        self.at += 1


def text(value: bytes) -> str:
    """Bytes as text, whatever they are."""
    return value.decode("utf-8", "surrogateescape")
