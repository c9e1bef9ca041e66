r"""Rules compiled for scanning: one Hyperscan database for each (view, case, rule set), and the scan of a framed block.

What `lines` makes of a pattern ends with the newline of its line, so the offset of a hit names the line (see `block`).
Hyperscan runs in block mode, without SOM, SINGLEMATCH or UTF8; callbacks append and return None, since a true value would
end the scan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import hyperscan
from hyperscan._version import __version__ as LIBRARY  # noqa: N812 - the package's stubs do not name it

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.patterns import block, cache, emit, lines
from vigilog.patterns.confirm import Confirm, confirmation, tree_of
from vigilog.patterns.lines import View
from vigilog.patterns.syntax import Choice, Foreign, Group, Node, Repeat, Sequence, choice, repeat, sequence

TRANSLATOR = 1
"""The version of the translation; a change of what is scanned for must change it, so that no old cache is used."""


@dataclass(frozen=True, slots=True)
class Database:
    """Rules ready to scan. `owners[id]` are the indexes in `rules` of those that a hit with `id` stands for; ids from
    `exact` on need confirmation. `refused` are the rules that could not be compiled and are not looked for."""

    rules: tuple[Rule, ...]
    view: View
    caseless: bool
    scanner: hyperscan.Database | None
    owners: tuple[tuple[int, ...], ...]
    exact: int
    refused: tuple[RuleError, ...]
    confirmations: dict[int, Confirm] = field(default_factory=dict)

    def line_ends(self, framed: bytes) -> set[int]:
        """The offsets of all lines that a rule matches for certain. What could not be decided counts as no match."""
        if self.scanner is None:
            return set()
        ends: list[int] = []
        doubtful: list[tuple[int, int]] = []
        append, exact = ends.append, self.exact

        def hit(number: int, start: int, end: int, flags: int, context: object) -> None:  # noqa: ARG001
            if number < exact:
                append(end)
            else:
                doubtful.append((number, end))

        self.scanner.scan(framed, match_event_handler=hit)
        found = set(ends)
        for number, end in doubtful:
            if end not in found and self.confirm(number, self.seen(framed, end)):
                found.add(end)
        return block.keep_lines(framed, found)

    def hits(self, framed: bytes, *, undecided: bool = True) -> list[tuple[int, int]]:
        """(offset, rule index) of every rule that matches, for every line. `undecided` is how an open question counts."""
        if self.scanner is None:
            return []
        found: list[tuple[int, int]] = []
        append = found.append

        def hit(number: int, start: int, end: int, flags: int, context: object) -> None:  # noqa: ARG001
            append((end, number))

        self.scanner.scan(framed, match_event_handler=hit)
        hits: set[tuple[int, int]] = set()
        last = block.text_end(framed)
        for end, number in found:
            if not block.FIRST_LINE < end <= last:
                continue
            sure = number < self.exact or self.confirm(number, self.seen(framed, end))
            if sure or (sure is None and undecided):
                hits.update((end, index) for index in self.owners[number])
        return sorted(hits)

    def seen(self, framed: bytes, end: int) -> bytes:
        """The line that ends at `end` as its patterns see it."""
        line = block.line_at(framed, end)
        return line if self.view == "raw" else line.rstrip(block.BLANKS)

    def confirm(self, number: int, line: bytes) -> bool | None:
        """Whether the line matches the pattern behind an inexact hit; None if that could not be decided."""
        decide = self.confirmations.get(number)
        if decide is None:
            decide = self.confirmations[number] = confirmation(self.rules[self.owners[number][0]], caseless=self.caseless)
        return decide(line)

    def matching(self, line: bytes) -> list[int]:
        """The indexes of all rules that match one line (without its newline)."""
        return [index for _, index in self.hits(block.frame(line + b"\n"), undecided=False)]


def compile_rules(
    rules: Iterable[Rule], view: View = "stripped", *, caseless: bool = False, cache_directory: str | None = None
) -> Database:
    """The database of `rules`. A rule that cannot be compiled is left out and named in `refused`.

    With `cache_directory` a database compiled before is loaded from there, and a new one is left there (owner-only).
    """
    rules = tuple(rules)
    key = cache.key(TRANSLATOR, LIBRARY, view, caseless, [(rule.language, rule.text) for rule in rules])
    stored = cache.load(cache_directory, key) if cache_directory else None
    if stored is not None:
        return Database(rules, view, caseless, stored.scanner, stored.owners, stored.exact, stored.errors(rules))
    expressions, inexact, refused = _translate(rules, view, caseless=caseless)
    scanner, exact = None, 0
    while expressions or inexact:
        texts, exact = [*expressions, *inexact], len(expressions)
        scanner = _compile(texts)
        if scanner is not None:
            break
        expressions, inexact, refused = _widen_refused(rules, view, expressions, inexact, refused, caseless=caseless)
    owners = tuple(tuple(owner) for owner in (*expressions.values(), *inexact.values()))
    if cache_directory:
        cache.save(cache_directory, key, cache.Stored.of(scanner, owners, exact, refused))
    return Database(rules, view, caseless, scanner, owners, exact, tuple(error for _, error in refused))


Expressions = dict[str, list[int]]
Refused = list[tuple[int, RuleError]]


def _translate(rules: tuple[Rule, ...], view: View, *, caseless: bool) -> tuple[Expressions, Expressions, Refused]:
    """Expression text to the rules it stands for: the exact ones, those to be confirmed, and the rules with an error."""
    exact: Expressions = {}
    inexact: Expressions = {}
    refused: Refused = []
    for index, rule in enumerate(rules):
        try:
            pattern = lines.line_pattern(tree_of(rule, caseless=caseless), view)
        except RuleError as error:
            refused.append((index, error))
            continue
        if pattern.exact:
            exact.setdefault(emit.expression(pattern.tree, "hyperscan"), []).append(index)
        else:
            inexact[_own(inexact, emit.expression(pattern.tree, "hyperscan"))] = [index]
    return exact, inexact, refused


def _own(taken: Expressions, text: str) -> str:
    """`text`, or the same in a group if another rule has it: each inexact hit must name one rule to confirm."""
    while text in taken:
        text = f"(?:{text})"
    return text


def _compile(texts: list[str]) -> hyperscan.Database | None:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=[text.encode("ascii") for text in texts], ids=list(range(len(texts))), flags=[0] * len(texts)
        )
    except hyperscan.error:
        return None
    return database


def _can_match(text: str) -> bool:
    """False for what Hyperscan refuses because no line can match it; such a rule needs no place in a database."""
    try:
        hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK).compile(expressions=[text.encode("ascii")], ids=[0], flags=[0])
    except hyperscan.error as error:
        return "never match" not in str(error)
    return True


def _widen_refused(
    rules: tuple[Rule, ...], view: View, expressions: Expressions, inexact: Expressions, refused: Refused, *, caseless: bool
) -> tuple[Expressions, Expressions, Refused]:
    """Finds what Hyperscan refuses, which it does not say, and replaces it by something wider that it takes."""
    exact: Expressions = {}
    doubtful: Expressions = {}
    refused = list(refused)
    for text, owner in expressions.items():
        if not _can_match(text):
            continue
        if _compile([text]) is not None:
            exact[text] = owner
            continue
        for index in owner:
            _add_wider(doubtful, refused, rules[index], index, view, caseless=caseless)
    for text, owner in inexact.items():
        if _compile([text]) is not None:
            doubtful[text] = owner
        elif _can_match(text):
            _add_wider(doubtful, refused, rules[owner[0]], owner[0], view, caseless=caseless)
    if len(exact) == len(expressions) and len(doubtful) == len(inexact):
        raise RuleError("a rule set that Hyperscan refuses as a whole", expected="fewer or smaller rules", place=rules[0].place)
    return exact, doubtful, refused


def _add_wider(
    doubtful: Expressions, refused: Refused, rule: Rule, index: int, view: View, *, caseless: bool
) -> None:
    tree = _without_counts(tree_of(rule, caseless=caseless))
    text = emit.expression(lines.line_pattern(tree, view).tree, "hyperscan")
    if _compile([text]) is not None:
        doubtful[_own(doubtful, text)] = [index]
        return
    shown = rule.text.decode("ascii", "backslashreplace")
    refused.append((index, RuleError(f"`{shown}`", place=rule.place, expected="a pattern that Hyperscan can hold")))


def _without_counts(node: Node) -> Node:
    """A wider tree: every counted repetition has no upper limit, which is what makes patterns too large."""
    match node:
        case Repeat(body=body, least=least, most=most):
            small = most is not None and most <= 1
            return repeat(_without_counts(body), min(least, 1), most if small else None)
        case Sequence(parts=parts):
            return sequence([_without_counts(part) for part in parts])
        case Choice(branches=branches):
            return choice([_without_counts(branch) for branch in branches])
        case Group(body=body) | Foreign(wider=body):
            return _without_counts(body)
        case _:
            return node
