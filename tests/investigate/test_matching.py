"""A line is about an address if the address stands in it, in whatever spelling, and nothing that only looks like it."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigilog.investigate.matching import matcher
from vigilog.investigate.scanning import Search
from vigilog.investigate.subject import Subject, subject

PIECES = [
    "203.0.113.7",
    "203.0.113.70",
    "1203.0.113.7",
    "8.203.0.113.7",
    "7",
    "0",
    ".",
    " ",
    "[",
    "]",
    ":",
    "x",
    ",",
    "-",
    "=",
    "::ffff:",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_four_numbers_are_the_address_only_where_no_digit_goes_on_from_them(line):
    runs = (part for run in re.findall(r"[0-9.]+", line) for part in re.split(r"\.\.+", run))
    expected = any(run.strip(".") == "203.0.113.7" for run in runs)
    assert Search(matcher(subject("203.0.113.7"))).finds(line.encode()) == expected


def test_a_name_for_reverse_look_ups_is_another_address():
    search = Search(matcher(subject("203.0.113.7")))
    assert not search.finds(b"PTR 203.0.113.7.in-addr.arpa")
    assert search.finds(b"from 203.0.113.7.")
    assert search.finds(b"@4000000069204b5e00000000 query 1 cb007107:b6e1:0001 1 www.example.test.")


ADDRESSES = st.one_of(
    st.integers(0, 2**128 - 1),
    st.lists(st.sampled_from([0, 0, 0, 1, 0xDB8, 0x2001, 0xFFFF]), min_size=8, max_size=8).map(
        lambda groups: int("".join(f"{group:04x}" for group in groups), 16)
    ),
).map(IPv6Address)


@st.composite
def spelled(draw, address):
    """One of the ways to write an address."""
    groups = [int(each, 16) for each in address.exploded.split(":")]
    words = [draw(st.sampled_from([f"{each:x}", f"{each:04x}", f"{each:X}"])) for each in groups]
    if draw(st.booleans()):
        packed = address.packed
        words[6:] = [".".join(map(str, packed[12:]))]
    zeros = [
        (start, end)
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
        if all(re.fullmatch("0+", word) for word in words[start:end])
    ]
    text = ":".join(words)
    if zeros and draw(st.booleans()):
        start, end = draw(st.sampled_from(zeros))
        text = ":".join(words[:start]) + "::" + ":".join(words[end:])
    return draw(st.sampled_from([text, text.replace(":", "%3a"), f"[{text}]"]))


AROUND = st.sampled_from(
    [("from ", " port 22"), ("=", ","), ("(", ")"), ("", ""), ("at ", "."), ("of ", ": x"), ("rip=<", ">")]
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_address_is_found_in_every_spelling_and_no_other_is_taken_for_it(data):
    asked = data.draw(ADDRESSES)
    if asked.ipv4_mapped:
        return
    search = Search(matcher(subject(str(asked))))
    other = data.draw(st.one_of(st.just(asked), ADDRESSES))
    before, behind = data.draw(AROUND)
    text = data.draw(spelled(other))
    if text.startswith(("::", "%3a")) or text.endswith((":", "%3a")):
        before, behind = " ", " "  # a colon more would make another word of it
    assert ip_address(text.replace("%3a", ":").strip("[]")) == other
    assert search.finds(f"{before}{text}{behind}".encode()) == (other == asked)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(0, 2**32 - 1), st.booleans())
def test_a_network_is_found_in_each_of_its_addresses_and_in_no_other(number, length, other, inside):
    network = ip_network((number, length), strict=False)
    address = IPv4Address(int(network.network_address) + other % network.num_addresses if inside else other)
    found = Search(matcher(Subject("network", str(network)))).finds(f"connect from x[{address}]:25".encode())
    assert found == (address in network)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**128 - 1), st.integers(0, 128), st.integers(0, 2**128 - 1), st.booleans())
def test_so_is_one_of_ipv6(number, length, other, inside):
    network = ip_network((IPv6Address(number), length), strict=False)
    address = IPv6Address(int(network.network_address) + other % network.num_addresses if inside else other)
    found = Search(matcher(Subject("network", str(network)))).finds(f"from {address} port 1".encode())
    assert found == (address in network)


@pytest.mark.parametrize(
    ("line", "is_about"),
    [
        (b"Failed password for anna from 192.0.2.1", True),
        (b"user=<anna>, rip=192.0.2.1", True),
        (b"sasl_username=anna@example.test", True),
        (b"session opened for user anna(uid=1001)", True),
        (b"it was anna.", True),
        (b"joanna", False),
        (b"annabel", False),
        (b"anna.b", False),
        (b"anna-b", False),
        (b"mail to x@anna", False),
        (b"anna_b", False),
    ],
)
def test_a_user_is_a_name_of_its_own(line, is_about):
    assert Search(matcher(subject("anna"))).finds(line) == is_about


def test_a_session_is_that_process_and_no_longer_number():
    search = Search(matcher(subject("sshd[471]")))
    assert search.finds(b"mx1 sshd[471]: x")
    assert not search.finds(b"mx1 xsshd[471]: x")
    assert not search.finds(b"mx1 sshd[4711]: x")
