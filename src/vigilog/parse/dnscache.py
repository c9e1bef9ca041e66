"""The log of dnscache (djbdns 1.05): one entry a line, fields separated by one blank, on standard error.

    query 1 7f000001:b1e3:1001 1 www.test.              what each line has, in the order of FORMS
    rr 7f000016 400 mx mail.test. 65535 mx2.test.
    tcpclose 7f000001:9c41 broken pipe

Addresses are 8 hexadecimal digits; builds with an IPv6 patch write 32, some of them for every address. Numbers have up to
64 bits and no padding, ports and identifiers 4 hexadecimal digits. In names every byte that is not printable became `?`, and
a dot within a label looks like one between labels. Record data is hexadecimal; of 32 bytes and more the first 32 are there,
and `...`.
Other programs' forms (djbdnscurve6, ndjbdns) are not read.
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from vigilog.parse import tai64n

Address = IPv4Address | IPv6Address
Value = int | str | Address | tuple[Address, ...]

FORMS = (
    "starting",
    "query SERIAL IP:PORT:ID TYPE NAME",
    "cached TYPE NAME",
    "cached cname NAME CNAME",
    "cached ns CONTROL SERVER",
    "cached nxdomain NAME",
    "tx GLUELESSNESS TYPE NAME CONTROL IPS",
    "rr IP TTL TYPE NAME DATA",
    "rr IP TTL cname NAME CNAME",
    "rr IP TTL mx NAME PREFERENCE EXCHANGER",
    "rr IP TTL ns NAME SERVER",
    "rr IP TTL ptr NAME PNAME",
    "rr IP TTL soa NAME SERVER EMAIL SERIAL REFRESH RETRY EXPIRE MINIMUM",
    "nxdomain IP TTL NAME",
    "nodata IP TTL TYPE NAME",
    "lame IP CONTROL REFERRAL",
    "servfail NAME ERROR",
    "sent SERIAL LENGTH",
    "drop SERIAL ERROR",
    "stats QUERIES MOTION UDP TCP",
    "tcpopen IP:PORT",
    "tcpclose IP:PORT ERROR",
)
"""Every entry there is. Words in capitals are fields; an entry's kind is its first word."""

_NUMBER = rb"(?:0|[1-9][0-9]{0,19})"
_HEXADECIMAL = rb"[0-9a-f]{4}"
_ADDRESS = rb"[0-9a-f]{8}(?:[0-9a-f]{24})?"
_NAME = rb"[!-~]*\."
_OTHERS = {
    "IP": _ADDRESS,
    "IPS": _ADDRESS + b"(?: " + _ADDRESS + b"){0,15}",
    "PORT": _HEXADECIMAL,
    "ID": _HEXADECIMAL,
    "DATA": rb"(?:(?:[0-9a-f]{2}){0,31}|[0-9a-f]{64}\.\.\.)",
    "ERROR": rb"[^\n]+",
}
_NAMES = ("NAME", "CNAME", "CONTROL", "SERVER", "EXCHANGER", "PNAME", "EMAIL", "REFERRAL")
_WORD = re.compile(r"[A-Z]+")

TYPES = {
    1: "A",
    2: "NS",
    5: "CNAME",
    6: "SOA",
    12: "PTR",
    13: "HINFO",
    15: "MX",
    16: "TXT",
    17: "RP",
    24: "SIG",
    25: "KEY",
    28: "AAAA",
    29: "LOC",
    33: "SRV",
    35: "NAPTR",
    37: "CERT",
    38: "A6",
    39: "DNAME",
    43: "DS",
    44: "SSHFP",
    46: "RRSIG",
    47: "NSEC",
    48: "DNSKEY",
    50: "NSEC3",
    51: "NSEC3PARAM",
    52: "TLSA",
    64: "SVCB",
    65: "HTTPS",
    99: "SPF",
    251: "IXFR",
    252: "AXFR",
    255: "ANY",
    257: "CAA",
}
"""Record types by their numbers (IANA)."""


class Entry(NamedTuple):
    """One line. `form` is one of FORMS; `fields` are its words in capitals: numbers, ports and identifiers are numbers,
    addresses are addresses, everything else is text as the line has it."""

    form: str
    fields: dict[str, Value]

    @property
    def kind(self) -> str:
        """The line's first word."""
        return self.form.partition(" ")[0]


def _field(word: str) -> bytes:
    return _NAME if word in _NAMES else _OTHERS.get(word, _NUMBER)


def _expression(form: str, *, named: bool) -> bytes:
    def put(word: re.Match[str]) -> str:
        field = _field(word[0]).decode()
        return f"(?P<{word[0]}>{field})" if named else field

    return _WORD.sub(put, form).encode()


GRAMMAR = b"(?:" + b"|".join(_expression(form, named=False) for form in FORMS) + b")"
"""A line without stamp and newline as a regular expression, the same for Python's `re` and RE2 (Latin-1)."""
STAMPED = b"@[0-9a-f]{24} " + GRAMMAR
"""The same behind the stamp and the blank that multilog and tai64n put before it."""


def entry(line: bytes) -> Entry | None:
    """What a line without its newline says; a TAI64N stamp before it is passed over. None if it is no line of dnscache."""
    stamp = tai64n.LABEL.match(line)
    text = line[26:] if stamp and line[25:26] == b" " else line
    for form, expression in _expressions().get(text.partition(b" ")[0], ()):
        found = expression.fullmatch(text)
        if found:
            return Entry(form, {word: _value(word, field) for word, field in found.groupdict().items()})
    return None


def written(entry: Entry) -> bytes:
    """The line that dnscache writes of it, without stamp and newline. IPv6 addresses have 32 digits, others 8."""
    return _WORD.sub(lambda word: _digits(word[0], entry.fields[word[0]]), entry.form).encode("utf-8", "surrogateescape")


def readable(entry: Entry) -> str:
    """The line with dotted addresses, ports and identifiers in decimal digits, and record types by name. Text in it is as it
    was, hostile where it is an error's."""
    fields = {word: _shown(word, value) for word, value in entry.fields.items()}
    if "DATA" in fields and (entry.fields["TYPE"], len(fields["DATA"])) in ((1, 8), (28, 32)):
        fields["DATA"] = str(address(fields["DATA"].encode()))
    return _WORD.sub(lambda word: fields[word[0]], entry.form)


def address(digits: bytes) -> Address:
    """The address of 8 or 32 hexadecimal digits; an IPv4 address in 32 digits is one. Raises ValueError if they are none."""
    if len(digits) == 8:
        return IPv4Address(int(digits, 16))
    found = IPv6Address(bytes.fromhex(digits.decode("ascii")))
    return found.ipv4_mapped or found


def type_name(number: int) -> str:
    """A record type as people write it: `MX`, or as RFC 3597 has it: `TYPE65280`."""
    return TYPES.get(number) or f"TYPE{number}"


def _value(word: str, field: bytes) -> Value:
    if word == "IP":
        return address(field)
    if word == "IPS":
        return tuple(map(address, field.split(b" ")))
    if word in ("PORT", "ID"):
        return int(field, 16)
    if word in _NAMES or word in _OTHERS:
        return field.decode("utf-8", "surrogateescape")
    return int(field)


def _digits(word: str, value: Value) -> str:
    match value:
        case tuple():
            return " ".join(each.packed.hex() for each in value)
        case IPv4Address() | IPv6Address():
            return value.packed.hex()
        case int() if word in ("PORT", "ID"):
            return f"{value:04x}"
        case _:
            return str(value)


def _shown(word: str, value: Value) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    if word == "TYPE" and isinstance(value, int):
        return type_name(value)
    return f"[{value}]" if isinstance(value, IPv6Address) and word == "IP" else str(value)


@cache
def _expressions() -> dict[bytes, list[tuple[str, re.Pattern[bytes]]]]:
    found: dict[bytes, list[tuple[str, re.Pattern[bytes]]]] = {}
    for form in FORMS:
        kind = form.partition(" ")[0].encode()
        found.setdefault(kind, []).append((form, re.compile(_expression(form, named=True))))
    return found
