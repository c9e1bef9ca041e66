"""A terminal shows classes in colour, the rule file and count of each section, what was read, and nothing that log text does to it."""

import re
from dataclasses import replace

import pyte

from tests.report.samples import CREATED, HOSTILE, Written, full_report, section
from vigilog.report.document import Facts, Report
from vigilog.report.summary import summarize
from vigilog.report.terminal import terminal


def screen(report, **options):
    written = Written()
    terminal(report, written.write, **options)
    shown = pyte.Screen(150, 60)
    pyte.ByteStream(shown).feed(written.data.replace(b"\n", b"\r\n"))
    return shown


def lines(shown):
    return "\n".join(line.rstrip() for line in shown.display).rstrip("\n").split("\n")


def test_everything_is_on_the_screen_in_reading_order():
    assert lines(screen(full_report())) == [
        "web1, 2026-11-20 08:30:00 +0100",
        "read: /var/log/syslog, journal",
        "First time.",
        "Second line.",
        "E: File could not be read: /var/log/one",
        "E: File could not be read: /var/log/two",
        "",
        "Security Alerts for sshd  3 lines  /etc/logcheck/cracking.d/sshd",
        "=-=-=-=-=-=-=-=-=-=-=-=-",
        "a1",
        "a2",
        "a3",
        "",
        "System Events  1 line",
        "=-=-=-=-=-=-=",
        "u1",
        "",
        "Logcheck Warnings",
        "=-=-=-=-=-=-=-=-=",
        "/etc/rules:3: skipped",
        "/var/log/auth.log: it shrank",
        "This report may have reached you before: its delivery began on 2026-11-20 07:02:00 +0100, and whether it arrived is not known.",
        "",
        "3 attack lines, 1 unusual line",
        "1,000 lines (123.5 kB) read from 2 sources; 996 ignored; 0.50 s, 2,000 lines/s",
        "Next: look at it.",
    ]


def test_each_class_has_its_colour():
    report = replace(
        full_report(),
        sections=(
            section("attack", "", "A", b"a\n"),
            section("violation", "", "V", b"v\n"),
            section("unusual", "", "U", b"u\n"),
        ),
    )
    shown = screen(report)
    found = {line[0]: shown.buffer[row][0].fg for row, line in enumerate(shown.display) if line[:3] in ("A  ", "V  ", "U  ")}
    assert found == {"A": "red", "V": "brown", "U": "cyan"}


def test_without_colour_there_is_no_escape_sequence_at_all():
    written = Written()
    terminal(full_report(), written.write, colour=False)
    assert b"\x1b" not in written.data


def test_log_text_does_nothing_to_the_terminal():
    report = replace(
        full_report(), sections=(section("unusual", "", "\x1b[31mtitle\nforged", HOSTILE, places=("/p\x9b1m",)),), notices=()
    )
    text = re.sub(" +", " ", "\n".join(lines(screen(report))))
    assert r"web1 app[7]: \x1b[2J\x9b31m\u009b \u202eevil\u202c \x00\xff\x7f\x0dtab here größe" in text
    assert r"\x1b[31mtitle\nforged 1 line /p\u009b1m" in text


def test_a_summarized_section_says_so_and_keeps_the_count_of_lines():
    folded = summarize(section("unusual", "", "System Events", b"Nov 20 08:00:00 h a: 1\nNov 20 08:00:01 h a: 2\n"))
    shown = lines(screen(Report(host="h", created=CREATED, subject="s", sections=(folded,))))
    assert "System Events  2 lines, summarized" in shown
    assert "      2  Nov 20 08:00:00 .. Nov 20 08:00:01  h a: #" in shown


def test_a_run_that_found_nothing_says_so_with_what_it_read():
    report = Report(host="h", created=CREATED, subject="s", facts=Facts(("a",), 1, 12, 1, 0.25))
    assert lines(screen(report))[-2:] == [
        "Nothing to report.",
        "1 line (12 bytes) read from 1 source; 1 ignored; 0.25 s, 4 lines/s",
    ]


def test_many_sources_are_named_in_part():
    report = Report(host="h", created=CREATED, subject="s", facts=Facts(tuple(f"log{number}" for number in range(12))))
    assert "read: log0, log1, log2, log3, log4, log5, log6, log7 and 4 more" in lines(screen(report))


def test_stamps_are_dimmed_and_stay_readable():
    written = Written()
    rows = b"Nov 20 08:00:00 h x\n2026-11-20T08:00:00.123456+01:00 h y\nno stamp\n"
    terminal(replace(full_report(), sections=(section("unusual", "", "S", rows),)), written.write)
    assert b"\x1b[2mNov 20 08:00:00\x1b[0m h x\n\x1b[2m2026-11-20T08:00:00.123456+01:00\x1b[0m h y\nno stamp\n" in written.data
