"""The torture, short enough for every run of the tests. `make torture` runs the long one."""

from __future__ import annotations

import random

from tests.torture.disk import small_disk
from tests.torture.world import World


def test_no_record_is_lost_or_stored_twice_in_150_steps_of_torture(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        world = World(tmp_path, disk, random.Random(1))
        for _ in range(150):
            world.step()
        faults = world.finish()
        assert not faults, world.told(faults)
