"""A service's section as text: what the detail asks for, in columns, harmless whatever the log had in it."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from vigilog.report.section import Section, Table
from vigilog.report.section_text import section_text


def section(*tables, unmatched=()):
    return Section("sshd", "SSHD", tables, unmatched, (), 7)


def test_tables_are_columns_under_their_titles():
    logins = Table("Logins", ("User", "From", "Count"), (("anna", "198.51.100.7", 12), ("tj", "2001:db8::1", 3)))
    totals = Table("Totals", ("What", "Count"), (("Logins", 15), ("Failed attempts", 1)))
    assert section_text(section(totals, logins), 0) == (
        "Totals:\n"
        "   Logins           15\n"
        "   Failed attempts   1\n"
        "\n"
        "Logins:\n"
        "   User  From          Count\n"
        "   anna  198.51.100.7     12\n"
        "   tj    2001:db8::1       3\n"
    )


def test_detail_decides_which_tables_and_how_many_rows():
    rows = tuple((f"203.0.113.{number}", 1) for number in range(150))
    few, many = Table("Few", ("From", "Count"), rows), Table("Many", ("From", "Count"), rows, detail=5)
    at_0, at_5, at_10 = (section_text(section(few, many), detail) for detail in (0, 5, 10))
    assert ("Many:" in at_0, "Many:" in at_5) == (False, True)
    assert (at_0.count("203.0.113."), at_5.count("203.0.113."), at_10.count("203.0.113.")) == (20, 200, 300)
    assert "... and 130 more (--detail 10 shows them all)" in at_0
    assert "more" not in at_10


def test_what_was_not_understood_is_shown_with_its_count():
    assert section_text(section(unmatched=(("what?", 3),)), 0) == "**Unmatched Entries**\n   what?: 3 Time(s)\n"
    assert section_text(section(Table("Empty", ("What", "Count"), ())), 10) == ""


@settings(deadline=None)
@given(st.text(st.characters() | st.sampled_from("\udcff\x1b\u202e\n\t\x07"), max_size=20))
def test_nothing_in_a_log_steers_the_readers_terminal(hostile):
    told = section_text(section(Table("T", ("Who", "Count"), ((hostile, 1),)), unmatched=((hostile, 1),)), 10)
    assert told.count("\n") == 5
    assert not [letter for letter in told.replace("\n", "") if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
