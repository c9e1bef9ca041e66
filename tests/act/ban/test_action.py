"""Orders to bans: who is banned, who never is, for how long, and what is recorded of it. The firewall here is a dictionary."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.act.ban.action import Ban
from vigilog.act.ban.allow import Allowed
from vigilog.act.ban.firewall import Element, FirewallError
from vigilog.act.ban.judge import Policy
from vigilog.act.ban.length import Lengths
from vigilog.act.ban.never import Never
from vigilog.act.ban.target import address, canonical, network
from vigilog.act.ban.upkeep import later
from vigilog.core.errors import StoreError
from vigilog.core.nouns import Alert, Event, Order
from vigilog.store.bans import Banned, Lifted

START = 1_000_000.0


class Dictionary:
    """A firewall. `broken`: what it says to everything; `refuses`: how many calls fail before it does what it is told."""

    def __init__(self):
        self.held, self.calls, self.broken, self.refuses, self.whole = {}, [], "", 0, True

    def _told(self, name):
        self.calls.append(name)
        if self.broken or self.refuses:
            self.refuses = max(0, self.refuses - 1)
            raise FirewallError(self.broken or "No such file or directory")

    def restore(self, entries):
        self._told("restore")
        self.held, self.whole = {entry.element: entry.seconds for entry in entries}, True

    def add(self, entries):
        self._told("add")
        self.held |= {entry.element: entry.seconds for entry in entries}

    def prolong(self, entries):
        self._told("prolong")
        self.held |= {entry.element: entry.seconds for entry in entries}

    def remove(self, elements):
        self._told("remove")
        for element in elements:
            self.held.pop(element, None)

    def present(self):
        self._told("present")
        return {element: float(seconds) for element, seconds in self.held.items()}

    def intact(self):
        return self.whole and not self.broken

    def clear(self):
        self.restore([])


class World:
    """A Ban with all that it needs, at a time that stands still until it is moved."""

    def __init__(self, *, allowed=(), own=("198.51.100.1",), peers=("203.0.113.9",), terms=None, **options):
        self.now, self.firewall, self.said, self.past = START, Dictionary(), [], {}
        self.policy = Policy(
            Never(
                [Allowed(network(each), "the list") for each in allowed],
                lambda: map(address, own),
                lambda: map(address, peers),
                lambda: self.now,
            ),
            **({"terms": terms} if terms else {}),
            **options,
        )
        self.ban = self.another()

    def another(self):
        self.timers: list[tuple[float, Callable[[], None]]] = []
        return Ban(
            self.firewall,
            self.policy,
            self.asked,
            clock=lambda: self.now,
            say=self.said.append,
            later=lambda wait, what: self.timers.append((wait, what)),
        )

    def asked(self, targets, since):
        self.since = since
        return {target: self.past[target] for target in targets if target in self.past}

    def order(self, text, *, field="address", ago=0.0, rule="sshd", attempt=1, number=1):
        fields = {field: text} if field else {}
        happened = self.now - ago
        events = tuple(Event(happened - 2 + each, happened, "file:x", rule, "attack", fields, b"line") for each in range(3))
        return Order(number, "ban", Alert(rule, (text,), happened, events, len(events)), attempt)

    def perform(self, *texts, **how):
        return list(self.ban.perform([self.order(text, **how) for text in texts]))

    def held(self):
        return {f"{element.target} {element.port}".strip(): seconds for element, seconds in self.firewall.held.items()}


def test_an_order_is_a_ban_of_the_address_with_all_that_is_to_be_recorded():
    world = World()
    (outcome,) = world.perform("192.0.2.7")
    assert outcome.done
    assert outcome.reason.startswith("banned 192.0.2.7 for 10m, until ")
    assert outcome.changes == (Banned("192.0.2.7", "", "sshd", START, START + 600, 1, "3 times in 2 s"),)
    assert world.held() == {"192.0.2.7": 600}


def test_a_batch_is_one_step_in_the_firewall_and_has_an_outcome_for_each_order_in_its_order():
    world = World()
    texts = [f"192.0.2.{number}" for number in range(200)]
    outcomes = world.perform(*texts, "x", texts[0])
    assert [outcome.done for outcome in outcomes] == [True] * 200 + [False, True]
    assert [outcome.order.alert.key[0] for outcome in outcomes] == [*texts, "x", texts[0]]
    assert outcomes[-1].reason.startswith("192.0.2.0 is banned already for 10m")
    assert outcomes[-1].changes == ()
    assert world.firewall.calls == ["add"]
    assert len(world.held()) == 200


@pytest.mark.parametrize(
    ("fields", "key", "found"),
    [
        ({"address": "192.0.2.1", "ip": "192.0.2.2"}, ("192.0.2.3",), "192.0.2.1"),
        ({"ip": "192.0.2.2", "user": "x"}, ("192.0.2.3", "x"), "192.0.2.2"),
        ({"user": "192.0.2.9"}, ("192.0.2.3",), "192.0.2.3"),
    ],
)
def test_the_address_is_the_field_address_else_ip_else_the_only_key(fields, key, found):
    world = World()
    event = Event(START, START, "s", "r", "attack", fields, b"")
    (outcome,) = world.ban.perform([Order(1, "ban", Alert("r", key, START, (event,), 1))])
    assert outcome.changes[0].target == found


def test_an_alert_without_an_address_bans_nobody():
    world = World()
    event = Event(START, START, "s", "r", "attack", {"user": "192.0.2.9"}, b"")
    (outcome,) = world.ban.perform([Order(1, "ban", Alert("r", ("a", "b"), START, (event,), 1))])
    assert (outcome.done, outcome.reason) == (False, "not banned: the alert names no address (no field address or ip)")
    assert world.firewall.calls == []


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3.4; reboot",
        "$(reboot)",
        "1.2.3.4\n5.6.7.8",
        "1.2.3.4/8",
        "١.2.3.4",
        "\x1b[2J",
        "host.example.org",
        "a" * 5000,
        "\udcff",
    ],
)
def test_what_is_no_address_is_not_banned_and_told_in_one_harmless_line(text):
    world = World()
    (outcome,) = world.perform(text)
    assert not outcome.done
    assert outcome.changes == ()
    assert outcome.reason.startswith("not banned: '")
    assert outcome.reason.isprintable()
    assert len(outcome.reason) < 200
    assert world.firewall.calls == []


@given(st.text(max_size=40) | st.ip_addresses().map(str))
def test_whatever_a_line_says_only_addresses_get_to_the_firewall(text):
    world = World()
    world.perform(text)
    for element in world.firewall.held:
        assert canonical(element.target) == element.target


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("198.51.100.1", "an address of this host"),
        ("203.0.113.9", "logged in"),
        ("192.0.2.5", "on the allow list (the list)"),
        ("127.0.0.1", "loopback"),
        ("::ffff:192.0.2.5", "on the allow list"),
    ],
)
def test_who_is_never_banned_is_not_and_the_outcome_says_why(text, why):
    world = World(allowed=["192.0.2.0/28"])
    (outcome,) = world.perform(text)
    assert not outcome.done
    assert "is never banned: " in outcome.reason
    assert why in outcome.reason
    assert world.firewall.calls == []


def test_a_network_with_somebody_in_it_who_is_never_banned_is_not_banned_whole():
    world = World(allowed=["2001:db8:1:1::5"])
    one, _ = world.perform("2001:db8:1:1::6", "2001:db8:1:2::6")
    assert one.reason.endswith(
        "; this address alone and not 2001:db8:1:1::/64: 2001:db8:1:1::5 is in it, and it is on the allow list (the list)"
    )
    assert set(world.held()) == {"2001:db8:1:1::6", "2001:db8:1:2::/64"}
    (itself,) = world.perform("2001:db8:1:1::5")
    assert not itself.done


def test_each_further_ban_is_longer_and_the_past_is_asked_as_far_back_as_memory_goes():
    world = World(lengths=Lengths(time=60, factor=3, max_time=1000, memory=5000))
    for times, seconds in ((0, 60), (1, 180), (2, 540), (3, 1000), (50, 1000)):
        world.past = {"192.0.2.7": times}
        (outcome,) = world.perform("192.0.2.7")
        assert outcome.changes[0].times == times + 1
        assert outcome.changes[0].until - world.now == pytest.approx(seconds)
        assert ("(the" in outcome.reason) is (times > 0)
        assert world.since == world.now - 5000
        world.now += 2000


def test_triggers_have_their_own_time_and_ports():
    world = World(terms=lambda alert: (30.0, ("tcp/22", "udp/5060")) if alert.rule == "sip" else (None, ()))
    (sip,) = world.perform("192.0.2.7", rule="sip")
    assert sip.reason.startswith("banned 192.0.2.7 from tcp/22, udp/5060 for 30s")
    assert world.held() == {"192.0.2.7 tcp/22": 30, "192.0.2.7 udp/5060": 30}
    (sshd,) = world.perform("192.0.2.7")
    assert world.held()["192.0.2.7"] == 600
    (again,) = world.perform("192.0.2.7", rule="sip")
    assert again.changes == ()
    assert sshd.changes[0].times == 1


def test_a_trigger_with_a_ban_time_of_nothing_bans_nobody_and_says_so():
    world = World(terms=lambda _: (0.0, ()))
    (outcome,) = world.perform("192.0.2.7")
    assert not outcome.done
    assert "no time at all" in outcome.reason


def test_whoever_is_noticed_again_while_banned_is_banned_already_and_not_for_longer():
    world = World()
    world.perform("192.0.2.7")
    world.now += 300
    (again,) = world.perform("192.0.2.7")
    assert again.done
    assert again.reason.startswith("192.0.2.7 is banned already for 5m, until ")
    assert again.changes == ()
    assert world.firewall.calls == ["add"]


def test_a_longer_ban_prolongs_the_one_that_holds():
    world = World(terms=lambda alert: (6000.0 if alert.rule == "sip" else 60.0, ()))
    world.perform("192.0.2.7")
    world.now += 30
    (outcome,) = world.perform("192.0.2.7", rule="sip")
    assert outcome.reason.startswith("the ban of 192.0.2.7 is longer now: for 1h40m")
    assert outcome.changes == (Banned("192.0.2.7", "", "sip", START, START + 6030, 1, "3 times in 2 s"),)
    assert world.firewall.calls == ["add", "prolong"]
    assert world.held() == {"192.0.2.7": 6000}


def test_whoever_is_in_a_banned_network_is_banned_already():
    world = World()
    world.ban.ban(["192.0.2.0/24"], 3600)
    (outcome,) = world.perform("192.0.2.7")
    assert outcome.done
    assert "banned already with 192.0.2.0/24" in outcome.reason


def test_a_ban_that_is_over_is_no_ban():
    world = World()
    world.perform("192.0.2.7")
    world.now += 600
    assert world.ban.in_force() == []
    (outcome,) = world.perform("192.0.2.7")
    assert outcome.changes[0].since == world.now


def test_a_broken_firewall_is_an_outcome_that_is_not_done_and_the_ban_is_recorded_all_the_same():
    world = World()
    world.firewall.broken = "nft cannot be run"
    first, second = world.perform("192.0.2.7"), world.perform("192.0.2.8")
    for (outcome,) in (first, second):
        assert not outcome.done
        assert "recorded, but the firewall does not work: nft cannot be run" in outcome.reason
        assert len(outcome.changes) == 1
    assert world.said == ["the firewall does not work: nft cannot be run"]
    assert {ban.target for ban in world.ban.in_force()} == {"192.0.2.7", "192.0.2.8"}
    world.firewall.broken = ""
    world.ban.repair()
    assert set(world.held()) == {"192.0.2.7", "192.0.2.8"}
    assert world.said[1:] == ["the firewall works again; all bans are in it"]


def test_a_firewall_that_was_flushed_at_this_moment_is_set_up_anew_with_all_bans():
    world = World()
    world.perform("192.0.2.7")
    world.firewall.held.clear()
    world.firewall.refuses = 1
    (outcome,) = world.perform("192.0.2.8")
    assert outcome.done
    assert set(world.held()) == {"192.0.2.7", "192.0.2.8"}


def test_a_foreign_change_of_the_rules_is_repaired_and_said():
    world = World()
    world.perform("192.0.2.7", "192.0.2.8")
    world.firewall.held.clear()
    world.firewall.whole = False
    world.ban.repair()
    assert set(world.held()) == {"192.0.2.7", "192.0.2.8"}
    assert world.said == ["somebody changed the rules of the firewall; all bans were put in again (2)"]


def test_single_bans_that_somebody_took_out_put_in_or_changed_are_put_right_and_said():
    world = World()
    world.perform("192.0.2.7", "192.0.2.8", "192.0.2.9")
    held = world.firewall.held
    del held[Element(canonical("192.0.2.7"))]
    held[Element(canonical("192.0.2.8"))] = 5
    held[Element(canonical("192.0.2.66"))] = 600
    world.ban.repair()
    assert world.held() == {"192.0.2.7": 600, "192.0.2.8": 600, "192.0.2.9": 600}
    assert world.said == ["the firewall differed from what is in force: 2 bans put right, 1 taken out"]
    world.firewall.calls.clear()
    world.ban.repair()
    assert world.firewall.calls == ["present"]
    assert len(world.said) == 1


def test_unban_lets_in_whatever_bans_an_address_and_nothing_else():
    world = World()
    world.perform("192.0.2.7", "192.0.2.8", "2001:db8::7", "2001:db8:1::7")
    world.ban.ban(["203.0.113.128/25"], 60)
    answer = world.ban.unban(["192.0.2.7", "2001:db8::99", "203.0.113.129", "203.0.113.1", "1.2.3.4;x"])
    assert answer.lines == (
        "let in: 192.0.2.7",
        "let in: 2001:db8::/64",
        "let in: 203.0.113.128/25",
        "203.0.113.1 was not banned",
        "'1.2.3.4;x' is not an address",
    )
    assert set(world.held()) == {"192.0.2.8", "2001:db8:1::/64"}
    assert not answer.done


def test_unban_of_a_network_lets_in_everybody_in_it():
    world = World()
    world.perform(*[f"192.0.2.{number}" for number in range(5)], "192.0.3.1")
    answer = world.ban.unban(["192.0.2.0/24"])
    assert answer.done
    assert len(answer.lines) == 5
    assert set(world.held()) == {"192.0.3.1"}
    (lifted,) = answer.changes
    assert isinstance(lifted, Lifted)
    assert "192.0.2.3" in (lifted.targets or ())


def test_unban_lifts_a_ban_for_a_port_too():
    world = World(terms=lambda _: (None, ("tcp/22", "tcp/80")))
    world.perform("192.0.2.7")
    answer = world.ban.unban(["192.0.2.7"])
    assert answer.lines == ("let in: 192.0.2.7 to tcp/22", "let in: 192.0.2.7 to tcp/80")
    assert world.held() == {}


def test_after_unban_all_nothing_comes_back_for_what_happened_before():
    world = World()
    world.perform("192.0.2.7", "192.0.2.8")
    answer = world.ban.unban_all()
    assert (answer.lines, answer.done) == (("let in: all 2",), True)
    assert world.held() == {}
    world.now += 1
    waiting, late = world.perform("192.0.2.7", "192.0.2.99", ago=1.5)
    assert (waiting.done, waiting.reason) == (False, "not banned: 192.0.2.7 was let in again after this")
    assert not late.done
    world.ban.repair()
    assert world.held() == {}
    world.now += 1.5
    (both_sides,) = world.perform("192.0.2.7", ago=1)
    assert not both_sides.done
    (new,) = world.perform("192.0.2.7")
    assert new.done


def test_whoever_was_let_in_is_not_banned_for_what_happened_before_and_others_are():
    world = World()
    world.perform("2001:db8::7")
    world.ban.unban(["2001:db8::7"])
    world.now += 1
    one, other = world.perform("2001:db8::8", "2001:db8:1::8", ago=2)
    assert (one.done, other.done) == (False, True)


def test_a_restart_restores_what_is_in_force_and_knows_who_was_let_in():
    world = World()
    kept = [
        Banned("192.0.2.7", "", "sshd", START - 10, START + 50, 3, "x"),
        Banned("2001:db8::/64", "tcp/22", "r", START, START + 9.5, 1, "x"),
    ]
    world.firewall.held = {Element(canonical("192.0.2.66")): 9}
    answer = world.ban.restore(kept, {"192.0.2.8": START - 1})
    assert answer == ((), True, ())
    assert world.held() == {"192.0.2.7": 50, "2001:db8::/64 tcp/22": 10}
    assert sorted(world.ban.in_force()) == sorted(kept)
    world.now += 1
    (outcome,) = world.perform("192.0.2.8", ago=3)
    assert not outcome.done


def test_a_restart_does_not_restore_bans_of_those_who_are_never_banned_by_now():
    world = World(allowed=["192.0.2.7", "2001:db8::5"])
    bans = [
        Banned(target, "", "r", START - 1, START + 99, 1, "")
        for target in ("192.0.2.7", "192.0.2.8", "2001:db8::/64", "198.51.100.1")
    ]
    answer = world.ban.restore(bans, {})
    assert set(world.held()) == {"192.0.2.8"}
    assert set(answer.changes[0].targets) == {"192.0.2.7", "2001:db8::/64", "198.51.100.1"}
    assert len(answer.lines) == 3
    assert world.firewall.calls == ["restore"]


def test_a_row_that_is_no_ban_spoils_no_restore():
    world = World()
    texts = ["1.2.3.4; reboot", "2001:DB8::1", "192.0.2.1/24", "", "192.0.2.8"]
    answer = world.ban.restore([Banned(text, "", "r", START - 1, START + 99, 1, "") for text in texts], {})
    assert world.held() == {"192.0.2.8": 99}
    assert set(answer.changes[0].targets) == set(texts[:4])


def test_with_a_clock_that_is_decades_wrong_everything_is_restored_all_the_same():
    world = World()
    world.now = 0.0
    assert world.ban.restore([Banned("192.0.2.7", "", "r", 1.8e9, 1.8e9 + 600, 1, "")], {}).done
    assert world.held() == {"192.0.2.7": 10 * 365 * 86400}


def test_a_new_policy_lets_in_whom_it_spares():
    world = World()
    world.perform("192.0.2.7", "192.0.2.8")
    world.ban.policy = World(allowed=["192.0.2.7"]).policy
    answer = world.ban.spare()
    assert set(world.held()) == {"192.0.2.8"}
    assert answer.changes[0].targets == ("192.0.2.7",)
    assert world.ban.spare() == ((), True, ())


def test_a_ban_by_hand_is_exactly_as_long_as_asked_and_may_be_a_network():
    world = World()
    world.past = {"192.0.2.7": 5}
    answer = world.ban.ban(["192.0.2.7", "198.51.100.128/25", "2001:db8::1", "2001:db8:1::1/128"], 90, ("tcp/22",))
    assert answer.done
    assert world.held() == {
        "192.0.2.7 tcp/22": 90,
        "198.51.100.128/25 tcp/22": 90,
        "2001:db8::/64 tcp/22": 90,
        "2001:db8:1::1 tcp/22": 90,
    }
    assert [change.rule for change in answer.changes] == ["by hand"] * 4
    assert world.ban.ban(["192.0.2.200"]).changes[0].until == START + 600


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("198.51.100.0/24", ()),
        ("0.0.0.0/0", ()),
        ("::/0", ()),
        ("198.51.100.1", ()),
        ("192.0.2.1", ("22",)),
        ("192.0.2.1", ("tcp/22; accept",)),
        ("192.0.2.1/24", ()),
    ],
)
def test_by_hand_nobody_is_banned_who_never_is_and_no_nonsense(text, ports):
    world = World()
    answer = world.ban.ban([text], 60, ports)
    assert (answer.done, answer.changes, world.firewall.calls) == (False, (), [])
    assert answer.lines[0].startswith("not banned: ")


def test_a_ban_by_hand_can_prolong_but_not_shorten():
    world = World()
    world.ban.ban(["192.0.2.7"], 100)
    assert world.ban.ban(["192.0.2.7"], 50).changes == ()
    assert world.ban.ban(["192.0.2.7"], 500).changes[0].until == START + 500
    assert world.held() == {"192.0.2.7": 500}


def test_what_would_be_done_is_told_and_nothing_is_done():
    world = World(allowed=["192.0.2.1"])
    assert world.ban.would(world.order("192.0.2.7")).startswith("ban 192.0.2.7 for 10m, until ")
    assert world.ban.would(world.order("192.0.2.1")).startswith("ban nobody: 192.0.2.1 is never banned: ")
    assert (world.firewall.calls, world.ban.in_force()) == ([], [])


def test_a_past_that_cannot_be_read_does_not_stop_a_ban():
    world = World()

    def fail(targets, since):
        raise StoreError("the store cannot be used")

    ban = Ban(world.firewall, world.policy, fail, clock=lambda: world.now, say=world.said.append)
    (outcome,) = ban.perform([world.order("192.0.2.7")])
    assert outcome.done
    assert "the store cannot be used" in world.said[0]


def test_a_clock_that_is_set_back_brings_nobody_back():
    world = World()
    world.perform("192.0.2.7")
    lifted = world.ban.unban_all().changes[0]
    world.now -= 3600
    (outcome,) = world.perform("192.0.2.8", ago=-3610)
    assert outcome.changes[0].since > lifted.moment
    assert outcome.changes[0].until == world.now + 600


def test_several_at_once_lose_nothing():
    world = World()

    def ban(thread):
        for number in range(50):
            assert all(outcome.done for outcome in world.perform(f"10.{thread}.0.{number}", f"10.{thread}.1.{number}"))

    threads = [threading.Thread(target=ban, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.held()) == len(world.ban.in_force()) == 400


def test_the_firewall_is_repaired_at_each_sign_until_its_helper_is_closed():
    world = World()
    world.perform("192.0.2.7")
    signs = [b"b", b"l", EOFError()]
    world.firewall.whole = False

    def sign():
        given = signs.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    world.ban.tend(sign)
    assert world.firewall.calls == ["add", "restore", "present"]
    assert world.said == ["somebody changed the rules of the firewall; all bans were put in again (1)"]


def test_a_firewall_that_fails_is_tried_again_at_growing_distances_until_it_works():
    world = World()
    world.firewall.broken = "nft cannot be run"
    world.perform("192.0.2.7")
    world.perform("192.0.2.8")
    waits = []
    for _ in range(8):
        (wait, what) = world.timers.pop()
        assert world.timers == []
        waits.append(wait)
        what()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    world.firewall.broken = ""
    world.timers.pop()[1]()
    assert set(world.held()) == {"192.0.2.7", "192.0.2.8"}
    assert world.timers == []
    assert world.said == ["the firewall does not work: nft cannot be run", "the firewall works again; all bans are in it"]
    (outcome,) = world.perform("192.0.2.9")
    assert outcome.done


def test_the_timer_of_the_next_try_is_a_real_one():
    called = threading.Event()
    later(0.01, called.set)
    assert called.wait(5)


def test_a_storm_keeps_no_more_in_memory_than_what_is_in_force():
    world = World()
    for batch in range(10):
        world.perform(*[f"10.{batch}.{number // 250}.{number % 250}" for number in range(500)])
        world.now += 700
    assert len(world.ban._register._bans) <= 1000
