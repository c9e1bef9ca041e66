"""What is wrong with rules, found without reading a log or writing a file."""

from __future__ import annotations

from vigilog import rule_set
from vigilog.config.settings import Settings
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Notice
from vigilog.patterns.confirm import needs_killable_search


def rule_errors(settings: Settings) -> tuple[RuleError, ...]:
    """Every rule that cannot be used, with its address. Raises RuleError for a file that cannot be read."""
    rules = rule_set.load(settings, keep_cache=False)
    return tuple(error for database in rules.layers.values() for error in database.refused)


def rule_notices(settings: Settings) -> tuple[Notice, ...]:
    """What is harmless but should be known: patterns that only a backtracking engine can decide, files that are missing."""
    rules = rule_set.load(settings, keep_cache=False)
    found = [notice for notice in rules.notices if notice.kind != "rule"]
    for database in rules.layers.values():
        for rule in database.doubtful:
            if needs_killable_search(rule):
                shown = rule.text.decode("ascii", "backslashreplace")
                text = f"{rule.place}: decided by a backtracking engine, on lines up to 4 KiB only: `{shown}`"
                found.append(Notice("rule", "", text))
    return tuple(found)
