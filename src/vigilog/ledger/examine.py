"""All that can be wrong with a ledger, line by line and in its order: also what check_forensic does not see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vigilog.ledger.check import Input
from vigilog.ledger.findings import Finding
from vigilog.ledger.recent import Recent
from vigilog.parse.forensic_line import is_damaged

_PLAIN = bytes(range(0x20, 0x7F)) + b"\r\n"
_BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class _Line(NamedTuple):
    file: str
    number: int
    text: bytes


def examine(ledger: Sequence[Input]) -> Iterator[Finding]:
    """The findings in a ledger, whose inputs are given in the order in which they were written: what one line shows at once,
    and what was left open or without a begin at the end.

    An end belongs to the last begin of its ID. Memory: what is open, the ends without a begin, and the last half a million to
    a million IDs, by which one that is used again is known. Raises what reading raises.
    """
    examination = _Examination()
    for file in ledger:
        yield from examination.file(file)
    yield from examination.left()


class _Examination:
    def __init__(self) -> None:
        self._open: dict[bytes, list[_Line]] = {}
        self._orphans: dict[bytes, _Line] = {}
        self._ended = Recent()
        self._found: list[Finding] = []

    def file(self, file: Input) -> Iterator[Finding]:
        """Takes one file."""
        before, returns, tail = 0, 0, b""
        first: _Line | None = None
        for block in file.blocks():
            suspicious = bool(block.translate(None, _PLAIN)) or _BROKEN.search(block) is not None
            lines = block.split(b"\n")
            tail = lines[-1]
            lines[0] = b""  # nothing; or the rest of a line that was too long
            for number, text in enumerate(lines, before):
                head, bar, rest = text.partition(b"|")
                if text[-1:] == b"\r":
                    returns += 1
                    first = first or _Line(file.name, number, text)
                    head = head.removesuffix(b"\r")
                sign = head[:1]
                if sign == b"+" and len(head) > 1:
                    line = _Line(file.name, number, text)
                    if not bar:
                        self._tell(Finding("torn", head[1:], *line, "no request behind the ID"))
                    elif suspicious and is_damaged(rest.removesuffix(b"\r")):
                        self._tell(Finding("escape", head[1:], *line))
                    self._begin(head[1:], line)
                elif sign == b"-" and len(head) > 1:
                    self._end(head[1:], file.name, number, text)
                elif text:
                    self._tell(Finding("torn", b"", file.name, number, text, "no sign and ID at its begin"))
            before += len(lines) - 1
            yield from self._told()
        if tail:
            yield Finding("torn", b"", file.name, before, tail, "the last line has no newline")
        if first:
            yield Finding("crlf", b"", *first, f"{returns} lines")

    def left(self) -> Iterator[Finding]:
        """What is left at the end."""
        for identity, lines in self._open.items():
            for line in lines:
                yield Finding("open", identity, *line)
        for identity, line in self._orphans.items():
            yield Finding("orphan", identity, *line)

    def _tell(self, finding: Finding) -> None:
        self._found.append(finding)

    def _told(self) -> list[Finding]:
        told, self._found = self._found, []
        return told

    def _begin(self, identity: bytes, line: _Line) -> None:
        former = self._open.get(identity)
        if former:
            where = f"that of line {former[-1].number} of {former[-1].file} is open"
            self._tell(Finding("reused", identity, *line, where))
            former.append(line)
            return
        if identity in self._orphans:
            end = self._orphans.pop(identity)
            self._ended.add(identity)
            self._tell(Finding("early", identity, *line, f"its end is line {end.number} of {end.file}"))
            return
        if identity in self._ended:
            self._tell(Finding("reused", identity, *line, "it had ended"))
        self._open[identity] = [line]

    def _end(self, identity: bytes, file: str, number: int, text: bytes) -> None:
        former = self._open.get(identity)
        if former:
            former.pop()
            if not former:
                del self._open[identity]
            self._ended.add(identity)
        elif identity in self._ended or identity in self._orphans:
            self._tell(Finding("orphan", identity, file, number, text, "it had ended already"))
        else:
            self._orphans[identity] = _Line(file, number, text)
