"""A service's section as JSON: every row of the tables that a detail asks for, and any bytes of a log."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from vigilog.report.section import Section, Series, Table, text
from vigilog.report.section_json import section_json

ROWS = tuple((f"203.0.113.{number}", 1) for number in range(150))


def test_a_section_is_its_tables_lines_and_events():
    tables = (Table("Logins", ("From", "Count"), ROWS[:2]), Table("Rare", ("From", "Count"), ROWS, detail=5))
    section = Section("sshd", "SSHD", tables, (("what?", 3),), (Series("Logins", ((1200.0, 2),)),), 7)
    assert json.loads(json.dumps(section_json(section, 0))) == {
        "lines_read": 7,
        "tables": [{"title": "Logins", "columns": ["From", "Count"], "rows": [["203.0.113.0", 1], ["203.0.113.1", 1]]}],
        "unmatched": [{"line": "what?", "count": 3}],
        "events": [{"title": "Logins", "points": [[1200.0, 2]]}],
    }
    assert len(section_json(section, 5)["tables"][1]["rows"]) == 150


@given(st.binary(max_size=20))
def test_bytes_of_a_log_are_there_as_text(line):
    table = Table("T", ("What", "Count"), ((text(line), 1),))
    told = json.loads(json.dumps(section_json(Section("x", "X", (table,), ((text(line), 1),), (), 1), 0)))
    expected = line.decode("utf-8", "backslashreplace")
    assert (told["tables"][0]["rows"][0][0], told["unmatched"][0]["line"]) == (expected, expected)
