"""Entries of dnscache's log for property tests: every form, every field anywhere in its range."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from vigilog.parse.dnscache import FORMS, Entry, entry
from vigilog.parse.tai64n import label

NUMBERS = st.integers(0, 2**64 - 1)
SMALL = st.integers(0, 65535)
LABELS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
NAMES = st.lists(LABELS, max_size=4).map(lambda labels: "".join(f"{label}." for label in labels) or ".")


def entry_of(line: bytes) -> Entry:
    """What a line says that is one of dnscache's."""
    found = entry(line)
    assert found is not None, line
    return found


def is_no_ipv4(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address does not stand for one of IPv4."""
    return isinstance(address, IPv6Address) and address.ipv4_mapped is None


ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6).filter(is_no_ipv4))
DATA = st.one_of(
    st.binary(max_size=31).map(bytes.hex), st.binary(min_size=32, max_size=32).map(lambda data: data.hex() + "...")
)
ERRORS = st.one_of(
    st.sampled_from(["input/output error", "timed out", "permission denied", "starting", "a \r b\t", " "]),
    st.binary(min_size=1, max_size=20)
    .filter(lambda text: b"\n" not in text)
    .map(lambda text: text.decode("utf-8", "surrogateescape")),
)
FIELDS = {
    "IP": ADDRESSES,
    "IPS": st.lists(ADDRESSES, min_size=1, max_size=16).map(tuple),
    "PORT": SMALL,
    "ID": SMALL,
    "DATA": DATA,
    "ERROR": ERRORS,
    "TYPE": st.one_of(SMALL, st.sampled_from([1, 2, 5, 6, 12, 15, 16, 28, 255])),
    "SERIAL": st.one_of(st.integers(1, 20), NUMBERS),
} | dict.fromkeys(("NAME", "CNAME", "CONTROL", "SERVER", "EXCHANGER", "PNAME", "EMAIL", "REFERRAL"), NAMES)


def _of(form: str) -> st.SearchStrategy[Entry]:
    words = re.findall("[A-Z]+", form)
    return st.fixed_dictionaries({word: FIELDS.get(word, NUMBERS) for word in words}).map(lambda fields: Entry(form, fields))


ENTRIES = st.sampled_from(FORMS).flatmap(_of)
STAMPS = st.builds(label, st.integers(1_500_000_000, 1_500_010_000), st.integers(0, 999_999_999))
