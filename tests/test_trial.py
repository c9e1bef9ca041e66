"""A replay says what would have been done at the time of the log: bans hold, end, and grow."""

from __future__ import annotations

import pytest

from vigilog.config.run_settings import Action, Ban, Trigger
from vigilog.config.settings import Settings
from vigilog.core.nouns import Alert, Event, Order
from vigilog.trial import Trial

NOON = 1_750_000_000.0


def settings(**ban):
    trigger = Trigger(name="sshd", pattern=("x",), actions=("ban", "note"))
    actions = {"ban": Action(type="ban"), "note": Action(type="null")}
    return Settings(triggers=(trigger,), actions=actions, ban=Ban(**ban))


def order(address, time, action="ban"):
    event = Event(time, time, "file:/x", "sshd", "attack", {"address": address}, b"x")
    return Order(1, action, Alert("sshd", (address,), time, (event,)))


def test_whoever_is_banned_is_banned_already_until_the_ban_ends_and_then_for_longer():
    trial = Trial(settings())
    told = [trial.would(order("203.0.113.7", NOON + seconds)) for seconds in (0, 60, 601)]
    assert [text.split(",")[0] for text in told] == [
        "ban 203.0.113.7 for 10m",
        "do nothing: 203.0.113.7 is banned already for 9m",
        "ban 203.0.113.7 for 20m",
    ]
    assert told[2].endswith("(the 2nd time)")


def test_the_allow_list_and_this_hosts_addresses_are_spared():
    trial = Trial(settings(allow=("192.0.2.0/24",)))
    assert trial.would(order("192.0.2.9", NOON)).startswith("ban nobody: 192.0.2.9 is never banned: it is on the allow list")
    assert trial.would(order("127.0.0.1", NOON)).startswith("ban nobody: ")


def test_another_action_says_what_it_would_do_and_bans_nobody():
    trial = Trial(settings())
    assert trial.would(order("203.0.113.7", NOON, "note")) == "do something about sshd 203.0.113.7"
    assert trial.would(order("203.0.113.7", NOON)).startswith("ban 203.0.113.7 for 10m")


def test_a_mistake_in_the_allow_list_is_one_here_too():
    with pytest.raises(ExceptionGroup, match="allow list"):
        Trial(settings(allow=("no address!",)))
