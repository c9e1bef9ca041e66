"""The four pattern files of logcheck 1.1 (Psionic, 1997), and its verdict on every line.

Attacks and violations are matched without regard to case, the two ignore files with it. The sections do not exclude each
other: an attack is also listed under violations and unusual events where it matches there. Lines are seen as they are,
trailing blanks included. There are no comments: a line that begins with `#` is a pattern.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from vigilog.core.nouns import Heading, Notice, Place, Rule
from vigilog.core.seams import Judgement
from vigilog.detect.debian import skipped_rules
from vigilog.detect.rule_files import WHITE_SPACE, read
from vigilog.patterns import block
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.database import Database

ATTACK, VIOLATION, UNUSUAL = Heading("attack", ""), Heading("violation", ""), Heading("unusual", "")


@dataclass(frozen=True, slots=True)
class PsionicRules:
    """The pattern files, compiled. None for a section that does not exist because its file does not."""

    attack: Database | None
    violation: Database | None
    violation_ignore: Database
    ignore: Database | None
    notices: tuple[Notice, ...]

    @property
    def layers(self) -> Mapping[str, Database]:
        """The databases by what they do."""
        named = {
            "attack": self.attack,
            "violation": self.violation,
            "violation ignore": self.violation_ignore,
            "ignore": self.ignore,
        }
        return {name: database for name, database in named.items() if database is not None}

    def judge(self, lines: bytes) -> Judgement:
        """The lines of a block that are reported, by heading; one line may be under several."""
        framed = block.frame(lines)
        verdict = {}
        shown: set[int] = set()
        if self.attack:
            shown = self.attack.line_ends(framed, undecided=True)
            verdict[ATTACK] = block.lines_at(framed, sorted(shown))
        if self.violation:
            ends = self.violation.line_ends(framed, undecided=True) - self.violation_ignore.line_ends(framed)
            verdict[VIOLATION] = block.lines_at(framed, sorted(ends))
            shown |= ends
        if self.ignore:
            quiet = self.ignore.offsets(framed)
            verdict[UNUSUAL], named = block.other_lines(framed, quiet)
            shown.intersection_update(quiet)
            ignored = named - len(shown)
        else:
            ignored = lines.count(b"\n") - len(shown)
        return Judgement({heading: rows for heading, rows in verdict.items() if rows}, ignored, len(shown))


def load(
    hacking: str,
    violations: str,
    violations_ignore: str,
    ignore: str,
    *,
    exact_grep: bool = False,
    cache_directory: str | None = None,
) -> PsionicRules:
    """The rules in four pattern files, given by path ('' for none).

    A blank line matches nothing and is said, a bad expression is skipped and said. With `exact_grep` they do what GNU grep
    3.8 does with them: a blank line matches everything, a bad expression or a missing violations-ignore file takes the whole
    section away. Raises RuleError for a file that cannot be read.
    """
    notices: list[Notice] = []

    def compiled(path: str, kind: str, *, caseless: bool) -> Database | None:
        if not path or not os.path.isfile(path):
            return None
        rules, blank = patterns_of_file(path, kind, exact_grep=exact_grep)
        notices.extend(blank)
        database = compile_rules(rules, "raw", caseless=caseless, cache_directory=cache_directory)
        if database.refused and exact_grep:
            return None
        notices.extend(skipped_rules([database]))
        return database

    attack = compiled(hacking, "attack", caseless=True)
    violation = compiled(violations, "violation", caseless=True)
    exception = compiled(violations_ignore, "violation ignore", caseless=False)
    unusual = compiled(ignore, "ignore", caseless=False)
    if exception is None and exact_grep:
        violation = None
    if exception is None and violation is not None:
        text = f"Pattern file {violations_ignore or '(none)'} is missing: no violation is taken out"
        notices.append(Notice("missing", violations_ignore, text))
    if ignore and unusual is None and not exact_grep:
        notices.append(Notice("missing", ignore, f"Pattern file {ignore} is missing: there is no section of unusual events"))
    empty = compile_rules([], "raw")
    return PsionicRules(attack, violation, exception or empty, unusual, tuple(notices))


def patterns_of_file(path: str, kind: str, *, exact_grep: bool) -> tuple[list[Rule], list[Notice]]:
    """The patterns of one file, and a notice for each blank line, which is a pattern only to `exact_grep`."""
    lines = read(path).split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    rules, notices = [], []
    for number, line in enumerate(lines, 1):
        place = Place(path, number)
        if exact_grep or line.strip(WHITE_SPACE):
            rules.append(Rule(os.path.basename(path), kind, "ere", line, place))
        else:
            notices.append(Notice("rule", "", f"{place}: a blank line; it matches nothing here, everything to grep"))
    return rules, notices
