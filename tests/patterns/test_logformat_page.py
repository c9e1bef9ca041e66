"""docs/logformat.md says what the tables of the code say, and its examples are true."""

import re
from pathlib import Path

import pytest

from vigilog.patterns import logformat_apache_table, logformat_proftpd
from vigilog.patterns.logformat import NAMED, LogFormat
from vigilog.patterns.logformat_forms import Variable

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "logformat.md").read_text()
TYPES = {"text": "text", "number": "number", "flag": "true, false"}


def told(section):
    """The rows of a section's tables, without what only formats them."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = [re.sub(r"`([^`]*)`", r"\1", row).strip("|").split("|") for row in text.splitlines() if row.startswith("| `")]
    return [tuple(cell.strip() for cell in row) for row in rows]


@pytest.mark.parametrize(
    ("section", "dialect", "names"),
    [
        ("ProFTPD's variables", "proftpd", [*logformat_proftpd.LETTERS, *logformat_proftpd.NAMES]),
        ("Apache's variables", "apache", [*logformat_apache_table.ROWS, *logformat_apache_table.CLOCKS]),
    ],
)
def test_each_variable_is_told_with_its_key_its_type_and_its_text_where_it_is_absent(section, dialect, names):
    rows = [row for row in told(section) if len(row) == 4]
    for written, key, kind, absent in rows:
        (variable,) = LogFormat(written, dialect).items
        assert isinstance(variable, Variable)
        expected = "always there" if variable.absent is None else variable.absent or "(nothing)"
        assert (key, kind, absent) == (variable.key, TYPES[variable.form.type], expected), written
    letters = {re.sub(r"[%{}]", "", written) for written, *_ in rows}
    assert {name for name in names if name not in letters and f"{name}t" not in letters} == set()


def test_each_name_is_told_with_its_template():
    rows = dict(row for row in told("Names") if len(row) == 2)
    assert rows.keys() == NAMED.keys()
    assert all(NAMED[name][0] == template for name, template in rows.items() if name != "xferlog")


def test_each_group_is_told_with_its_place_in_an_event():
    rows = [row for row in told("Apache's variables") if len(row) == 3]
    expected = [(f"%{{NAME}}{letter}", f"{key}NAME", group) for letter, (key, group) in logformat_apache_table.GROUPS.items()]
    assert rows == expected


def test_the_example_is_true():
    access = LogFormat('%h %l %u %t "%r" %>s %b', "apache")
    event = {"remote_dns": "192.0.2.1", "time": 1795163400.0, "raw_command": "GET / HTTP/1.1", "response_code": 200}
    shown = re.search(r"^    # (b'192.*)$", PAGE, re.MULTILINE)
    assert shown
    written = access.render(event)
    assert re.sub(rb"\[.*\]", b"[]", written) == re.sub(rb"\[.*\]", b"[]", eval(shown[1]))
    found = access.parse(eval(shown[1]))
    assert found is not None
    assert str(found).startswith(
        "{'remote_dns': '192.0.2.1', 'local_time': '2026-11-20 08:30:00 +0000', 'raw_command': 'GET / HTTP/1.1'"
    )
