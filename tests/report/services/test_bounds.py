"""What an attacker can make up does not fill memory, and no count is lost over it."""

from __future__ import annotations

from tests.report.services.counted import counted, table
from vigilog.report import tally


def attempts(numbers):
    return b"".join(
        b"Nov 20 08:30:00 h sshd[7]: Failed password for u%d from 203.0.113.8 port 4 ssh2\n" % each for each in numbers
    )


def test_rare_fields_beyond_a_bound_become_one(monkeypatch):
    monkeypatch.setattr(tally, "MOST", 100)
    section = counted("sshd", attempts([1, 1, 1, 2, 2]), attempts(range(10, 120)), attempts([1, 500]))
    users = table(section, "Failed attempts by user")
    assert (users["u1"], users["u2"], users["u500"]) == (4, 2, 1)
    assert len(users) == 52
    assert users["(others)"] == 110 - 48
    assert table(section, "Totals") == {"Failed attempts to log in": sum(users.values())} == {"Failed attempts to log in": 117}


def test_lines_that_are_not_understood_are_kept_up_to_a_bound():
    log = b"".join(b"Nov 20 08:30:00 h sshd[7]: <%d>\n" % number for number in range(1500))
    section = counted("sshd", log)
    assert len(section.unmatched) == 1001
    assert section.unmatched[-1] == ("(other lines)", 500)
    assert sum(times for _, times in section.unmatched) == section.lines == 1500
