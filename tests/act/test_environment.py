"""What a script is told: the event, as it stands in the log; and nothing that a log could put in anything else's place."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.act.samples import HOSTILE, NOON, alert, event, order
from vigilog.act.environment import CONTROL, FIXED, KEPT, PATH, checked_names, environment, filled
from vigilog.core.clock import local
from vigilog.core.errors import ConfigurationError

BASE = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "LD_PRELOAD": "/evil.so",
    "SECRET": "x",
    "LT_ip": "8.8.8.8",
}
values = st.text(st.characters(codec="utf-8")) | st.binary(max_size=60).map(
    lambda data: data.decode("utf-8", "surrogateescape")
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True) | st.sampled_from(sorted(FIXED))


def made(of, more=None, patterns=None):
    return environment(of, BASE, more or {}, patterns or {})


def test_the_seeds_variables_are_there_with_the_case_of_their_names():
    found = made(
        order(about=alert(event(fields={"user": "Root", "IP": "203.0.113.5"}, rule="SIP_WrongPass"), rule="SIP_WrongPass"))
    )
    assert found.variables["LT_name"] == b"SIP_WrongPass"
    assert found.variables["LT_message"] == event().line
    assert (found.variables["LT_user"], found.variables["LT_IP"]) == (b"Root", b"203.0.113.5")
    assert "LT_ip" not in found.variables
    assert found.notes == ()


def test_the_old_programs_further_variables_are_the_events_own():
    about = alert(*[event(fields={"user": "al", "ip": "::1"}, rule="sip", time=NOON - 2)] * 3, rule="sip")
    variables = made(order(about=about), patterns={"sip": "User:%s IP:%s failed"}).variables
    moment = local(NOON - 2)
    assert variables["LT_date"].decode() == moment.strftime("%Y/%m/%d")
    assert variables["LT_time"].decode() == moment.strftime("%H:%M:%S")
    assert variables["LT_datetime"] == b"%d" % (NOON - 2)
    assert variables["LT_count"] == b"3"
    assert variables["LT_generator"] == b"file:/var/log/auth.log"
    assert variables["LT_pattern"] == b"User:%s IP:%s failed"
    assert variables["LT_string"] == b"User:al IP:::1"


def test_a_rule_that_is_not_logtriggers_has_no_pattern_to_tell_of():
    assert {"LT_pattern", "LT_string"}.isdisjoint(made(order()).variables)


@pytest.mark.parametrize(
    ("pattern", "given", "string"),
    [
        (
            "dnsmasq-dhcp[%d]: DHCPACK(%s) %s",
            ["4273", "br-lan", "192.168.2.153"],
            "dnsmasq-dhcp[4273]: DHCPACK(br-lan) 192.168.2.153",
        ),
        ("a %d b", ["5"], "a 5"),
        ("a %d b %s", ["5"], "a 5"),
        ("no codes", [], "no codes"),
        ("%%%s", ["5%s"], "%5%s"),
        ("100%% of %s", [], "100%"),
    ],
)
def test_the_string_is_the_pattern_with_its_values_up_to_the_last_code_that_has_one(pattern, given, string):
    assert filled(pattern, given) == string


def test_of_the_daemons_own_environment_three_variables_are_left():
    variables = made(order(about=alert(event(fields={})))).variables
    assert {name for name in variables if not name.startswith(("LT_", "VIGILOG_"))} == set(KEPT) - {CONTROL}
    assert b"/evil.so" not in variables.values()
    assert b"8.8.8.8" not in variables.values()


def test_without_a_path_of_its_own_the_daemon_gives_the_usual_one():
    assert environment(order(), {}, {}, {}).variables["PATH"].decode() == PATH
    assert "HOME" not in environment(order(), {}, {}, {}).variables


def test_a_field_never_takes_the_place_of_the_event_itself_and_that_is_said():
    found = made(order(about=alert(event(fields=dict.fromkeys(FIXED, "forged") | {"ip": "::1"}))))
    assert b"forged" not in [value for name, value in found.variables.items() if name != "LT_string"]
    assert len(found.notes) == len(FIXED)
    assert found.variables["LT_ip"] == b"::1"


def test_what_the_configuration_sets_goes_before_a_field():
    variables = made(
        order(about=alert(event(fields={"zone": "from the log"}))), more={"LT_zone": "wan", "LOG_DIRECTORY": "/l"}
    ).variables
    assert (variables["LT_zone"], variables["LOG_DIRECTORY"]) == (b"wan", b"/l")


@pytest.mark.parametrize("name", ["LT_message", "LT_name", "LT_time", "VIGILOG_ORDER", "a b", "", "1x", "a=b", "é"])
def test_the_configuration_cannot_set_what_is_set_anyway_nor_what_is_no_name(name):
    with pytest.raises(ConfigurationError):
        checked_names({name: "x"})


def test_a_value_with_a_nul_is_refused_in_a_configuration():
    with pytest.raises(ConfigurationError):
        checked_names({"LT_zone": "a\0b"})
    assert checked_names({"LT_zone": "wan", "message": "x", "PATH": "/bin"})


def test_a_script_can_tell_that_it_may_have_run_before():
    variables = made(order(7, attempt=2)).variables
    assert (variables["VIGILOG_ORDER"], variables["VIGILOG_ATTEMPT"]) == (b"7", b"2")


def test_hostile_bytes_arrive_as_they_are_but_for_nul():
    assert made(order(about=alert(event(line=HOSTILE)))).variables["LT_message"] == HOSTILE.replace(b"\0", b"#000")


def test_a_line_of_ten_megabytes_is_cut_marked_and_said_and_linux_takes_it():
    found = made(order(about=alert(event(line=b"x" * 10_000_000, fields={"ip": "y" * 10_000_000, "user": "root"}))))
    assert found.variables["LT_message"].endswith(b"x [cut: 10000000 bytes]")
    assert len(found.variables["LT_message"]) > 100_000
    assert [note.split()[0] for note in found.notes] == ["LT_ip", "LT_message"]
    assert found.variables["LT_user"] == b"root"
    subprocess.run(["/bin/true"], env=dict(found.variables), check=True)


def test_forty_fields_of_a_megabyte_are_not_too_much_for_linux_either():
    found = made(
        order(about=alert(event(line=b"x" * 1_000_000, fields={f"f{number}": "y" * 1_000_000 for number in range(40)})))
    )
    assert len(found.notes) == 41
    subprocess.run(["/bin/true"], env=dict(found.variables), check=True)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200).map(lambda line: line.replace(b"\n", b"")), st.dictionaries(names, values, max_size=6), values)
def test_whatever_a_line_holds_only_variables_that_begin_with_lt_differ_and_linux_takes_them(line, fields, rule):
    plain = made(order(about=alert(event(fields={}))))
    found = made(order(about=alert(event(line=line, fields=fields), rule=rule)))
    assert {name for name, value in found.variables.items() if plain.variables.get(name) != value} <= {
        "LT_message",
        "LT_name",
        *(f"LT_{name}" for name in fields if name not in FIXED),
    }
    assert set(plain.variables) <= set(found.variables)
    assert not any(b"\0" in value for value in found.variables.values())
    assert all("=" not in name for name in found.variables)


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=200).map(lambda line: line.replace(b"\n", b"")))
def test_a_program_sees_in_its_environment_the_bytes_of_the_line(line):
    variables = made(order(about=alert(event(line=line)))).variables
    seen = subprocess.run(["/usr/bin/env", "-0"], env=dict(variables), capture_output=True, check=True).stdout
    assert dict(entry.split(b"=", 1) for entry in seen.split(b"\0") if entry) == {
        os.fsencode(name): value for name, value in variables.items()
    }
