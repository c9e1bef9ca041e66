"""What hosts and the fleet tell each other comes over as it was, and nothing that others write on a topic does harm."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.fleet import messages
from vigilog.fleet.messages import Alarm, Decision, Evidence, Sighted, encoded, key_of, key_of_decision, text

texts = st.text(st.characters(codec="utf-8"), max_size=30)
times = st.floats(allow_nan=False, allow_infinity=False)
evidence = st.lists(st.builds(Evidence, times, texts, texts, texts), max_size=3).map(tuple)
events = st.builds(
    Sighted,
    trigger=texts,
    key=st.lists(texts, max_size=3).map(tuple),
    time=times,
    arrived=times,
    host=texts,
    source=texts,
    line=st.binary(max_size=60).map(text),
    fields=st.dictionaries(texts, texts, max_size=3),
    origin=texts,
    number=st.integers(0, 2**63 - 1),
    clears=st.booleans(),
)
alarms = st.builds(
    Alarm, texts, texts, st.lists(texts, max_size=3).map(tuple), times, st.integers(1, 99), st.integers(1, 99), times,
    st.dictionaries(texts, texts, max_size=3), evidence, times,
)  # fmt: skip
decisions = st.builds(
    Decision, st.sampled_from(["ban", "unban"]), texts, st.none() | times, texts, texts, evidence, texts, times,
    st.lists(texts, max_size=3).map(tuple),
)  # fmt: skip


@given(events, alarms, decisions)
def test_a_message_comes_over_as_it_was_and_is_one_line(event, alarm, decision):
    assert messages.sighted(encoded(event)) == event
    assert messages.alarm(encoded(alarm)) == alarm
    assert messages.decision(encoded(decision)) == decision
    assert not any(b"\n" in encoded(each) for each in (event, alarm, decision))


@given(st.binary())
@pytest.mark.parametrize("read", [messages.sighted, messages.alarm, messages.decision])
def test_anything_else_is_a_mistake_and_never_more(read, value):
    with pytest.raises(msgspec.DecodeError):
        read(value)


@pytest.mark.parametrize("number", ["-1", "9223372036854775808", "1e400", "1.5", "null", '"7"'])
def test_numbers_that_no_spool_gives_are_refused(number):
    whole = encoded(Sighted("t", ("k",), 1.0, 1.0, "h", "s", "l", {}, "o", 77))
    with pytest.raises(msgspec.DecodeError):
        messages.sighted(whole.replace(b":77", f":{number}".encode()))


values = st.lists(st.binary(max_size=4) | st.text("\x1f\\u", max_size=4).map(str.encode), min_size=1, max_size=3)


@given(values, values)
def test_no_two_keys_of_as_many_values_look_alike(one, other):
    if len(one) == len(other):
        assert (key_of(one) == key_of(other)) == (one == other)


def test_a_key_of_one_value_is_that_value():
    assert key_of([b"192.0.2.7"]) == b"192.0.2.7"
    assert key_of([b"root", b"192.0.2.7"]) == b"root\x1f192.0.2.7"


def test_decisions_about_other_ports_do_not_take_each_others_place():
    assert key_of_decision("192.0.2.7") == b"192.0.2.7"
    assert len({key_of_decision("192.0.2.7", ports) for ports in ((), ("tcp/22",), ("tcp/22", "tcp/23"))}) == 3


def test_bytes_that_are_no_utf_8_are_spelled_out():
    assert text(b"user \xff\xc3\xa9") == "user \\xffé"
