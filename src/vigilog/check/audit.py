"""What is wrong with rules, found without reading a log or writing a file."""

from __future__ import annotations

from msgspec.structs import replace

from vigilog.check import rule_set
from vigilog.check.rule_set import RuleSet
from vigilog.config.settings import Settings
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Notice, Rule
from vigilog.patterns.confirm import needs_killable_search


def audited(settings: Settings) -> tuple[tuple[RuleError, ...], tuple[Notice, ...]]:
    """Every rule that cannot be used, with its address; and what is harmless but should be known: missing files, blank lines
    among patterns, patterns that only a backtracking engine can decide. Raises RuleError for a file that cannot be read."""
    rules = rule_set.load(settings, keep_cache=False)
    errors = mistakes(rules)
    skipped = {f"Rule skipped: {error}" for error in errors}
    other = [notice for notice in rules.notices if notice.text not in skipped]
    slow = [rule for database in rules.layers.values() for rule in database.doubtful if needs_killable_search(rule)]
    if settings.check.rules == "psionic" and settings.psionic.exact_grep:  # a bad expression took its whole file away
        files = replace(settings.psionic, exact_grep=False)
        errors = mistakes(rule_set.load(replace(settings, psionic=files), keep_cache=False))
    return errors, (*other, *map(decided_slowly, slow))


def mistakes(rules: RuleSet) -> tuple[RuleError, ...]:
    """What is wrong with the rules that cannot be used."""
    return tuple(error for database in rules.layers.values() for error in database.refused)


def decided_slowly(rule: Rule) -> Notice:
    """What to know about a rule with a back-reference or a look-around."""
    shown = rule.text.decode("ascii", "backslashreplace")
    text = f"{rule.place}: decided by a backtracking engine, on lines up to 4 KiB only: `{shown}`"
    return Notice("rule", "", text)
