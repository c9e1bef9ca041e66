"""Requests that never ended, as lines."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.parse.forensic_pairs import Begun
from vigilog.parse.ledger_records import LONGEST, record, safe
from vigilog.parse.stamps import stamp


def said(line, since=0x6B000226):
    identity = line[1:].partition(b"|")[0]
    return record(Begun(identity, line, float(since)), "gone", "web1").decode()


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_record_is_a_line_of_syslog_with_what_the_ledger_says():
    line = b"+10635:6b000226:203|GET /slow?n=1 HTTP/1.1|User-Agent:slow/1.0|host:www.example.test%3a80|X:y"
    assert said(line) == (
        '2026-11-20T08:17:42+00:00 web1 ledger[10635]: UNFINISHED: why=gone id="10635:6b000226:203" method="GET" '
        'path="/slow?n=1" protocol="HTTP/1.1" host="www.example.test:80" user_agent="slow/1.0"\n'
    )


def test_a_line_that_was_cut_says_what_it_has():
    assert said(b"+x").endswith('ledger[0]: UNFINISHED: why=gone id="x"\n')
    assert 'id="x" method="GET" path="" protocol=""' in said(b"+x|GET")


def test_what_comes_from_outside_cannot_leave_its_quotes():
    found = said(b'+x|GET /"%0a%5c" HTTP/1.1|User-Agent:a" why=old\xc3\xa9')
    assert 'path="/\\x22\\x0a\\x5c\\x22"' in found
    assert found.endswith('user_agent="a\\x22 why=old\\xc3\\xa9"\n')


@given(st.binary(max_size=200))
def test_a_value_is_always_printable(value):
    assert re.fullmatch(rb"[ !#-~]*", safe(value))


@given(st.binary(max_size=100))
def test_a_record_is_always_one_line_with_its_time(rest):
    whole = record(Begun(b"x", b"+x|" + rest, 1795162662.0), "old", "h")
    assert whole.count(b"\n") == 1
    assert whole.endswith(b"\n")
    assert stamp(whole, 1795162662.0) == 1795162662.0


def test_long_values_are_cut():
    assert len(said(b"+x|GET /" + b"a" * 100_000 + b" HTTP/1.1")) < LONGEST + 200
