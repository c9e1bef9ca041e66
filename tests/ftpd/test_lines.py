"""The lines of logs: what is written can be read, whatever is in it. Tables of addresses, classes of commands, words of answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.ftpd.commands import classes_of
from vigilog.ftpd.log_lines import module_line, one_line, stamp, system_line, trace_line, xferlog_line
from vigilog.ftpd.wording import Said, worded
from vigilog.ftpd.wrap_tables import Client, allowed, entries, found
from vigilog.patterns.logformat import named

MOMENTS = st.floats(min_value=0, max_value=4_000_000_000)


@given(st.binary())
def test_one_line_is_one_line(text):
    assert not set(b"\n\r\0") & set(one_line(text))


@given(MOMENTS, st.binary(max_size=50))
def test_no_text_makes_a_second_line_of_any_log(moment, text):
    for line in (
        system_line(moment, b"host", 1, b"server", (b"c", b"c"), text),
        trace_line(moment, 1, "command", 7, text),
        module_line(moment, "mod_wrap2/2.0.7", 1, text),
        xferlog_line(
            *(moment, 0.5, b"::1", 1, b"/" + text),
            ascii_type=False,
            direction="i",
            anonymous=True,
            user=text or b"-",
            complete=True,
        ),
    ):
        assert b"\n" not in line


@given(
    st.integers(0, 4_000_000_000),
    st.floats(0, 1e6),
    st.integers(0, 1 << 60),
    st.binary(min_size=1, max_size=40),
    st.binary(min_size=1, max_size=20),
    st.booleans(),
    st.sampled_from("iod"),
    st.booleans(),
    st.booleans(),
)
def test_an_xferlog_line_is_read_back(moment, seconds, size, path, user, ascii_type, direction, anonymous, complete):
    line = xferlog_line(
        *(float(moment), seconds, b"192.0.2.7", size, b"/" + path),
        ascii_type=ascii_type,
        direction=direction,
        anonymous=anonymous,
        user=user,
        complete=complete,
    )
    fields = line.split(b" ")
    while b"" in fields:  # a day of one digit
        fields.remove(b"")
    assert len(fields) == 18
    assert (int(fields[5]), int(fields[7])) == (int(seconds), size)
    assert fields[9:12] == [b"a" if ascii_type else b"b", b"_", direction.encode()]
    assert (fields[12], fields[17]) == (b"a" if anonymous else b"r", b"c" if complete else b"i")
    assert named("xferlog").parse(line) is not None


def test_stamps_have_milliseconds():
    assert stamp(1_795_190_922.986).endswith(b",986")
    assert stamp(1_795_190_922.0009).endswith(b",000")


@pytest.mark.parametrize(
    ("table", "address", "name", "user", "expected"),
    [
        ("ALL: ALL", "192.0.2.7", "", "anna", True),
        ("proftpd: 192.0.2.7", "192.0.2.7", "", "anna", True),
        ("proftpd: 192.0.2.7", "192.0.2.8", "", "anna", False),
        ("sshd: ALL", "192.0.2.7", "", "anna", False),
        ("sshd, proftpd: 192.0.2.", "192.0.2.200", "", "", True),
        ("ALL: 192.0.2.0/255.255.255.0", "192.0.2.9", "", "", True),
        ("ALL: 192.0.2.0/28", "192.0.2.16", "", "", False),
        ("ALL: [2001:db8::]/32", "2001:db8:5::1", "", "", True),
        ("ALL: [2001:db8::1]", "2001:db8::1", "", "", True),
        ("ALL: .example.org", "192.0.2.7", "a.Example.org", "", True),
        ("ALL: .example.org", "192.0.2.7", "", "", False),
        ("ALL: ALL EXCEPT 192.0.2.7", "192.0.2.7", "", "", False),
        ("ALL: ALL EXCEPT 192.0.2.0/24 EXCEPT 192.0.2.7", "192.0.2.7", "", "", True),
        ("ALL: anna@192.0.2.7", "192.0.2.7", "", "anna", True),
        ("ALL: anna@192.0.2.7", "192.0.2.7", "", "bob", False),
        ("ALL: LOCAL", "192.0.2.7", "host", "", True),
        ("ALL: UNKNOWN", "192.0.2.7", "", "", True),
        ("ALL: KNOWN", "192.0.2.7", "", "", False),
        ("# ALL: ALL\n\nnonsense", "192.0.2.7", "", "", False),
        ("ALL: 192.0.2.1, \\\n 192.0.2.7", "192.0.2.7", "", "", True),
        ("ALL: 192.0.2.7: spawn (echo)", "192.0.2.7", "", "", True),
        ("ALL: 192.0.2.7", "::ffff:192.0.2.7", "", "", True),
    ],
)
def test_tables(table, address, name, user, expected):
    assert found(table, "proftpd", Client(address, name, user)) is expected


def test_who_is_in_both_tables_may_come_in_and_who_is_in_none():
    client = Client("192.0.2.7")
    assert allowed("ALL: ALL", "ALL: ALL", "proftpd", client)
    assert allowed("", "", "proftpd", client)
    assert not allowed("", "ALL: ALL", "proftpd", client)


@given(st.text(), st.text(max_size=40), st.text(max_size=10))
def test_no_table_is_too_much(table, address, user):
    assert found(table, "proftpd", Client(address, "", user)) in {True, False}
    for daemons, clients in entries(table):
        assert all(" " not in word for word in (*daemons, *clients))


@pytest.mark.parametrize(
    ("command", "classes"),
    [
        ("USER", ("AUTH",)),
        ("RETR", ("READ",)),
        ("MKD", ("DIRS", "WRITE")),
        ("RNFR", ("WRITE", "MISC")),
        ("SITE CHMOD", ("MISC",)),
        ("EXIT", ("EXIT",)),
        ("FOO", ()),
    ],
)
def test_classes(command, classes):
    assert classes_of(command) == classes


@given(st.integers(100, 599), st.text(), st.sampled_from(["RETR", "LIST", "FOO", "PASS", "", "REST"]), st.text())
def test_every_answer_has_words(code, text, command, argument):
    given_code, words = worded(code, text, Said(command, argument))
    assert 100 <= given_code <= 599
    assert isinstance(words, str)
