"""dnscache's section: what is counted a block at a time is what counting line by line gives."""

from __future__ import annotations

import pickle
import tracemalloc
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dnscache_entries import ENTRIES, STAMPS
from vigilog.parse import dnscache as lines_of_dnscache
from vigilog.parse.tai64n import label, split
from vigilog.parse.tai64n_spans import bounds
from vigilog.report.section_text import section_text
from vigilog.report.services import SERVICES, dnscache

STAMPED = st.builds(lambda stamp, entry: stamp + b" " + lines_of_dnscache.written(entry), STAMPS, ENTRIES)
BARE = ENTRIES.map(lines_of_dnscache.written)
JUNK = st.one_of(
    st.sampled_from([b"", b"dnscache: fatal: unable to bind", b"starting dnscache", b"@4000000037c219bf2ef02e94 hello", b"@"]),
    st.binary(max_size=40).filter(lambda line: b"\n" not in line),
)
OTHERS = st.one_of(
    st.sampled_from(["cached 1 a.", "cached 1 a.", "tx 0 1 a. . 7f000001"]),
    st.builds("stats 1 {} 1 0".format, st.integers(0, 100)),
)


@st.composite
def talks(draw):
    """Entries as one dnscache after the other writes them: each question has a number of its own, and at most one end."""
    serial, waiting = draw(st.integers(0, 3)), [1, 2, 3]
    made = []
    for what in draw(
        st.lists(st.sampled_from(["query", "query", "sent", "sent", "drop", "other", "other", "starting"]), max_size=40)
    ):
        text = what
        if what == "query":
            serial += 1
            waiting.append(serial + 3)
            text = f"query {serial + 3} 7f000001:b1e3:1001 1 a."
        elif what in ("sent", "drop"):
            if not waiting:
                continue
            number = waiting.pop(draw(st.integers(0, len(waiting) - 1)))
            text = f"{what} {number} " + ("40" if what == "sent" else "timed out")
        elif what == "other":
            text = draw(OTHERS)
        else:
            serial, waiting = -3, []
        made.append(draw(STAMPS) + b" " + text.encode())
    return made


LOGS = st.lists(st.one_of(STAMPED, STAMPED, BARE, JUNK), max_size=40)


def section(*parts, numeric=False):
    """Of lines that were seen in turn."""
    counting = dnscache.Counting(numeric=numeric)
    for lines in parts:
        counting.see(lines, float)
    return counting.section()


def rows(section, title):
    """A table's rows by their first cells."""
    found = next(table for table in section.tables if table.title == title)
    return {row[0]: row[-1] if len(row) == 2 else row[1:] for row in found.rows}


def log(*entries, begin=1_795_132_800):
    """Stamped lines, a second apart unless an entry says when: (seconds, entry)."""
    made = b""
    for number, entry in enumerate(entries):
        seconds, text = entry if isinstance(entry, tuple) else (number, entry)
        whole = begin + int(seconds)
        made += label(whole, round(seconds % 1 * 1e9)) + b" " + text.encode() + b"\n"
    return made


def line_by_line(lines):
    """The same counts, the slow way."""
    found: dict[str, Counter[str]] = {
        title: Counter() for title in ("Entries", "Query types", "Clients", "Names asked for", "Dropped", "Servfails")
    }
    unmatched: Counter[bytes] = Counter()
    for line in lines:
        entry = lines_of_dnscache.entry(line)
        if entry is None:
            unmatched[line] += 1
            continue
        found["Entries"][entry.kind] += 1
        text = lines_of_dnscache.readable(entry)
        if entry.kind == "query":
            found["Query types"][text.split(" ")[3]] += 1
            found["Clients"][str(entry.fields["IP"])] += 1
            found["Names asked for"][str(entry.fields["NAME"])] += 1
        if entry.kind == "drop":
            found["Dropped"][str(entry.fields["ERROR"])] += 1
        if entry.kind == "servfail":
            found["Servfails"][str(entry.fields["ERROR"])] += 1
    return found, unmatched


@given(LOGS, st.booleans())
@settings(max_examples=300)
def test_blocks_are_counted_as_lines_are(lines, ended):
    block = b"\n".join(lines) + (b"\n" if lines and (ended or not lines[-1]) else b"")
    counted = section(block)
    expected, unmatched = line_by_line(lines)
    for title, counts in expected.items():
        assert rows(counted, title) == dict(counts), title
    assert dict(counted.unmatched) == {line.decode("utf-8", "surrogateescape"): times for line, times in unmatched.items()}
    assert counted.lines == len(lines) == sum(rows(counted, "Entries").values()) + sum(dict(counted.unmatched).values())


@given(talks(), st.lists(st.integers(0, 40), max_size=3))
@settings(max_examples=300)
def test_parts_counted_by_themselves_and_merged_are_the_whole(lines, cuts):
    bounds = [0, *sorted(cuts), 40]
    parts = [b"".join(line + b"\n" for line in lines[begin:end]) for begin, end in pairwise(bounds)]
    merged = dnscache.Counting()
    for part in parts:
        other = dnscache.Counting()
        other.see(part, float)
        merged.merge(pickle.loads(pickle.dumps(other)))
    whole = section(b"".join(parts))
    assert merged.section() == section(*parts) == whole


def test_the_real_log_of_djbdns_is_understood_to_the_last_line(sample_data):
    counted = section((sample_data / "dnscache/djbdns-1.05/current").read_bytes())
    assert counted.unmatched == ()
    assert counted.lines == 11_202
    assert rows(counted, "Entries") == {
        "cached": 4093, "query": 2507, "sent": 2507, "rr": 933, "tx": 548, "stats": 347, "nxdomain": 140, "nodata": 87,
        "servfail": 25, "tcpopen": 7, "tcpclose": 7, "starting": 1,
    }  # fmt: skip
    assert rows(counted, "Query types") == {"A": 1985, "AAAA": 197, "MX": 120, "PTR": 107, "TXT": 84, "NS": 8, "ANY": 6}
    assert rows(counted, "Servfails") == {"input/output error": 25}
    assert rows(counted, "Names that failed")["a.lame.test."] == ("input/output error", 17)
    assert rows(counted, "Records received") == {"A": 824, "CNAME": 36, "PTR": 36, "NS": 15, "MX": 12, "TXT": 5, "AAAA": 5}
    assert rows(counted, "Clients")["127.0.0.2"] == 1000
    assert sum(rows(counted, "Clients").values()) == sum(rows(counted, "Names asked for").values()) == 2507
    assert rows(counted, "Response sizes")["largest"] == 73
    assert rows(counted, "Answers")["questions"] == rows(counted, "Answers")["answers"] == 2507
    assert sum(times for _, times in counted.events[0].points) == 2507


def test_the_log_with_stamps_and_without_tell_the_same_but_for_times(sample_data):
    folder = sample_data / "dnscache/droyo-dnscache-stats"
    stamped, bare = (section((folder / name).read_bytes()) for name in ("dnscache.log", "dnscache-notime.log"))
    assert stamped.unmatched == bare.unmatched == ()
    assert stamped.lines == bare.lines == 2495
    assert rows(stamped, "Dropped") == {"input/output error": 1}
    timed = "Milliseconds until an answer"
    assert [table for table in stamped.tables if table.title != timed] == [
        table for table in bare.tables if table.title != timed
    ]
    assert rows(stamped, timed)
    assert not rows(bare, timed)
    assert not bare.events


def test_an_answer_without_any_server_in_between_came_from_the_cache():
    lines = log(
        "query 1 7f000001:b1e3:1001 1 a.", "cached 1 a.", "sent 1 40",
        "query 2 7f000001:b1e3:1001 1 b.", "tx 0 1 b. . 7f000002", "rr 7f000002 60 1 b. 7f000003", "sent 2 40",
        "query 3 7f000001:b1e3:1001 1 localhost.", "sent 3 40",
        "query 4 7f000001:b1e3:1001 1 c.", "cached cname c. d.", "tx 0 1 d. . 7f000002", "query 5 7f000001:b1e3:1001 252 c.",
        "drop 5 permission denied",
    )  # fmt: skip
    assert rows(section(lines), "Answers") == {
        "questions": 5, "answers": 3, "answered without asking a server": 2, "cache hit rate, % of answers": 66.7,
    }  # fmt: skip
    cache = rows(section(lines), "Cache")
    assert (cache["lookups that the cache answered"], cache["lookups that servers were asked for"]) == (2, 2)


def test_an_answer_s_time_is_that_of_the_question_with_its_number():
    lines = log(
        (0.0, "query 1 7f000001:b1e3:1001 1 a."), (0.1, "query 2 7f000001:b1e3:1001 1 b."), (0.9, "query 3 7f000001:b1e3:1001 1 c."),
        (1.1, "sent 3 40"), (2.1, "sent 2 40"), (10.0, "drop 1 timed out"),
        (20.0, "starting"), (20.5, "query 1 7f000001:b1e3:1001 1 a."), (21.5, "sent 1 40"), (22.0, "sent 9 40"),
    )  # fmt: skip
    times = rows(section(lines), "Milliseconds until an answer")
    assert times["mean"] == pytest.approx((200 + 2000 + 1000) / 3)
    assert times["longest"] == pytest.approx(2000)
    assert times["half of them within"] == pytest.approx(1000, rel=0.04)


def test_the_motion_of_the_cache_is_counted_across_restarts():
    lines = log("stats 1 100 1 0", "stats 2 180 3 2", "starting", "stats 1 50 1 0", "stats 2 60 1 0")
    assert rows(section(lines), "Cache") == {"bytes written into the cache": 80 + 60}
    assert rows(section(lines), "TCP") == {"most questions at once by UDP": 3, "most connections at once": 2}


def test_what_fails_is_told_with_its_reasons():
    counted = section(log(
        "lame 7f000017 lame. .", "lame 7f000017 lame. .", "servfail x.sfail. input/output error", "drop 7 timed out",
        "drop 8 permission denied", "drop 9 timed out", "tcpopen 7f000001:9c41", "tcpclose 7f000001:9c41 broken pipe",
    ))  # fmt: skip
    assert rows(counted, "Lame servers") == {"127.0.0.23": ("lame.", 2)}
    assert rows(counted, "Dropped") == {"timed out": 2, "permission denied": 1}
    assert rows(counted, "Names that failed") == {"x.sfail.": ("input/output error", 1)}
    assert rows(counted, "TCP") == {"connections": 1, "closed: broken pipe": 1}
    assert {series.title: series.points for series in counted.events} == {"Servfails and drops": ((1_795_132_800.0, 4),)}


def test_addresses_of_ipv6_builds_are_read_and_one_client_is_one():
    counted = section(log(
        "query 1 00000000000000000000ffff7f000001:b1e3:1001 28 a.", "query 2 7f000001:b1e3:1001 28 a.",
        "query 3 20010db8000000000000000000000001:b1e3:1001 65280 a.",
    ))  # fmt: skip
    assert rows(counted, "Clients") == {"127.0.0.1": 2, "2001:db8::1": 1}
    assert rows(counted, "Query types") == {"AAAA": 2, "TYPE65280": 1}


def test_types_stay_numbers_where_numbers_are_asked_for():
    lines = log("query 1 7f000001:b1e3:1001 28 a.", "rr 7f000001 1 ns a. b.")
    assert rows(section(lines, numeric=True), "Query types") == {"28": 1}
    assert rows(section(lines, numeric=True), "Records received") == {"ns": 1}


@given(st.lists(STAMPS, max_size=50))
def test_events_stand_in_the_ten_minutes_of_their_stamps(stamps):
    lines = b"".join(stamp + b" query 1 7f000001:b1e3:1001 1 a.\n" for stamp in stamps)
    seconds = [split(stamp) for stamp in stamps]
    expected = Counter(each[0] // 600 * 600 for each in seconds if each)
    points = section(lines).events[0].points if stamps else ()
    assert points == tuple(sorted(expected.items()))


@pytest.mark.parametrize("stamp", [b"@" + b"f" * 24, b"@" + b"0" * 24, b"@" + b"8" + b"0" * 23, b"@3fffffff" + b"0" * 16])
def test_a_stamp_out_of_any_calendar_is_counted_and_shown_at_no_time(stamp):
    counted = section(stamp + b" query 1 7f000001:b1e3:1001 1 a.\n" + stamp + b" drop 1 timed out\n")
    assert rows(counted, "Entries") == {"query": 1, "drop": 1}
    assert not counted.events


def test_lines_that_are_not_understood_are_shown_and_what_is_in_them_is_harmless():
    counted = section(log("starting") + b"dnscache: fatal: \x1b[2Jgone\n" * 3 + b"query 1\n")
    text = section_text(counted, 0)
    assert "dnscache: fatal: \\x1b[2Jgone: 3 Time(s)" in text
    assert "query 1: 1 Time(s)" in text
    assert counted.lines == 5


def test_nothing_is_said_of_an_empty_log():
    assert section_text(section(b""), 10) == ""


def test_more_detail_tells_more():
    lines = log(*(f"query {number} 7f000001:b1e3:1001 1 host{number}.test." for number in range(1, 201)))
    texts = [section_text(section(lines), detail) for detail in (0, 5, 10)]
    few, some, everything = (text.count(".test.") for text in texts)
    assert 0 == few < some < everything == 200
    assert "Query types" not in texts[0]
    assert "127.0.0.1" in texts[1]


def test_a_flood_of_lines_that_nobody_understands_takes_bounded_memory():
    counting = dnscache.Counting()
    tracemalloc.start()
    for part in range(30):
        counting.see(b"".join(b"odd line %d of a flood\n" % (part * 1000 + number) for number in range(1000)), float)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found = dict(counting.section().unmatched)
    assert sum(found.values()) == 30_000
    assert len(found) == dnscache.MOST_UNMATCHED + 1
    assert size < 4 << 20


def test_questions_that_are_never_answered_take_bounded_memory():
    counting = dnscache.Counting()
    for part in range(30):
        first = part * 1000
        counting.see(log(*(f"query {first + number} 7f000001:b1e3:1001 1 a." for number in range(1000))), float)
    assert len(pickle.dumps(counting)) < 400_000


@given(
    st.lists(st.one_of(STAMPED, STAMPED, BARE, JUNK), max_size=30),
    st.lists(st.integers(1_500_000_000, 1_500_010_000), max_size=4),
)
@settings(max_examples=300)
def test_lines_outside_of_the_bounds_are_left_out(lines, edges):
    spans = [(first, end) for first, end in list(pairwise(sorted(set(edges))))[::2]]
    moments = [stamp and any(first <= stamp[0] < end for first, end in spans) for stamp in map(split, lines)]
    inside, chosen = next((moment for moment in moments if moment is not None), False), []
    for line, moment in zip(lines, moments, strict=True):
        inside = inside if moment is None else moment
        if inside:
            chosen.append(line)
    if not spans:
        return
    counting = dnscache.Counting(bounds=bounds(spans))
    counting.see(b"".join(line + b"\n" for line in lines), float)
    assert counting.section() == section(b"".join(line + b"\n" for line in chosen))


def test_it_is_among_the_services():
    assert SERVICES["dnscache"] is dnscache
    assert dnscache.GROUPS == ("dnscache",)
