"""A pattern about a program's message, and the lines it is for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.trigger_files import shipped
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place, Rule
from vigilog.detect.program import message_at, message_of, with_program
from vigilog.patterns.confirm import linear
from vigilog.patterns.extract import Extractor, behind, extractor
from vigilog.patterns.gentle import gentle
from vigilog.patterns.regex import parse

MESSAGE = "Failed for anna"
HEADS = [
    "Nov 20 08:30:00 mx1 sshd[151]: ",
    "Nov  4 08:30:00 mx1 sshd[151]: ",
    "Nov 4 08:30:00.123 mx1.example.org sshd: ",
    "<38>Nov 20 08:30:00 mx1 sshd[151]: ",
    "2026-11-20T08:30:00.123456+01:00 mx1 sshd[151]: ",
    "2026-11-20T08:30:00+0100 2001:db8::1 sshd[151]: ",
    "2026-11-20 08:30:00,123 mx1 sshd[151]: ",
    "Nov 20 08:30:00 router authpriv.warn sshd[151]: ",
    "Sun Nov 29 17:20:00 2020 authpriv.warn sshd[151]: ",
    "Sun Nov 29 17:20:00 2020 [1606670400.123] daemon.info sshd[151]: ",
    "Nov 20 08:30:00 <auth.info> mx1 sshd[151]: [ID 800047 auth.info] ",
    "Nov 20 08:30:00 sshd[151]: ",
]


def pattern(text: bytes = rb"Failed for (?P<user>\w+)$", *programs: str) -> re.Pattern[bytes]:
    return re.compile(with_program(text, programs or ("sshd",), "regex"))


@pytest.mark.parametrize("head", HEADS)
def test_every_form_of_a_syslog_line_has_its_message(head):
    found = pattern().search(f"{head}{MESSAGE}".encode())
    assert found
    assert found["user"] == b"anna"


@pytest.mark.parametrize(
    "line",
    [
        f"Nov 20 08:30:00 mx1 cron[1]: {MESSAGE}",
        f"Nov 20 08:30:00 mx1 cron[1]: sshd[151]: {MESSAGE}",
        f"Nov 20 08:30:00 mx1 guest: Nov 20 08:30:00 mx1 sshd[151]: {MESSAGE}",
        f"Nov 20 08:30:00 cron[1]: sshd[151]: {MESSAGE}",
        f"Nov 20 08:30:00 mx1 sshd2[151]: {MESSAGE}",
        f"Nov 20 08:30:00 mx1 mysshd[151]: {MESSAGE}",
        f"Nov 20 08:30:00 mx1 sshd[151] {MESSAGE}",
        f"Nov 20 08:30:00 mx1 sshd[151]: x {MESSAGE}",
        f"sshd[151]: {MESSAGE}",
        f" Nov 20 08:30:00 mx1 sshd[151]: {MESSAGE}",
        f'203.0.113.7 - - [20/Nov/2026:08:30:00 +0100] "GET /Nov 20 08:30:00 mx1 sshd[151]: {MESSAGE}',
    ],
)
def test_another_programs_line_has_it_not_whatever_it_carries(line):
    assert not pattern().search(line.encode())


def test_any_of_the_programs_may_have_written_the_line():
    both = pattern(rb"x$", "sshd", "sshd-session")
    assert both.search(b"Nov 20 08:30:00 mx1 sshd[1]: x")
    assert both.search(b"Nov 20 08:30:00 mx1 sshd-session[1]: x")


def test_a_programs_name_is_plain_text():
    assert not pattern(rb"x$", "a.b").search(b"Nov 20 08:30:00 mx1 aXb[1]: x")
    assert pattern(rb"x$", "postfix/smtpd").search(b"Nov 20 08:30:00 mx1 postfix/smtpd[1]: x")


def test_the_kernels_uptime_is_no_part_of_its_message():
    assert pattern(rb"x$", "kernel").search(b"Nov 20 08:30:00 mx1 kernel: [   12.345678] x")
    assert not pattern(rb"x$").search(b"Nov 20 08:30:00 mx1 sshd: [   12.345678] x")


def test_a_caret_in_front_changes_nothing():
    assert with_program(b"^x$", ["a"]) == with_program(b"x$", ["a"])


def test_a_caret_elsewhere_is_refused():
    with pytest.raises(RuleError, match="leave the"):
        with_program(b"^a|^b", ["a"])


def test_what_re_refuses_is_refused():
    with pytest.raises(RuleError):
        with_program(b"(", ["a"])


def test_flags_in_front_hold_for_the_message_only():
    loose = pattern(rb"(?i)^failed$", "sshd")
    assert loose.search(b"Nov 20 08:30:00 mx1 sshd[1]: FAILED")
    assert not loose.search(b"Nov 20 08:30:00 mx1 SSHD[1]: FAILED")


def test_all_branches_of_a_pattern_stand_at_the_begin_of_the_message():
    assert not pattern(rb"a|b$").search(b"Nov 20 08:30:00 mx1 sshd[1]: xb")


def test_it_has_no_groups_of_its_own_and_costs_no_backtracking():
    text = with_program(rb"(?P<one>x) (y)$", ["sshd"])
    assert re.compile(text).groups == 2
    assert gentle(parse(text))
    assert linear(Rule("", "", "regex", text, Place("")))


@given(st.binary(max_size=60).filter(lambda data: b"\n" not in data and not data.startswith(b"[ID ")), st.sampled_from(HEADS))
def test_the_message_is_what_follows_the_head_byte_for_byte(message, head):
    found = pattern(rb"(?P<all>.*)$", "sshd").search(head.encode() + message)
    assert found
    assert found["all"] == message


@pytest.mark.parametrize("loaded", shipped().values(), ids=lambda loaded: loaded.trigger.name)
def test_what_is_left_of_a_shipped_pattern_behind_the_programs_colon_takes_out_the_same(loaded):
    """The quick way to the fields: of every sample, and of it with the heads of other syslog daemons."""
    trigger = loaded.trigger
    if not trigger.program:
        pytest.skip("whole lines")
    heads = [b"", b"<38>", b"Sun Nov 29 17:20:00 2020 authpriv.warn "]
    for pattern in (*trigger.pattern, *trigger.reset):
        whole = with_program(pattern.encode(), trigger.program, "regex")
        rule = Rule("r", "attack", "regex", whole, Place("r"))
        slow = extractor(rule)
        quick = behind(slow, message_of(whole), message_at)
        only = behind(Extractor(slow.names, lambda _: None), message_of(whole), message_at)
        for sample in loaded.samples:
            line = sample.line.encode()
            for head in heads:
                shown = head + (line if not head.startswith(b"Sun") else line[line.find(trigger.program[0].encode()) :])
                found = slow.take(shown)
                if found is not None:
                    assert quick.take(shown) == found
                    assert only.take(shown) in (found, None)
