"""From bytes to requests, on the helper's side: see `protocol`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from vigilog.act.ban import protocol
from vigilog.act.ban.firewall import Element, Entry
from vigilog.act.ban.protocol import Verb


@dataclass(slots=True)
class Request:
    """A request so far. `problem` says what is wrong with it; then nothing of it may be done."""

    number: int
    verb: Verb = "intact"
    entries: list[Entry] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    lines: int = 0
    problem: str = ""


class Requests:
    """Puts together what comes in pieces. What belongs to no request, or to one whose end never came, is dropped."""

    def __init__(self) -> None:
        self._rest = b""
        self._open: Request | None = None

    def feed(self, data: bytes) -> Iterator[Request]:
        """The requests that end in `data`."""
        whole, newline, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest[: protocol.LINE + 1]  # enough to be seen as too long
        for line in (whole + newline).splitlines(keepends=True):
            if ended := self._take(line):
                yield ended

    def _take(self, line: bytes) -> Request | None:
        match line[:2]:
            case b"be":
                number = _numbers(line, b"begin", 1)
                self._open = Request(number[0]) if number else None
            case _ if self._open is None:
                return None
            case b"+ " | b"- ":
                self._open.lines += 1
                try:
                    if line[0] == 0x2B:
                        self._open.entries.append(protocol.entry(line))
                    else:
                        self._open.elements.append(protocol.element(line))
                except ValueError as error:
                    self._open.problem = self._open.problem or f"line {self._open.lines} is {error}"
            case _:
                return self._end(line, self._open)
        return None

    def _end(self, line: bytes, request: Request) -> Request:
        self._open = None
        verb = line.partition(b" ")[0]
        numbers = _numbers(line, verb, 2)
        if verb.decode("ascii", "replace") not in protocol.VERBS or numbers != [request.number, request.lines]:
            request.problem = "a request that does not end as it began"
        else:
            request.verb = cast("Verb", verb.decode())
        return request


def _numbers(line: bytes, word: bytes, count: int) -> list[int]:
    """The numbers behind a word in a whole line; [] unless there are so many and nothing else."""
    first, *rest = line.removesuffix(b"\n").split(b" ")
    if first != word or len(rest) != count or len(line) > protocol.LINE or not all(each.isdigit() for each in rest):
        return []
    return [int(each) for each in rest]
