"""The torture in full: 10,000 steps in ten worlds of their own. `make torture` runs it."""

from __future__ import annotations

import random

import pytest

from tests.torture.disk import small_disk
from tests.torture.world import World

WORLDS = 10
STEPS = 1000


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 100 + WORLDS))
def test_no_record_is_lost_or_stored_twice(tmp_path, seed):
    """Every record is in the store exactly once, in its order, and was printed; what was printed again says so."""
    with small_disk(tmp_path / "disk") as disk:
        world = World(tmp_path, disk, random.Random(seed))
        for _ in range(STEPS):
            world.step()
        faults = world.finish()
        assert not faults, world.told(faults)
