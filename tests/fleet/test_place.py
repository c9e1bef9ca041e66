"""Each worker of a host has a directory of its own, and its successor gets it."""

from __future__ import annotations

import os
import stat

import pytest

from vigilog.core.errors import StoreError
from vigilog.fleet.place import places, taken


def test_a_second_worker_has_another_place_and_whoever_comes_later_the_first_free_one(tmp_path):
    directory = str(tmp_path / "fleet")
    with taken(directory) as first:
        with taken(directory) as second:
            assert (first.number, second.number) == (0, 1)
            assert first.name != second.name
        with taken(directory) as again:
            assert again == second
    with taken(directory) as successor:
        assert successor == first
    assert places(directory) == [first.directory, second.directory]


def test_nobody_else_can_read_it(tmp_path):
    with taken(str(tmp_path / "fleet")) as place:
        assert stat.S_IMODE(os.stat(place.directory).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(os.path.join(place.directory, "lock")).st_mode) == 0o600


def test_a_directory_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Not a directory"), taken(str(tmp_path / "file" / "fleet")):
        pass


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path):
    (tmp_path / "worker-0").mkdir()
    (tmp_path / "worker-0" / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError), taken(str(tmp_path)):
        pass
    assert not (tmp_path / "elsewhere").exists()
