"""The JSON form is one document in which every line survives, whatever bytes it holds."""

import base64
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.report.samples import CREATED, HOSTILE, Written, full_report, section
from vigilog.report.document import Report
from vigilog.report.renderers import RENDERERS
from vigilog.report.summary import summarize


def printed(report):
    written = Written()
    RENDERERS["json"](report, written.write)
    return written.data


def line_bytes(line):
    return base64.b64decode(line["bytes"]) if "bytes" in line else line["line"].encode()


def test_the_document_holds_all_that_is_known():
    assert json.loads(printed(full_report())) == {
        "host": "web1",
        "created": "2026-11-20T08:30:00+01:00",
        "subject": "web1 2026-11-20 08:30 +0100 Security Alerts",
        "repeated": "2026-11-20T07:02:00+01:00",
        "read": {"sources": ["/var/log/syslog", "journal"], "lines": 1000, "bytes": 123456, "ignored": 996, "seconds": 0.5},
        "errors": ["E: File could not be read: /var/log/one", "E: File could not be read: /var/log/two"],
        "notices": [
            {"kind": "rule", "source": "/etc/rules", "text": "/etc/rules:3: skipped"},
            {"kind": "shrank", "source": "/var/log/auth.log", "text": "it shrank"},
        ],
        "sections": [
            {
                "class": "attack",
                "rule": "sshd",
                "title": "Security Alerts for sshd",
                "places": ["/etc/logcheck/cracking.d/sshd"],
                "count": 3,
                "lines": [{"line": "a1"}, {"line": "a2"}, {"line": "a3"}],
            },
            {"class": "unusual", "rule": "", "title": "System Events", "places": [], "count": 1, "lines": [{"line": "u1"}]},
        ],
    }


def test_a_report_without_sections_is_a_document_too():
    assert json.loads(printed(Report(host="h", created=CREATED, subject="s")))["sections"] == []


rows = st.one_of(st.binary(max_size=20), st.text(max_size=10).map(str.encode)).map(lambda row: row.replace(b"\n", b""))


@given(st.lists(st.lists(rows, min_size=1, max_size=4), max_size=4))
def test_every_line_comes_back_byte_for_byte(pieces):
    blocks = [b"".join(row + b"\n" for row in piece) for piece in pieces]
    document = printed(Report(host="h", created=CREATED, subject="s", sections=(section("unusual", "", "S", *blocks),)))
    assert document.isascii()
    found = [line_bytes(line) for line in json.loads(document)["sections"][0]["lines"]]
    assert found == [row for piece in pieces for row in piece]


def test_bytes_are_given_only_where_the_text_could_not_say_them():
    report = Report(
        host="h", created=CREATED, subject="s", sections=(section("unusual", "", "S", rb"plain \xff" + b"\nraw \xff\n"),)
    )
    assert json.loads(printed(report))["sections"][0]["lines"] == [
        {"line": r"plain \xff"},
        {"line": r"raw \xff", "bytes": "cmF3IP8="},
    ]


def test_nothing_in_it_can_harm_a_terminal():
    text = printed(replace(full_report(), sections=(section("unusual", "", "S", HOSTILE),)))
    assert text.isascii()
    assert not set(text) & {*range(0x0A), *range(0x0B, 0x20), 0x7F}


def test_a_summary_is_given_as_counts_and_times():
    folded = summarize(section("unusual", "", "S", b"Nov 20 08:00:00 h a: 1\nNov 20 08:00:01 g a: 2\nraw \xff\n"))
    [found] = json.loads(printed(Report(host="h", created=CREATED, subject="s", sections=(folded,))))["sections"]
    assert found["count"] == 3
    assert "lines" not in found
    assert found["folds"] == [
        {"count": 2, "first": "Nov 20 08:00:00", "last": "Nov 20 08:00:01", "hosts": ["h", "g"], "line": "a: #"},
        {"count": 1, "first": "", "last": "", "hosts": [], "line": r"raw \xff", "bytes": "cmF3IP8="},
    ]


def test_names_that_are_not_utf_8_do_not_break_it():
    report = replace(full_report(), errors=("E: File could not be read: /\udcff",))
    assert json.loads(printed(report))["errors"] == ["E: File could not be read: /\udcff"]
