"""Lines that an attacker could bring about: where a user name, a URL or the like stands, other things are said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import combinations, product

from vigilog.detect.stretches import Anatomy, Span

LETTER = re.compile(rb"[A-Za-z]")
MOST_CUTS = 24
DISTINCT = 4
"""So many letters before the open place that precedes the address tell messages of a program from each other."""
LEADS = (b"", b" ", b'x" ', b"x' ", b"x) ", b"x] ", b"#012", b"\\n", b"\x1b[2K\r", b"\xe2\x80\xae\xff", b"A" * 300, b"A" * 5000)
TRAILS = (b"", b" " + b"A" * 300, b" ", b" x", b'"', b"'", b": ", b", ", b") ", b"] ", b">", b"#012")
STRANGERS = (
    b"Nov 20 08:30:00 mx1 guest: %s",
    b"Nov 20 08:30:00 mx1 guest[77]: x %s y",
    b"2026-11-20T08:30:00.123456+01:00 mx1 guest: %s",
    b"Sun Nov 29 17:20:00 2020 user.notice guest: %s",
    b"Nov 20 08:30:00 mx1 guest: first line#012%s",
    b"Nov 20 08:30:00 mx1 sshd[77]: Invalid user %s from 198.51.100.99 port 40022",
    b"Nov 20 08:30:00 mx1 postfix/smtpd[77]: NOQUEUE: reject: RCPT from unknown[198.51.100.99]: 554 5.7.1 <x>: no; helo=<%s>",
    b'198.51.100.99 - - [20/Nov/2026:08:30:00 +0100] "GET /%s HTTP/1.1" 404 0 "-" "-"',
    b'198.51.100.99 - - [20/Nov/2026:08:30:00 +0100] "GET / HTTP/1.1" 200 0 "-" "%s"',
    b'2026/11/20 08:30:00 [error] 1#1: *1 open() "/srv/%s" failed (2: no), client: 198.51.100.99',
    b"[Fri Nov 20 08:30:00 2026] [error] [client 198.51.100.99] File does not exist: /srv/%s",
)
"""Lines of other programs with a stranger's words in them."""


def forgeries(line: bytes, anatomy: Anatomy, bystander: bytes) -> Iterator[tuple[bytes, str]]:
    """Lines that an attacker could bring about where `line` is what is logged of somebody harmless, each with how it
    was made."""
    swap = partial(_swapped, line, anatomy.targets, bystander)
    for start, end in anatomy.open:
        how = _how(line, start, end)
        for text in _texts(swap, start, end, len(line), bystander):
            yield line[:start] + text + line[end:], how
    for (start, end), (later, last) in combinations(anatomy.open, 2):
        firsts = [b"x" + swap(end, cut) for cut in _cuts(line, end, len(line))]
        seconds = [swap(cut, later) + b"x" for cut in _cuts(line, 0, later)]
        for first, second in product(firsts, seconds):
            yield line[:start] + first + line[end:later] + second + line[last:], "two places hold other text"
    for start, end in [span for span in anatomy.open if span[1] <= anatomy.targets[0][0]][-1:]:
        fixed = re.split(rb"[\]:] ", line[:start])[-1]
        if len(LETTER.findall(fixed)) < DISTINCT:
            yield (
                line[:start] + b"x" + line[end : end + 1] + b" y" + swap(end, len(line)),
                "another message of the same program",
            )
    for cut in (0, *_cuts(line, 0, len(line))):
        for stranger in STRANGERS:
            yield stranger % swap(cut, len(line)), "the message of another program"


def _how(line: bytes, start: int, end: int) -> str:
    return f"other text where `{line[start:end].decode('utf-8', 'replace')}` stands"


def said(
    own: Iterable[tuple[bytes, Anatomy]], others: Sequence[tuple[bytes, Anatomy]], bystanders: Iterable[bytes]
) -> Iterator[tuple[bytes, str]]:
    """Lines with a whole line of another pattern, or its message, said in an open place."""
    for (line, anatomy), (other, parts), bystander in product(own, others, bystanders):
        whole = _swapped(other, parts.targets, bystander, 0, len(other))
        for start, end in anatomy.open:
            for text in (whole, whole.partition(b": ")[2], b"x" + line[end : end + 1] + whole.partition(b": ")[2]):
                yield line[:start] + text + line[end:], _how(line, start, end)


def quotations(line: bytes, apart: Iterable[tuple[bytes, Anatomy]]) -> Iterator[tuple[bytes, str]]:
    """Lines in which others quote a process: other programs, and what was taken apart, in its open places."""
    for cut in (0, *_cuts(line, 0, len(line))):
        for stranger in STRANGERS:
            yield stranger % line[cut:], "the message of another program"
    for own, anatomy in apart:
        for start, end in anatomy.open:
            yield own[:start] + line + own[end:], _how(own, start, end)


def _texts(swap: partial[bytes], start: int, end: int, length: int, bystander: bytes) -> Iterator[bytes]:
    """What an attacker says in a stretch: the bystander's address, and parts of the line with it on both sides."""
    line = swap.args[0]
    after = [swap(end, cut) for cut in _cuts(line, end, length)]
    before = [swap(cut, start) for cut in _cuts(line, 0, start)]
    cores = [bystander, b"from " + bystander, *(b"x" + text for text in after), *(text + b"x" for text in before)]
    cores += [before[0] + b"x" + text for text in after] if before else []
    cores += [text + b"x" + after[-1] for text in before] if after else []
    for core in dict.fromkeys(core for core in cores if bystander in core):
        yield from (lead + core for lead in LEADS)
        yield from (core + trail for trail in TRAILS)


def _swapped(line: bytes, targets: Iterable[Span], bystander: bytes, start: int, end: int) -> bytes:
    """The part of the line from `start` to `end`, with the bystander in the place of each target."""
    parts: list[bytes] = []
    at = start
    for first, last in sorted(targets):
        if start <= first < last <= end:
            parts += [line[at:first], bystander]
            at = last
    return b"".join((*parts, line[at:end]))


_EDGE = re.compile(rb"(?<=\w)(?=\W)|(?<=\W)(?=\S)")


def _cuts(line: bytes, start: int, end: int) -> list[int]:
    """Where a part of a line can begin (if it begins with the line) or end: at words and signs, as many as are near to the
    other end, and the whole of it."""
    edges = [edge.start() for edge in _EDGE.finditer(line, start, end) if start < edge.start() < end]
    return [start, *edges[:MOST_CUTS], end] if start else [0, *edges[-MOST_CUTS:], end]
