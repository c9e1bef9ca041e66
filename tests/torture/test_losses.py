"""Where somebody destroys what was not read yet, the next report says so, and everything that is left comes exactly once."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.torture.account import difference, said_losses, seen, stored_lines
from tests.torture.command import PROGRAM, check_arguments, environment
from tests.torture.logs import Log, word

ROTATIONS = ("rename", "date", "savelog")


class Vandal:
    """A log, its reader, and somebody who destroys what is in it. `history` tells how."""

    def __init__(self, root: Path, chance: random.Random, rotation: str) -> None:
        self.chance = chance
        self.history: list[str] = []
        self.destroyed: set[bytes] = set()
        self._rotation = rotation
        self.store = root / "state" / "vigilog.db"
        (root / "log").mkdir()
        self.log = Log(root / "log", chance, (rotation,), name="app.log", packing=False)
        self._command = [*PROGRAM, *check_arguments(root, root / "state"), str(self.log.path)]
        self.check()

    def check(self) -> None:
        """Reads everything that is there."""
        done = subprocess.run(self._command, capture_output=True, env=environment(), check=False)
        assert done.returncode == 0, done.stderr

    def round(self) -> tuple[int, int]:
        """Something is written and read, more is written, and some of it may be destroyed. Gives how many records that were
        not read are gone, and how often a loss was said."""
        said = len(said_losses(self.store))
        self.log.write(self.chance.randrange(1, 6))
        self.check()
        for _ in range(self.chance.choice([0, 0, 1, 3])):
            self.log.write(self.chance.randrange(4))
            self.log.rotate(self._rotation)
        self.log.write(self.chance.randrange(4))
        getattr(self, self.chance.choice(["nothing", "delete", "truncate", "drop_old"]))()
        gone = self._gone()
        self.destroyed |= gone
        if self.chance.random() < 0.7:
            self.log.write(self.chance.choice([1, 3, 30]))
        self.check()
        return len(gone), len(said_losses(self.store)) - said

    def nothing(self) -> None:
        """Nobody destroys anything."""
        self.history.append("nothing")

    def delete(self) -> None:
        """All files are deleted, and the log is made anew."""
        self.log.vanish()
        self.log.reopen()
        self.history.append("delete")

    def truncate(self) -> None:
        """The log is emptied, and so are the files that were rotated away."""
        for path in self.log.rotated():
            path.unlink()
        os.truncate(self.log.path, 0)
        self.history.append("truncate")

    def drop_old(self) -> None:
        """The oldest files are deleted before they are read."""
        keep = self.chance.choice([0, 1, 2])
        self.log.drop(keep)
        self.history.append(f"drop all but {keep}")

    def faults(self) -> list[str]:
        """What the store has that it should not have, or not."""
        expected = [seen(line) for line in self.log.lines if line not in self.destroyed]
        found = [line for line in stored_lines(self.store) if word(self.log.path).encode() in line]
        return [] if found == expected else [difference(expected, found), *self.history]

    def _gone(self) -> set[bytes]:
        files = [*self.log.rotated(), self.log.path]
        there = {line for path in files for line in content(path).split(b"\n")}
        stored = set(stored_lines(self.store))
        return {line for line in self.log.lines if line not in there and seen(line) not in stored} - self.destroyed


def content(path):
    """What is in a file of a log; savelog packs the older ones."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def vandalize(root, seed, rotation, *, rounds):
    vandal = Vandal(root, random.Random(seed), rotation)
    silent = []
    for number in range(rounds):
        gone, said = vandal.round()
        vandal.history.append(f"    {gone} gone, {said} said")
        if gone and not said:
            silent.append(number)
        if vandal.history[-2] == "nothing":
            assert not said, vandal.history
    vandal.log.close()
    assert not silent, [f"nothing said in rounds {silent}", *vandal.history]
    assert not vandal.faults(), vandal.faults()


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_what_was_destroyed_unread_is_said(tmp_path, rotation):
    vandalize(tmp_path, 1, rotation, rounds=4)


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_a_quiet_log_that_is_rotated_until_its_past_is_gone_is_no_loss(tmp_path, rotation):
    vandal = Vandal(tmp_path, random.Random(1), rotation)
    vandal.log.write(1)
    vandal.check()
    for _ in range(2):
        vandal.log.rotate(rotation)
        vandal.log.drop(1)
        vandal.check()
    vandal.log.write(1)
    vandal.check()
    assert not vandal.faults()
    assert not said_losses(vandal.store)


@pytest.mark.torture
@pytest.mark.parametrize("rotation", ROTATIONS)
def test_what_was_destroyed_unread_is_said_every_time(tmp_path, rotation):
    vandalize(tmp_path, 2, rotation, rounds=150)
