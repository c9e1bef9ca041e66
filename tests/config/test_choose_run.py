"""choose_run: what `vigilog run` works with: shipped rules laid under triggers, what does not go together, logtrigger's files."""

from __future__ import annotations

import pytest

from vigilog.config.choose import Wishes
from vigilog.config.choose_run import choose_run
from vigilog.config.host import look
from vigilog.config.layer import Layer
from vigilog.config.trigger_files import shipped

SCRIPT = "[action.s]\ntype = 'script'\nscript = '/s'\n"
RULE = "config rule\n\toption name %s\n\toption pattern 'x %%s'\n\toption script /s\n\toption enabled 1\n"


@pytest.fixture
def choose(tmp_path):
    """A function from the text of vigilog.toml (at its default place, or named with `config`) to what is chosen."""

    def choose(text="", *, named=False, logtrigger=None, layer=None):
        path = tmp_path / "vigilog.toml"
        path.write_text(text)
        legacy = tmp_path / "logtrigger"
        legacy.write_text(logtrigger or "")
        wishes = Wishes(
            layer=layer or Layer(),
            config=str(path) if named else None,
            logtrigger=str(legacy) if logtrigger is not None else None,
        )
        return choose_run(wishes, look(str(tmp_path), ""), str(path))

    return choose


@pytest.fixture
def told(choose, tmp_path):
    """A function from the text of vigilog.toml to its mistakes, without the file."""

    def told(text, **options):
        return [str(error).removeprefix(f"{tmp_path}/") for error in choose(text, **options).errors]

    return told


def trigger(text):
    return f"[[trigger]]\nname = 't'\npattern = '(?P<ip>x)'\n{text}\n"


def test_without_a_file_there_is_nothing_to_watch_for_and_no_mistake(tmp_path):
    chosen = choose_run(Wishes(), look(str(tmp_path), ""), f"{tmp_path}/none")
    assert (chosen.settings.triggers, chosen.errors, chosen.remarks) == ((), (), ())


def test_a_trigger_of_a_shipped_rule_has_all_that_it_does_not_give_from_there(choose):
    rule = shipped()["sshd"].trigger
    chosen = choose("[[trigger]]\nrule = 'sshd'\ncount = 99\nactions = 'ban'\n")
    assert chosen.errors == ()
    [made] = chosen.settings.triggers
    assert (made.name, made.rule, made.count, made.actions) == ("sshd", "sshd", 99, ("ban",))
    assert (made.pattern, made.program, made.language, made.reset) == (rule.pattern, rule.program, rule.language, rule.reset)


def test_a_shipped_rule_may_have_another_name_and_another_pattern_here(choose):
    chosen = choose("[[trigger]]\nrule = 'sshd'\nname = 'mine'\npattern = '(?P<address>y)'\nreset = []\nkey = 'address'\n")
    assert chosen.errors == ()
    [made] = chosen.settings.triggers
    assert (made.name, made.pattern, made.reset) == ("mine", ("(?P<address>y)",), ())


def test_places_of_patterns_are_where_they_stand_here_or_in_the_shipped_rule(choose, tmp_path):
    text = "[[trigger]]\nrule = 'sshd'\n[[trigger]]\nname = 'a.b'\npattern = [\n'x',\n'y',\n]\n"
    places = choose(text).places
    assert str(places["trigger.a.b", "pattern.1"]) == f"{tmp_path}/vigilog.toml:7"
    assert places["trigger.sshd", "pattern"].file == shipped()["sshd"].place.file


def test_a_rule_that_is_not_shipped_is_a_mistake(told):
    [error] = told("[[trigger]]\nrule = 'sshdd'\n")
    assert error == 'vigilog.toml:2: there is no rule "sshdd"; expected the name of one that is shipped; did you mean "sshd"?'


def test_what_is_merged_is_checked_together(told):
    [error] = told("[[trigger]]\nrule = 'sshd'\nkey = 'nonsense'\npattern='(?P<address>x)'\nreset = []\n")
    assert 'the pattern has no field "nonsense"' in error


def test_a_trigger_that_is_not_enabled_is_as_if_it_were_not_there(choose):
    chosen = choose(trigger("enabled = false\nactions = 'none'\nreset = '('"))
    assert (chosen.settings.triggers, chosen.errors) == ((), ())


def test_a_trigger_of_several_patterns_has_its_key_told(choose):
    text = "[[trigger]]\nname = 't'\npattern = ['(?P<a>.) (?P<b>.)', '(?P<b>.), (?P<a>.)']\n"
    [made] = choose(text).settings.triggers
    assert made.key == ("a", "b")


def test_all_that_does_not_go_together_comes_at_once(told):
    text = """\
[run]
sources = ["journal"]
[ban]
backend = "command"
time = "1d"
max_time = "1h"
[action.a]
[action.b]
type = "script"
url = "https://h/"
[action.c]
type = "ban"
queue = 5
[action.d]
type = "mail"
[action.e]
type = "append"
file = "/f"
template = "{nme} {ip}"
[[trigger]]
name = "t"
pattern = "(?P<ip>x)"
actions = ["ban", "null", "bann",
  "b", "e"]
sources = ["journal", "-"]
"""
    assert [error.removeprefix("vigilog.toml:") for error in told(text)] == [
        "4: ban.backend is command and ban.command is empty; expected a program",
        "6: ban.max_time is 3600 seconds, and ban.time 86400; expected no longer time for the first ban than for any",
        '7: [action.a] has no type; expected the key type: one of "script", "ban", "append", "mail", "webhook", "null"',
        '9: an action of type "script" without script; expected the key script',
        '10: an action of type "script" has no url; expected one of type, script, time_limit, parallel, queue, environment',
        '13: an action of type "ban" has no queue; expected type alone',
        '15: an action of type "mail" with nobody to send to; expected the key to, here or in [mail]',
        "19: the unknown name {nme} in the template; expected one of time, name, key, message, count, action, done, reason, ip",
        '23: there is no action "bann"; expected one of a, b, ban, c, d, e, null; did you mean "ban"?',
        '25: "-" is not among the sources of [run]; expected one of journal; name it there, too',
    ]


def test_what_is_no_address_in_the_allow_list_is_told_with_its_line_and_that_of_its_file(told, tmp_path):
    (tmp_path / "allowed").write_text("192.0.2.7\n# a comment\nhost.example\n10.0.0.0/33\n")
    entries = ['"300.1.1.1"', '"2001:db8::/32"', f'"{tmp_path}/allowed"', '"a b"', f'"{tmp_path}/none"', '"host.example"']
    errors = told("[ban]\nallow = [\n" + ",\n".join(entries) + "\n]\n")
    beginnings = [
        "vigilog.toml:3: '300.1.1.1' is",
        "vigilog.toml:6: 'a b' is",
        "allowed:4: '10.0.0.0/33' is",
        "none: cannot be read",
    ]
    assert [error[: len(begin)] for error, begin in zip(errors, beginnings, strict=True)] == beginnings


@pytest.mark.parametrize(
    "text",
    [
        "url = 'https://user:secret@h/'",
        'headers = {Authorization = "secret\\n"}',
        "headers = {a = ['secret']}",
        "url = ['secret']",
    ],
)
def test_what_may_be_a_password_is_not_repeated_in_a_mistake(told, text):
    errors = told(f"[action.x]\ntype = 'webhook'\n{text}\n")
    assert errors[-1].startswith("vigilog.toml:3: action.x.")
    assert not any("secret" in error for error in errors)


def test_a_mail_action_may_leave_its_addresses_to_mail(told):
    assert told("[mail]\nto = ['root']\n[action.d]\ntype = 'mail'\n") == []


def test_a_mistake_in_a_value_is_not_told_again_as_a_missing_one(told):
    text = "[run]\nsources = ['x']\n[action.a]\ntype = 'x'\n[action.b]\ntype = 'script'\nscript = 'y'\n" + trigger(
        "actions = ['a', 'b']\nsources = '/z'"
    )
    assert [error.split(":")[1] for error in told(text)] == ["2", "4", "7"]


def test_ban_and_null_are_there_without_a_table_and_ban_may_be_another(choose):
    assert choose(trigger("actions = ['ban', 'null']")).errors == ()
    chosen = choose("[action.ban]\ntype = 'script'\nscript = '/s'\n" + trigger("actions = 'ban'"))
    assert chosen.errors == ()
    assert chosen.settings.actions["ban"].type == "script"


@pytest.mark.parametrize("pattern", ["x", "(?P<user>.) (?P<host>.)"])
def test_a_ban_without_an_address_is_a_mistake(told, pattern):
    [error] = told(f"[[trigger]]\nname = 't'\npattern = '{pattern}'\nactions = ['null', 'ban']\n")
    assert error.startswith('vigilog.toml:4: trigger "t" bans, and none of its fields is an address; expected a field called')


@pytest.mark.parametrize("more", ["pattern = '(?P<user>.) (?P<address>.)'", "pattern = '(?P<a>.) (?P<host>.)'\nkey = 'host'"])
def test_the_address_of_a_ban_is_the_field_of_that_name_or_the_only_one_of_the_key(told, more):
    assert told(f"[[trigger]]\nname = 't'\n{more}\nactions = 'ban'\n") == []


def test_a_trigger_without_actions_is_remarked(choose, tmp_path):
    [remark] = choose(trigger("")).remarks
    assert str(remark) == f'{tmp_path}/vigilog.toml:1: trigger "t" has no actions: what it finds is only kept'


@pytest.mark.parametrize(
    ("text", "remarked"),
    [
        ("pattern = 'x[%d]: from %s'\nfields = 'process ip'\ncount = 2", "process"),
        ("pattern = '%% x[%d]: from %s'\nfields = 'process ip'\ncount = 2", "process"),
        ("pattern = 'from %s:%d'\nfields = 'ip port'\ncount = 2", "port"),
        ("pattern = 'x[%d]: from %s'\nfields = '- ip'\ncount = 2", None),
        ("pattern = 'x[%d]: from %s'\nfields = 'process ip'\nkey = 'ip'\ncount = 2", None),
        ("pattern = 'x[%d]: from %s'\nfields = 'process ip'", None),
    ],
)
def test_a_number_that_differs_from_line_to_line_in_the_key_is_remarked(choose, text, remarked):
    chosen = choose(f"[[trigger]]\nname = 't'\nlanguage = 'scanf'\nactions = 'ban'\n{text}\n")
    assert chosen.errors == ()
    assert [str(remark).split('"')[1] for remark in chosen.remarks] == ([remarked] if remarked else [])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("pattern = '(a|b)=\\1'", 4),
        ("pattern = ['x', 'a(?=b)c']", 4),
        ("pattern = 'x'\nreset = '(?<!a)b'", 5),
        ("pattern = 'x'\nfollow = 'a++b'", 5),
        ("pattern = '\\<x'\nlanguage = 'ere'", 4),
        ("pattern = '(?P<ip>[^ ]+) \\bx(a|b)*$'", None),
        ("pattern = '%s %b %d'\nlanguage = 'scanf'", None),
    ],
)
def test_a_pattern_that_only_a_backtracking_engine_can_hold_is_remarked(choose, tmp_path, text, line):
    """An attacker can write three lines that put it out of use."""
    chosen = choose(f"[[trigger]]\nname = 't'\nactions = 'null'\n{text}\n")
    assert chosen.errors == ()
    assert [str(remark).partition(": a pattern")[0] for remark in chosen.remarks] == (
        [f"{tmp_path}/vigilog.toml:{line}"] if line else []
    )


def test_the_command_line_wins(choose):
    layer = Layer({("run", "sources"): ("/a",)})
    assert choose("[run]\nsources = ['/b']\n", layer=layer).settings.run.sources == ("/a",)


def test_with_logtriggers_file_only_its_rules_run_and_the_rest_of_vigilog_toml_holds(choose):
    chosen = choose("[ban]\ntime = 60\n" + trigger("actions = 'ban'"), logtrigger=RULE % "r")
    assert chosen.errors == ()
    assert [made.name for made in chosen.settings.triggers] == ["r"]
    assert chosen.settings.ban.time == 60.0
    assert chosen.settings.actions["/s"].script == "/s"


def test_with_config_named_as_well_the_triggers_of_both_run(choose):
    chosen = choose(trigger("actions = 'ban'"), named=True, logtrigger=RULE % "r")
    assert [made.name for made in chosen.settings.triggers] == ["t", "r"]


def test_a_name_that_both_have_is_a_mistake(told):
    [error] = told(trigger("actions = 'ban'"), named=True, logtrigger=RULE % "t")
    assert error.startswith('logtrigger:1: "t" is the name of a trigger in')


def test_rules_without_a_file_read_the_system_log_which_is_named_only_where_others_read_files(choose, tmp_path):
    plain = choose(logtrigger=RULE % "a").settings
    assert (plain.run.sources, plain.triggers[0].sources) == ((), ())
    (tmp_path / "var/log").mkdir(parents=True)
    (tmp_path / "var/log/syslog").write_text("")
    both = choose(logtrigger=RULE % "a" + RULE % "b" + "\toption file /var/log/b\n").settings
    system_log = f"{tmp_path}/var/log/syslog"
    assert both.run.sources == (system_log, "/var/log/b")
    assert [made.sources for made in both.triggers] == [(system_log,), ("/var/log/b",)]


def test_where_all_rules_have_files_the_system_log_is_not_read(choose):
    settings = choose(logtrigger=RULE % "b" + "\toption file /var/log/b\n").settings
    assert settings.run.sources == ("/var/log/b",)


def test_sources_of_run_stand_in_the_place_of_the_system_log(choose):
    text = "[run]\nsources = ['-']\n"
    settings = choose(text, logtrigger=RULE % "a" + RULE % "b" + "\toption file /var/log/b\n").settings
    assert settings.run.sources == ("-", "/var/log/b")
    assert [made.sources for made in settings.triggers] == [("-",), ("/var/log/b",)]


def test_mistakes_in_patterns_of_logtrigger_have_their_line(told):
    [error] = told("", logtrigger=(RULE % "r").replace("x %s", "x %q"))
    assert error.startswith('logtrigger:3: format code `%q` in "x %q"; expected one of')


def test_more_fields_than_codes_are_a_mistake(told):
    [error] = told("", logtrigger=RULE % "r" + "\toption fields 'a b'\n")
    assert error == "logtrigger:6: 2 fields, and the pattern takes 1 out of the line; expected at most one name for each"


def test_a_user_without_rights_keeps_state_at_home(tmp_path):
    (tmp_path / "vigilog.toml").write_text("")
    settings = choose_run(Wishes(), look("/", "/home/x"), f"{tmp_path}/vigilog.toml").settings
    assert settings.state.directory in {"/var/lib/vigilog", "/home/x/.local/state/vigilog"}
