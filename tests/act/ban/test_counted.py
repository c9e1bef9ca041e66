"""Bans of firewalls without timeouts end in time, each once, and none that was prolonged or lifted in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.act.ban.test_action import Dictionary
from vigilog.act.ban.counted import Counted
from vigilog.act.ban.firewall import Element, Entry, FirewallError
from vigilog.act.ban.target import EVERY_PORT, Target


class World:
    def __init__(self):
        self.now, self.inner = 0.0, Dictionary()
        self.firewall = Counted(self.inner, lambda: self.now)

    def due(self):
        due = self.firewall.due()
        assert due is not None
        return due

    def held(self):
        return {element.target for element in self.inner.held}


def entry(target, seconds):
    return Entry(Element(Target(target), EVERY_PORT), seconds)


def test_a_ban_ends_when_its_time_is_over():
    world = World()
    world.firewall.add([entry("a", 10), entry("b", 20)])
    assert world.firewall.due() == 10
    world.now = 10
    world.firewall.tick()
    assert world.held() == {"b"}
    assert world.firewall.due() == 10


def test_a_prolonged_ban_ends_at_its_new_end_and_is_added_once():
    world = World()
    world.firewall.add([entry("a", 10)])
    world.firewall.prolong([entry("a", 100)])
    world.now = 50
    world.firewall.tick()
    assert world.held() == {"a"}
    assert world.firewall.present() == {entry("a", 1).element: 50.0}
    world.now = 100
    world.firewall.tick()
    assert world.held() == set()


def test_a_ban_that_cannot_be_ended_is_tried_again():
    world = World()
    world.firewall.add([entry("a", 10)])
    world.now, world.inner.refuses = 10, 1
    with pytest.raises(FirewallError):
        world.firewall.tick()
    assert 0 < world.due() <= 60
    world.now += world.due()
    world.firewall.tick()
    assert world.held() == set()


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "prolong", "remove", "restore", "wait"]), st.sampled_from("abc"), st.integers(1, 9)),
    max_size=30,
)


@given(STEPS)
def test_at_every_moment_those_are_held_whose_time_is_not_over(steps):
    world = World()
    ends: dict[str, float] = {}
    for step, target, number in steps:
        if step == "wait":
            world.now += number
            while world.firewall.due() == 0:
                world.firewall.tick()
            ends = {name: end for name, end in ends.items() if end > world.now}
        elif step == "remove":
            world.firewall.remove([entry(target, 1).element])
            ends.pop(target, None)
        else:
            if step == "restore":
                ends = {}
            getattr(world.firewall, step)([entry(target, number)])
            ends[target] = world.now + number
        assert world.held() == set(ends)
