"""Outgoing, Streams: what is collected, when it is safe, and what a store or a spool that fails does to it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigilog.config.layer import settled
from vigilog.config.toml import read_text
from vigilog.core.errors import StoreError
from vigilog.core.nouns import Alert, Event, Order, Outcome, Rule
from vigilog.core.nouns import Place as Somewhere
from vigilog.detect.triggers import Trigger, TriggerSet, live
from vigilog.ship.counts import Counts, Ending
from vigilog.ship.shipper import SpoolFull
from vigilog.shipping.outgoing import CONSUMER, Outgoing
from vigilog.store.bans import Banned, Lifted
from vigilog.store.database import open_store, transaction
from vigilog.store.positions import positions

NOW = 1795163401.25
ALERT = Alert("a", ("k",), NOW, (Event(NOW, NOW, "file:/x", "a", "attack", {"key": "k"}, b"x k 1"),), 1)


class Target:
    """A spool in memory, as ship.seam has it. `kept` are the records by their numbers, `sent` how far they may be sent."""

    def __init__(self, kept=(), committed=None):
        self.kept = list(kept)[: None if committed is None else committed]
        self.sent = self.synced = len(self.kept)
        self.full = self.disk_full = self.closed = False
        self.free = 1 << 40
        self.origin = "0123456789abcdef"

    next_number = property(lambda self: len(self.kept) + 1)
    counts = property(lambda self: Counts(offered=len(self.kept)))

    def offer(self, records):
        if self.full:
            raise SpoolFull("the spool is full")
        self.kept += [tuple(record) for record in records]
        return len(self.kept)

    def offer_values(self, topic, values, keys=None):
        return self.offer([(topic, key, value) for key, value in zip(keys or [None] * len(values), values, strict=True)])

    def settle(self, seconds=0.0, number=None):
        self.synced = self.synced if self.disk_full else len(self.kept)
        return not self.disk_full

    def release(self, number):
        assert number <= self.synced, "nothing is sent that is not on the disk"
        self.sent = number

    def room(self):
        return 0 if self.full else self.free

    def close(self, seconds):
        self.closed = True
        return Ending(0, 0, 0, 0, 0, self.counts)


class Shipping:
    """An Outgoing over a store and a Target."""

    def __init__(self, directory, text, target=None):
        self.store = open_store(str(directory / "state"))
        self.target = target or Target()
        self.opened: list[object] = []
        self.settings = settled(read_text(f"[state]\ndirectory = '{directory}/state'\n{text}", "v"))
        self.outgoing = Outgoing(self.settings, self.store, self.open, lambda spec: f"file:{spec}", lambda: NOW)

    def open(self, settings, committed):
        self.opened.append(committed)
        return self.target

    def stored(self):
        found = positions(self.store, CONSUMER)
        return next(iter(found.values())).state["number"] if found else None

    def commit(self):
        with self.outgoing.transaction():
            pass

    def topics(self):
        return [record[0] for record in self.target.kept]

    def values(self):
        return [json.loads(record[2]) for record in self.target.kept]


@pytest.fixture
def shipping(tmp_path):
    made = []

    def make(text, target=None):
        made.append(Shipping(tmp_path, text, target))
        return made[-1]

    yield make
    for each in made:
        each.store.close()


def test_with_nothing_to_ship_nothing_is_opened_and_the_store_is_as_it_was(shipping):
    one = shipping("")
    one.outgoing.lines("file:/x", b"a\n", NOW)
    one.outgoing.alerts([ALERT])
    one.commit()
    assert (one.opened, one.stored(), one.outgoing.counts, one.outgoing.close()) == ([], None, None, None)
    assert one.outgoing.tap(TriggerSet([])) is None


def test_records_are_on_the_disk_before_the_store_knows_their_number_and_sent_after(shipping):
    one = shipping('[[ship.stream]]\nwhat = "lines"')
    one.outgoing.lines("file:/x", b"a\nb\n", NOW)
    assert one.target.kept == []
    with one.outgoing.transaction():
        assert one.target.sent == 0
    assert (len(one.target.kept), one.target.synced, one.stored(), one.target.sent) == (2, 2, 2, 2)
    assert [record[1] for record in one.target.kept] == [b"file:/x"] * 2


def test_the_next_start_tells_the_spool_what_the_store_knows(shipping, tmp_path):
    one = shipping('[[ship.stream]]\nwhat = "lines"')
    one.outgoing.lines("file:/x", b"a\nb\n", NOW)
    one.commit()
    assert shipping('[[ship.stream]]\nwhat = "lines"').opened == [2]
    assert shipping(f'[ship]\nspool = "{tmp_path}/other"\n[[ship.stream]]\nwhat = "lines"').opened == [None]


@pytest.mark.parametrize("fault", ["store", "disk", "spool"])
def test_what_could_not_be_stored_is_handed_over_once(shipping, fault):
    one = shipping('[[ship.stream]]\nwhat = "lines"\n[[ship.stream]]\nwhat = "alerts"')
    one.outgoing.lines("file:/x", b"a\nb\n", NOW)
    one.outgoing.alerts([ALERT])
    one.target.full = fault == "spool"
    one.target.disk_full = fault == "disk"
    for _ in range(3):
        with suppress(StoreError, sqlite3.OperationalError), one.outgoing.transaction():
            if fault == "store":
                raise StoreError("full")
    assert (one.stored(), one.target.sent) == (0, 0)
    one.target.full = one.target.disk_full = False
    one.commit()
    assert (len(one.target.kept), one.stored(), one.target.sent) == (3, 3, 3)


def test_a_transaction_that_fails_at_its_very_end_ships_nothing_twice(shipping):
    """COMMIT itself fails: the records are in the spool already."""
    one = shipping('[[ship.stream]]\nwhat = "lines"')
    one.outgoing.lines("file:/x", b"a\n", NOW)
    with closing(sqlite3.connect(one.store.execute("PRAGMA database_list").fetchone()[2])):
        one.store.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        one.store.execute("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        one.store.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(StoreError), one.outgoing.transaction():
            one.store.execute("INSERT INTO child VALUES (5)")
    assert (len(one.target.kept), one.stored(), one.target.sent) == (1, 0, 0)
    one.commit()
    assert (len(one.target.kept), one.stored(), one.target.sent) == (1, 1, 1)


def test_a_full_spool_is_said_as_long_as_sources_shall_wait_for_it(shipping):
    full = shipping('[[ship.stream]]\nwhat = "lines"')
    assert not full.outgoing.is_full()
    full.target.free = 15 << 20
    assert full.outgoing.is_full()
    full.target.free = 31 << 20
    assert full.outgoing.is_full(), "it is not said all the time"
    full.target.free = 33 << 20
    assert not full.outgoing.is_full()
    dropping = shipping('[ship]\nwhen_full = "drop-oldest"\n[[ship.stream]]\nwhat = "lines"')
    dropping.target.full = True
    assert not dropping.outgoing.is_full()


def test_a_turn_is_over_when_its_records_are_enough(shipping):
    one = shipping('[[ship.stream]]\nwhat = "lines"')
    one.outgoing.lines("file:/x", b"x\n" * 1000, NOW)
    assert not one.outgoing.is_enough
    one.outgoing.lines("file:/x", b"x\n" * 50_000, NOW)
    assert one.outgoing.is_enough
    one.commit()
    assert not one.outgoing.is_enough


def test_each_stream_has_its_own(shipping):
    one = shipping(
        '[[ship.stream]]\nwhat = "lines"\ntopic = "a"\nsources = ["/a"]\nformat = "%h %s"\nlanguage = "logformat-apache"\n'
        'key = "response_code"\n[[ship.stream]]\nwhat = "lines"\ntopic = "b"\nsources = ["/b"]\n'
        '[[ship.stream]]\nwhat = "outcomes"\n[[ship.stream]]\nwhat = "alerts"\ntriggers = ["other"]\n'
        '[[ship.stream]]\nwhat = "bans"\ntopic = "c"\n[[ship.stream]]\nwhat = "blocks"\n'
    )
    one.outgoing.lines("file:/a", b"192.0.2.1 200\nnot of it\n192.0.2.2 404\n", NOW)
    one.outgoing.lines("file:/b", b"line\n", NOW)
    one.outgoing.lines("file:/c", b"nobody's\n", NOW)
    one.outgoing.lines("blackbox:/x", b"2026-11-20T08:30:00Z h blackbox[7]: CRASH: messages=5\n", NOW)
    one.outgoing.alerts([ALERT])
    one.outgoing.outcomes([Outcome(Order(1, "ban", ALERT), done=True, reason="banned")])
    ban = Banned("192.0.2.7", "", "a", NOW, NOW + 600, 1, "why")
    one.outgoing.changes([ban, Lifted(None, NOW), Lifted(("192.0.2.7",), NOW), "something else"])
    one.commit()
    by_topic: dict[str, list[tuple[bytes | None, bytes]]] = {}
    for topic, key, value in one.target.kept:
        by_topic.setdefault(topic, []).append((key, value))
    assert set(by_topic) == {"a", "b", "c", "vigilog-outcomes", "vigilog-blocks"}
    assert by_topic["a"][0] == (b"200", b'{"remote_dns":"192.0.2.1","response_code":200}')
    assert json.loads(by_topic["a"][1][1])["Body"] == "not of it"
    assert [key for key, _ in by_topic["a"]][::2] == [b"200", b"404"]
    assert [key for key, _ in by_topic["c"]] == [b"192.0.2.7", None, b"192.0.2.7"]
    assert [key for key, _ in by_topic["vigilog-outcomes"]] == [b"k"]
    assert one.outgoing.topics == {name: len(records) for name, records in by_topic.items()}


def rule(text):
    return Rule("a", "attack", "regex", text, Somewhere("x"))


WATCHED = TriggerSet(
    [
        Trigger("here", "attack", (rule(rb"^x (?P<key>\S+) (?P<n>\d+)"),), resets=(rule(rb"^ok (?P<key>\S+)"),), key=("key",)),
        Trigger(
            "fleet", "attack", (rule(rb"^x (?P<key>\S+) (?P<n>\d+)"),), resets=(rule(rb"^ok (?P<key>\S+)"),), key=("key",),
            fleet=True,
        ),
        Trigger("all", "attack", (rule(rb"^x"),), fleet=True),
    ]
)  # fmt: skip


def passed(one, lines):
    tap = one.outgoing.tap(WATCHED)
    found = WATCHED.sightings("file:/x", lines, live(NOW))
    return list(tap("file:/x", NOW, WATCHED.told("file:/x", lines, found)))


def test_all_that_is_found_passes_by_and_the_fleet_is_told_of_its_own(shipping):
    one = shipping(
        '[[ship.stream]]\nwhat = "events"\ntriggers = ["here"]\nkey = "n"\n[[trigger]]\nrule = "sshd"\nscope = "fleet"'
    )
    assert len(passed(one, b"x \xe9 1\nok \xe9\nx b 2\n")) == 8
    one.outgoing.lines("file:/x", b"x\n", NOW)
    one.commit()
    events = [(key, json.loads(value)["Attributes"]) for topic, key, value in one.target.kept if topic == "vigilog-events"]
    assert [(key, told["vigilog.field.key"]) for key, told in events] == [(b"1", r"\xe9"), (b"2", "b")]
    sighted = [(key, json.loads(value)) for topic, key, value in one.target.kept if topic == "vigilog-fleet-events"]
    keys = [(key, told["trigger"], told["key"], told.get("clears", False)) for key, told in sighted]
    assert keys == [
        (b"\xe9", "fleet", [r"\xe9"], False), (b"\x1f", "all", [], False), (b"\xe9", "fleet", [r"\xe9"], True),
        (b"b", "fleet", ["b"], False), (b"\x1f", "all", [], False),
    ]  # fmt: skip
    numbers = [number for number, (topic, _, _) in enumerate(one.target.kept, 1) if topic == "vigilog-fleet-events"]
    assert [told["number"] for _, told in sighted] == numbers
    assert {told["origin"] for _, told in sighted} == {one.target.origin}
    assert sighted[0][1]["fields"] == {"key": r"\xe9", "n": "1"}


def test_nobody_gets_out_of_the_count_by_a_long_line(shipping):
    one = shipping('[[trigger]]\nrule = "sshd"\nscope = "fleet"')
    passed(one, b"x k 1 " + b"y" * 900_000 + b"\n")
    one.commit()
    assert max(len(value) for _, _, value in one.target.kept) < 20_000


@given(st.lists(st.sampled_from(["lines", "alert", "commit", "fail", "kill", "disk"]), max_size=30))
@settings(max_examples=40, deadline=None)
def test_killed_and_refused_at_any_point_each_line_is_sent_once(tmp_path_factory, steps):
    """The source is read from where the store says; what the spool has behind what the store knows is cut off at a start."""
    directory = tmp_path_factory.mktemp("any")
    text = '[[ship.stream]]\nwhat = "lines"\n[[ship.stream]]\nwhat = "alerts"'
    one = Shipping(directory, text)
    read = stored = 0

    def kill():
        nonlocal one, read
        one.store.close()
        committed = sqlite3_number(directory)
        target = Target(one.target.kept, committed)
        one = Shipping(directory, text, target)
        read = stored

    for step in [*steps, "kill", "lines", "commit"]:
        match step:
            case "lines":
                one.outgoing.lines("file:/x", b"%d\n" % read, NOW)
                read += 1
            case "alert":
                one.target.full = not one.target.full
            case "disk":
                one.target.disk_full = not one.target.disk_full
            case "kill":
                kill()
            case "fail":
                with suppress(StoreError), one.outgoing.transaction():
                    raise StoreError("x")
            case "commit":
                with suppress(StoreError):
                    one.commit()
                    stored = read
    sent = [record["Body"] for record in one.values()[: one.target.sent]]
    assert sent == [str(number) for number in range(stored)]
    one.store.close()


def sqlite3_number(directory):
    with closing(open_store(str(directory / "state"))) as store:
        found = positions(store, CONSUMER)
    return next(iter(found.values())).state["number"]


def test_other_settings_take_another_target_and_bad_ones_leave_the_old(shipping):
    one = shipping('[[ship.stream]]\nwhat = "lines"')
    same = settled(read_text(f"[state]\ndirectory = '{one.settings.state.directory}'\n[[ship.stream]]\nwhat = 'alerts'", "v"))
    one.outgoing.replace(same)
    assert (len(one.opened), one.target.closed) == (1, False)
    other = settled(read_text("[ship]\nbrokers = ['other']\n[[ship.stream]]\nwhat = 'alerts'", "v"))
    one.outgoing.replace(other)
    assert (len(one.opened), one.target.closed) == (2, True)
    one.outgoing.alerts([ALERT])
    with transaction(one.store):
        pass
    one.commit()
    assert one.topics() == ["vigilog-alerts"]
    one.outgoing.replace(settled(read_text("", "v")))
    assert one.outgoing.counts is None


def test_where_neither_the_new_target_nor_the_old_one_can_be_opened_nothing_is_taken_for_shipped(shipping, monkeypatch):
    one = shipping('[[ship.stream]]\nwhat = "lines"')
    other = settled(read_text("[ship]\nbrokers = ['other']\n[[ship.stream]]\nwhat = 'lines'", "v"))

    def refuse(wanted, committed):
        raise StoreError("the disk is gone")

    monkeypatch.setattr(one.outgoing, "_open", refuse)
    with pytest.raises(StoreError, match="the disk is gone"):
        one.outgoing.replace(other)
    one.outgoing.lines("file:/x", b"a\n", NOW)
    with pytest.raises(StoreError, match="nowhere to ship to"):
        one.commit()
    monkeypatch.setattr(one.outgoing, "_open", one.open)
    one.outgoing.replace(one.settings)
    one.commit()
    assert len(one.target.kept) == 1
