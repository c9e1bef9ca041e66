"""Dates are read as Perl's Date::Manip reads them for logwatch."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime

import pytest

from tests.reporting.peer import NOW, ZONE, Place
from vigilog.core.errors import MissingExtra
from vigilog.reporting import dates
from vigilog.reporting.ranges import RangeNotUnderstood, understood

PERL = 'use Date::Manip; while (<STDIN>) { chomp; my $s = $_; print UnixDate($s, "%s") // "", "\\n"; }'
WORDS = """\
2026/11/19
2026-11-19
20261119
apr 15, 2005
apr 15 2005
15 apr 2005
april 15th 2005
4/23/2005
4/23
11/19/26
apr 15
nov 25
-2 days
-2 day
- 2 days
+2 days
2 days
in 2 hours
4 hours ago
2 days ago
two days ago
one hour ago
1 week ago
-1 week
3 months ago
-10 min
30 minutes ago
-2 weeks
-36 hours
1 month 2 days ago
first monday in may
1st monday in may
third tuesday of june 2024
last friday in october
last friday in october 2025
first monday of may 2026
first day in may
2026/11/18 23:00:00
2026/11/18 23:00
2026-11-18T23:00:00
2026/11/18 11:00 pm
nov 18 2026 at 11pm
dec 31 2025 23:59:59
wed nov 18 2026
wednesday, november 18, 2026
now
today
yesterday
tomorrow
noon
midnight
noon yesterday
yesterday noon
yesterday at 14:00
today at 14:00
14:00
23:59:50
2pm
monday
friday
sunday
sun
last monday
last friday
next monday
next friday
last week
last month
2026
epoch 1795159800
gibberish
the first monday in may
first funday in may
first monday in maybe
""".splitlines()


def moment(text, now=NOW):
    return dates.moment(text, datetime.fromisoformat(now).timestamp())


@pytest.fixture
def berlin(monkeypatch):
    import time

    monkeypatch.setenv("TZ", ZONE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.peer
@pytest.mark.parametrize(
    "now", [NOW, "2026-10-25 12:00:00", "2026-03-29 12:00:00", "2026-12-31 23:59:59", "2024-02-29 00:00:00"]
)
def test_dates_mean_what_date_manip_makes_of_them(tmp_path, berlin, now):
    place = Place(tmp_path)
    given = "".join(f"{word}\n" for word in WORDS)
    command = ["/usr/bin/perl", "-e", PERL]
    told = subprocess.run(
        command, input=given, capture_output=True, text=True, check=True, env=place.environment(now, ZONE)
    ).stdout.split("\n")
    found = [moment(word, now) for word in WORDS]
    shown = {
        word: (theirs, "" if ours is None else f"{ours:.0f}")
        for word, theirs, ours in zip(WORDS, told, found, strict=False)
        if theirs != ("" if ours is None else f"{ours:.0f}")
    }
    assert shown == {}


def test_without_dateparser_there_are_yesterday_today_and_all(monkeypatch):
    monkeypatch.setitem(sys.modules, "dateparser", None)
    for text in ("yesterday", "today", "all"):
        understood(text, 1e9)
    with pytest.raises(MissingExtra, match=r"vigilog\[report\]"):
        understood("-2 days", 1e9)
    understood("first monday in may", 1e9)  # that needs none


@pytest.mark.parametrize(
    "text", ["gibberish", "between a and b", "since", "for that day", "yesterday for that fortnight", "\0", "x" * 9999]
)
def test_what_is_no_range_is_refused(text):
    with pytest.raises(RangeNotUnderstood):
        understood(text, 1e9)
