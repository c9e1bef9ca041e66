"""Plain text is that of logcheck 1.4.2 and 1.1, to the byte."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.report.samples import CREATED, HOSTILE, Written, full_report, section
from vigilog.core.nouns import Notice
from vigilog.report.document import Report, silent
from vigilog.report.renderers import RENDERERS
from vigilog.report.text import debian, psionic, underline

BARE = Report(host="web1", created=CREATED, subject="s")


def printed(renderer, report, **options):
    written = Written()
    renderer(report, written.write, **options)
    return written.data


def test_debian_prints_every_part_in_its_place():
    assert printed(debian, full_report()).decode() == (
        "First time.\nSecond line.\n"
        "HEADER\n"
        "\nE: File could not be read: /var/log/one\nE: File could not be read: /var/log/two\n\n"
        "Security Alerts for sshd\n=-=-=-=-=-=-=-=-=-=-=-=-\na1\na2\na3\n\n"
        "System Events\n=-=-=-=-=-=-=\nu1\n\n"
        "Logcheck Warnings\n=-=-=-=-=-=-=-=-=\n/etc/rules:3: skipped\n/var/log/auth.log: it shrank\n"
        "This report may have reached you before: its delivery began on 2026-11-20 07:02:00 +0100, and whether it arrived is not known.\n\n"
        "FOOTER\n"
    )


def test_debian_without_extras_prints_the_sections_only():
    report = replace(BARE, sections=(section("unusual", "", "System Events", b"x\n"),))
    assert printed(debian, report) == b"System Events\n=-=-=-=-=-=-=\nx\n\n"


def test_a_header_without_a_final_newline_is_printed_as_it_is():
    report = replace(BARE, header=b"HEAD", footer=b"FOOT", sections=(section("unusual", "", "S", b"x\n"),))
    assert printed(debian, report) == b"HEADS\n=\nx\n\nFOOT"


def test_psionic_prints_an_empty_line_before_each_section_and_none_after():
    report = replace(
        BARE,
        sections=(
            section("attack", "", "Active System Attack Alerts", b"a\n"),
            section("violation", "", "Security Violations", b"v \r\n"),
            section("unusual", "", "Unusual System Events", b"u\n"),
        ),
    )
    assert printed(psionic, report) == (
        b"\nActive System Attack Alerts\n=-=-=-=-=-=-=-=-=-=-=-=-=-=\na\n"
        b"\nSecurity Violations\n=-=-=-=-=-=-=-=-=-=\nv \r\n"
        b"\nUnusual System Events\n=-=-=-=-=-=-=-=-=-=-=\nu\n"
    )


def test_psionic_has_what_it_never_knew_at_the_end():
    report = replace(full_report(), sections=(section("unusual", "", "Unusual System Events", b"u\n"),), repeated=None)
    assert printed(psionic, report).decode().partition("\nu\n")[2] == (
        "\nLogcheck Warnings\n=-=-=-=-=-=-=-=-=\nE: File could not be read: /var/log/one\nE: File could not be read: /var/log/two\n"
        "/etc/rules:3: skipped\n/var/log/auth.log: it shrank\n"
    )


@pytest.mark.parametrize(("title", "line"), [("", ""), ("a", "="), ("ab", "=-"), ("abc", "=-="), ("größe", "=-=-=")])
def test_the_underline_is_as_long_as_the_title(title, line):
    assert underline(title) == line


def test_on_a_pipe_log_lines_are_the_bytes_they_are():
    report = replace(BARE, sections=(section("unusual", "", "S", HOSTILE),))
    assert HOSTILE in printed(debian, report)
    assert HOSTILE in printed(psionic, report)


@pytest.mark.parametrize("name", ["debian", "psionic"])
def test_for_a_mail_or_a_terminal_they_are_made_visible(name):
    report = replace(BARE, sections=(section("unusual", "", "S", HOSTILE),))
    text = printed(RENDERERS[name], report, visible=True)
    assert rb"\x1b[2J\x9b31m\u009b \u202eevil\u202c \x00\xff\x7f\x0dtab" in text


def test_a_file_name_cannot_forge_a_line_and_keeps_its_bytes():
    report = replace(BARE, errors=("E: File could not be read: /a\nSystem Events\udcff",))
    assert printed(debian, report) == b"\nE: File could not be read: /a\\nSystem Events\xff\n\n"


def test_silence_means_no_section_no_error_and_no_notice():
    assert silent(replace(BARE, header=b"HEADER", preface=("x",), repeated=datetime(2026, 1, 1, tzinfo=UTC)))
    assert not silent(replace(BARE, sections=(section("unusual", "", "S", b"x\n"),)))
    assert not silent(replace(BARE, errors=("E: x",)))
    assert not silent(replace(BARE, notices=(Notice("rule", "", "x"),)))
