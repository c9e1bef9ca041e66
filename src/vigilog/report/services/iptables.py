"""The kernel's firewall (iptables, ip6tables, nftables: whatever logs packets): who, at which port, by which rule's prefix."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address

from vigilog.report.message_forms import Form
from vigilog.report.section import Table, text
from vigilog.report.syslog_counting import SyslogCounting, SyslogService
from vigilog.report.tally import Fields, Tally, ranked, summed, totals

NAME = "iptables"
TITLE = "Firewall"
GROUPS = ("messages", "iptables")

_PACKET = (
    rb"(?:\[ ?\d+\.\d+\] ?)?(.{0,160}?)[ :]*\bIN=(\S*) OUT=(\S*) (?:\S* )*?SRC=(\S*) DST=(\S*) (?:\S* )*?PROTO=(\S*)"
    rb"(?: SPT=\d+ DPT=(\d+)| TYPE=(\d+) CODE=\d+)?(?: .*)?"
)
_FORMS = (Form("packet", _PACKET),)
_PREFIX, _IN, _OUT, _FROM, _TO, _PROTOCOL, _PORT, _TYPE = range(8)


def _tables(tally: Tally, numeric: bool) -> Iterator[Table]:
    packets = tally.kinds["packet"]
    shown = _number if numeric else _named
    yield totals("Totals", ("Packets", packets.total()), ("Addresses they came from", len(summed(packets, _FROM))))
    yield Table("By prefix", ("Prefix", "Count"), ranked(summed(packets, _PREFIX)))
    yield Table("By source", ("From", "Count"), ranked(summed(packets, _FROM), _address), drawn=True)
    ports: Counter[Fields] = Counter()
    scanned: Counter[Fields] = Counter()
    for (*_, source, to, protocol, port, kind), times in packets.items():
        what = shown(protocol, port or kind)
        ports[what.encode(errors="surrogateescape"),] += times
        if port:
            scanned[source, to] += 1
    yield Table("By destination port", ("Port", "Count"), ranked(ports), drawn=True)
    yield Table("By protocol", ("Protocol", "Count"), ranked(summed(packets, _PROTOCOL)))
    yield Table("Ports tried", ("From", "To", "Ports"), ranked(scanned, _address), 5)
    yield Table("By destination", ("To", "Count"), ranked(summed(packets, _TO), _address), 5)
    yield Table("By interface", ("In", "Out", "Count"), ranked(summed(packets, _IN, _OUT)), 5)
    rows = ranked(summed(packets, _PREFIX, _FROM, _TO, _PROTOCOL, _PORT), _address)
    yield Table("Packets", ("Prefix", "From", "To", "Protocol", "Port", "Count"), rows, 10)


def _address(field: bytes) -> str:
    """IPv6 addresses are logged in full: they are shown short."""
    if b":" in field:
        try:
            return str(ip_address(field.decode("ascii")))
        except ValueError:
            pass
    return text(field)


def _number(protocol: bytes, port: bytes) -> str:
    name = text(protocol).lower()
    if not port:
        return name
    return f"{name} type {text(port)}" if name.startswith("icmp") else f"{name}/{text(port)}"


def _named(protocol: bytes, port: bytes) -> str:
    number = _number(protocol, port)
    if protocol not in (b"TCP", b"UDP"):
        return number
    try:
        return f"{number} ({socket.getservbyport(int(port), text(protocol).lower())})"
    except (OSError, OverflowError, ValueError):
        return number


SERVICE = SyslogService(
    NAME, TITLE, rb"(?:kernel|ulogd)(?=(?:\[\d*\])?: [^\n]*?\bIN=\S* OUT=)", _FORMS, {"packet": "Packets"}, _tables
)
Counting = partial(SyslogCounting, SERVICE)
