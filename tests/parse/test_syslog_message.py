"""Syslog messages as they travel, and the lines that they become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.parse.stamps import stamp
from vigilog.parse.syslog import fields
from vigilog.parse.syslog_message import FACILITIES, SEVERITIES, escape, record

ARRIVED = b"2026-11-20T12:00:00.000000+00:00"


def local(message: bytes) -> tuple[bytes, int | None]:
    return record(message, b"here", lambda: ARRIVED, is_local=True)


def remote(message: bytes) -> tuple[bytes, int | None]:
    return record(message, b"192.0.2.7", lambda: ARRIVED, is_local=False)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (b"<38>Nov 20 08:30:00 sshd[12]: x", b"Nov 20 08:30:00 here sshd[12]: x"),
        (b"<38>Nov  3 08:30:00 su: (to root) me", b"Nov  3 08:30:00 here su: (to root) me"),
        (b"<38>Nov 20 08:30:00 gate sshd[12]: x", b"Nov 20 08:30:00 gate sshd[12]: x"),
        (b"<38>Nov 20 08:30:00 (systemd)[1]: x", b"Nov 20 08:30:00 here (systemd)[1]: x"),
        (b"<38>Nov 20 08:30:00 hello world: x", b"Nov 20 08:30:00 hello world: x"),
        (b"<38>Nov 20 08:30:00 hello there, world", b"Nov 20 08:30:00 here hello there, world"),
        (b"<4>Nov 20 08:30:00 kernel:[ 12.3] x", b"Nov 20 08:30:00 here kernel:[ 12.3] x"),
        (b"<38>Nov 20 08:30:00 app: ", b"Nov 20 08:30:00 here app: "),
        (b"<38>Nov 20 08:30:00 app:", b"Nov 20 08:30:00 here app:"),
        (b"<38>2026-11-20T08:30:00.123456+01:00 app[1]: x", b"2026-11-20T08:30:00.123456+01:00 here app[1]: x"),
    ],
)
def test_a_local_sender_names_no_host_and_this_one_is_put_in(message, line):
    assert local(message)[0] == line


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (b"<38>Nov 20 08:30:00 gate sshd[12]: x", b"Nov 20 08:30:00 gate sshd[12]: x"),
        (b"<38>Nov 20 08:30:00 2001:db8::1 sshd[12]: x", b"Nov 20 08:30:00 2001:db8::1 sshd[12]: x"),
        (b"<38>Nov 20 08:30:00 sshd[12]: x", b"Nov 20 08:30:00 192.0.2.7 sshd[12]: x"),
        (b"<38>Nov 20 08:30:00 gate last message repeated 2 times", b"Nov 20 08:30:00 gate last message repeated 2 times"),
        (b"<38>Nov 20 08:30:00.250 gate app: x", b"Nov 20 08:30:00.250 gate app: x"),
        (b"<38>2026-11-20T08:30:00Z gate app: x", b"2026-11-20T08:30:00Z gate app: x"),
        (b"<38>2026-11-20T08:30:00+0100 gate app: x", b"2026-11-20T08:30:00+0100 gate app: x"),
    ],
)
def test_over_the_network_the_host_is_who_the_message_says_or_else_the_sender(message, line):
    assert remote(message)[0] == line


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (b"<38>1 2026-11-20T08:30:00.5Z gate sshd 12 ID47 - x", b"2026-11-20T08:30:00.5Z gate sshd[12]: x"),
        (b"<38>1 2026-11-20T08:30:00.5Z gate sshd - - - x", b"2026-11-20T08:30:00.5Z gate sshd: x"),
        (b"<38>1 - - - - - -", ARRIVED + b" 192.0.2.7 -: "),
        (b"<38>1 - - - - - - sshd[1]: forged", ARRIVED + b" 192.0.2.7 -: sshd[1]: forged"),
        (b"<38>1 2026-11-20T08:30:00Z gate app - - - \xef\xbb\xbfcaf\xc3\xa9", b"2026-11-20T08:30:00Z gate app: caf\xc3\xa9"),
        (
            rb'<38>1 2026-11-20T08:30:00Z gate app 1 - [a@1 b="c \"d\" \] \\"][e f="]',
            ARRIVED + rb' 192.0.2.7 1 2026-11-20T08:30:00Z gate app 1 - [a@1 b="c \"d\" \] \\"][e f="]',
        ),
        (
            rb'<38>1 2026-11-20T08:30:00Z gate app 1 - [a@1 b="c \"d\" \] \\"][e f=""] x',
            rb'2026-11-20T08:30:00Z gate app[1]: [a@1 b="c \"d\" \] \\"][e f=""] x',
        ),
        (b"<38>1 2026-11-20T08:30:00Z gate app 1 - [a] x", b"2026-11-20T08:30:00Z gate app[1]: [a] x"),
        (
            b'<38>1 2026-11-20T08:30:00Z gate app 1 - [timeQuality tzKnown="1" isSynced="0"] x',
            b"2026-11-20T08:30:00Z gate app[1]: x",
        ),
        (
            b'<38>1 2026-11-20T08:30:00Z gate app 1 - [origin ip="192.0.2.1"][a b="[meta c=" d="]"][meta sequenceId="7"] x',
            ARRIVED
            + b' 192.0.2.7 1 2026-11-20T08:30:00Z gate app 1 - [origin ip="192.0.2.1"][a b="[meta c=" d="]"][meta sequenceId="7"] x',
        ),
        (
            b'<38>1 2026-11-20T08:30:00Z gate app 1 - [origin ip="192.0.2.1"][a b="[meta c=" d=" e="][meta sequenceId="7"] x',
            b'2026-11-20T08:30:00Z gate app[1]: [a b="[meta c=" d=" e="] x',
        ),
    ],
)
def test_rfc_5424(message, line):
    assert remote(message)[0] == line


@pytest.mark.parametrize(
    "message",
    [
        b"hello", b"<13>hello", b"<999>x", b"<>x", b"<13", b"Nov 20 08:30 x", b"<13>*Nov 20 08:30:00.1: %SYS-5-CONFIG", b"\xff\xfe",
        b"<13>1 2026-11-20T08:30:00Z gate app", b"<13>2 2026-11-20T08:30:00Z gate app - - - x", b"<13>Nix 20 08:30:00 a: x",
    ],
)  # fmt: skip
def test_what_is_in_no_form_stands_behind_its_arrival_and_its_sender(message):
    text = message.removeprefix(b"<13>")
    assert remote(message)[0] == ARRIVED + b" 192.0.2.7 " + text
    assert local(message)[0] == ARRIVED + b" here " + text


def test_facility_and_severity_are_a_number():
    assert [remote(b"<%d>x" % number)[1] for number in (0, 38, 191)] == [0, 38, 191]
    assert [remote(message)[1] for message in (b"<192>x", b"<1000>x", b"x", b"<-1>x", b"< 1>x")] == [None] * 5
    assert (FACILITIES[38 // 8], SEVERITIES[38 % 8]) == ("auth", "info")
    assert (len(FACILITIES), len(SEVERITIES)) == (24, 8)


def test_nobody_forges_a_line():
    assert local(b"<38>Nov 20 08:30:00 app: one\nNov 20 08:30:00 gate sshd[1]: two\r\n\0")[0] == (
        b"Nov 20 08:30:00 here app: one#012Nov 20 08:30:00 gate sshd[1]: two"
    )
    assert local(b"<38>Nov 20 08:30:00 a\0b: x\0y\rz\v\f\x1b\t")[0] == b"Nov 20 08:30:00 here a#000b: x#000y#015z#013#014\x1b\t"
    assert remote(b"<38>1 2026-11-20T08:30:00Z ga\nte app - - - x")[0].count(b"\n") == 0


@given(st.binary(max_size=120))
def test_escaping_leaves_no_line_break_and_everything_else_as_it_was(data):
    escaped = escape(data)
    assert not set(b"\0\n\v\f\r") & set(escaped)
    kept = data.translate(None, b"\0\n\v\f\r")
    assert len(escaped) == len(kept) + 4 * (len(data) - len(kept))
    if kept == data:
        assert escaped == data


words = st.text("abcxyz019-_./", min_size=1, max_size=12).filter(lambda word: word != "-").map(str.encode)
stamps = st.sampled_from([b"Nov 20 08:34:01", b"Jan  1 00:00:00", b"2026-11-20T08:34:01.450385+00:00", b"2026-11-20T08:34:01Z"])
messages = st.binary(max_size=40).filter(lambda data: not data[-1:] or data[-1] not in b"\r\n\0")


@given(st.integers(0, 191), stamps, st.none() | words, words, st.none() | st.integers(1, 99999), messages, st.booleans())
def test_rfc_3164_becomes_a_line_whose_parts_are_what_was_sent(priority, stamp, host, program, process, message, is_local):
    number = b"" if process is None else b"[%d]" % process
    sent = b"<%d>%s %s%s%s: %s" % (priority, stamp, host + b" " if host else b"", program, number, message)
    found = record(sent, b"me", lambda: ARRIVED, is_local=is_local)
    parts = fields(found.line)
    assert found.priority == priority
    assert parts["stamp"] == stamp
    assert parts["host"] == (host or b"me")
    assert parts["program"] == program
    assert parts.get("process") == (None if process is None else b"%d" % process)
    assert parts["message"] == escape(message)


values = st.text('ab ]"\\=é\n', max_size=8).map(
    lambda text: text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]").encode()
)
elements = st.lists(st.tuples(words, st.lists(st.tuples(words, values), max_size=3)), min_size=1, max_size=3).map(
    lambda elements: b"".join(
        b"[" + name + b"".join(b' %s="%s"' % pair for pair in parameters) + b"]" for name, parameters in elements
    )
)


@given(st.integers(0, 191), st.none() | words, st.none() | words, st.none() | words, st.none() | elements, messages)
def test_rfc_5424_becomes_a_line_whose_parts_are_what_was_sent(priority, host, program, process, data, message):
    when = b"2026-11-20T08:34:01.450385+00:00"
    sent = b"<%d>1 %s %s %s %s - %s %s" % (
        priority,
        when,
        host or b"-",
        program or b"-",
        process or b"-",
        data or b"-",
        message,
    )
    found = record(sent, b"me", lambda: ARRIVED, is_local=False)
    expected = b"%s %s %s%s: %s%s" % (
        when,
        host or b"me",
        program or b"-",
        b"[%s]" % process if process else b"",
        data + b" " if data else b"",
        message.removeprefix(b"\xef\xbb\xbf"),
    )
    assert found.line == escape(expected)
    assert found.priority == priority


@given(
    st.one_of(st.binary(max_size=100), st.text('<13>1 Nov 20 08:30:00 a[1]:-\n\0"=\\]', max_size=80).map(str.encode)),
    st.booleans(),
)
def test_any_datagram_becomes_one_line_that_begins_with_a_time(message, is_local):
    line, priority = record(message, b"me", lambda: ARRIVED, is_local=is_local)
    assert b"\n" not in line
    assert stamp(line, 1_795_176_000.0) is not None or priority is not None
    assert priority is None or 0 <= priority < 192


@pytest.mark.parametrize(
    "filling",
    [
        b"a",
        b"[",
        b"]",
        b'"',
        b"\\",
        b" ",
        b":",
        b"\n",
        b'[a b="',
        b'[a b="c"]',
        b"[a ",
        b"1 ",
        b"a=",
        b'\\"',
        b"Nov 20 08:30:00 ",
    ],
)
def test_a_long_message_is_read_in_no_time(filling):
    for head in (b"<13>", b"<13>Nov 20 08:30:00 ", b"<13>1 2026-11-20T08:30:00Z h a p i ", b'<13>1 - h a p i [a b="'):
        record(head + filling * (1_000_000 // len(filling)), b"me", lambda: ARRIVED, is_local=False)
