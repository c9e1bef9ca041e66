"""The plan: what the settings mean for the watchman."""

import os

import pytest

from vigilog.config.host import Host, look
from vigilog.config.layer import settled
from vigilog.config.settings import Settings
from vigilog.config.toml import read_text
from vigilog.core.errors import RuleError
from vigilog.detect.triggers import TriggerSet
from vigilog.run.plan import Plan, compiled, made, planned

HOST = Host(("/var/log/syslog",), (), False, "", "/etc/logcheck", "absent", "/var/lib/vigilog")


def settings(text: str) -> Settings:
    layer = read_text(text, "vigilog.toml")
    assert layer.errors == ()
    return settled(layer)


def plan(text: str, host: Host = HOST) -> Plan:
    return planned(settings(text), host, lambda spec: f"name of {spec}")


def seen(triggers: TriggerSet, *lines: bytes, source: str = "name of /a") -> list[tuple[str, tuple[bytes, ...]]]:
    """The trigger and the key of each event."""
    found = triggers.occurrences(source, b"".join(line + b"\n" for line in lines), lambda _: 0.0)
    return [(triggers.triggers[number].name, key) for number, _, key, *_ in found]


WHOLE = r"""
[run]
sources = ["/a", "/b"]
[action.block]
type = "script"
script = "/etc/block.sh"
[action.written]
type = "append"
file = "/var/log/blocked"
on = "outcome"
[action.noted]
type = "append"
file = "/var/log/noted"
[[trigger]]
name = "failed"
pattern = ['^failed (?P<user>\w+) from (?P<ip>\S+)', '^(?P<ip>\S+) failed (?P<user>\w+)']
reset = '^good (?P<ip>\S+)'
key = ["ip"]
count = 5
within = "10m"
after = "count-anew"
kind = "violation"
sources = ["/b"]
actions = ["block", "written", "noted"]
[[trigger]]
name = "off"
pattern = "x"
enabled = false
actions = ["block"]
[[trigger]]
name = "all"
pattern = '%s did %s (%d)'
language = "scanf"
fields = ["user", "-", "port"]
"""


def test_a_trigger_is_what_its_table_says() -> None:
    failed, everything = plan(WHOLE).triggers
    assert (failed.name, failed.kind, failed.key, failed.count, failed.within, failed.anew) == (
        *("failed", "violation", ("ip",), 5, 600.0),
        True,
    )
    assert [rule.text for rule in failed.patterns] == [
        rb"^failed (?P<user>\w+) from (?P<ip>\S+)",
        rb"^(?P<ip>\S+) failed (?P<user>\w+)",
    ]
    assert [rule.text for rule in failed.resets] == [rb"^good (?P<ip>\S+)"]
    assert {rule.language for rule in failed.patterns} == {"regex"}
    assert (everything.within, everything.anew, everything.count, everything.sources) == (None, False, 1, frozenset())
    assert everything.fields == ("user", "", "port")


def test_triggers_that_are_not_enabled_are_not_there() -> None:
    assert [trigger.name for trigger in plan(WHOLE).triggers] == ["failed", "all"]
    assert set(plan(WHOLE).followers) == {"failed", "all"}


def test_actions_on_outcomes_follow_the_others_and_get_no_orders_of_their_own() -> None:
    made_plan = plan(WHOLE)
    assert [trigger.actions for trigger in made_plan.triggers] == [("block", "noted"), ()]
    assert made_plan.followers == {"failed": ("written",), "all": ()}


def test_sources_go_by_their_names() -> None:
    made_plan = plan(WHOLE)
    assert (made_plan.sources, made_plan.names) == (("/a", "/b"), ("name of /a", "name of /b"))
    assert made_plan.triggers[0].sources == {"name of /b"}
    assert made_plan.seeing_all().triggers[0].sources == frozenset()
    assert made_plan.seeing_all().sources == made_plan.sources


@pytest.mark.parametrize(
    ("journal", "logs", "sources"),
    [
        (True, ("/var/log/syslog",), ("journal",)),
        (False, ("/var/log/syslog", "/var/log/auth.log"), ("/var/log/syslog",)),
        (False, ("/var/log/messages", "/var/log/secure"), ("/var/log/messages",)),
        (False, (), ("/var/log/syslog",)),
    ],
)
def test_without_sources_it_is_this_hosts_system_log(journal, logs, sources) -> None:
    host = Host(logs, (), journal, "", "", "absent", "/s")
    assert plan('[[trigger]]\nname = "t"\npattern = "x"\n', host).sources == sources


def test_a_journal_without_a_file_that_can_be_read_is_none(tmp_path) -> None:
    (tmp_path / "var/log/journal/0123").mkdir(parents=True)
    (tmp_path / "var/log/syslog").touch()
    assert plan("", look(str(tmp_path), "")).sources == (f"{tmp_path}/var/log/syslog",)
    (tmp_path / "var/log/journal/0123/system.journal").touch()
    assert plan("", look(str(tmp_path), "")).sources == ("journal",)


def test_a_program_is_what_the_line_must_be_of() -> None:
    ready = TriggerSet(plan('[[trigger]]\nname = "t"\npattern = "bad (?P<user>\\\\w+)"\nprogram = ["sshd", "su"]\n').triggers)
    head = b"Nov 20 08:30:00 host "
    lines = [head + b"sshd[7]: bad a", head + b"su: bad b", head + b"cron[7]: bad c", head + b"x: sshd[7]: bad d", b"bad e"]
    assert seen(ready, *lines) == [("t", (b"a",)), ("t", (b"b",))]


def test_a_pattern_that_cannot_be_used_with_its_program_is_an_error() -> None:
    [trigger] = settings('[[trigger]]\nname = "t"\npattern = "x"\nprogram = "sshd"\n').triggers
    with pytest.raises(RuleError) as caught:
        made(type(trigger)(name="t", pattern=("a|^b",), program=("sshd",)), (), str)
    assert caught.value.remedy == "leave the ^ out"


def test_an_error_of_a_pattern_names_its_trigger(tmp_path) -> None:
    [trigger] = settings('[[trigger]]\nname = "t"\npattern = "x"\n').triggers
    wrong = made(type(trigger)(name="mine", pattern=("(",)), (), str)
    with pytest.raises(RuleError) as caught:
        TriggerSet([wrong]).prepare(["/a"])
    assert str(caught.value).startswith("trigger mine:")


def test_the_compiled_triggers_are_ready_and_left_in_the_cache(tmp_path) -> None:
    text = f"[state]\ndirectory = '{tmp_path}/state'\n" + WHOLE
    chosen = settings(text)
    os.mkdir(tmp_path / "state")
    made_plan = plan(text)
    ready = compiled(made_plan, chosen, made_plan.names)
    line = b"failed anna from 192.0.2.1"
    assert seen(ready, line) == []
    assert seen(ready, line, b"192.0.2.1 failed anna", source="name of /b") == [("failed", (b"192.0.2.1",))] * 2
    cached = {entry.name for entry in os.scandir(tmp_path / "state" / "cache")}
    assert len(cached) == 2, "one for each set of triggers that a source sees"
    compiled(made_plan, chosen, made_plan.names)
    assert {entry.name for entry in os.scandir(tmp_path / "state" / "cache")} == cached


def test_first_match_is_what_run_says(tmp_path) -> None:
    text = (
        f"[state]\ndirectory = '{tmp_path}/state'\n[run]\nfirst_match = %s\n"
        '[[trigger]]\nname = "a"\npattern = "x"\n[[trigger]]\nname = "b"\npattern = "x"\n'
    )
    for word, names in (("true", ["a"]), ("false", ["a", "b"])):
        ready = compiled(plan(text % word), settings(text % word), ["/a"])
        assert [name for name, _ in seen(ready, b"x")] == names


def test_patterns_of_any_bytes_are_looked_for_as_they_are() -> None:
    [trigger] = settings('[[trigger]]\nname = "t"\npattern = "größe"\nlanguage = "literal"\n').triggers
    assert seen(TriggerSet([made(trigger, (), str)]), "die größe".encode(), b"gr\xf6\xdfe") == [("t", ())]
    odd = type(trigger)(name="t", pattern=("\udcff",), language="literal")
    assert seen(TriggerSet([made(odd, (), str)]), b"a\xffb", b"a\xfeb") == [("t", ())]
