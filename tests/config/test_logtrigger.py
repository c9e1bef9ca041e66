"""logtrigger: its rules become triggers and actions, by the recommended readings of its options, row for row."""

from __future__ import annotations

import pytest

from vigilog.config.layer import settled
from vigilog.config.logtrigger import read_logtrigger
from vigilog.config.run_settings import Action, Trigger

SEED = """\
config rule
    option name    "SIP_WrongPass"
    option pattern "Freeswitch: SIP registration failed User:%s IP:%s"
    option fields  "user ip"
    option script  "/etc/logtrigger/ipblock.sh"
    option time    "3600"
    option maxfail "5"
    option enabled "1"
"""


@pytest.fixture
def read(tmp_path):
    """A function from the text of a file to what it says."""

    def read(text):
        path = tmp_path / "logtrigger"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_logtrigger(str(path))

    return read


@pytest.fixture
def rule(read):
    """A function from options (None: not there) to what a rule with them comes to; the others are those of a good rule."""

    def rule(more="", **options):
        given = {"name": "R", "pattern": "x %s", "script": "/s", "enabled": "1", **options}
        lines = "".join(f"\toption {name} '{value}'\n" for name, value in given.items() if value is not None)
        return read(f"config rule\n{lines}{more}")

    return rule


def only(layer):
    """The one trigger of a layer without mistakes."""
    assert layer.errors == ()
    [loaded] = layer.triggers.values()
    return loaded.trigger


def told(layer):
    """The mistakes of a layer, without their file."""
    return [str(error).rpartition("logtrigger:")[2] for error in layer.errors]


def remarked(layer):
    return [str(remark).rpartition("logtrigger:")[2] for remark in layer.remarks]


def test_the_rule_of_the_seed_is_read_as_it_stands(read):
    layer = read(SEED)
    assert only(layer) == Trigger(
        name="SIP_WrongPass",
        language="scanf",
        pattern=("Freeswitch: SIP registration failed User:%s IP:%s",),
        fields=("user", "ip"),
        count=5,
        within=3600.0,
        actions=("/etc/logtrigger/ipblock.sh",),
    )
    assert settled(layer).actions["/etc/logtrigger/ipblock.sh"] == Action(type="script", script="/etc/logtrigger/ipblock.sh")
    assert layer.remarks == ()


def test_keys_know_the_lines_of_their_options(read):
    layer = read(SEED)
    places = layer.triggers["SIP_WrongPass"].places
    assert {key: place.line for key, place in places.items()} == {
        "name": 2, "pattern": 3, "fields": 4, "actions": 5, "within": 6, "count": 7, "enabled": 8,
    }  # fmt: skip


def test_a_missing_name_is_empty_and_remarked(rule):
    layer = rule(name=None)
    assert only(layer).name == ""
    assert remarked(layer) == ["1: a rule without a name; its script is given an empty LT_name"]


def test_a_name_with_blanks_is_remarked(rule):
    assert "do not quote $LT_name" in remarked(rule(name="a b"))[0]


@pytest.mark.parametrize("option", ["name", "script", "file"])
def test_a_name_or_path_that_goes_over_lines_is_refused(rule, option):
    [error] = told(rule(**{option: "/a\nb"}))
    assert error.endswith(f'{option} has "/a\\nb"; expected no control characters')


@pytest.mark.parametrize("pattern", [None, ""])
def test_a_missing_or_empty_pattern_refuses_the_rule_with_a_message(rule, pattern):
    layer = rule(pattern=pattern)
    assert told(layer) == ['1: rule "R" has no pattern; expected option pattern']
    assert layer.triggers == {}


@pytest.mark.parametrize(("fields", "names"), [(None, ()), ("user ip", ("user", "ip")), (" a\tb_1 ", ("a", "b_1"))])
def test_fields_are_separated_by_blanks(rule, fields, names):
    assert only(rule(fields=fields)).fields == names


def test_a_dash_among_the_fields_stands_for_what_is_not_kept(rule):
    assert only(rule(fields="- ip")).fields == ("", "ip")


@pytest.mark.parametrize("field", ["1a", "a-b", "ä", "message", "name", "pattern", "count", "date", "time", "datetime"])
def test_a_field_that_is_no_name_or_would_take_the_place_of_a_fixed_variable_is_refused(rule, field):
    [error] = told(rule(fields=f"a {field}"))
    assert error.startswith('6: fields has "')


@pytest.mark.parametrize(
    ("script", "message"),
    [(None, '1: rule "R" has no script; expected option script'), ("bin/x", '4: script has "bin/x"; expected a path')],
)
def test_a_script_must_be_there_and_absolute(rule, script, message):
    [error] = told(rule(script=script) if script is None else rule(script=script, pattern="x %s"))
    assert error.startswith(message)


@pytest.mark.parametrize(("maxfail", "count"), [(None, 1), ("0", 1), ("1", 1), ("5", 5), (" 7 ", 7)])
def test_a_missing_maxfail_0_and_1_mean_every_event(rule, maxfail, count):
    assert only(rule(maxfail=maxfail)).count == count


@pytest.mark.parametrize("maxfail", ["five", "-1", "1.5", "5x", "99999999999", "²"])
def test_a_maxfail_that_is_no_number_is_a_mistake(rule, maxfail):
    [error] = told(rule(maxfail=maxfail))
    assert error.startswith("6: maxfail is")


@pytest.mark.parametrize(("time", "within"), [(None, 0.0), ("1", 1.0), ("3600", 3600.0)])
def test_time_is_in_seconds_and_without_it_there_is_no_limit(rule, time, within):
    assert only(rule(time=time)).within == within


@pytest.mark.parametrize("time", ["0", "-5", "10m", "x"])
def test_a_time_that_is_not_more_than_0_is_a_mistake(rule, time):
    [error] = told(rule(time=time))
    assert error == f'6: time is "{time}"; expected a whole number from 1'


@pytest.mark.parametrize("enabled", [None, "", "true", "yes", "01", "2"])
def test_only_exactly_1_enables_a_rule_and_anything_but_0_is_remarked(rule, enabled):
    layer = rule(enabled=enabled)
    assert layer.triggers == {}
    assert layer.errors == ()
    assert "is not enabled" in remarked(layer)[0]


def test_a_rule_that_is_switched_off_is_not_even_remarked_whatever_is_in_it(rule):
    layer = rule(enabled="0", pattern=None, maxfail="x")
    assert (layer.triggers, layer.errors, layer.remarks) == ({}, (), ())


def test_without_a_file_the_source_is_the_system_log_which_has_no_name_here(rule):
    assert only(rule()).sources == ()


def test_file_is_the_log_to_watch(rule):
    assert only(rule(file="/var/log/x")).sources == ("/var/log/x",)


def test_a_file_that_is_not_absolute_is_a_mistake(rule):
    [error] = told(rule(file="x.log"))
    assert error.startswith('6: file has "x.log"; expected a path from the root')


LOGS = "config logfile\n\toption id 'auth'\n\toption file '/var/log/auth'\n"


@pytest.mark.parametrize("option", ["id", "logfile"])
def test_the_logfile_sections_of_2011_are_known_by_their_id(rule, option):
    assert only(rule(**{option: "auth"}, more=LOGS)).sources == ("/var/log/auth",)


def test_a_logfile_section_is_known_by_its_name_too(rule):
    assert only(rule(id="auth", more="config logfile auth\n\toption file '/var/log/auth'\n")).sources == ("/var/log/auth",)


def test_an_id_that_no_section_has_is_a_mistake(rule):
    [error] = told(rule(id="none", more=LOGS))
    assert error.startswith('6: id has "none"; expected')


def test_a_rule_whose_log_is_disabled_sees_nothing(rule):
    layer = rule(id="auth", more=LOGS + "\toption disabled 1\n")
    assert layer.triggers == {}
    assert remarked(layer) == ['1: rule "R" is about a log that is disabled; it sees nothing']


def test_any_other_option_is_handed_to_the_script_in_the_environment(rule):
    layer = rule(color="red", Limit="7 days")
    [name] = only(layer).actions
    assert settled(layer).actions[name].environment == {"LT_color": "red", "LT_Limit": "7 days"}


@pytest.mark.parametrize("option", ["message", "string", "count", "generator", "date", "datetime"])
def test_an_option_that_would_take_the_place_of_a_fixed_variable_is_refused(rule, option):
    [error] = told(rule(**{option: "x"}))
    assert error == f"6: option {option}: scripts have LT_{option} for something else; expected another name"


def test_an_option_that_would_take_the_place_of_a_field_is_refused(rule):
    [error] = told(rule(fields="user", user="root"))
    assert error.startswith("7: option user: scripts have LT_user for something else")


def test_rules_with_the_same_script_share_an_action_and_other_options_make_another(read):
    second = SEED.replace("SIP_WrongPass", "B")
    third = SEED.replace("SIP_WrongPass", "C") + "    option color red\n"
    layer = read(SEED + second + third)
    assert layer.errors == ()
    a, b, c = (loaded.trigger.actions for loaded in layer.triggers.values())
    assert a == b != c


def test_the_order_of_rules_is_that_of_the_file(read):
    layer = read("".join(SEED.replace("SIP_WrongPass", name) for name in ("z", "a", "m")))
    assert list(layer.triggers) == ["z", "a", "m"]


def test_two_rules_of_one_name_are_a_mistake(read):
    [error] = told(read(SEED + SEED))
    assert error == '10: a second rule called "SIP_WrongPass"; the first is in line 1; expected another name'


def test_fields_may_be_a_list_and_no_other_option(read):
    good = SEED.replace('option fields  "user ip"', "list fields user\n    list fields ip")
    assert only(read(good)).fields == ("user", "ip")
    [error] = told(read(SEED.replace("option maxfail", "list maxfail")))
    assert error == "7: a list of maxfail; expected option maxfail"


def test_all_mistakes_of_all_rules_come_at_once(read):
    bad = "config rule\n\toption enabled 1\n\toption maxfail x\n"
    assert [error.partition(":")[0] for error in told(read(bad + bad))] == ["1", "3", "1", "4", "6", "4"]


def test_an_error_of_syntax_rejects_the_whole_file(read):
    layer = read(SEED + "config rule\n\toption pattern 'x\n")
    assert layer.triggers == {}
    [error] = layer.errors
    assert "Parse error (EOF with unterminated ') at line 10, byte 19" in str(error)


def test_sections_of_other_types_are_remarked(read):
    layer = read("config globals\n\toption x 1\n" + SEED)
    assert remarked(layer) == ['1: a section of type "globals"; logtrigger has none: it has no effect']
    assert list(layer.triggers) == ["SIP_WrongPass"]


def test_a_named_section_that_comes_twice_is_one_rule(read):
    layer = read(
        "config rule r\n\toption pattern 'x'\n\toption script /s\nconfig rule r\n\toption name n\n\toption enabled 1\n"
    )
    assert (only(layer).name, only(layer).pattern) == ("n", ("x",))


def test_bytes_that_are_no_utf8_stay_what_they_are(read):
    trigger = only(read(SEED.encode().replace(b"User:", b"Us\xffr:")))
    assert trigger.pattern[0].encode("utf-8", "surrogateescape").startswith(b"Freeswitch: SIP registration failed Us\xffr:")


def test_a_file_that_is_not_there_is_a_mistake(tmp_path):
    [error] = read_logtrigger(str(tmp_path / "none")).errors
    assert "cannot be read: No such file or directory" in str(error)
