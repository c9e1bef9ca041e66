"""What is wrong with the patterns of triggers that only the engines can tell, found without reading a log or writing a file."""

from __future__ import annotations

from vigilog.check.audit import decided_slowly
from vigilog.config.choose import Chosen
from vigilog.config.run_settings import Trigger
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Notice, Place, Rule
from vigilog.detect.program import with_program
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.confirm import needs_killable_search


def audited(chosen: Chosen) -> tuple[tuple[RuleError, ...], tuple[Notice, ...]]:
    """Every pattern of a trigger that cannot be used, with its address; and those that only a backtracking engine decides."""
    rules = [rule for trigger in chosen.settings.triggers for rule in rules_of(trigger, chosen)]
    database = compile_rules(rules, "stripped")
    slow = [rule for rule in database.doubtful if needs_killable_search(rule)]
    return database.refused, tuple(map(decided_slowly, slow))


def rules_of(trigger: Trigger, chosen: Chosen) -> list[Rule]:
    """All patterns of a trigger, each with the place where it stands."""
    rules = []
    for key, patterns in (("pattern", trigger.pattern), ("reset", trigger.reset), ("follow", trigger.follow)):
        for number, pattern in enumerate(patterns):
            table = f"trigger.{trigger.name}"
            place = chosen.places.get((table, f"{key}.{number}")) or chosen.places.get((table, key)) or Place(table)
            text = pattern.encode("utf-8", "surrogateescape")
            text = with_program(text, trigger.program) if trigger.program else text
            rules.append(Rule(trigger.name, trigger.kind, trigger.language, text, place))
    return rules
