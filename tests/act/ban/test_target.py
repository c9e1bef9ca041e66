"""Nothing but an address becomes a target, and a target is read back as what it was."""

import ipaddress
import random
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.act.ban.target import address, canonical, network, port, target, widened

HOSTILE = [
    "",
    " ",
    "1.2.3.4; reboot",
    "1.2.3.4\n",
    "\n1.2.3.4",
    "1.2.3.4\n5.6.7.8",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4\0",
    "1.2.3.4:22",
    "[1.2.3.4]",
    "[::1]",
    "[::1]:22",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "1.2.3.04",
    "0x1.2.3.4",
    "1.2.3.256",
    "1.2.3.-4",
    "16909060",
    "1e9",
    "١.٢.٣.٤",  # Arabic digits
    "１.2.3.4",  # a full-width digit
    "1。2。3。4",
    "fe80::1%eth0",
    "::1%",
    "2001:db8::g",
    "2001:db8:::1",
    "1::2::3",
    ":::",
    "2001:db8::1 timeout 1d",
    "2001:db8::1}",
    "::ffff:1.2.3.4.5",
    "::ffff:1.2.3.400",
    "localhost",
    "$(reboot)",
    "`reboot`",
    "1.2.3.4#",
    "1.2.3.4,5.6.7.8",
    "1.2.3.4-1.2.3.9",
    "-1.2.3.4",
    "+1.2.3.4",
    "1.2.3.4\udcff",
    "2001:db8::1" + "0" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_not_exactly_an_address_is_refused_everywhere(text):
    for reader in (address, network, canonical):
        with pytest.raises(ValueError, match="not"):
            reader(text)


@pytest.mark.parametrize("text", ["1.2.3.4/24", "1.2.3.4/32", "2001:db8::1/128"])
def test_a_log_line_bans_no_network(text):
    with pytest.raises(ValueError, match="not an address"):
        address(text)


@given(st.ip_addresses())
def test_every_address_is_read_and_read_back(one):
    assert address(str(one)) == (getattr(one, "ipv4_mapped", None) or one)
    assert address(one.exploded.upper()) == address(str(one))
    text = target(widened(address(str(one)), 128))
    assert address(text) == address(str(one))
    assert canonical(text) == text == target(network(text))


@given(st.text(alphabet="0123456789abcdefABCDEF.:/%[] \n\0x-", max_size=50) | st.text(max_size=30))
def test_whatever_passes_is_an_address_that_the_system_knows(text):
    try:
        found = address(text)
    except ValueError:
        return
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    packed = socket.inet_pton(family, text)
    assert found.packed in (packed, packed[12:])
    assert set(text) <= set("0123456789abcdefABCDEF.:")


@given(st.text(alphabet="0123456789abcdef.:/", max_size=45) | st.text(max_size=30))
def test_the_fast_reader_accepts_nothing_that_the_slow_one_refuses(text):
    try:
        found = canonical(text)
    except ValueError:
        return
    assert found == text == target(network(text))


@given(st.ip_addresses(), st.integers(0, 128))
def test_networks_are_read_back_and_fast_and_slow_agree(one, length):
    made = ipaddress.ip_network((address(str(one)), min(length, address(str(one)).max_prefixlen)), strict=False)
    text = target(made)
    assert network(text) == made
    assert canonical(text) == text


@given(st.ip_addresses(v=4), st.integers(0, 31))
def test_bits_behind_the_prefix_are_refused_because_nobody_knows_what_was_meant(one, length):
    if int(one) & ((1 << 32 - length) - 1):
        for reader in (network, canonical):
            with pytest.raises(ValueError, match="not"):
                reader(f"{one}/{length}")


@pytest.mark.parametrize(
    "text", ["10.0.0.0/", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "::/129"]
)
def test_a_prefix_length_is_a_plain_number(text):
    for reader in (network, canonical):
        with pytest.raises(ValueError, match="not"):
            reader(text)


@pytest.mark.parametrize("text", ["::ffff:192.0.2.7", "::FFFF:C000:207", "0:0:0:0:0:ffff:192.0.2.7"])
def test_an_ipv4_address_written_as_ipv6_is_the_ipv4_address(text):
    assert target(widened(address(text), 64)) == "192.0.2.7"
    assert target(network("::ffff:192.0.2.0/120")) == "192.0.2.0/24"
    with pytest.raises(ValueError, match="not"):
        canonical(text)


def test_an_ipv6_address_stands_for_its_network_of_the_configured_length():
    one = address("2001:db8:1:2:3:4:5:6")
    assert [target(widened(one, length)) for length in (48, 64, 128)] == [
        "2001:db8:1::/48",
        "2001:db8:1:2::/64",
        "2001:db8:1:2:3:4:5:6",
    ]


@pytest.mark.parametrize("text", ["64:ff9b::c000:207", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "64:ff9b:1::1"])
def test_where_a_translator_puts_strangers_into_one_network_only_the_address_is_meant(text):
    assert network(target(widened(address(text), 64))).num_addresses == 1


@given(st.sampled_from(["tcp", "udp", "sctp"]), st.integers(1, 65535))
def test_ports_are_read(protocol, number):
    assert port(f"{protocol}/{number}") == f"{protocol}/{number}"


@pytest.mark.parametrize(
    "text",
    ["", "22", "tcp", "tcp/", "tcp/0", "tcp/022", "tcp/65536", "tcp/22 ", "TCP/22", "icmp/8", "tcp/22,23", "tcp/22\n", "tcp/٢"],
)
def test_what_is_not_a_port_is_refused(text):
    with pytest.raises(ValueError, match="not a port"):
        port(text)


def test_the_same_address_has_one_text_only():
    chance = random.Random(1)
    for _ in range(300):
        packed = bytes(chance.choice([0, 0, 0, 1, 255]) for _ in range(16))
        text = target(widened(address(str(ipaddress.IPv6Address(packed))), 128))
        assert text in (socket.inet_ntop(socket.AF_INET6, packed), socket.inet_ntop(socket.AF_INET, packed[12:]))
