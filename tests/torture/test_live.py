"""Logs that are rotated in every way by other processes while they are read live: `make torture` runs it."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from tests.watch.rotations import DATED, NUMBERED
from tests.watch.watching import Watching

WRITER = """
import random, sys, time
sys.path.insert(0, sys.argv[5])
from tests.watch.rotations import LogWriter
family, seed, steps = sys.argv[2].split(","), int(sys.argv[3]), int(sys.argv[4])
chance = random.Random(seed)
writer = LogWriter(sys.argv[1], chance, family, stragglers=len(sys.argv) > 6)
print("ready", flush=True)
sys.stdin.readline()
for number in range(steps):
    writer.step()
    if chance.random() < 0.3:
        time.sleep(chance.choice([0, 0.0005, 0.002, 0.01]))
writer.close()
for line in writer.lines:
    sys.stdout.buffer.write(line + b"\\n")
"""

FAMILIES = {"numbered": [name for name in NUMBERED if "truncate" not in name], "dated": ["date"]}
"""Left out are copytruncate, which loses lines by itself while others write, and this writer's savelog, which has a file twice
under two numbers while it is packed; the real one packs a file beside itself."""


@pytest.mark.torture
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("stragglers", [[], ["late"]], ids=["", "stragglers"])
def test_every_record_comes_once_whatever_other_processes_do(tmp_path, pytestconfig, family, seed, stragglers):
    assert set(DATED) > set(FAMILIES["dated"])
    chance = random.Random(seed)
    arguments = [str(tmp_path), ",".join(FAMILIES[family]), str(seed), "1500", str(pytestconfig.rootpath), *stragglers]
    with subprocess.Popen([sys.executable, "-c", WRITER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin
        assert writer.stdout
        writer.stdout.readline()
        seen = Watching(str(tmp_path / "app.log"))
        seen.settle()
        records: list[bytes] = []
        kinds: list[str] = []
        writer.stdin.write(b"go\n")
        writer.stdin.close()
        os.set_blocking(writer.stdout.fileno(), False)
        written = b""
        while (data := writer.stdout.read()) != b"":
            written += data or b""
            seen.turn(0.02)
            if chance.random() < 0.02:  # the watchman is started anew
                seen.live.close()
                records += seen.records
                kinds += seen.kinds()
                seen = Watching(str(tmp_path / "app.log"), positions=seen.stored())
        seen.settle()
        records += seen.records
        kinds += seen.kinds()
        seen.live.close()
    lines = written.removesuffix(b"\n").split(b"\n")
    assert sorted(records) == sorted(lines)
    if not stragglers:
        assert records == lines
    assert set(kinds) <= {"missing"}
