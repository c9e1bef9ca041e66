"""The audit of triggers: whether text that an attacker chooses can make one take another's address for the attacker's.

From lines that a trigger matches, lines are made that an attacker could bring about: in each stretch that the pattern leaves
open, where a user name, a URL or the like stands, other things are said; among them all parts of the line itself with the
bystander's address in it. And other programs are made to log the line as something that a stranger said. No such line may
give the bystander's address, and none that tells of a failure may clear a count. Nor may a line that only quotes another
process be taken for one that follows what this process said. What an audit does not find can still be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vigilog.core.nouns import Rule
from vigilog.detect.forged import forgeries, quotations, said
from vigilog.detect.sessions import process
from vigilog.detect.stretches import Anatomy, dissection, example
from vigilog.detect.triggers import Trigger, names_of
from vigilog.patterns import block
from vigilog.patterns.confirm import Captures
from vigilog.patterns.extract import extractor

ADDRESSES = ("address", "ip")
"""The fields that are banned, as actions know them; without them it is the key that names somebody."""
ATTACKER = b"203.0.113.7"
BYSTANDERS = (b"192.0.2.66", b"2001:db8:66::66")
NAMED = (b"bystander",)


class Forgery(NamedTuple):
    """A line that makes a pattern take what is not the attacker's, what it takes, and how the line came about."""

    pattern: Rule
    line: bytes
    taken: bytes
    how: str


@dataclass(frozen=True, slots=True)
class Audit:
    """`names` are the fields that name somebody: without them nobody can be taken for another. `forgeries` are the first of
    each pattern and way; `tried` is how many lines were made; `unread` are the patterns that no line could be made for."""

    names: tuple[str, ...]
    forgeries: tuple[Forgery, ...]
    tried: int
    unread: tuple[Rule, ...]


class _Reader(NamedTuple):
    rule: Rule
    clears: bool
    take: Callable[[bytes], Captures | None]
    targets: tuple[int, ...]

    def taken(self, line: bytes) -> tuple[bytes, ...]:
        """What stands in the target fields, without those that are not there; () if the line does not match."""
        found = self.take(line.rstrip(block.BLANKS))
        return () if found is None else tuple(value for place in self.targets if (value := found[place]) is not None)

    def matches(self, line: bytes) -> bool:
        """Whether the line matches."""
        return self.take(line.rstrip(block.BLANKS)) is not None


def audited(trigger: Trigger, lines: Sequence[bytes]) -> Audit:
    """The audit of a trigger's patterns; `lines` are lines that they match, others are made up from the patterns.

    Raises RuleError for a pattern that cannot be used.
    """
    rules = (*trigger.patterns, *trigger.resets)
    made = {rule: extractor(rule) for rule in rules}
    there = dict.fromkeys(name for each in made.values() for name in names_of(trigger, each) if name)
    names = next(((name,) for name in ADDRESSES if name in there), trigger.key or tuple(there))
    if not names:
        return Audit((), (), 0, ())
    readers = [
        _Reader(rule, rule in trigger.resets, each.take, _places(names_of(trigger, each), names)) for rule, each in made.items()
    ]
    bystanders = BYSTANDERS if names[0] in ADDRESSES else NAMED
    originals = {reader: tuple(_originals(reader, lines)) for reader in readers}
    found: dict[tuple[Rule, str], Forgery] = {}
    tried = 0
    for reader, own in originals.items():
        forged = dict(pair for each in own for bystander in bystanders for pair in forgeries(*each, bystander))
        forged |= dict(
            said(own, [each for other, given in originals.items() if other is not reader for each in given], bystanders)
        )
        tried += len(forged)
        for line, how in forged.items():
            for other in readers:
                taken = other.taken(line)
                if taken and (
                    (other.clears and not reader.clears) or any(value.removeprefix(b"::ffff:") in bystanders for value in taken)
                ):
                    found.setdefault((other.rule, how), Forgery(other.rule, line, taken[0], how))
    unread = [reader.rule for reader, own in originals.items() if not own]
    apart = [pair for own in originals.values() for pair in own]
    for rule in trigger.follows:
        follows = _Reader(rule, False, extractor(rule).take, ())
        quoted = [line for line in lines if follows.matches(line) and process(line)]
        quoted = quoted or [line for line in _examples(rule, {}) if follows.matches(line) and process(line)]
        if not quoted:
            unread.append(rule)
        for original in quoted:
            for line, how in quotations(original, apart):
                tried += 1
                if follows.matches(line) and process(line) == process(original):
                    found.setdefault((rule, how), Forgery(rule, line, process(line) + b"]", how))
    return Audit(names, tuple(found.values()), tried, tuple(unread))


def _places(names: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    return tuple(names.index(name) for name in wanted if name in names)


def _originals(reader: _Reader, lines: Sequence[bytes]) -> Iterator[tuple[bytes, Anatomy]]:
    """The lines that a pattern matches, taken apart; without any, what can be made up."""
    take_apart = dissection(reader.rule, reader.targets)
    matching = [line for line in lines if reader.taken(line)]
    values = dict.fromkeys(reader.targets, ATTACKER)
    for line in matching or _examples(reader.rule, values):
        anatomy = take_apart(line) if reader.taken(line) else None
        if anatomy:
            yield line, anatomy


def _examples(rule: Rule, values: Mapping[int, bytes]) -> Iterable[bytes]:
    return dict.fromkeys(example(rule, values, full=full) for full in (False, True))
