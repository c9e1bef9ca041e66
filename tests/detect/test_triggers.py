"""Triggers: which lines are events of which trigger, with which key, at what time; and what logtrigger's page promises."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.patterns.test_scanf import TABLE
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place, Rule
from vigilog.detect.triggers import LIVE_LIMIT, Occurrence, Trigger, TriggerSet, live
from vigilog.detect.window import Windows
from vigilog.parse.stamps import stamp

SOURCE = "file:/var/log/syslog"
NOON = 1_795_176_000.0
"""20 November 2026, 12:00 UTC."""


def rule(text: bytes, language: str = "regex", line: int = 1) -> Rule:
    return Rule("test", "attack", language, text, Place("rules", line))


def trigger(name: str, *patterns: bytes, language: str = "regex", resets: Sequence[bytes] = (), **more: Any) -> Trigger:
    return Trigger(
        name,
        "attack",
        tuple(rule(text, language, number) for number, text in enumerate(patterns, 1)),
        tuple(rule(text, language, number) for number, text in enumerate(resets, 50)),
        **more,
    )


def scanf(name: str, pattern: bytes, fields: Sequence[str] = (), **more: Any) -> Trigger:
    return trigger(name, pattern, language="scanf", fields=tuple(fields), **more)


def at_noon(line: bytes) -> float:
    return NOON


def seen(triggers: TriggerSet, *lines: bytes, source: str = SOURCE) -> list[Occurrence]:
    return list(triggers.occurrences(source, b"".join(line + b"\n" for line in lines), at_noon))


def brief(occurrences: Sequence[Occurrence], triggers: TriggerSet) -> list[tuple[str, bytes]]:
    """The trigger's name and the line of each."""
    return [(triggers.triggers[number].name, line) for number, _, _, _, line, _ in occurrences]


def values(made: TriggerSet, occurrence: Occurrence) -> Mapping[str, str]:
    number, _, _, _, line, rule = occurrence
    return made.fields(number, rule, made.captures(rule, line))


@pytest.mark.parametrize(("pattern", "line", "wanted"), TABLE, ids=[f"{pattern!r} {line!r}" for pattern, line, _ in TABLE])
def test_every_row_of_logtriggers_table_of_cases(pattern: bytes, line: bytes, wanted: list[bytes] | None) -> None:
    names = [f"f{number}" for number in range(len(wanted or []))]
    made = TriggerSet([scanf("row", pattern, names)])
    found = seen(made, line)
    if wanted is None:
        assert found == []
    elif not any(wanted) and wanted:
        assert found == [], "a key of nothing but an empty value counts nobody"
    else:
        [one] = found
        assert values(made, one) == dict(zip(names, [value.decode() for value in wanted], strict=True))
        assert one[2] == tuple(wanted)


def test_an_empty_value_is_a_field_where_it_is_not_the_key() -> None:
    made = TriggerSet([scanf("row", b"a '%b' from %s", ["user", "ip"], key=("ip",))])
    [one] = seen(made, b"a '' from 1.2.3.4")
    assert values(made, one) == {"user": "", "ip": "1.2.3.4"}


HOMEWORK = b"The dog ate my homework and, I know this is the 10 th time this has happened."
SORRY = HOMEWORK + b" Sorry, won't happen again (heh heh)."


def test_the_dog_that_ate_my_homework() -> None:
    """The page's three examples: the pattern must reach the end of the line, unless it ends in %s."""
    whole = b"The %s ate my homework and, I know this is the %d th time this has happened."
    short = b"The %s ate my homework and, I know this is the %d th time %s"
    made = TriggerSet([scanf("whole", whole, ["who", "times"]), scanf("short", short, ["who", "times"])])
    assert brief(seen(made, HOMEWORK, SORRY), made) == [("whole", HOMEWORK), ("short", HOMEWORK), ("short", SORRY)]
    assert [values(made, one) for one in seen(made, SORRY)] == [{"who": "dog", "times": "10"}]


def test_a_lease_is_known_by_its_interface_and_address() -> None:
    line = (
        b"Sun Nov 29 17:20:00 2020 daemon.info dnsmasq-dhcp[4273]: DHCPACK(br-lan) 192.168.2.153 'mac address' 'computer name'"
    )
    made = TriggerSet([scanf("DHCPACK", b"dnsmasq-dhcp[%d]: DHCPACK(%s) %s", ["", "interface", "ip"])])
    [one] = seen(made, line)
    assert values(made, one) == {"interface": "br-lan", "ip": "192.168.2.153"}
    assert one[2] == (b"br-lan", b"192.168.2.153")


SIP = b"Registration from '%s' failed for '%s:%d' - Wrong password"


def sip(user: bytes, address: bytes, port: int) -> bytes:
    return b"NOTICE[1]: chan_sip.c:1 in handle: Registration from '%s' failed for '%s:%d' - Wrong password" % (
        user,
        address,
        port,
    )


def alerts(made: TriggerSet, some: Sequence[tuple[float, bytes]]) -> list[int]:
    """Which of the lines (from 1), each with its time, raise an alert of a set's only trigger."""
    [one] = made.triggers
    windows = Windows(one.count, one.within, one.anew, 1000)
    raised = []
    for number, (moment, line) in enumerate(some, 1):
        for _, clears, key, _, _, _ in seen(made, line):
            if clears:
                windows.reset(key)
            elif windows.enter(key, (moment, number)):
                raised.append(number)
    return raised


def test_SIP_WrongPass_fires_at_the_fifth_failure_of_an_address() -> None:
    made = TriggerSet([scanf("SIP_WrongPass", SIP, ["user", "ip", ""], key=("ip",), count=5, within=3600.0)])
    failures = [(10.0 * number, sip(b"u%d" % number, b"203.0.113.7", 5060 + number)) for number in range(5)]
    other = (15.0, sip(b"u", b"192.0.2.66", 5060))
    assert alerts(made, failures[:4]) == []
    assert alerts(made, [*failures[:2], other, *failures[2:]]) == [6]


def test_section_4_point_1_what_is_counted_together_are_the_values_of_the_named_codes() -> None:
    made = TriggerSet([scanf("t", b"user %s from %s port %d", ["user", "ip"], count=2)])
    same = b"user a from 1.1.1.1 port 7"
    assert alerts(made, [(0, same), (1, b"user a from 1.1.1.1 port 8")]) == [2], "the port has no name"
    assert alerts(made, [(0, same), (1, b"user b from 1.1.1.1 port 7")]) == []
    assert alerts(made, [(0, same), (1, b"user a from 1.1.1.2 port 7")]) == []


def test_section_4_point_1_a_rule_without_fields_counts_for_itself() -> None:
    made = TriggerSet([scanf("t", b"user %s failed", count=2)])
    assert alerts(made, [(0, b"user a failed"), (1, b"user b failed")]) == [2]


def test_section_4_point_2_the_window_slides_and_its_boundary_is_inside() -> None:
    made = TriggerSet([scanf("t", b"user %s failed", ["user"], count=3, within=60.0)])
    line = b"user a failed"
    assert alerts(made, [(0, line), (30, line), (60, line)]) == [3]
    assert alerts(made, [(0, line), (30, line), (60.5, line), (90, line)]) == [4]


def test_section_4_point_3_every_further_event_fires_again_unless_counting_begins_anew() -> None:
    some = [(float(number), b"user a failed") for number in range(7)]
    assert alerts(TriggerSet([scanf("t", b"user %s failed", ["user"], count=3, within=60.0)]), some) == [3, 4, 5, 6, 7]
    assert alerts(TriggerSet([scanf("t", b"user %s failed", ["user"], count=3, within=60.0, anew=True)]), some) == [3, 6]
    for anew in (False, True):
        assert alerts(TriggerSet([scanf("t", b"user %s failed", ["user"], anew=anew)]), some) == [1, 2, 3, 4, 5, 6, 7]


def test_section_4_point_4_a_good_login_ends_five_in_a_row_where_a_reset_says_so() -> None:
    plain = trigger("t", rb"bad (?P<user>\w+)$", count=3)
    row = trigger("t", rb"bad (?P<user>\w+)$", resets=[rb"good (?P<user>\w+)$"], count=3)
    some = [
        (0.0, b"bad a"),
        (1.0, b"bad a"),
        (2.0, b"good a"),
        (3.0, b"bad a"),
        (4.0, b"good b"),
        (5.0, b"bad a"),
        (6.0, b"bad a"),
    ]
    assert alerts(TriggerSet([plain]), some) == [4, 6, 7]
    assert alerts(TriggerSet([row]), some) == [7]


def test_all_triggers_see_every_line() -> None:
    made = TriggerSet([trigger("one", rb"fail"), trigger("two", rb"failed (\d)"), trigger("three", rb"other")])
    assert brief(seen(made, b"failed 1", b"other fail"), made) == [
        ("one", b"failed 1"),
        ("two", b"failed 1"),
        ("one", b"other fail"),
        ("three", b"other fail"),
    ]


def test_with_first_match_a_line_is_shown_to_no_trigger_behind_the_one_that_matched() -> None:
    some = [trigger("one", rb"fail"), trigger("two", rb"failed (\d)"), trigger("three", rb"other")]
    made = TriggerSet(some, first_match=True)
    assert brief(seen(made, b"failed 1", b"other fail", b"other"), made) == [
        ("one", b"failed 1"),
        ("one", b"other fail"),
        ("three", b"other"),
    ]


def test_with_first_match_the_first_is_the_first_in_the_file_even_if_it_only_resets() -> None:
    some = [trigger("one", rb"bad (?P<u>\w)", resets=[rb"good (?P<u>\w)"]), trigger("two", rb"good")]
    assert [number for number, *_ in seen(TriggerSet(some, first_match=True), b"good a")] == [0]
    assert [number for number, *_ in seen(TriggerSet(some), b"good a")] == [0, 1]


def test_triggers_with_sources_of_their_own_see_no_others() -> None:
    some = [
        trigger("all", b"x"),
        trigger("mine", b"x", sources=frozenset({"file:/a", "file:/b"})),
        trigger("b", b"x", sources=frozenset({"file:/b"})),
    ]
    made = TriggerSet(some)
    made.prepare(["file:/a", "file:/b", "file:/c"])
    found = {name: [one for one, _ in brief(seen(made, b"x", source=f"file:/{name}"), made)] for name in "abc"}
    assert found == {"a": ["all", "mine"], "b": ["all", "mine", "b"], "c": ["all"]}


def test_a_source_that_no_trigger_watches_has_no_events() -> None:
    made = TriggerSet([trigger("t", b"x", sources=frozenset({"file:/a"}))])
    assert seen(made, b"x", source="file:/b") == []
    assert seen(TriggerSet([]), b"x") == []


def test_a_line_that_several_patterns_of_a_trigger_match_is_one_event_of_the_first() -> None:
    made = TriggerSet([trigger("t", rb"for (?P<user>\w+)", rb"(?P<user>\w+) again", rb"a (?P<user>\w+)")])
    [one] = seen(made, b"a try for anna again")
    assert values(made, one) == {"user": "anna"}
    assert one[5].place.line == 1


def test_a_line_that_a_pattern_and_a_reset_match_is_an_event() -> None:
    made = TriggerSet([trigger("t", rb"login (?P<user>\w+)", resets=[rb"login (?P<user>\w+) ok", rb"login (?P<user>\w+)"])])
    assert [clears for _, clears, *_ in seen(made, b"login anna ok")] == [False]


def test_a_pattern_that_is_also_its_reset_counts_all_the_same() -> None:
    same = (rule(rb"x (?P<u>\w)"),)
    made = TriggerSet([Trigger("t", "attack", same, same)])
    assert [clears for _, clears, *_ in seen(made, b"x a")] == [False]


def test_a_pattern_whose_key_is_empty_leaves_the_line_to_the_next_one() -> None:
    made = TriggerSet([trigger("t", rb"from (?P<ip>[\d.]*)", rb"host=(?P<ip>[\d.]+)")])
    [one] = seen(made, b"from - host=1.2.3.4")
    assert one[2] == (b"1.2.3.4",)
    assert seen(made, b"from -") == []


def test_a_part_of_the_key_that_took_no_part_is_an_empty_one() -> None:
    made = TriggerSet([trigger("t", rb"from (?P<ip>[\d.]+)(?: user (?P<user>\w+))?")])
    assert [key for _, _, key, *_ in seen(made, b"from 1.1.1.1", b"from 1.1.1.1 user a")] == [
        (b"1.1.1.1", b""),
        (b"1.1.1.1", b"a"),
    ]


def test_all_patterns_of_a_trigger_have_the_key_in_the_same_order_whatever_theirs_is() -> None:
    some = trigger(
        "t",
        rb"^(?P<user>\w+) from (?P<ip>[\d.]+)",
        rb"^(?P<ip>[\d.]+) wants (?P<user>\w+)",
        resets=[rb"^ok (?P<ip>\S+) (?P<user>\w+) (?P<pid>\d+)"],
    )
    made = TriggerSet([some])
    assert {key for _, _, key, *_ in seen(made, b"anna from 1.1.1.1", b"1.1.1.1 wants anna", b"ok 1.1.1.1 anna 77")} == {
        (b"anna", b"1.1.1.1")
    }
    assert made.key_names(0) == ("user", "ip")


@pytest.mark.parametrize(
    ("patterns", "resets", "key", "line"),
    [
        ([rb"(?P<user>\w+) from (?P<ip>\S+)", rb"only (?P<ip>\S+)"], [], (), 2),
        ([rb"(?P<user>\w+) from (?P<ip>\S+)"], [rb"good (?P<user>\w+)"], (), 50),
        ([rb"(?P<user>\w+)"], [], ("ip",), 1),
        ([rb"x"], [], ("ip",), 1),
    ],
)
def test_a_pattern_without_a_part_of_the_key_is_an_error_with_its_place(
    patterns: list[bytes], resets: list[bytes], key: tuple[str, ...], line: int
) -> None:
    """Otherwise it would be counted apart, or clear nothing, in silence."""
    with pytest.raises(RuleError) as caught:
        TriggerSet([trigger("t", *patterns, resets=resets, key=key)]).prepare([SOURCE])
    assert str(caught.value).startswith(f'rules:{line}: the pattern has no field "')
    assert caught.value.remedy


@pytest.mark.parametrize(("text", "language"), [(b"(", "regex"), (b"%q", "scanf"), (b"", "scanf"), (b"a{2,1}", "regex")])
def test_a_pattern_that_cannot_be_used_is_an_error_with_its_place_and_nothing_is_skipped(text: bytes, language: str) -> None:
    with pytest.raises(RuleError) as caught:
        TriggerSet([trigger("good", b"x"), trigger("bad", text, language=language)]).prepare([SOURCE])
    assert caught.value.place is not None
    assert caught.value.place.file == "rules"


def test_a_pattern_that_the_scanner_cannot_hold_is_an_error_too() -> None:
    with pytest.raises(RuleError):
        TriggerSet([trigger("t", rb"(?:[ab]{900}){900}{900}")]).prepare([SOURCE])


def test_fields_given_to_a_regular_expression_name_its_captures_in_order() -> None:
    made = TriggerSet(
        [
            trigger(
                "t",
                rb"user ([a-z]+) from ([0-9.]+)( port ([0-9]+))?",
                language="ere",
                fields=("user", "ip", "", "port"),
                key=("ip",),
            )
        ]
    )
    found = seen(made, b"user anna from 1.1.1.1 port 7", b"user anna from 1.1.1.1")
    assert [values(made, one) for one in found] == [
        {"user": "anna", "ip": "1.1.1.1", "port": "7"},
        {"user": "anna", "ip": "1.1.1.1"},
    ]


def test_bytes_that_are_no_utf_8_stay_what_they_are() -> None:
    made = TriggerSet([trigger("t", rb"user (?P<user>.+) failed")])
    [one] = seen(made, b"user \xff\xc3\xa4\x80 failed")
    assert one[2] == (b"\xff\xc3\xa4\x80",)
    assert values(made, one)["user"].encode("utf-8", "surrogateescape") == b"\xff\xc3\xa4\x80"


HOSTILE = [b"\x00", b"\x1b[2J\x1b]0;x\x07", b"$(reboot)", b"`reboot`;|&", b"%n%s", b"\r", b"\x85\xa0", b"'\"\\"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: bytes) -> None:
    made = TriggerSet([trigger("t", rb"user=\((?P<user>.*)\) failed$")])
    [one] = seen(made, b"user=(" + text + b") failed")
    assert one[2] == (text,)
    assert values(made, one)["user"].encode("utf-8", "surrogateescape") == text


def test_a_line_of_10_MB_is_a_line() -> None:
    made = TriggerSet([trigger("t", rb"user=(?P<user>[^ ]+) failed$"), scanf("s", b"user=%s failed", ["user"])])
    long = b"x" * 10_000_000
    found = seen(made, b"before", b"user=" + long + b" failed", long, b"user=a failed")
    short = b"x" * 100 + b"... (10000000 bytes, SHA-256 " + hashlib.sha256(long).hexdigest().encode() + b")"
    assert [(number, key[0]) for number, _, key, *_ in found] == [(0, short), (1, short), (0, b"a"), (1, b"a")]
    assert values(made, found[0])["user"].encode() == values(made, found[1])["user"].encode() == long


def test_blanks_at_the_end_of_a_line_are_not_seen() -> None:
    made = TriggerSet([trigger("t", rb"end$")])
    assert [line for _, _, _, _, line, _ in seen(made, b"the end \t\r")] == [b"the end"]


words = st.sampled_from(
    [b"fail a", b"fail b", b"ok a", b"ok b", b"noise", b"", b" ", b"fail a fail b", b"late fail a \r", b"x" * 300]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(words, max_size=30), st.lists(st.integers(0, 30), max_size=4), st.booleans())
def test_how_lines_are_cut_into_blocks_changes_nothing(lines: list[bytes], cuts: list[int], first_match: bool) -> None:
    some = [
        trigger("f", rb"fail (?P<u>[ab])", resets=[rb"ok (?P<u>[ab])"]),
        trigger("o", rb"ok", rb"^fail"),
        scanf("s", b"fail %s", ["u"]),
    ]
    made = TriggerSet(some, first_match=first_match)
    whole = seen(made, *lines)
    edges = [0, *sorted(cuts), len(lines)]
    assert [one for start, end in pairwise(edges) for one in seen(made, *lines[start:end])] == whole
    assert [one for line in lines for one in seen(made, line)] == whole


def test_events_come_by_line_and_for_each_line_in_the_order_of_the_triggers() -> None:
    chance = random.Random(3)
    made = TriggerSet([trigger(str(number), b"%d" % number) for number in range(10)])
    lines = [b"%d" % chance.randrange(10**9) for _ in range(500)]
    wanted = [(number, line) for line in lines for number in range(10) if b"%d" % number in line]
    assert [(number, line) for number, _, _, _, line, _ in seen(made, *lines)] == wanted


def test_the_time_of_a_live_line_is_its_stamp_if_that_is_near_its_arrival() -> None:
    moment = live(NOON)
    assert moment(b"2026-11-20T11:30:00Z h p: x") == NOON - 1800
    assert moment(b"2026-11-20T12:59:59Z h p: x") == NOON + 3599
    assert moment(b"no stamp at all") == NOON


@pytest.mark.parametrize(
    "text",
    [
        b"2026-11-20T10:59:59Z",
        b"2026-11-20T13:00:01Z",
        b"1970-01-01T00:00:00Z",
        b"9999-12-31T23:59:59Z",
        b"@4000000000000000deadbeef",
    ],
)
def test_a_stamp_further_than_an_hour_from_the_arrival_of_a_live_line_is_not_believed(text: bytes) -> None:
    line = text + b" host prog: x"
    found = stamp(line, NOON)
    assert found is None or abs(found - NOON) > LIVE_LIMIT
    assert live(NOON)(line) == NOON


def test_a_trigger_set_out_of_the_cache_sees_the_same(tmp_path) -> None:
    some = [trigger("f", rb"fail (?P<u>[ab])$"), scanf("s", b"fail %s", ["u"])]
    runs = [seen(TriggerSet(some, cache_directory=str(tmp_path / "cache")), b"fail a", b"x", b"fail c") for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0]) == 3
    assert list((tmp_path / "cache").iterdir())


def test_values_that_are_longer_than_any_name_are_counted_by_what_they_are_and_held_short():
    triggers = TriggerSet([trigger("long", rb"user (?P<user>.*) failed", resets=[rb"user (?P<user>.*) came in"])])
    one, other = b"x" * 500_000 + b"1", b"x" * 500_000 + b"2"
    keys = [
        each[2]
        for each in seen(triggers, b"user " + one + b" failed", b"user " + other + b" failed", b"user " + one + b" came in")
    ]
    assert keys[0] == keys[2] != keys[1]
    assert all(len(key[0]) < 300 for key in keys)
    assert keys[0][0].startswith(b"xxxx")
