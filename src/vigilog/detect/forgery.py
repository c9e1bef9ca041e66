"""The audit of triggers: whether text that an attacker chooses can make one take another's address for the attacker's.

From lines that a trigger matches, lines are made that an attacker could bring about: in each stretch that the pattern leaves
open, where a user name, a URL or the like stands, other things are said; among them all parts of the line itself with the
bystander's address in it. And other programs are made to log the line as something that a stranger said. No such line may
give the bystander's address. What an audit does not find can still be there; what it finds is real.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from vigilog.core.nouns import Rule
from vigilog.detect.stretches import Anatomy, Span, dissection, example
from vigilog.detect.triggers import Trigger, names_of
from vigilog.patterns import block
from vigilog.patterns.confirm import Captures
from vigilog.patterns.extract import Extractor, extractor

ADDRESSES = ("address", "ip")
"""The fields that are banned, as actions know them; without them it is the key that names somebody."""
ATTACKER = b"203.0.113.7"
BYSTANDERS = (b"192.0.2.66", b"2001:db8:66::66")
NAMED = (b"bystander",)
MOST_CUTS = 24
LEADS = (b"", b" ", b'x" ', b"x' ", b"x) ", b"x] ", b"#012", b"\\n", b"\x1b[2K\r", b"\xe2\x80\xae\xff", b"A" * 300, b"A" * 5000)
TRAILS = (b"", b" ", b" x", b'"', b"'", b": ", b", ", b") ", b"] ", b">", b"#012")
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


class Forgery(NamedTuple):
    """A line that makes a pattern take what is not the attacker's, what it takes, and how the line came about."""

    pattern: Rule
    line: bytes
    taken: bytes
    how: str


@dataclass(frozen=True, slots=True)
class Audit:
    """`forgeries` are the first of each pattern and way; `tried` is how many lines were made; `unread` are the patterns for
    which there was no line to begin with. `names` are the fields that name somebody: without them nobody can be taken for
    another."""

    names: tuple[str, ...]
    forgeries: tuple[Forgery, ...]
    tried: int
    unread: tuple[Rule, ...]


class _Reader(NamedTuple):
    rule: Rule
    made: Extractor
    targets: tuple[int, ...]

    def taken(self, line: bytes) -> tuple[bytes, ...]:
        """What stands in the target fields, without those that are not there; () if the line does not match."""
        found: Captures | None = self.made.take(line.rstrip(block.BLANKS))
        return () if found is None else tuple(value for place in self.targets if (value := found[place]) is not None)


def audited(trigger: Trigger, lines: Sequence[bytes]) -> Audit:
    """The audit of a trigger's patterns and resets; `lines` are lines that they match, others are made up from the patterns.

    Raises RuleError for a pattern that cannot be used.
    """
    rules = (*trigger.patterns, *trigger.resets)
    extractors = [extractor(rule) for rule in rules]
    there = dict.fromkeys(name for made in extractors for name in names_of(trigger, made) if name)
    wanted = next(((name,) for name in ADDRESSES if name in there), trigger.key or tuple(there))
    readers = [_Reader(rule, made, _places(names_of(trigger, made), wanted)) for rule, made in zip(rules, extractors, strict=True)]
    bystanders = BYSTANDERS if wanted[:1] and wanted[0] in ADDRESSES else NAMED
    found: dict[tuple[Rule, str], Forgery] = {}
    unread: list[Rule] = []
    tried = 0
    for reader in readers if wanted else ():
        take_apart = dissection(reader.rule, reader.targets)
        own = [(line, anatomy) for line in lines if reader.taken(line) and (anatomy := take_apart(line))]
        if not own:
            line = example(reader.rule, dict.fromkeys(reader.targets, ATTACKER))
            anatomy = take_apart(line) if reader.taken(line) else None
            own = [(line, anatomy)] if anatomy else []
        if not own:
            unread.append(reader.rule)
        forged = dict(pair for each in own for bystander in bystanders for pair in forgeries(*each, bystander))
        tried += len(forged)
        for line, how in forged.items():
            for other in readers:
                taken = other.taken(line)
                if any(value.removeprefix(b"::ffff:") in bystanders for value in taken):
                    found.setdefault((other.rule, how), Forgery(other.rule, line, taken[0], how))
    return Audit(wanted, tuple(found.values()), tried, tuple(unread))


def _places(names: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    return tuple(names.index(name) for name in wanted if name in names)


def forgeries(line: bytes, anatomy: Anatomy, bystander: bytes) -> Iterator[tuple[bytes, str]]:
    """Lines that an attacker could bring about where `line` is what is logged of an honest one, each with how it was made."""
    swap = partial(_swapped, line, anatomy.targets, bystander)
    for start, end in anatomy.open:
        how = f"`{line[start:end].decode('utf-8', 'replace')}` replaced by other text"
        for text in _texts(swap, (start, end), len(line), bystander):
            yield line[:start] + text + line[end:], how
    for number, (start, end) in enumerate(anatomy.open):
        for other_start, other_end in anatomy.open[number + 1 :]:
            firsts = [b"x" + swap(end, cut) for cut in _cuts(line, end, len(line))][: MOST_CUTS // 2]
            seconds = [swap(cut, other_start) + b"x" for cut in _cuts(line, 0, other_start)][-MOST_CUTS // 2 :]
            for first in firsts:
                for second in seconds:
                    yield line[:start] + first + line[end:other_start] + second + line[other_end:], "two places replaced by other text"
    whole = swap(0, len(line))
    for cut in _cuts(line, 0, len(line)):
        said = swap(cut, len(line)) if cut else whole
        for stranger in STRANGERS:
            yield stranger % said, "the message of another program"


def _texts(swap: partial[bytes], stretch: Span, length: int, bystander: bytes) -> Iterator[bytes]:
    """What an attacker says in a stretch: the bystander's address, and parts of the line with it on both sides."""
    start, end = stretch
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
        if start <= first and last <= end and first < last:
            parts += [line[at:first], bystander]
            at = last
    return b"".join((*parts, line[at:end]))


_EDGE = re.compile(rb"(?<=\w)(?=\W)|(?<=\W)(?=\S)")


def _cuts(line: bytes, start: int, end: int) -> list[int]:
    """Where a part of a line can begin or end: at its words and signs; the whole of it, and what is nearest to one side."""
    found = [start, *(edge.start() for edge in _EDGE.finditer(line, start, end) if start < edge.start() < end), end]
    inner = found[1:-1]
    return [found[0], *inner[:MOST_CUTS], found[-1]] if start else [found[0], *inner[-MOST_CUTS:], found[-1]]
