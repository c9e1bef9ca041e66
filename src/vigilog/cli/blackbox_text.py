"""Blocks as a list, whole, and as JSON. What stands in them was written by others: none of it reaches a terminal as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from vigilog.cli.blackbox_facts import Facts
from vigilog.cli.visible import visible
from vigilog.core.clock import local
from vigilog.parse.forensics import Message

HEADINGS = ("BLOCK", "FIRST", "LAST", "KIND", "CLIENT", "USER", "MESSAGES")
WIDTHS = (5, 19, 19, 14, 15, 12)
"""Least widths of the columns: the list is printed while the files are read."""
LONGEST = 40
BOLD, DIM, RED, YELLOW, CYAN = "1", "2", "1;31", "1;33", "36"
SEVERE, NOTABLE, DETAIL = 3, 5, 7
INCOMPLETE = "(the end is missing: whoever wrote it died over it)"


def listed(blocks: Iterable[Facts]) -> int:
    """Prints a line for each block and gives their number."""
    count = 0
    for facts in blocks:
        if not count:
            print(row(HEADINGS))
        count += 1
        block = facts.block
        messages = f"{len(block.messages):>8}{'' if block.complete else ' +'}"
        cells = (f"{facts.found.number:>5}", clock(facts.first), clock(facts.last), block.kind, facts.client, facts.person)
        print(row((*map(cell, cells), messages)))
    if not count:
        print("No blocks.")
    return count


def row(cells: Iterable[str]) -> str:
    """A line of the list."""
    *first, last = cells
    return "  ".join([*(f"{each:<{width}}" for each, width in zip(first, WIDTHS, strict=True)), last])


def cell(text: str) -> str:
    """A cell: harmless, and not too long."""
    harmless = visible(plain(text))
    return harmless if len(harmless) <= LONGEST else f"{harmless[: LONGEST - 3]}..."


def clock(moment: float | None) -> str:
    """A time of day with its date; - where it is not known."""
    return "-" if moment is None else f"{local(moment):%Y-%m-%d %H:%M:%S}"


def shown(blocks: Iterable[Facts], *, colour: bool) -> int:
    """Prints each block whole and gives their number."""
    count = 0
    for facts in blocks:
        if count:
            print()
        count += 1
        for line in whole(facts, colour=colour):
            print(line)
    return count


def whole(facts: Facts, *, colour: bool) -> Iterator[str]:
    """The lines of one block."""

    def painted(code: str, text: str) -> str:
        harmless = visible(plain(text))
        return f"\x1b[{code}m{harmless}\x1b[0m" if colour and harmless else harmless

    block = facts.block
    yield painted(BOLD, f"-----BEGIN {block.kind} FORENSICS-----")
    for key, value in block.header:
        yield f"{painted(CYAN, key)}: {visible(plain(value))}"
    yield ""
    for message in block.messages:
        first, *more = (line.rstrip("\r") for line in text(message).split("\n"))
        yield f"{painted(DIM, tag(message))} {painted(shade(message), first)}"
        for line in more:
            yield f"    {painted(shade(message), line)}"
    yield painted(BOLD, f"-----END {block.kind} FORENSICS-----") if block.complete else painted(YELLOW, INCOMPLETE)


def text(message: Message) -> str:
    """A message's text; bytes that are no UTF-8 are shown as escapes."""
    return message.text.decode("utf-8", "backslashreplace")


def tag(message: Message) -> str:
    """A message's tag, as it stands in the file."""
    level = str(message.level) if message.level < 50 else "N"
    process = f", PID {message.pid}" if message.pid is not None else ""
    return f"[{message.log_type}:{level}{process}]"


def shade(message: Message) -> str:
    """The colour of a message: what is severe stands out, details stand back."""
    if message.log_type not in ("syslog", "SystemLog"):
        return "0" if message.log_type == "TransferLog" else DIM
    if message.level <= SEVERE:
        return RED
    return YELLOW if message.level <= NOTABLE else DIM if message.level >= DETAIL else "0"


def in_json(blocks: Iterable[Facts], *, messages: bool) -> int:
    """Prints an object for each block and gives their number."""
    count = 0
    for facts in blocks:
        count += 1
        print(json.dumps(described(facts, messages=messages), ensure_ascii=True))
    return count


def described(facts: Facts, *, messages: bool) -> dict[str, object]:
    """A block as JSON has it; what is not known is null, and bytes that are no UTF-8 are shown as escapes."""
    block = facts.block
    found: dict[str, object] = {
        "number": facts.found.number,
        "file": plain(facts.found.file),
        "line": block.line,
        "kind": plain(block.kind),
        "complete": block.complete,
        "first": iso(facts.first),
        "last": iso(facts.last),
        "client": plain(facts.client) or None,
        "user": plain(facts.user) or None,
        "tried": plain(facts.tried) or None,
        "header": {plain(key): plain(value) for key, value in block.header},
        "messages": len(block.messages),
    }
    if messages:
        found["messages"] = [
            {"type": each.log_type, "level": each.level, "pid": each.pid, "text": text(each)} for each in block.messages
        ]
    return found


def plain(value: str) -> str:
    """Text that may hold bytes which are no UTF-8, with these shown."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def iso(moment: float | None) -> str | None:
    """A time as JSON has it."""
    return None if moment is None else local(moment).isoformat(timespec="milliseconds")
