"""What is wrong with rules, found without reading a log or writing a file."""

from __future__ import annotations

from vigilog import rule_set
from vigilog.config.settings import Settings
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Notice, Rule
from vigilog.patterns.confirm import needs_killable_search


def audited(settings: Settings) -> tuple[tuple[RuleError, ...], tuple[Notice, ...]]:
    """Every rule that cannot be used, with its address; and what is harmless but should be known: files that are missing,
    patterns that only a backtracking engine can decide. Raises RuleError for a file that cannot be read."""
    rules = rule_set.load(settings, keep_cache=False)
    databases = rules.layers.values()
    errors = tuple(error for database in databases for error in database.refused)
    missing = [notice for notice in rules.notices if notice.kind != "rule"]
    slow = [rule for database in databases for rule in database.doubtful if needs_killable_search(rule)]
    return errors, (*missing, *map(decided_slowly, slow))


def decided_slowly(rule: Rule) -> Notice:
    """What to know about a rule with a back-reference or a look-around."""
    shown = rule.text.decode("ascii", "backslashreplace")
    text = f"{rule.place}: decided by a backtracking engine, on lines up to 4 KiB only: `{shown}`"
    return Notice("rule", "", text)
