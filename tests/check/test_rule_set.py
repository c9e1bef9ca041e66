"""The rule set that the settings ask for."""

import os

from vigilog.check import rule_set
from vigilog.check.audit import audited
from vigilog.config.settings import Check, Settings, State
from vigilog.core.nouns import Heading
from vigilog.core.seams import Judgement


def with_own_rule(tmp_path, file, text):
    """Settings with the built-in rules and one file of the host's own."""
    path = tmp_path / "rules" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    check = Check(rules="builtin", local_rules=os.fspath(tmp_path / "rules"))
    return Settings(check=check, state=State(directory=os.fspath(tmp_path / "state")))


LINE = b"Nov 20 08:30:00 gate backup: run 5 finished\n"


def test_the_host_s_own_rules_stand_beside_the_built_in_ones(tmp_path) -> None:
    settings = with_own_rule(tmp_path, "ignore.d.server/backup", "backup: run [0-9]+ finished$\n")
    assert rule_set.load(settings).judge(LINE) == Judgement({}, ignored=1, raised=0)
    raised = with_own_rule(tmp_path, "violations.d/backup", "backup: run 5\n")
    assert rule_set.load(raised).judge(LINE) == Judgement({Heading("violation", "backup"): LINE}, ignored=0, raised=1)


def test_a_mistake_in_a_rule_of_the_host_s_own_is_found_by_the_audit(tmp_path) -> None:
    settings = with_own_rule(tmp_path, "ignore.d.server/bad", "fine\n\nbad(\n")
    (error,), _ = audited(settings)
    assert str(error).startswith(f"{tmp_path}/rules/ignore.d.server/bad:3")
