"""A replay says what would have been done at the time of the log: bans hold, end, and grow."""

from __future__ import annotations

import pytest

from vigilog.config.run_settings import Action, Ban, Trigger
from vigilog.config.settings import Settings
from vigilog.core.nouns import Alert, Event, Order
from vigilog.run.trial import Trial

NOON = 1_750_000_000.0


def settings(**ban):
    trigger = Trigger(name="sshd", pattern=("x",), actions=("ban", "note"))
    actions = {"ban": Action(type="ban"), "note": Action(type="null")}
    return Settings(triggers=(trigger,), actions=actions, ban=Ban(**ban))


def order(address, time, action="ban"):
    event = Event(time, time, "file:/x", "sshd", "attack", {"address": address}, b"x")
    return Order(1, action, Alert("sshd", (address,), time, (event,), 1))


def trial(chosen):
    return Trial(chosen, lambda line: None)


def test_whoever_is_banned_is_banned_already_until_the_ban_ends_and_then_for_longer():
    one = trial(settings())
    told = [one.would(order("203.0.113.7", NOON + seconds)) for seconds in (0, 60, 601)]
    assert [text.split(",")[0] for text in told] == [
        "would ban 203.0.113.7 for 10m",
        "203.0.113.7 is banned already for 9m",
        "would ban 203.0.113.7 for 20m",
    ]
    assert told[2].endswith("(the 2nd time)")


def test_the_allow_list_and_this_hosts_addresses_are_spared():
    one = trial(settings(allow=("192.0.2.0/24",)))
    assert one.would(order("192.0.2.9", NOON)).startswith("not banned: 192.0.2.9 is never banned: it is on the allow list")
    assert one.would(order("127.0.0.1", NOON)).startswith("not banned: ")


def test_another_action_says_what_it_would_do_and_bans_nobody():
    one = trial(settings())
    assert one.would(order("203.0.113.7", NOON, "note")) == "do something about sshd 203.0.113.7"
    assert one.would(order("203.0.113.7", NOON)).startswith("would ban 203.0.113.7 for 10m")


def test_a_mistake_in_the_allow_list_is_one_here_too():
    with pytest.raises(ExceptionGroup, match="allow list"):
        trial(settings(allow=("no address!",)))
