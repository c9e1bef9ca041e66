"""A summary folds lines that differ only in numbers, addresses and names, and loses no line from the count."""

import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.samples import section
from vigilog.report.document import Fold
from vigilog.report.masks import FLAT, template
from vigilog.report.summary import folded, summarize


def folds(*rows):
    return list(folded([b"".join(row + b"\n" for row in rows)]))


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (
            b"sshd[12]: Failed password for root from 192.0.2.1 port 22 ssh2",
            b"sshd[3456]: Failed password for anna from 198.51.100.77 port 51234 ssh2",
            b"sshd[#]: Failed password for * from * port # ssh#",
        ),
        (
            b"sshd[1]: Invalid user admin from 2001:db8::1",
            b"sshd[2]: Invalid user x from ::ffff:192.0.2.1",
            b"sshd[#]: Invalid user * from *",
        ),
        (
            b"sshd[1]: Connection closed by authenticating user root 192.0.2.1 port 1 [preauth]",
            b"sshd[1]: Connection closed by authenticating user anna 192.0.2.2 port 99 [preauth]",
            b"sshd[#]: Connection closed by authenticating user * * port # [preauth]",
        ),
        (
            b"CRON[1]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
            b"CRON[2]: pam_unix(cron:session): session opened for user www-data(uid=33) by (uid=0)",
            b"CRON[#]: pam_unix(cron:session): session opened for user *(uid=#) by (uid=#)",
        ),
        (
            b"sudo:     anna : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/true",
            b"sudo:     bert : TTY=pts/1 ; PWD=/ ; USER=www ; COMMAND=/bin/true",
            b"sudo:     * : TTY=pts/# ; PWD=/ ; USER=* ; COMMAND=/bin/true",
        ),
        (b"su[1]: FAILED SU (to root) anna on pts/0", b"su[2]: FAILED SU (to bert) carl on none", None),
        (
            b"su[1]: FAILED SU (to root) anna on none",
            b"su[2]: FAILED SU (to bert) carl on none",
            b"su[#]: FAILED SU (to *) * on none",
        ),
        (
            b"postfix/smtpd[1]: connect from mx.example.com[192.0.2.1]",
            b"postfix/smtpd[2]: connect from unknown[2001:db8::5]",
            b"postfix/smtpd[#]: connect from *[*]",
        ),
        (
            b"postfix/qmgr[1]: 4A1B2C3D4E: from=<a@example.com>, size=1, nrcpt=1 (queue active)",
            b"postfix/qmgr[1]: 4Yk3Bz1Xq2z7: from=<>, size=99, nrcpt=2 (queue active)",
            b"postfix/qmgr[#]: *: from=<*>, size=#, nrcpt=# (queue active)",
        ),
        (
            b"kernel: [12345.678901] IN=eth0 MAC=52:54:00:12:34:56:52:54:00:65:43:21:08:00 SRC=192.0.2.1 LEN=60 TOS=0x00",
            b"kernel: [9.1] IN=eth1 MAC=52:54:00:ab:cd:ef:52:54:00:65:43:21:08:00 SRC=198.51.100.1 LEN=40 TOS=0x10",
            b"kernel: [#.#] IN=eth# MAC=* SRC=* LEN=# TOS=#",
        ),
        (
            b"auth: authentication failure; ruser=anna rhost=192.0.2.1  user=anna",
            b"auth: authentication failure; ruser=bert rhost=host.example.com  user=bert",
            b"auth: authentication failure; ruser=* rhost=*  user=*",
        ),
        (
            b'chpasswd[1]: user "anna b" does not exist',
            b'chpasswd[1]: user "x" does not exist',
            b'chpasswd[#]: user "*" does not exist',
        ),
        (
            b"app: id 550e8400-e29b-41d4-a716-446655440000 done",
            b"app: id 01234567-89ab-cdef-0123-456789abcdef done",
            b"app: id * done",
        ),
        (
            b"named[1]: client @0x7f12ab 192.0.2.1#53 (example.com): query: example.com IN A + (192.0.2.9)",
            b"named[1]: client @0x7fffff 192.0.2.2#1 (www.test.example): query: www.test.example IN A + (192.0.2.9)",
            b"named[#]: client @# *## (*): query: * IN A + (*)",
        ),
    ],
)
def test_lines_that_differ_in_these_only_are_one(one, other, common):
    texts = [fold.text for fold in folds(b"Nov 20 08:00:00 h " + one, b"Nov 20 08:00:09 h " + other)]
    assert texts == ([common] if common else [one, other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"systemd[1]: Started ssh.service", b"systemd[1]: Started cron.service"),
        (b"systemd[1]: user@1000.service: done", b"systemd[1]: modprobe@drm.service: done"),
        (b"sudo: anna : user NOT in sudoers", b"sudo: anna : user is in sudoers"),
        (b"dbus[1]: org.freedesktop.systemd1.Manager", b"dbus[1]: org.freedesktop.login1.Manager"),
        (b"app: /etc/cron.daily failed", b"app: /etc/cron.hourly failed"),
        (b"app: disk full", b"app: disk ok"),
    ],
)
def test_lines_that_differ_in_meaning_are_not_folded(one, other):
    assert len(folds(b"Nov 20 08:00:00 h " + one, b"Nov 20 08:00:00 h " + other)) == 2


def test_count_first_and_last_time_and_hosts_are_told():
    assert folds(
        b"Nov 20 08:00:00 web1 app: 1",
        b"Nov 20 08:00:01 web1 other",
        b"Nov 20 08:00:02 db app: 2",
        b"Nov 20 08:00:03 web1 app: 30",
    ) == [
        Fold(3, b"Nov 20 08:00:00", b"Nov 20 08:00:03", (b"web1", b"db"), b"app: #"),
        Fold(1, b"Nov 20 08:00:01", b"Nov 20 08:00:01", (b"web1",), b"other"),
    ]


def test_the_last_time_is_that_of_the_last_line_however_the_lines_of_a_form_are_spelled():
    [fold] = folds(b"Nov 20 08:00:00 h for a from x", b"Nov 20 08:00:01 h for b from x", b"Nov 20 08:00:02 h for a from x")
    assert (fold.count, fold.first, fold.last) == (3, b"Nov 20 08:00:00", b"Nov 20 08:00:02")


def test_a_form_seen_once_keeps_its_own_text():
    [fold] = folds(b"Nov 20 08:00:00 h sshd[12]: Failed password for root from 192.0.2.1 port 22 ssh2")
    assert fold.text == b"sshd[12]: Failed password for root from 192.0.2.1 port 22 ssh2"


def test_stamps_of_rfc_3339_and_lines_without_a_stamp_are_understood():
    assert folds(
        b"2026-11-20T08:00:00.123456+01:00 h a 1", b"2026-11-20T08:00:01Z h a 2", b"no stamp 1", b"no stamp 2", b""
    ) == [
        Fold(2, b"2026-11-20T08:00:00.123456+01:00", b"2026-11-20T08:00:01Z", (b"h",), b"a #"),
        Fold(2, b"", b"", (), b"no stamp #"),
        Fold(1, b"", b"", (), b""),
    ]


def test_the_text_form_has_count_times_hosts_and_message_in_columns():
    folded_section = summarize(
        section(
            "unusual",
            "",
            "S",
            b"Nov 20 08:00:00 a x: 1\nNov 20 08:00:01 b x: 2\nNov 20 08:00:02 c x: 3\nNov 20 08:00:03 d x: 4\n",
            b"Nov 20 08:00:04 a one\nbare\n",
        )
    )
    assert b"".join(folded_section.pieces()).split(b"\n") == [
        b"      4  Nov 20 08:00:00 .. Nov 20 08:00:03  a,b,c,+1 x: #",
        b"      1  Nov 20 08:00:04                     a one",
        b"      1  bare",
        b"",
    ]
    assert folded_section.count == 6
    assert b"".join(folded_section.pieces()) == b"".join(folded_section.pieces()), "a second reading gives the same"


words = st.sampled_from(
    [
        b"user",
        b"for",
        b"from",
        b"<",
        b">",
        b'"',
        b"'",
        b"a@b",
        b"1.2.3.4",
        b"::1",
        b"=",
        b"user=x",
        b"0",
        b"(",
        b")",
        b"[",
        b"]",
        b"\xff",
        b"ab12cd34",
        b" ",
    ]
)
messages = st.one_of(
    st.lists(words, max_size=8).map(b" ".join), st.binary(max_size=40).map(lambda row: row.replace(b"\n", b""))
)
rows = st.one_of(messages, messages.map(lambda row: b"Nov 20 08:00:00 h " + row))


@given(st.lists(rows, max_size=30), st.integers(0, 30))
def test_every_line_is_counted_once_however_the_text_is_cut_into_pieces(rows, cut):
    pieces = [b"".join(row + b"\n" for row in part) for part in (rows[:cut], rows[cut:])]
    found = list(folded(piece for piece in pieces if piece))
    assert sum(fold.count for fold in found) == len(rows)
    assert found == list(folded([b"".join(pieces)] if rows else []))


@given(rows, st.integers(0, 9))
def test_a_line_with_other_digits_is_of_the_same_form(row, digit):
    [*found] = folds(b"Nov 20 08:00:00 h " + row, b"Nov 20 08:00:00 h " + re.sub(rb"\d", b"%d" % digit, row))
    assert len(found) == 1


@given(messages)
def test_a_template_holds_no_digit_and_no_newline(message):
    found = template(message.translate(FLAT))
    assert not re.search(rb"[0-9\n]", found)


def test_more_forms_than_the_limit_are_counted_together(monkeypatch):
    monkeypatch.setattr("vigilog.report.summary._FORMS", 3)
    found = folds(*(b"Nov 20 08:00:0%d h %s" % (number, word) for number, word in enumerate(b"a b c d e a f".split())))
    assert [(fold.count, fold.text) for fold in found] == [(2, b"a"), (1, b"b"), (1, b"c"), (3, b"(lines of other forms)")]
    assert (found[-1].first, found[-1].last) == (b"Nov 20 08:00:03", b"Nov 20 08:00:06")


def test_hosts_are_kept_up_to_a_limit_that_shows():
    [fold] = folds(*(b"Nov 20 08:00:00 %s same" % bytes([0x61 + number]) for number in range(26)))
    assert len(fold.hosts) == 17
    assert fold.hosts[-1] == b"..."
    assert fold.count == 26


@pytest.mark.parametrize(
    "unit",
    [
        b"a",
        b"0",
        b"ab0",
        b"a:",
        b"a.",
        b"a@",
        b"<",
        b"'",
        b'"a',
        b"[",
        b" ",
        b"user ",
        b"user=[",
        b"0x",
        b"0aaaaaaa-",
        b"0:",
        b"0::",
        b"(to a",
    ],
)
def test_no_line_takes_long_however_it_is_written(unit):
    rows = [b"Nov 20 08:00:00 h " + unit * (500 // len(unit)) + bytes([0x61 + number]) * 3 for number in range(20)]
    before = time.perf_counter()
    folds(*rows)
    assert time.perf_counter() - before < 20 * 0.02


def test_memory_stays_flat_for_lines_that_are_all_different():
    def pieces():
        for piece in range(40):
            yield b"".join(
                b"Nov 20 08:00:00 h " + bytes([97 + piece % 26, 97 + number % 26, 97 + number // 26]) * 30 + b"\n"
                for number in range(600)
            )

    tracemalloc.start()
    list(folded(pieces()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24_000_000


def test_a_huge_line_is_folded_by_its_beginning():
    found = folds(b"Nov 20 08:00:00 h " + b"x" * 3_000_000, b"Nov 20 08:00:01 h " + b"x" * 3_000_000 + b"y")
    assert [(fold.count, len(fold.text)) for fold in found] == [(2, 512)]
