"""Lines are shipped to Kafka while the broker and the shipper are killed: none is lost, each key stays in order, and what comes
twice was counted."""

from __future__ import annotations

import random
import time

import pytest

from tests.torture.shipping import Shipping

pytestmark = pytest.mark.peer


def tortured(tmp_path, kafka, lines, broker_kills, shipper_kills, seed):
    """Ships so many lines through so many deaths, in random order and at random moments; gives the world."""
    world = Shipping(tmp_path, kafka, kafka.topic(partitions=3), random.Random(seed))
    deaths = [world.kill_broker] * broker_kills + [world.kill_shipper] * shipper_kills
    world.random.shuffle(deaths)
    world.write(lines // (len(deaths) + 1))
    world.start()
    time.sleep(1.0)
    for die in deaths:
        world.write(lines // (len(deaths) + 1))
        time.sleep(world.random.uniform(0, 1.5))
        die()
    world.write(lines - world.written)
    world.finish()
    return world


def test_no_line_is_lost_in_a_few_deaths(tmp_path, own_kafka):
    world = tortured(tmp_path, own_kafka(), lines=60_000, broker_kills=1, shipper_kills=3, seed=1)
    assert world.account() == []


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(3))
def test_no_line_of_a_million_is_lost_in_twenty_deaths(tmp_path, own_kafka, seed):
    world = tortured(tmp_path, own_kafka(), lines=1_000_000, broker_kills=10, shipper_kills=10, seed=seed)
    assert world.account() == []
