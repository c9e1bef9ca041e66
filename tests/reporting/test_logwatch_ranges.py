"""The same range has the same lines in it, for logwatch 7.7 and for Vigilog."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.reporting.peer import NOW, ZONE, Place
from vigilog.parse.tai64n import label

pytestmark = pytest.mark.peer

SCRIPT = "while (<STDIN>) { print; }\n"
CLOCKS_BACK = "2026-10-25 12:00:00"
CLOCKS_FORTH = "2026-03-29 12:00:00"


def moments():
    """Moments around everything that the ranges below begin or end with, in seconds since the epoch."""
    zone = ZoneInfo(ZONE)

    def at(*parts):
        return int(datetime(*parts).replace(tzinfo=zone).timestamp())  # noqa: DTZ001 - it gets one

    found = set()
    for day in range(-45, 3):
        midnight = datetime(2026, 11, 20, tzinfo=zone) + timedelta(days=day)
        for second in (0, 1, 5, 10, 15, 3600 * 8 + 1800, 3600 * 12, 86_399 - 12, 86_399 - 5, 86_399):
            found.add(int(midnight.timestamp()) + second)
    for second in range(-7200, 7200, 301):
        found.add(at(2026, 11, 20, 4, 30) + second)
        found.add(at(2026, 11, 18, 23, 0) + second)
        found.add(at(2026, 10, 25, 2, 30) + second)
        found.add(at(2026, 3, 29, 2, 30) + second)
    for second in range(-70, 70):
        found.add(at(2026, 11, 18, 23, 0) + second)
    for year in (2025, 2026):
        for month in range(1, 13):
            for day in (1, 4, 5, 15, 28):
                found |= {at(year, month, day), at(year, month, day, 23, 59, 58)}
    return sorted(found)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Logs of the same moments: one stamped by multilog, one by syslogd."""
    made = Place(tmp_path_factory.mktemp("ranges"), slim=True)
    zone = ZoneInfo(ZONE)
    tai, short, full = [], [], []
    for at in moments():
        here = datetime.fromtimestamp(at, zone)
        words = here.isoformat()
        tai.append(label(at, 250_000_000) + f" {words}\n".encode())
        short.append(f"{here:%b} {here.day:2} {here:%H:%M:%S} host one: {words}\n")
        full.append(f"{here:%Y-%m-%dT%H:%M:%S}.5{here:%z} host one: {words}\n")
    made.write("log/tai", b"".join(tai))
    made.write("log/syslog", "".join(short + full))
    made.write("etc/conf/logfiles/tai.conf", f'LogFile = "{made.root}/log/tai"\n*applytaidate\n')
    made.write("etc/conf/logfiles/plain.conf", f'LogFile = "{made.root}/log/syslog"\n*applystddate\n')
    for name in ("tai", "plain"):
        made.write(f"etc/conf/services/one{name}.conf", f'Title = "One"\nLogFile = {name}\n')
        made.write(f"etc/scripts/services/one{name}", SCRIPT)
    return made


RANGES = [
    "today",
    "yesterday",
    "all",
    "2026/11/19",
    pytest.param("apr 15, 2026", marks=pytest.mark.torture),
    "between 2026/11/10 and 2026/11/12",
    "between 2026/11/12 and 2026/11/10",
    pytest.param("between -10 days and -2 days", marks=pytest.mark.torture),
    "since 2026/11/17",
    "since 2 hours ago for those hours",
    "-2 days",
    "4 hours ago for that hour",
    "first monday in may",
    pytest.param("last friday in october", marks=pytest.mark.torture),
    "2026/11/18 23:00:00 for that year",
    "2026/11/18 23:00:00 for that month",
    pytest.param("2026/11/18 23:00:00 for this day", marks=pytest.mark.torture),
    "2026/11/18 23:00:00 for that hour",
    "2026/11/18 23:00:00 for that minute",
    "2026/11/18 23:00:00 for that second",
    "between 2026/09/30 and 2026/11/01 for those months",
    pytest.param("between 2025/02/01 and 2026/11/01 for those years", marks=pytest.mark.torture),
    "yesterday for that hour",
    pytest.param("Today for that month", marks=pytest.mark.torture),
    pytest.param("monday", marks=pytest.mark.torture),
    pytest.param("last monday", marks=pytest.mark.torture),
    pytest.param("1 week ago", marks=pytest.mark.torture),
    pytest.param("3 months ago for that month", marks=pytest.mark.torture),
    pytest.param("noon", marks=pytest.mark.torture),
    "2026/11/18 23:59:50 for that minute",
]


@pytest.mark.parametrize("asked", RANGES)
def test_a_range_means_the_same(place, asked):
    words = ["--service", "oneplain", "--service", "onetai", "--range", asked]
    theirs, ours = place.logwatch(*words), place.vigilog(*words, "--compat-tai")
    assert b"Date Range Processed" in ours.stdout
    assert (ours.stdout, ours.returncode) == (theirs.stdout, theirs.returncode)


@pytest.mark.parametrize(
    ("now", "asked"),
    [
        (CLOCKS_BACK, "today"),
        (CLOCKS_BACK, "10 hours ago for that hour"),
        (CLOCKS_BACK, "-1 day"),
        (CLOCKS_BACK, "2026/10/25 02:30:00 for that hour"),
        (CLOCKS_BACK, "since 11 hours ago for those hours"),
        (CLOCKS_FORTH, "today"),
        (CLOCKS_FORTH, "10 hours ago for that hour"),
        (CLOCKS_FORTH, "between 2026/03/27 and 2026/03/30"),
        ("2026-10-26 00:30:00", "yesterday"),
        ("2026-10-25 00:10:00", "yesterday"),
        ("2026-03-30 00:10:00", "yesterday"),
    ],
)
def test_a_day_on_which_the_clocks_change_means_the_same(place, now, asked):
    words = ["--service", "oneplain", "--service", "onetai", "--range", asked]
    theirs, ours = place.logwatch(*words, now=now), place.vigilog(*words, "--compat-tai", now=now)
    assert (ours.stdout, ours.returncode) == (theirs.stdout, theirs.returncode)


def test_a_line_of_the_last_ten_seconds_of_a_day_belongs_to_that_day(place):
    theirs = place.logwatch("--service", "onetai", "--range", "yesterday").stdout.decode()
    ours = place.vigilog("--service", "onetai", "--range", "yesterday").stdout.decode()
    assert " 2026-11-19T23:59:54+01:00" in ours
    assert " 2026-11-19T23:59:54+01:00" not in theirs
    assert " 2026-11-18T23:59:54+01:00" in theirs
    assert " 2026-11-18T23:59:54+01:00" not in ours


@pytest.mark.parametrize("asked", ["gibberish", "between x and y", "since never", "yesterday for that fortnight"])
def test_a_range_that_is_none_is_an_error_here(place, asked):
    theirs = place.logwatch("--service", "oneplain", "--range", asked)
    ours = place.vigilog("--service", "oneplain", "--range", asked)
    assert (theirs.returncode, theirs.stdout) == (0, b"")
    assert (ours.returncode, ours.stdout) == (2, b"")
    assert b"is not understood" in ours.stderr


def test_now_is_as_faketime_says(place):
    assert f"Processing Initiated: Fri Nov 20 {NOW[11:]} 2026".encode() in place.both("--service", "oneplain", "--range", "all")
