"""Lines of dnscache: every form that djbdns 1.05 writes is read and written back, nothing else is taken for one."""

from __future__ import annotations

import re
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dnscache_entries import ENTRIES, STAMPS, entry_of

from vigilog.parse import dnscache

LINES = [
    *b"""starting\nquery 1 7f000001:b1e3:1001 1 www.test.\ntx 0 1 www.test. . 7f00000c 7f00000b\nrr 7f00000c 172800 ns test. a.ns.test.\nrr 7f00000c 172800 1 a.ns.test. 7f000015\nstats 1 124 1 0\ncached ns test. b.ns.test.\ncached 1 b.ns.test.\ncached nxdomain nx.test.\nrr 7f000015 200 cname alias.test. www.test.\ncached cname alias2.test. alias.test.\nrr 7f000016 400 mx mail.test. 65535 mx2.test.\nrr 7f000016 400 ptr 1.0.0.10.in-addr.arpa. host.test.\nrr 7f000016 60 16 txtempty.test. \nrr 7f000016 60 28 v6.test. 20010db8000000000000000000000001\nrr 7f000015 1000 soa test. a.ns.test. hostmaster.test. 2026112001 7200 900 1209600 86400\nnxdomain 7f000015 90 nx.test.\nnodata 7f000015 3600 15 www.test.\nlame 7f000017 lame. .\nquery 57 7f000001:af57:1039 1 a?b.c.d.e?.upper.test.\ndrop 55 permission denied\nservfail x.sfail. input/output error\ntcpopen 7f000001:9c41\ntcpclose 7f000001:9c41 broken pipe\nsent 63 744\n""".splitlines(),
    b"rr 7f000015 60 16 txt31.test. 1e" + b"74" * 30,
    b"rr 7f000015 60 16 txt32.test. 1f" + b"74" * 31 + b"...",
]


@pytest.mark.parametrize("line", LINES)
def test_every_form_is_read_and_written_back(line):
    assert dnscache.written(entry_of(line)) == line
    assert dnscache.entry(b"@4000000037c219bf2ef02e94 " + line) == dnscache.entry(line)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"start", b"starting ", b" starting", b"starting\n", b"query 1 7f000001:b1e3:1001 1 www.test",
        b"query 01 7f000001:b1e3:1001 1 www.test.", b"query 1 7f00001:b1e3:1001 1 www.test.",
        b"query 1 7F000001:b1e3:1001 1 www.test.", b"query  1 7f000001:b1e3:1001 1 www.test.",
        b"query u.1 7f000001:b1e3:1001 1 www.test.", b"cached mx a. b.", b"cached ns a.", b"sent 63", b"sent 63 744 ", b"sent -1 744",
        b"tx 0 1 www.test. .", b"tx 0 1 www.test. . - 7f00000c", b"tx 0 1 www.test. ." + b" 7f000001" * 17,
        b"rr 7f000015 60 16 t.test. 1f1", b"rr 7f000015 60 16 t.test. 1f...", b"rr 7f000015 60 16 t.test.",
        b"rr 7f000015 60 16 t.test. " + b"74" * 32, b"stats 1 124 1 0 0", b"servfail x.sfail. ", b"drop 55",
        b"dnscache: fatal: unable to bind UDP socket: address already used", b"@4000000037c219bf2ef02e94 @4000000037c219bf2ef02e94 starting",
        b"@4000000037c219bf2ef02e94starting", b"sent 1 99999999999999999999999", b"servflagged a. b",
    ],
)  # fmt: skip
def test_what_dnscache_does_not_write_is_no_entry(line):
    assert dnscache.entry(line) is None
    assert not re.fullmatch(dnscache.GRAMMAR, line)


@given(ENTRIES, STAMPS)
def test_what_is_written_is_read_as_the_same(entry, stamp):
    line = dnscache.written(entry)
    assert dnscache.entry(line) == entry
    assert dnscache.entry(stamp + b" " + line) == entry
    assert re.fullmatch(dnscache.GRAMMAR, line)
    assert re.fullmatch(dnscache.STAMPED, stamp + b" " + line)


@given(st.one_of(st.binary(), st.from_regex(re.compile(rb"[ -~]*"), fullmatch=True), ENTRIES.map(dnscache.written)), st.data())
def test_any_bytes_are_an_entry_or_none_and_the_grammar_agrees(line, data):
    if line and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(line) - 1))
        line = line[:at] + data.draw(st.binary(max_size=2)) + line[at + 1 :]
    entry = dnscache.entry(line)
    assert (entry is not None) == bool(re.fullmatch(dnscache.GRAMMAR, line) or re.fullmatch(dnscache.STAMPED, line))


def test_an_ipv6_build_writes_32_digits_for_all_or_for_some():
    mapped = dnscache.entry(b"query 1 00000000000000000000ffff7f000001:b1e3:1001 1 www.test.")
    assert mapped == dnscache.entry(b"query 1 7f000001:b1e3:1001 1 www.test.")
    mixed = entry_of(b"tx 0 1 www.test. . 20010db8000000000000000000000001 7f00000b")
    assert mixed.fields["IPS"] == (ip_address("2001:db8::1"), ip_address("127.0.0.11"))


def test_lines_are_made_readable():
    readable = [dnscache.readable(entry_of(line)) for line in LINES]
    assert "query 1 127.0.0.1:45539:4097 A www.test." in readable
    assert "tx 0 A www.test. . 127.0.0.12 127.0.0.11" in readable
    assert "rr 127.0.0.12 172800 A a.ns.test. 127.0.0.21" in readable
    assert "rr 127.0.0.22 60 AAAA v6.test. 2001:db8::1" in readable
    assert "tcpclose 127.0.0.1:40001 broken pipe" in readable
    line = b"tcpopen 20010db8000000000000000000000001:9c41"
    assert dnscache.readable(entry_of(line)) == "tcpopen [2001:db8::1]:40001"
    assert dnscache.type_name(65280) == "TYPE65280"


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("djbdns-1.05/current", 11_202),
        ("droyo-dnscache-stats/dnscache.log", 2_495),
        ("droyo-dnscache-stats/dnscache-notime.log", 2_495),
    ],
)
def test_real_logs_are_read_to_the_last_line_and_written_back(sample_data, path, count):
    lines = (sample_data / "dnscache" / path).read_bytes().splitlines()
    assert len(lines) == count
    for line in lines:
        bare = line[26:] if line.startswith(b"@") else line
        assert dnscache.written(entry_of(line)) == bare
