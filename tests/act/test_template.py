"""A template is checked when it is made; whatever a log holds, what it gives is one line without control characters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.act.samples import HOSTILE, NOON, alert, event, order, outcome
from vigilog.act.template import template
from vigilog.core.clock import local
from vigilog.core.errors import ConfigurationError

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{message}", "Nov 20 12:00:00 web1 sshd[7]: Failed password for root from 203.0.113.5"),
        ("{name} {key}: {user}@{ip}", "sshd 203.0.113.5: root@203.0.113.5"),
        ("{{name}} {count}", "{name} 1"),
        ("{action} {done} {reason}", "- - -"),
        ("{other}", "-"),
        ("plain\ttext", "plain\ttext"),
        ("", ""),
    ],
)
def test_names_become_values(text, line):
    assert template(text, {"user", "ip", "other"}).line(order()) == line


def test_the_time_is_the_alerts_own_in_the_form_that_is_asked_for():
    assert template("{time:%d.%m.%Y %H:%M}", ()).line(order()) == local(NOON).strftime("%d.%m.%Y %H:%M")
    assert template("{time}", ()).line(order()) == local(NOON).strftime("%Y-%m-%d %H:%M:%S")


def test_an_outcome_tells_what_which_action_did_and_why():
    made = template("{action} {key} {done}: {reason}", ())
    assert made.line(order(of=outcome())) == "ban 203.0.113.5 done: banned for 600 s"
    assert made.line(order(of=outcome(done=False, reason="on the\nlist"))) == r"ban 203.0.113.5 not done: on the\x0alist"


@pytest.mark.parametrize(
    "text",
    [
        "{nobody}",
        "{}",
        "{ name}",
        "{name.x}",
        "{name!r}",
        "{name:>10}",
        "{user:x}",
        "{",
        "}",
        "a } b",
        "{name",
        "{{name}",
        "a\nb",
        "\x1b",
        "{time:%\ud800}",
    ],
)
def test_what_is_no_template_is_refused_when_it_is_made(text):
    with pytest.raises(ConfigurationError):
        template(text, {"user"})


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ConfigurationError, match=r"unknown name \{usr\}.*one of time, name, .*ip, user"):
        template("{usr}", {"user", "ip"})


def test_a_field_does_not_take_the_place_of_a_fixed_name():
    about = alert(event(fields={"name": "forged", "reason": "forged"}))
    assert template("{name} {reason}", {"name", "reason"}).line(order(about=about)) == "sshd -"


def test_a_hostile_line_becomes_text():
    line = template("{message}", ()).line(order(about=alert(event(line=HOSTILE))))
    assert line == (
        r"sshd[1]: user '$(reboot)' `id` \x1b[2J\x00 \xff \u009b \u202e ; rm -rf / " + "\"' \\ * " + r"\x09\x0d end"
    )


def test_a_value_is_not_a_template():
    assert template("{user}", {"user"}).line(order(about=alert(event(fields={"user": "{name}{time:%Y}"})))) == "{name}{time:%Y}"


@given(
    st.binary(max_size=100),
    st.text(max_size=50) | st.binary(max_size=50).map(lambda data: data.decode("utf-8", "surrogateescape")),
    st.text(max_size=50),
)
def test_no_value_brings_a_line_end_or_a_control_character_into_a_line(line, value, word):
    about = alert(event(line=line, fields={"user": value}), key=(value, word), rule=word)
    made = template("{time} {name} {key} {message} {user} {count} {action} {done} {reason}", {"user"})
    found = made.line(order(about=about, of=outcome(reason=word, action=word)))
    assert not CONTROL.search(found)
    assert found.encode().splitlines() == [found.encode()]


@given(st.text(st.sampled_from("{}:%abnametimuser "), max_size=30))
def test_any_text_is_a_template_or_a_mistake_in_the_configuration(text):
    try:
        made = template(text, {"user"})
    except ConfigurationError:
        return
    assert "\n" not in made.line(order())
