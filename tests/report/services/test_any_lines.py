"""Whatever lines there are, and however they come: nothing is lost, nothing is counted twice, nothing takes long."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report.services.counted import counted, table
from vigilog.report.section_text import section_text
from vigilog.report.services import SERVICES

OURS = sorted(SERVICES.keys() - {"dnscache"})
PROGRAMS = {
    "sshd": b"sshd",
    "sudo": b"sudo",
    "cron": b"CRON",
    "postfix": b"postfix/smtpd",
    "dovecot": b"dovecot",
    "named": b"named",
    "iptables": b"kernel",
    "vigilog": b"vigilog",
}
PIECES = (
    b"Failed password for invalid user from from 203.0.113.7 port 22 ssh2|Accepted publickey for a from ::1 port 1|"
    b"Invalid user |\x1b[31m|<script>|\xff\xfe|message repeated 3 times: [ | from |: |; | user=<|>, rip=| [preauth]|"
    b"NOQUEUE: reject: RCPT from a[1.2.3.4]: 554 5.7.1 <b>: no; from=<c> to=<d>|4104E3D: client=a[::1]|4104E3D: from=<>, size=7, "
    b"nrcpt=1 (queue active)|imap-login: Login: user=<a>, method=PLAIN, rip=1.2.3.4, x|client @0x1 1.2.3.4#5 (x): query: x IN A + (y)|"
    b"IN=eth0 OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=1 PROTO=TCP SPT=1 DPT=99999|(root) CMD (x)| anna : PWD=/ ; USER=root ; COMMAND=/bin/x|"
    b"alert: sshd: 1.2.3.4|ban: sshd: banned 1.2.3.4 until|\\x0a|\r|[Fri Nov 20 08:30:00 2026] [error] [client ::1] x|"
    b'1.2.3.4 - - [20/Nov/2026:08:30:00 +0100] "GET / HTTP/1.1" 200 5|"|+1:6b000000:1|GET /|+1:6b000000:1|-1:6b000000:1|-----BEGIN '
    b"X FORENSICS-----|-----END X FORENSICS-----|Fri Nov 20 08:18:42 2026 0 127.0.0.9 150 /a a _ i r anna ftp 0 * c|Nov 20 08:30:00 h "
).split(b"|")
TEXT = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=6).map(
    lambda pieces: b"".join(pieces).replace(b"\n", b"")
)


def lines(service):
    """Lines of the service's program, with a stamp of either form, without one, or wholly bare."""
    program = PROGRAMS.get(service, b"x")
    heads = [b"", b"Nov 20 08:30:00 h %b[7]: " % program, b"2026-11-20T08:30:00.5+01:00 h %b: " % program, b"%b: " % program]
    return st.lists(st.tuples(st.sampled_from(heads), TEXT).map(b"".join), max_size=8)


@pytest.mark.parametrize("service", OURS)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_blocks_and_parts_count_as_the_whole_does(service, data):
    found = data.draw(lines(service))
    log = b"".join(line + b"\n" for line in found)
    whole = counted(service, log)
    assert counted(service, log, block=data.draw(st.integers(1, 3))) == whole
    at = data.draw(st.integers(0, len(found)))
    first, second = (SERVICES[service].Counting() for _ in range(2))
    first.see(b"".join(line + b"\n" for line in found[:at]), lambda line: 0.0)
    second.see(b"".join(line + b"\n" for line in found[at:]), lambda line: 0.0)
    first.merge(pickle.loads(pickle.dumps(second)))
    assert first.section()._replace(events=()) == whole._replace(events=())


@pytest.mark.parametrize("service", sorted(PROGRAMS.keys() - {"iptables"}))
@given(text=TEXT)
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_a_line_of_the_service_is_counted_and_shown_harmlessly(service, text):
    section = counted(service, b"Nov 20 08:30:00 h %b[7]: x%b\n" % (PROGRAMS[service], text))
    assert section.lines == 1
    shown = section_text(section, 10)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", shown)


@pytest.mark.parametrize("service", sorted(PROGRAMS.keys() - {"iptables", "sudo"}))
def test_what_is_not_understood_is_counted_and_shown(service):
    log = b"".join(b"Nov 20 08:30:0%d h %b[7]: <> %% ???\n" % (second, PROGRAMS[service]) for second in range(3))
    section = counted(service, log)
    assert section.unmatched == (("<> % ???", 3),)
    assert section.lines == 3
    assert "<> % ???: 3 Time(s)" in section_text(section, 0)


@pytest.mark.parametrize("service", sorted(PROGRAMS))
def test_other_programs_lines_are_passed_over(service):
    assert counted(service, b"Nov 20 08:30:00 h other[7]: Failed password\n").lines == 0


def test_a_lines_end_may_be_that_of_another_system():
    log = b"Nov 20 08:30:00 h sshd[7]: Failed password for root from 203.0.113.8 port 4 ssh2\r\n"
    assert table(counted("sshd", log), "Failed attempts by address") == {"203.0.113.8": 1}


def test_a_user_cannot_say_that_he_came_from_elsewhere():
    log = b"Nov 20 08:30:00 h sshd[7]: Failed password for invalid user x from 192.0.2.1 port 1 ssh2 from 203.0.113.8 port 4 ssh2\n"
    assert table(counted("sshd", log), "Failed attempts by address") == {"203.0.113.8": 1}
    log = b"Nov 20 08:30:00 h dovecot: imap-login: Login: user=<x>, method=A, rip=192.0.2.1>, method=PLAIN, rip=203.0.113.8, lip=1\n"
    assert [row[1] for row in table(counted("dovecot", log), "Logins by address")] == ["203.0.113.8"]


@pytest.mark.parametrize("service", sorted(PROGRAMS))
@pytest.mark.parametrize(
    "piece", [b" from ", b"a", b" ", b"[", b"; ", b", ", b": ", b"(", b"<", b"IN= OUT= SRC=", b"orig_to=a, ", b"; PWD=a"]
)
def test_a_hostile_line_takes_no_long_time(service, piece):
    """Were there a quadratic form, 60,000 bytes would take minutes, and the test would be ended."""
    heads = (
        b"Failed password for ",
        b"Invalid user ",
        b"Received disconnect from ",
        b"4104E3D: to=<",
        b"warning: ",
        b"a : ",
        b"(",
        b"client ",
        b"[1.5] ",
    )
    log = b"".join(
        b"Nov 20 08:30:00 h %b[7]: %b%b\n" % (PROGRAMS[service], head, piece * (60_000 // len(piece))) for head in heads
    )
    assert counted(service, log).lines in (0, len(heads))


ACCESS = b'203.0.113.8 - - [20/Nov/2026:08:30:00 +0100] "'
OTHERS = {
    "http": (b"", b"- - ", b"203.0.113.8 - - [", ACCESS, ACCESS + b"GET /", ACCESS + b'GET /" 200 5 "'),
    "http-error": (
        b"",
        b"[error] [client ",
        b"2026/11/20 08:30:00 [error] 1#1: x, client: ",
        b"[Fri Nov 20 08:30:00 2026] [error] ",
    ),
    "http-forensic": (b"", b"+", b"-", b"+1:2:3|"),
    "ftpd-xferlog": (
        b"",
        b"Fri Nov 20 08:18:42 2026 0 127.0.0.9 150 /",
        b"Fri Nov 20 08:18:42 2026 0 127.0.0.9 150 /a a _ i r ",
    ),
    "proftpd-forensic": (b"-----BEGIN X FORENSICS-----\nClient-Address: ", b"-----BEGIN X FORENSICS-----\nUser: "),
}


@pytest.mark.parametrize("service", sorted(OTHERS))
@pytest.mark.parametrize(
    "piece", [b"a", b" ", b" [", b"[a: ", b"\\", b'" ', b", client: a", b"|", b" a _ i r ", b" ftp 0 * c ", b"1:"]
)
def test_a_hostile_line_of_another_log_takes_no_long_time(service, piece):
    log = b"".join(head + piece * (60_000 // len(piece)) + b"\n" for head in OTHERS[service])
    assert counted(service, log).lines == log.count(b"\n")
