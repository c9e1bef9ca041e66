"""Syslog messages out of a stream: both framings, mixed, however the bytes arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.watch import framing
from vigilog.watch.framing import Frames


def fed(stream: bytes, *sizes: int) -> tuple[list[bytes], tuple[bytes, bool], int]:
    """The messages of a stream that comes in parts of these sizes, over and over; what is left; and how much was dropped."""
    frames = Frames()
    found = []
    at = number = 0
    while at < len(stream):
        size = max(1, sizes[number % len(sizes)]) if sizes else len(stream)
        found += frames.feed(stream[at : at + size])
        at += size
        number += 1
    return found, frames.end(), frames.dropped


@pytest.mark.parametrize(
    ("stream", "messages"),
    [
        (b"", []),
        (b"<13>a\n<13>b\n", [b"<13>a", b"<13>b"]),
        (b"<13>a\0<13>b\0", [b"<13>a", b"<13>b"]),
        (b"<13>a\r\n<13>b\n\n\0\n<13>c\n", [b"<13>a\r", b"<13>b", b"<13>c"]),
        (b"5 <13>a6 <13>bc", [b"<13>a", b"<13>bc"]),
        (b"5 <1>\na<13>b\n5 <13>c", [b"<1>\na", b"<13>b", b"<13>c"]),
        (b"5 <13>a\n5 <13>b\n", [b"<13>a", b"<13>b"]),
        (b"5 <13>a5 hello3 abc<13>b\n", [b"<13>a", b"hello", b"abc", b"<13>b"]),
        (b"2026-11-20 <13>\n", [b"2026-11-20 <13>"]),
        (b"15 apples\n5 pears\n", [b"15 apples", b"5 pears"]),
        (b"0 <13>a\n", [b"0 <13>a"]),
        (b"1234567890 <13>a\n", [b"1234567890 <13>a"]),
        (b"12\n7\n", [b"12", b"7"]),
    ],
)
def test_messages_are_cut_where_their_framing_says(stream, messages):
    assert fed(stream)[0] == messages
    assert fed(stream, 1)[0] == messages


def test_what_is_left_at_the_end_may_be_a_message_unless_it_was_counted():
    assert fed(b"<13>a\n<13>b")[1] == (b"<13>b", True)
    assert fed(b"5 <13>a9 <13>b")[1] == (b"9 <13>b", False)
    assert fed(b"<13>a\n")[1] == (b"", True)
    assert fed(b"<13>a\n12")[1] == (b"12", True)


texts = st.binary(min_size=1, max_size=30).map(lambda data: b"<13>" + data)
framed = st.lists(
    st.one_of(
        st.tuples(texts, st.sampled_from([b"\n", b"\0", b"\n\n"])).map(
            lambda pair: (pair[0].translate(None, b"\n\0"), pair[1], False)
        ),
        texts.map(lambda text: (text, b"", True)),
    ),
    max_size=8,
)
sizes = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@given(framed, sizes)
def test_any_split_of_any_mixture_gives_the_messages_that_were_sent(sent, sizes):
    stream = b"".join(b"%d %s" % (len(text), text) if counted else text + end for text, end, counted in sent)
    assert fed(stream, *sizes) == ([text for text, _, _ in sent], (b"", True), 0)


@given(st.one_of(st.binary(max_size=200), st.text("0123456789 <>\n\0ab", max_size=80).map(str.encode)), sizes)
def test_any_split_of_anything_gives_the_same(stream, sizes):
    assert fed(stream, *sizes) == fed(stream)


@given(
    st.lists(
        st.one_of(st.text("0123456789 <>\n\0ab", max_size=30).map(str.encode), st.just(b"40 <13>" + b"x" * 36)), max_size=5
    ),
    sizes,
)
def test_a_limit_cuts_in_the_same_place_whatever_the_split(parts, sizes):
    stream = b"".join(parts)
    before = framing.MOST
    framing.MOST = 16
    try:
        whole, one = fed(stream), fed(stream, *sizes)
    finally:
        framing.MOST = before
    assert all(len(message) <= 16 for message in whole[0])
    kept = len([message for message in whole[0] if message])
    assert one[0][: kept - 1] == whole[0][: kept - 1]


def test_what_is_too_long_is_cut_and_what_follows_is_whole(monkeypatch):
    monkeypatch.setattr(framing, "MOST", 100)
    stream = b"<13>" + b"x" * 500 + b"\n<13>a\n300 <13>" + b"y" * 296 + b"5 <13>b<13>c\n"
    expected = [b"<13>" + b"x" * 96, b"<13>a", b"<13>" + b"y" * 96, b"<13>b", b"<13>c"]
    for size in (1, 7, 50, 99, 100, 101, 1000):
        found, end, dropped = fed(stream, size)
        assert (found, end) == (expected, (b"", True))
        assert dropped == 404 + 200


def test_a_length_that_is_a_lie_costs_no_memory(monkeypatch):
    monkeypatch.setattr(framing, "MOST", 1000)
    frames = Frames()
    found = frames.feed(b"999999999 <13>")
    for _ in range(1000):
        found += frames.feed(b"x" * 100)
        assert frames.held < 1200
    assert [len(message) for message in found] == [1000]
    assert frames.dropped == 4 + 100_000 - 1000
