"""Real logs are read whole and written again byte for byte."""

import pytest

from vigilog.patterns.logformat import LogFormat, named

UNFINISHED = 1
"""A line of the sample ends in the middle of its user agent."""


def written_again(compiled, lines):
    """How many lines come out as they went in; those that could not be read."""
    same, unread = 0, []
    for line in lines:
        found = compiled.parse(line)
        if found is None:
            unread.append(line)
        else:
            same += compiled.render(found) == line
    return same, unread


def test_ten_thousand_lines_of_an_apache(sample_data):
    lines = (sample_data / "apache" / "elastic-examples" / "apache_logs").read_bytes().splitlines()
    same, unread = written_again(named("combined"), lines)
    assert same == 10_000 - UNFINISHED
    assert [line[-24:] for line in unread] == [b"/www.google.com/bot.html"] * UNFINISHED


@pytest.mark.parametrize("ids", ["pid-ids", "unique-ids"])
def test_access_logs_with_forensic_ids(sample_data, ids):
    combined = LogFormat('%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i" %{forensic-id}n', "apache")
    lines = (sample_data / "apache" / "mod_log_forensic" / ids / "access_log").read_bytes().splitlines()
    assert written_again(combined, lines) == (1517, [])
    found = [(combined.parse(line) or {}).get("NOTE:forensic-id") for line in lines]
    assert len(set(found)) == 1517 - found.count(None) + (None in found)


def test_an_extended_log_of_proftpd(sample_data):
    extended = LogFormat('%h %l %u %t "%r" %s %b %T %{iso8601}')
    lines = (sample_data / "ftp" / "proftpd-1.3.8" / "extended.log").read_bytes().splitlines()
    assert written_again(extended, lines) == (975, [])
    assert {(extended.parse(line) or {}).get("identd_user") for line in lines} == {None}


@pytest.mark.parametrize(("server", "lines"), [("proftpd-1.3.8", 174), ("vsftpd-3.0.3", 77)])
def test_transfer_logs(sample_data, server, lines):
    log = (sample_data / "ftp" / server / "xferlog").read_bytes().splitlines()
    assert written_again(named("xferlog"), log) == (lines, [])
