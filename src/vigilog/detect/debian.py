"""Rule directories in Debian's layout, and the verdict of logcheck 1.4.2 on every line.

    cracking.d, cracking.ignore.d      attacks, and what is none after all (only where that is switched on)
    violations.d, violations.ignore.d  violations, and what is none after all
    ignore.d.{paranoid,server,workstation}   what is not unusual; each level has the ones before it

A line that a cracking or violations rule matches is never an unusual event, even where it was taken out again: that is
the administrator's own decision. All expressions see the line without the blanks at its end.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from vigilog.core.nouns import Heading, Kind, Notice
from vigilog.core.seams import Judgement
from vigilog.detect.rule_files import rules_of_directory
from vigilog.patterns import block
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.database import Database

LEVELS: dict[str, tuple[str, ...]] = {
    "paranoid": ("paranoid",),
    "server": ("server", "paranoid"),
    "workstation": ("workstation", "server", "paranoid"),
}
"""The levels of ignore.d directories that each report level uses."""

GENERAL = "logcheck"
"""The rule file whose hits are reported without its name, and only if no other file of the directory has them."""

MEMBER_OF_GENERAL = "logchec"
"""Files whose names begin so do not take hits away from the general file (logcheck's own `^logcheck*`)."""


@dataclass(frozen=True, slots=True)
class DebianRules:
    """A rule directory, compiled. `attack_ignore` is None where cracking.ignore.d is not honoured."""

    attack: Database
    attack_ignore: Database | None
    violation: Database
    violation_ignore: Database
    ignore: Database
    notices: tuple[Notice, ...]

    @property
    def layers(self) -> Mapping[str, Database]:
        """The databases by what they do, in the order in which they decide."""
        named = {
            "attack": self.attack,
            "attack ignore": self.attack_ignore,
            "violation": self.violation,
            "violation ignore": self.violation_ignore,
            "ignore": self.ignore,
        }
        return {name: database for name, database in named.items() if database is not None}

    def judge(self, lines: bytes) -> Judgement:
        """The lines of a block that are reported, by heading."""
        framed = block.frame(lines)
        attacks = by_line(self.attack, framed)
        violations = by_line(self.violation, framed)
        unusual, quiet = block.other_lines(framed, [*self.ignore.offsets(framed), *attacks, *violations])
        found: dict[Heading, list[int]] = defaultdict(list)
        for heading, end in raised(framed, "attack", attacks, self.attack_ignore):
            found[heading].append(end)
        for heading, end in raised(framed, "violation", violations, self.violation_ignore):
            # what an attack rule matches, too, is a violation only as long as no attack is reported at all
            found[heading._replace(unless_attack=True) if end in attacks else heading].append(end)
        verdict = {heading: block.lines_at(framed, ends) for heading, ends in found.items()}
        shown = len(set().union(*found.values()))
        if unusual:
            verdict[Heading("unusual", "")] = unusual
        return Judgement(verdict, ignored=quiet - shown, raised=shown)


def load(
    rule_directories: Iterable[str], level: str, *, cracking_ignore: bool = False, cache_directory: str | None = None
) -> DebianRules:
    """The rules in one or more rule directories for a report level; files of the same name count as one. What is missing
    holds no rules.

    Raises RuleError for a file that cannot be read; a rule that cannot be compiled is in `notices` instead.
    """

    def compiled(kind: str, *directories: str) -> Database:
        paths = [os.path.join(base, name) for base in rule_directories for name in directories]
        rules = [rule for path in paths for rule in rules_of_directory(path, kind)]
        return compile_rules(rules, "stripped", cache_directory=cache_directory)

    attack = compiled("attack", "cracking.d")
    attack_ignore = compiled("attack ignore", "cracking.ignore.d") if cracking_ignore else None
    violation = compiled("violation", "violations.d")
    violation_ignore = compiled("violation ignore", "violations.ignore.d")
    ignore = compiled("ignore", *(f"ignore.d.{name}" for name in LEVELS[level]))
    databases = [database for database in (attack, attack_ignore, violation, violation_ignore, ignore) if database]
    return DebianRules(attack, attack_ignore, violation, violation_ignore, ignore, notices=tuple(skipped_rules(databases)))


def skipped_rules(databases: Iterable[Database]) -> Iterable[Notice]:
    """A notice for each rule that could not be used."""
    for database in databases:
        for error in database.refused:
            yield Notice("rule", "", f"Rule skipped: {error}")


def by_line(database: Database, framed: bytes) -> dict[int, set[str]]:
    """The lines that some rule matches, with the names of the files whose rules do."""
    found: dict[int, set[str]] = {}
    rules = database.rules
    for end, index in database.hits(framed):
        found.setdefault(end, set()).add(rules[index].name)
    return found


def raised(
    framed: bytes, kind: Kind, matched: Mapping[int, set[str]], ignore: Database | None
) -> Iterator[tuple[Heading, int]]:
    """The lines of `matched` (in order) that are reported, each with the heading of every file that keeps it."""
    ignored = ignored_by(framed, matched, ignore) if ignore and ignore.rules and matched else {}
    none: frozenset[str] = frozenset()
    for end, names in matched.items():
        for name in names:
            if kept(name, names, ignored.get(end, none)):
                yield Heading(kind, name), end


def ignored_by(framed: bytes, matched: Iterable[int], ignore: Database) -> dict[int, set[str]]:
    """The names of the ignore files that match each of the lines in `matched`, which are few: only they are scanned."""
    rows = [block.line_with_newline(framed, end) for end in matched]
    original = dict(zip(accumulate(map(len, rows), initial=block.FIRST_LINE), (0, *matched), strict=True))
    found: dict[int, set[str]] = {}
    for end, index in ignore.hits(block.frame(b"".join(rows)), undecided=False):
        found.setdefault(original[end], set()).add(ignore.rules[index].name)
    return found


def kept(name: str, matched: set[str], ignored: Iterable[str]) -> bool:
    """Whether a line that the files `matched` match and the ignore files `ignored` ignore is reported under `name`."""
    if name == GENERAL and (ignored or any(not other.startswith(MEMBER_OF_GENERAL) for other in matched)):
        return False
    return not any(other in {name, f"logcheck-{name}", "local"} or other.startswith("local-") for other in ignored)
