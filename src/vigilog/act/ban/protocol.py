"""What the daemon and the helper with the firewall rights say to each other: lines of ASCII, re-read strictly on both sides.

A request: `begin NUMBER`, then any number of lines

    + TARGET SECONDS [PORT]     an entry
    - TARGET [PORT]             an element

and last `VERB NUMBER COUNT`, with the count of the lines in between. The answer: lines

    = TARGET SECONDS|- [PORT]   an element that is held, and the seconds it has left
    @ ADDRESS                   an address that somebody is logged in from

and last `ok NUMBER`, `yes NUMBER`, `no NUMBER`, `unknown NUMBER` or `error NUMBER TEXT`. A helper that was started says
`ready`, and takes no notice of anything before the next `begin`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from socket import AF_INET, inet_ntop, inet_pton
from typing import Literal, get_args

from vigilog.act.ban.firewall import LONGEST, Element, Entry, Present
from vigilog.act.ban.target import EVERY_PORT, Port, Target, canonical, port

Verb = Literal["restore", "add", "prolong", "remove", "present", "intact", "clear", "peers"]
_USUAL = re.compile(rb"\+ ([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}) ([1-9][0-9]{0,8})\n").fullmatch
VERBS: tuple[Verb, ...] = get_args(Verb)
READY = b"ready\n"
LINE = 128
"""No line of a request is longer, in bytes; a text in an answer may be."""
TEXT = 1000
_PIECE = 5000


def request(verb: Verb, number: int, entries: Iterable[Entry] = (), elements: Iterable[Element] = ()) -> bytes:
    """A whole request."""
    pieces = list(lines(entries, elements))
    return b"".join([begin(number), *(piece for piece, _ in pieces), end(verb, number, sum(count for _, count in pieces))])


def begin(number: int) -> bytes:
    """The first line of a request."""
    return f"begin {number}\n".encode("ascii")


def end(verb: Verb, number: int, count: int) -> bytes:
    """The last line of a request with `count` lines in between."""
    return f"{verb} {number} {count}\n".encode("ascii")


def lines(entries: Iterable[Entry], elements: Iterable[Element] = ()) -> Iterator[tuple[bytes, int]]:
    """What stands in between, in pieces, each with the count of its lines; made as they are asked for."""
    rest = iter(entries)
    while piece := list(islice(rest, _PIECE)):
        texts = [f"+ {what} {seconds} {port}\n" if port else f"+ {what} {seconds}\n" for (what, port), seconds in piece]
        yield "".join(texts).encode("ascii"), len(texts)
    texts = [f"- {what} {port}\n" if port else f"- {what}\n" for what, port in elements]
    yield "".join(texts).encode("ascii"), len(texts)


def entry(line: bytes) -> Entry:
    """The entry in a line `+ ...`. Raises ValueError for anything that is not exactly one."""
    if usual := _USUAL(line):  # single IPv4 addresses for all ports: 150,000 of them are read in 0.3 s
        first, seconds = usual[1].decode(), int(usual[2])
        try:
            if seconds <= LONGEST and inet_ntop(AF_INET, inet_pton(AF_INET, first)) == first:
                return Entry(Element(Target(first)), seconds)
        except OSError:
            raise ValueError("not an address") from None
    match _words(line):
        case ["+", target, time]:
            return Entry(Element(canonical(target)), _seconds(time))
        case ["+", target, time, which]:
            return Entry(Element(canonical(target), port(which)), _seconds(time))
    raise ValueError("not an entry")


def element(line: bytes) -> Element:
    """The element in a line `- ...`. Raises ValueError for anything that is not exactly one."""
    match _words(line):
        case ["-", target]:
            return Element(canonical(target))
        case ["-", target, which]:
            return Element(canonical(target), port(which))
    raise ValueError("not an element")


def held_lines(present: Present) -> bytes:
    """The lines that tell what is held."""
    lines = [
        f"= {target} {'-' if left is None else math.ceil(left)}{' ' + which if which else ''}\n"
        for (target, which), left in present.items()
    ]
    return "".join(lines).encode("ascii")


def held(line: bytes) -> tuple[Element, float | None]:
    """What a line `= ...` tells. Raises ValueError."""
    match _words(line):
        case ["=", target, left, *rest] if len(rest) <= 1 and (left == "-" or (left.isdigit() and len(left) <= 12)):
            which: Port = port(rest[0]) if rest else EVERY_PORT
            return Element(canonical(target), which), None if left == "-" else float(left)
    raise ValueError("not an element that is held")


def answer(word: str, number: int, text: str = "") -> bytes:
    """The last line of an answer; `text` loses what is not printable ASCII, and what is too long."""
    plain = "".join(character if " " <= character <= "~" else "?" for character in text[:TEXT])
    return f"{word} {number} {plain}".rstrip().encode("ascii") + b"\n"


def _words(line: bytes) -> list[str]:
    """The words of a whole line, between single blanks. Raises ValueError, also for what is not ASCII."""
    if not line.endswith(b"\n") or len(line) > LINE:
        raise ValueError("not a whole line")
    return line[:-1].decode("ascii").split(" ")


def _seconds(text: str) -> int:
    if not text.isdigit() or len(text) > 10 or not 1 <= int(text) <= LONGEST:
        raise ValueError("not a number of seconds")
    return int(text)
