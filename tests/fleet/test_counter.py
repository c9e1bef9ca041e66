"""What a worker makes of the messages of hosts, with a state that is a plain dictionary."""

from __future__ import annotations

import time

import pytest

from vigilog.act.ban.allow import Allowed
from vigilog.act.ban.judge import Policy
from vigilog.act.ban.length import Lengths
from vigilog.act.ban.never import Never
from vigilog.act.ban.target import network
from vigilog.fleet import messages
from vigilog.fleet.counter import BANS, Counter
from vigilog.fleet.deciding import FORGIVEN, SETTLING, packed
from vigilog.fleet.held import LENGTH, Counting
from vigilog.fleet.messages import Sighted, encoded, forgiveness
from vigilog.fleet.watched import SLOT, Watched, slot

NOW = 1_000_000.0
ADDRESS = "192.0.2.7"


class State(dict[bytes, bytes]):
    """The state of one key."""

    def get_bytes(self, key):
        return self.get(key)

    def set_bytes(self, key, value, until):
        assert isinstance(value, bytes)
        assert until > NOW or value == packed(FORGIVEN)
        self[key] = value


class Fleet:
    """A counter with a clock and a log of its own, and the state of each key."""

    def __init__(self, *, count=3, bans=True, ban_time=None, ports=(), allow=(), within=600.0, **how):
        counting = Counting(count, within, how.get("anew", False), how.get("once", False), 7200.0, 86400.0)
        watched = {"door": Watched("door", "attack", slot("door"), counting, bans, ban_time, ports)}
        never = Never([Allowed(network(each), "a test") for each in allow], tuple, tuple, time.monotonic)
        self.now, self.offset = NOW, 0
        self.log: list[str] = []
        self.states: dict[str, State] = {}
        policy = Policy(never, lengths=Lengths(time=600.0, factor=2.0, max_time=86400.0, memory=86400.0))
        self.counter = Counter(watched, policy, "worker", clock=lambda: self.now, say=self.log.append)
        self.numbers: dict[str, int] = {}

    def see(self, key=ADDRESS, host="a", **more):
        """One event; gives what it led to, understood."""
        self.numbers[host] = number = self.numbers.get(host, 0) + 1
        event = Sighted("door", (key,), self.now, self.now, host, "auth", f"knock of {key}", {"address": key}, host, number)
        for name, value in more.items():
            event = type(event)(**{**{field: getattr(event, field) for field in event.__struct_fields__}, name: value})
        return self.take(encoded(event), key)

    def take(self, value, key=ADDRESS):
        self.offset += 1
        outs = self.counter(value, self.offset, self.now, self.states.setdefault(key, State()))
        alarms = [messages.alarm(out.alarm) for out in outs if out.alarm]
        return alarms, [messages.decision(out.decision) for out in outs if out.decision]


def test_an_attack_that_no_single_host_sees_is_an_alert_and_a_ban_for_all():
    fleet = Fleet()
    assert fleet.see(host="a") == ([], [])
    assert fleet.see(host="b") == ([], [])
    fleet.now += 2
    [alarm], [decision] = fleet.see(host="c")
    assert (alarm.trigger, alarm.key, alarm.time, alarm.count, alarm.hosts, alarm.span) == (
        "door",
        (ADDRESS,),
        NOW + 2,
        3,
        3,
        2,
    )
    assert [each.host for each in alarm.evidence] == ["a", "b", "c"]
    assert {each.line for each in alarm.evidence} == {f"knock of {ADDRESS}"}
    assert (decision.decision, decision.target, decision.until) == ("ban", ADDRESS, NOW + 602)
    assert (decision.reason, decision.by, decision.made) == ("3 times in 2 s on 3 hosts", "worker", NOW + 2)
    assert decision.evidence == alarm.evidence
    assert fleet.log == [
        f"alert: door: {ADDRESS}: 3 times in 2 s on 3 hosts",
        f"decided: ban {ADDRESS} for 600 s: door, 3 times in 2 s on 3 hosts",
    ]


def test_keys_are_counted_apart():
    fleet = Fleet(count=2)
    assert fleet.see("192.0.2.1") == ([], [])
    assert fleet.see("192.0.2.2") == ([], [])
    assert fleet.see("192.0.2.1")[0]


def test_a_trigger_without_a_ban_raises_alerts_and_decides_nothing():
    alarms, decisions = Fleet(count=1, bans=False).see()
    assert len(alarms) == 1
    assert decisions == []


def test_who_is_on_the_allow_list_is_never_decided_against_and_it_is_said():
    fleet = Fleet(count=1, allow=["192.0.2.0/24"])
    alarms, decisions = fleet.see()
    assert len(alarms) == 1
    assert decisions == []
    assert fleet.log[-1].startswith(f"not banned: {ADDRESS} is never banned: it is on the allow list")
    assert fleet.counter.figures.spared == 1


@pytest.mark.parametrize("hostile", ["127.0.0.1", "0.0.0.0", "x; reboot", "192.0.2.7/8", "::1", ""])
def test_what_is_no_address_or_never_banned_is_not_decided_against(hostile):
    fleet = Fleet(count=1)
    assert fleet.see(hostile)[1] == []
    assert fleet.log[-1].startswith("not banned: ")


def test_an_ipv6_address_is_banned_with_its_network():
    [decision] = Fleet(count=1).see("2001:db8::7")[1]
    assert decision.target == "2001:db8::/64"


def test_the_triggers_own_time_and_ports_are_in_the_decision():
    [decision] = Fleet(count=1, ban_time=60.0, ports=("tcp/22",)).see()[1]
    assert (decision.until, decision.ports) == (NOW + 60, ("tcp/22",))


def test_while_a_decision_is_on_its_way_there_is_no_other():
    fleet = Fleet(count=1)
    assert fleet.see()[1]
    fleet.now += SETTLING - 1
    alarms, decisions = fleet.see()
    assert len(alarms) == 1
    assert decisions == []


def test_who_is_seen_though_he_is_banned_is_banned_again_for_the_same_time():
    fleet = Fleet(count=1)
    fleet.see()
    fleet.now += SETTLING
    [decision] = fleet.see()[1]
    assert decision.until == fleet.now + 600


def test_who_comes_back_after_a_ban_is_banned_for_longer_until_he_is_forgotten():
    fleet = Fleet(count=1)
    lengths = []
    for _ in range(3):
        [decision] = fleet.see()[1]
        lengths.append(decision.until - fleet.now)
        fleet.now = decision.until + 1
    assert lengths == [600, 1200, 2400]
    fleet.now += 86400.0
    [decision] = fleet.see()[1]
    assert decision.until == fleet.now + 600


def test_an_event_that_comes_again_or_too_late_is_only_counted_in_the_figures():
    fleet = Fleet(count=2, anew=True)
    fleet.see(number=7)
    assert fleet.see(number=7) == ([], [])
    assert fleet.see(number=8, time=NOW - 7201) == ([], [])
    tally = fleet.counter.figures.triggers["door"]
    assert (tally.events, tally.again, tally.late, tally.alerts) == (1, 1, 1, 0)


@pytest.mark.parametrize("value", [None, b"", b"{}", b"\xff", b'{"trigger": "door"}', b"[1]"])
def test_what_is_no_message_of_a_host_is_counted_and_harmless(value):
    fleet = Fleet(count=1)
    assert fleet.take(value) == ([], [])
    assert fleet.counter.figures.unreadable == 1


def test_a_trigger_that_this_worker_does_not_know_is_counted():
    fleet = Fleet(count=1)
    assert fleet.see(trigger="window") == ([], [])
    assert fleet.counter.figures.unknown == 1


def test_lines_in_the_evidence_are_cut():
    [alarm], _ = Fleet(count=1).see(line="x" * 100_000)
    assert len(alarm.evidence[0].line) == LENGTH


def test_the_state_of_a_trigger_cannot_be_taken_for_anothers_whatever_a_key_is():
    assert len(slot("door")) == len(slot("x" * 100)) == len(BANS) == SLOT
    assert len({slot("door"), slot("doors"), BANS}) == 3


def test_with_whoever_is_let_in_by_hand_the_fleet_begins_anew():
    fleet = Fleet()
    fleet.see(), fleet.see()
    _, [first] = fleet.see()
    assert first.key == (ADDRESS,)
    fleet.see(), fleet.see()
    told = forgiveness(first.key, now=fleet.now, host="desk", by="anna@desk", origin="0123")
    assert fleet.take(encoded(told)) == ([], [])
    assert (fleet.counter.figures.forgiven, fleet.counter.figures.unknown) == (1, 0)
    assert [fleet.see(), fleet.see()] == [([], [])] * 2  # what was counted is forgotten
    _, [second] = fleet.see()  # and so is that there was a decision just now, and how many there were
    assert second.until - fleet.now == first.until - NOW == 600


def test_a_stranger_who_is_let_in_is_nothing_to_remember():
    fleet = Fleet()
    fleet.take(encoded(forgiveness((ADDRESS,), now=NOW, host="desk", by="anna@desk", origin="0123")))
    assert fleet.states[ADDRESS] == {}
