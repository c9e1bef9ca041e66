"""The audit of triggers: weak patterns are caught with the line that fools them, sound ones are not accused."""

import pytest

from vigilog.core.nouns import Place, Rule
from vigilog.detect.forgery import audited
from vigilog.detect.program import with_program
from vigilog.detect.triggers import Trigger
from vigilog.patterns.extract import extractor

SSHD = b"Nov 20 08:30:00 mx1 sshd[4711]: Failed password for invalid user anna from 203.0.113.7 port 40022 ssh2"
ADDRESS = rb"(?P<address>[0-9A-Fa-f:.]+)"


def trigger(*patterns, language="regex", resets=(), **others):
    rules = tuple(Rule("t", "attack", language, text, Place("t")) for text in patterns)
    clearing = tuple(Rule("t", "attack", language, text, Place("t")) for text in resets)
    return Trigger("t", "attack", rules, clearing, **{"key": ("address",), **others})


def sshd(text):
    return with_program(text, ["sshd"], "regex")


def taken(audit):
    """What each forged line gives, by the very pattern: it must be the bystander's."""
    return {
        dict(zip(extractor(each.pattern).names, extractor(each.pattern).take(each.line) or (), strict=True))["address"]
        for each in audit.forgeries
    }


WEAK = {
    "open at both ends": (rb"Failed password for .* from (?P<address>\S+)", SSHD),
    "open at the end": (sshd(rb"Failed password for (?:invalid user )?\S+ from (?P<address>\S+)"), SSHD),
    "lazy, open at the end": (sshd(rb"Failed password for .*? from " + ADDRESS), SSHD),
    "a limit on the length": (
        sshd(rb"Failed password for (?:invalid user )?(?P<user>.{0,100}) from " + ADDRESS + rb" port \d+ ssh2"),
        SSHD,
    ),
    "any text behind the address": (
        sshd(rb"Failed password for (?:invalid user )?(?P<user>.*?) from " + ADDRESS + rb" port \d+.*$"),
        SSHD,
    ),
    "free text on both sides": (
        rb'^[\d/]+ [\d:]+ \[error\] \d+#\d+: \*\d+ user "(?:[^"]+|.*?)": password mismatch, client: '
        + ADDRESS
        + rb', server: [\w.]*, request: "[^"]*", host: "[^"]*"(?:, referrer: ".*")?$',
        b'2026/11/20 08:30:00 [error] 1#1: *1 user "anna": password mismatch, client: 203.0.113.7, server: w, request: "x", host: "w"',
    ),
    "the name may end as the message does": (
        sshd(rb"Disconnecting invalid user (?P<user>\S+) " + ADDRESS + rb" port \d+: Change of username.*\[preauth\]$"),
        b"Nov 20 08:30:00 mx1 sshd[4711]: Disconnecting invalid user a 203.0.113.7 port 40022: Change of username: (a) -> (b) [preauth]",
    ),
    "the last of several": (
        with_program(rb"authentication failure; .*rhost=" + ADDRESS + rb"(?: +user=.*)?$", ["auth"], "regex"),
        b"Nov 20 08:30:00 mx1 auth: authentication failure; logname= uid=0 euid=0 tty=x ruser= rhost=203.0.113.7 user=anna",
    ),
    "begins as every message of the program": (
        rb"^\w{3} \w{3} [ \d]\d [\d:]+ \d{4} \[pid \d+\] \[.+\] FAIL LOGIN: Client \"" + ADDRESS + rb'"$',
        b'Fri Nov 20 08:30:00 2026 [pid 3] [anna] FAIL LOGIN: Client "203.0.113.7"',
    ),
}


@pytest.mark.parametrize("weakness", WEAK)
def test_a_weak_rule_is_caught_and_the_line_proves_it(weakness):
    pattern, line = WEAK[weakness]
    audit = audited(trigger(pattern), [line])
    assert audit.forgeries
    assert taken(audit) <= {b"192.0.2.66", b"2001:db8:66::66", b"2001", b"2001:db8:66::66:"}


@pytest.mark.parametrize("weakness", WEAK)
def test_a_weak_rule_is_caught_without_a_sample_too_or_said_to_be_untried(weakness):
    audit = audited(trigger(WEAK[weakness][0]), [])
    assert audit.forgeries or audit.unread


SOUND = {
    "the address before all that is free": (
        with_program(rb"warning: [\w.-]+\[" + ADDRESS + rb"\]: SASL .*$", ["smtpd"], "regex"),
        b"Nov 20 08:30:00 mx1 smtpd[1]: warning: host.example[203.0.113.7]: SASL LOGIN failed: x",
    ),
    "closed at the end": (sshd(rb"Failed password for invalid user (?P<user>.*) from " + ADDRESS + rb" port \d+ ssh2$"), SSHD),
    "nothing is free": (sshd(rb"Failed password for invalid user [a-z]+ from " + ADDRESS + rb" port \d+ ssh2$"), SSHD),
    "the line's first word": (
        rb"^" + ADDRESS + rb' [^ ]+ .* \[[\w/:+ ]+\] ".*" 401 .*$',
        b'203.0.113.7 - anna [20/Nov/2026:08:30:00 +0100] "GET / HTTP/1.1" 401 3',
    ),
}


@pytest.mark.parametrize("strength", SOUND)
def test_a_sound_rule_is_not_accused(strength):
    pattern, line = SOUND[strength]
    audit = audited(trigger(pattern), [line])
    assert not audit.forgeries
    assert audit.tried > 100
    assert not audit.unread


def test_a_scanf_pattern_that_begins_anywhere_is_caught():
    audit = audited(
        trigger(b"Freeswitch: SIP registration failed User:%s IP:%s", language="scanf", fields=("user", "ip"), key=()), []
    )
    assert audit.names == ("ip",)
    ways = {each.how: each.line for each in audit.forgeries}
    assert any(b"User:x IP:192.0.2.66" in line for line in ways.values())
    assert "the message of another program" in ways


def test_an_ere_is_audited_too():
    audit = audited(trigger(b"failure.*rhost=([0-9.]+)", language="ere", fields=("address",), key=()), [])
    assert audit.forgeries


def test_a_text_without_fields_takes_nobody_out_of_a_line():
    audit = audited(trigger(b"something bad", language="literal", key=()), [])
    assert audit.names == ()
    assert not audit.forgeries


def test_without_an_address_it_is_the_key_that_names_somebody():
    weak = trigger(with_program(rb"refused (?P<what>.*?) by (?P<user>\w+)", ["su"], "regex"), key=("user",))
    audit = audited(weak, [b"Nov 20 08:30:00 mx1 su[1]: refused root by anna"])
    assert audit.names == ("user",)
    assert {each.taken for each in audit.forgeries} == {b"bystander"}


def test_a_field_named_ip_is_an_address():
    assert audited(trigger(sshd(rb"x (?P<user>\w+) (?P<ip>[0-9.]+)$"), key=("user",)), []).names == ("ip",)


def test_a_failure_that_can_be_worded_as_a_good_login_is_caught():
    weak = trigger(
        sshd(rb"Invalid user (?P<user>.*) from " + ADDRESS + rb" port \d+$"),
        resets=(rb"Accepted password for \w+ from " + ADDRESS,),
    )
    lines = [
        b"Nov 20 08:30:00 mx1 sshd[1]: Invalid user anna from 203.0.113.7 port 22",
        b"Nov 20 08:30:00 mx1 sshd[1]: Accepted password for anna from 203.0.113.7 port 22 ssh2",
    ]
    assert {each.pattern for each in audited(weak, lines).forgeries} == set(weak.resets)


def test_a_pattern_for_which_no_line_is_found_is_said():
    assert audited(trigger(rb"(?=never)always (?P<address>\d+)"), []).unread
