"""The time that a line says of itself, in all the forms there are."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vigilog.parse import stamps, tai64n
from vigilog.parse.stamps import stamp

NOW = datetime(2026, 11, 20, 8, 40, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    yield from zone("UTC", monkeypatch)


@pytest.fixture
def berlin(monkeypatch):
    yield from zone("Europe/Berlin", monkeypatch)


def zone(name, monkeypatch):
    monkeypatch.setenv("TZ", name)
    time.tzset()
    forget()
    yield
    monkeypatch.undo()
    time.tzset()
    forget()


def forget():
    for cache in (stamps._short_minute, stamps._long, stamps._other_long, stamps._long_minute):
        cache.cache_clear()
    stamps._with_year.cache_clear()
    stamps._without_year.cache_clear()


def at(year: int, month: int, day: int, *clock: int) -> float:
    hour, minute, second, microsecond = (*clock, 0, 0, 0, 0)[:4]
    return datetime(year, month, day, hour, minute, second, microsecond, UTC).timestamp()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Nov 20 08:30:00 gate sshd[1]: x", at(2026, 11, 20, 8, 30)),
        (b"Nov  3 08:30:00 gate", at(2026, 11, 3, 8, 30)),
        (b"Nov 03 08:30:00 gate", at(2026, 11, 3, 8, 30)),
        (b"Nov 20 08:30:00.250 gate", at(2026, 11, 20, 8, 30, 0, 250_000)),
        (b"2026-11-20T08:30:00.123456+01:00 gate", at(2026, 11, 20, 7, 30, 0, 123_456)),
        (b"2026-11-20T08:30:00+0100 gate", at(2026, 11, 20, 7, 30)),
        (b"2026-11-20T08:30:00-05:30 gate", at(2026, 11, 20, 14)),
        (b"2026-11-20T08:30:00Z gate", at(2026, 11, 20, 8, 30)),
        (b"2026-11-20T08:30:00 gate", at(2026, 11, 20, 8, 30)),
        (b"2026-11-20 08:30:00,123 INFO", at(2026, 11, 20, 8, 30, 0, 123_000)),
        (b"2026-11-20 08:30:00 install bash", at(2026, 11, 20, 8, 30)),
        (b"Sun Nov 29 17:20:00 2020 daemon.info dnsmasq", at(2020, 11, 29, 17, 20)),
        (b"[Fri Nov 20 08:30:00.123456 2026] [core:error]", at(2026, 11, 20, 8, 30, 0, 123_456)),
        (b"[Fri Nov 20 08:30:00 2026] [error]", at(2026, 11, 20, 8, 30)),
        (b'192.0.2.1 - - [20/Nov/2026:08:30:00 +0100] "GET /"', at(2026, 11, 20, 7, 30)),
        (b'www.example.org:80 192.0.2.1 - bob [20/Nov/2026:08:30:00 -0800] "GET /"', at(2026, 11, 20, 16, 30)),
        (b'2001:db8::1 - - [20/Nov/2026:08:30:00 +0000] "GET /"', at(2026, 11, 20, 8, 30)),
        (b"@4000000037c219bf2ef02e94 query", at(1999, 8, 24, 4, 4, 5, 787_492)),
        (b"1795159800.123   45 192.0.2.1 TCP_MISS/200", at(2026, 11, 20, 7, 30, 0, 123_000)),
        (b"1795159800", at(2026, 11, 20, 7, 30)),
    ],
)
def test_every_form(line, expected):
    assert stamp(line, NOW) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\n", b"\0", b"hello", b"Nov", b"Nov 31 00:00:00 x", b"Foo 20 08:30:00 x", b"Nov 20 08:30 x", b"Nov 20 25:00:00 x",
        b"Nov 20 08:30:61 x", b"2026-13-01T00:00:00Z", b"2026-02-30 00:00:00", b"0000-01-01T00:00:00Z", b"17951598 x",
        b"17951598000 x", b"1795159800x", b"@4000", b"[Fri Nov 20 08:30:00] x", b"x" * 300 + b"[20/Nov/2026:08:30:00 +0100]",
        b"192.0.2.1 - - [20/Xxx/2026:08:30:00 +0100]", b"Nov 20 08:30:000 x", b"Fri Nov 20 08:30:00 20261 x",
    ],
)  # fmt: skip
def test_what_is_no_time(line):
    assert stamp(line, NOW) is None


@pytest.mark.parametrize(
    ("line", "arrived", "expected"),
    [
        (b"Dec 31 23:59:59 x", at(2027, 1, 1, 0, 0, 5), at(2026, 12, 31, 23, 59, 59)),
        (b"Jan  1 00:00:01 x", at(2026, 12, 31, 23, 59, 58), at(2027, 1, 1, 0, 0, 1)),
        (b"Nov 20 08:30:00 x", at(2026, 11, 20, 8, 29), at(2026, 11, 20, 8, 30)),
        (b"Nov 25 08:30:00 x", at(2026, 11, 20), at(2025, 11, 25, 8, 30)),
        (b"Feb 29 12:00:00 x", at(2026, 11, 20), at(2024, 2, 29, 12)),
        (b"Feb 29 12:00:00 x", at(2024, 2, 29, 12), at(2024, 2, 29, 12)),
        (b"Feb 29 12:00:00 x", at(1904, 1, 1), at(1896, 2, 29, 12)),
        (b"Feb 28 12:00:00 x", at(2027, 2, 28, 13), at(2027, 2, 28, 12)),
        (b"Mar  1 00:00:00 x", at(2024, 2, 29, 23, 59, 59), at(2024, 3, 1)),
        (b"Dec 31 23:59:59 x", at(2026, 12, 31, 23, 59, 59), at(2026, 12, 31, 23, 59, 59)),
        (b"Jan  1 00:00:00 x", at(2027, 1, 1), at(2027, 1, 1)),
        (b"Jan  1 01:00:00 x", at(2026, 12, 31, 23), at(2027, 1, 1, 1)),
        (b"Dec 31 00:00:00 x", at(2027, 6, 1), at(2026, 12, 31)),
    ],
)
def test_a_year_that_is_not_written_is_the_latest_that_is_not_in_the_future(line, arrived, expected):
    assert stamp(line, arrived) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Nov 20 08:30:00 x", at(2026, 11, 20, 7, 30)),
        (b"Jul  1 08:30:00 x", at(2026, 7, 1, 6, 30)),
        (b"Mar 29 03:00:00 x", at(2026, 3, 29, 1)),
        (b"Oct 25 01:59:59 x", at(2026, 10, 24, 23, 59, 59)),
        (b"2026-07-01 08:30:00 x", at(2026, 7, 1, 6, 30)),
        (b"2026-07-01T08:30:00Z x", at(2026, 7, 1, 8, 30)),
        (b"[Wed Jul 01 08:30:00 2026] x", at(2026, 7, 1, 6, 30)),
    ],
)
def test_without_a_zone_it_is_local_time_summer_and_winter(berlin, line, expected):
    assert stamp(line, NOW) == expected


def test_a_leap_second_is_the_one_after_59():
    assert stamp(b"2016-12-31T23:59:60Z x", NOW) == at(2017, 1, 1)


def test_equal_stamps_of_different_arrivals_are_not_mixed_up():
    assert stamp(b"Nov 20 08:30:00 x", at(2026, 11, 20, 9)) == at(2026, 11, 20, 8, 30)
    assert stamp(b"Nov 20 08:30:00 x", at(2031, 11, 20, 9)) == at(2031, 11, 20, 8, 30)


MOMENTS = st.integers(31_536_000_000_000, 7_258_118_400_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, ZONES)
def test_rfc_3339_is_read_again(moment, zone):
    assert stamp(moment.astimezone(zone).isoformat().encode() + b" x", NOW) == pytest.approx(moment.timestamp(), abs=1e-5)


@given(MOMENTS, ZONES)
def test_apaches_access_log_is_read_again(moment, zone):
    whole = moment.replace(microsecond=0)
    line = b'192.0.2.1 - - [%s] "GET /"' % whole.astimezone(zone).strftime("%d/%b/%Y:%H:%M:%S %z").encode()
    assert stamp(line, NOW) == whole.timestamp()


@given(MOMENTS)
def test_a_named_day_is_read_again(moment):
    whole = moment.replace(microsecond=0)
    assert stamp(whole.strftime("%a %b %e %H:%M:%S %Y x").encode(), NOW) == whole.timestamp()
    assert stamp(whole.strftime("[%a %b %d %H:%M:%S.000000 %Y] x").encode(), NOW) == whole.timestamp()


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=360)))
@example(datetime(2024, 2, 29, tzinfo=UTC), timedelta(days=360))
def test_rfc_3164_is_read_again_for_nearly_a_year(moment, age):
    whole = moment.replace(microsecond=0)
    assert stamp(whole.strftime("%b %e %H:%M:%S x").encode(), (whole + age).timestamp()) == whole.timestamp()


@given(MOMENTS)
def test_tai64n_is_read_again(moment):
    label = tai64n.label(int(moment.timestamp()), moment.microsecond * 1000)
    assert stamp(label + b" x", NOW) == pytest.approx(moment.timestamp(), abs=1e-5)


@given(st.integers(100_000_000, 9_999_999_999), st.integers(0, 999))
def test_epoch_seconds_are_read_again(seconds, milliseconds):
    assert stamp(b"%d.%03d x" % (seconds, milliseconds), NOW) == pytest.approx(seconds + milliseconds / 1000)


@given(st.binary(max_size=80) | st.text("Nov 20:[]/+-.TZ@f", max_size=40).map(str.encode), st.floats(0, 1e10))
def test_no_line_is_too_strange(line, arrived):
    found = stamp(line, arrived)
    assert found is None or isinstance(found, float)


def test_the_lab_host_wrote_the_same_times_in_both_forms(sample_data):
    with (
        open(sample_data / "debian12-lab" / "syslog.rfc3164", "rb") as short,
        open(sample_data / "debian12-lab" / "syslog.rfc3339", "rb") as full,
    ):
        pairs = [(stamp(one, NOW + 3600), stamp(other, NOW)) for one, other in zip(short, full, strict=True)]
    assert len(pairs) == 6_597
    assert all(other is not None and one == int(other) for one, other in pairs)


_CLOCKS = st.tuples(st.integers(0, 25), st.integers(0, 61), st.integers(0, 62)).map(lambda parts: b"%02d:%02d:%02d" % parts)
_SHORT = st.tuples(st.sampled_from([b"Jan", b"Feb", b"Oct", b"Dec", b"Foo"]), st.integers(0, 32), _CLOCKS).map(
    lambda parts: b"%s %2d %s" % parts
)
_LONG = st.tuples(
    st.integers(1970, 2038),
    st.integers(0, 13),
    st.integers(0, 32),
    _CLOCKS,
    st.sampled_from([b"", b".1", b".123456", b".123456789", b".1234567890", b",5", b".", b".x"]),
    st.sampled_from([b"", b"Z", b"z", b"+01:00", b"-0330", b"+1:00", b"+24:00", b"+01:60", b"-00:00", b"     Z"]),
).map(lambda parts: b"%04d-%02d-%02dT%s%s%s" % parts)


@settings(max_examples=2000, deadline=None)
@given(st.one_of(_SHORT, _LONG), st.sampled_from([b" host x", b"", b" ", b"x", b"  ", b":1 x"]), st.integers(0, 2_000_000_000))
def test_the_quick_ways_to_a_stamp_give_what_the_slow_way_gives(text, rest, arrived):
    from vigilog.parse.stamps import _any_stamp

    assert stamp(text + rest, float(arrived)) == _any_stamp(text + rest, float(arrived))


def test_the_lines_of_a_request_ledger_have_the_time_of_their_ids():
    assert stamp(b"+25504:6b000167:0|GET / HTTP/1.1|Host:x", 0x6B000200) == 0x6B000167
    assert stamp(b"-25504:6b000167:0", 0x6B000200) == 0x6B000167
    assert stamp(b"+awABnArzSrOKle9yzxm7sgAAAAM|GET /x", 0x6B000200) == 0x6B00019C
    assert stamp(b"+yQtJf8CoAB4AAFNXBIEAAAAA|GET /x", 0x6B000200) is None  # of the year 2076
    for other in (b"+", b"-", b"+1:2:3|GET /", b"-- MARK --", b"+x|GET / HTTP/1.1", b"+" + b"x" * 5000):
        assert stamp(other, 0x6B000200) is None
