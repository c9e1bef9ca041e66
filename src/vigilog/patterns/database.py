"""Rules ready to scan: one Hyperscan database for each (view, case, rule set), and the scan of a framed block.

What `lines` makes of a pattern ends with the newline of its line, so the offset of a hit names the line (see `block`).
Hyperscan runs in block mode, without SOM, SINGLEMATCH or UTF8; callbacks append and return None, since a true value would
end the scan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import hyperscan

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.patterns import block
from vigilog.patterns.block import View

Confirm = Callable[[bytes], bool | None]
"""Whether a line (in the pattern's view, without newline) matches; None where that could not be decided."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What Hyperscan holds. `owners[id]` are the indexes of the rules that a hit with `id` stands for; ids from `exact` on
    need confirmation. `refused` are the rules, by index, that could not be compiled and are not looked for."""

    scanner: hyperscan.Database | None
    owners: tuple[tuple[int, ...], ...]
    exact: int
    refused: tuple[tuple[int, RuleError], ...]


@dataclass(frozen=True, slots=True)
class Database:
    """Rules, the view that they have of a line, and what they were compiled to."""

    rules: tuple[Rule, ...]
    view: View
    caseless: bool
    compiled: Compiled
    confirmations: dict[int, Confirm] = field(default_factory=dict)

    @property
    def refused(self) -> tuple[RuleError, ...]:
        """What is wrong with the rules that are not looked for."""
        return tuple(error for _, error in self.compiled.refused)

    @property
    def doubtful(self) -> tuple[Rule, ...]:
        """The rules whose hits must be confirmed."""
        return tuple(self.rules[index] for (index,) in self.compiled.owners[self.compiled.exact :])

    def line_ends(self, framed: bytes, *, undecided: bool = False) -> set[int]:
        """The offsets of all lines that a rule matches. `undecided` is how an open question counts."""
        return set(block.in_order(framed, self.offsets(framed, undecided=undecided)))

    def offsets(self, framed: bytes, *, undecided: bool = False) -> list[int]:
        """What `line_ends` gives as it comes from the scan: in any order, repeated, and not only of lines."""
        scanner = self.compiled.scanner
        if scanner is None:
            return []
        ends: list[int] = []
        doubtful: list[tuple[int, int]] = []
        append, exact = ends.append, self.compiled.exact

        def hit(number: int, start: int, end: int, flags: int, context: object) -> None:  # noqa: ARG001
            if number < exact:
                append(end)
            else:
                doubtful.append((number, end))

        scanner.scan(framed, match_event_handler=hit)
        if doubtful:
            found = set(ends)
            last = block.text_end(framed)
            for number, end in doubtful:
                if end in found or not block.FIRST_LINE < end <= last:
                    continue
                sure = self.confirm(number, self.seen(framed, end))
                if sure or (sure is None and undecided):
                    found.add(end)
                    append(end)
        return ends

    def hits(self, framed: bytes, *, undecided: bool = True) -> list[tuple[int, int]]:
        """(offset, rule index) of every rule that matches, for every line. `undecided` is how an open question counts."""
        scanner = self.compiled.scanner
        if scanner is None:
            return []
        found: list[tuple[int, int]] = []
        append = found.append

        def hit(number: int, start: int, end: int, flags: int, context: object) -> None:  # noqa: ARG001
            append((end, number))

        scanner.scan(framed, match_event_handler=hit)
        hits: list[tuple[int, int]] = []
        last, exact, owners = block.text_end(framed), self.compiled.exact, self.compiled.owners
        for end, number in dict.fromkeys(found):  # each once, in order: a search that was killed too often is not asked again
            if not block.FIRST_LINE < end <= last:
                continue
            if number >= exact:
                sure = self.confirm(number, self.seen(framed, end))
                if not (sure or (sure is None and undecided)):
                    continue
            owned = owners[number]
            if len(owned) == 1:
                hits.append((end, owned[0]))
            else:
                hits += [(end, index) for index in owned]
        hits.sort()
        return hits

    def seen(self, framed: bytes, end: int) -> bytes:
        """The line that ends at `end` as its patterns see it."""
        line = block.line_at(framed, end)
        return line if self.view == "raw" else line.rstrip(block.BLANKS)

    def confirm(self, number: int, line: bytes) -> bool | None:
        """Whether the line matches the pattern behind an inexact hit; None if that could not be decided."""
        decide = self.confirmations.get(number)
        if decide is None:
            from vigilog.patterns.confirm import confirmation  # noqa: PLC0415 - few lines ever need one

            decide = self.confirmations[number] = confirmation(
                self.rules[self.compiled.owners[number][0]], caseless=self.caseless
            )
        return decide(line)

    def matching(self, line: bytes, *, undecided: bool = False) -> list[int]:
        """The indexes of all rules that match one line (without its newline). `undecided` is how an open question counts."""
        return [index for _, index in self.hits(block.frame(line + b"\n"), undecided=undecided)]
