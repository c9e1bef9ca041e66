"""Packed files, read by offset: what comes out, what is damaged, and what must be installed."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.watch.rotations import PACKERS
from vigilog.core.errors import MissingExtra
from vigilog.watch.generation import open_generation

DATA = bytes(random.Random(1).choices(b"abc\n", k=600_000))


@pytest.fixture
def packed(tmp_path):
    def make(ending, content):
        path = tmp_path / ("log" + ending)
        path.write_bytes(content)
        return open_generation(str(path), follow=False)

    return make


@pytest.mark.parametrize("ending", PACKERS)
def test_any_offset_gives_what_is_there(packed, ending):
    generation = packed(ending, PACKERS[ending](DATA))
    chance = random.Random(2)
    for _ in range(30):
        offset, size = chance.randrange(700_000), chance.choice([0, 1, 300, 5_000, 300_000])
        assert generation.read_at(offset, size) == DATA[offset : offset + size]
    assert generation.length() == len(DATA)
    assert generation.damage == ""
    generation.close()


@pytest.mark.parametrize("ending", PACKERS)
def test_files_joined_with_cat_are_one(packed, ending):
    generation = packed(ending, PACKERS[ending](b"one\n") + PACKERS[ending](b"two\n"))
    assert generation.read_at(0, 100) == b"one\ntwo\n"
    generation.close()


@pytest.mark.parametrize("ending", PACKERS)
def test_nothing_packed_is_nothing(packed, ending):
    generation = packed(ending, PACKERS[ending](b""))
    assert generation.is_empty()
    generation.close()


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("damage", ["cut off", "overwritten", "not packed at all"])
def test_damaged_data_ends_where_the_damage_begins(packed, ending, damage):
    whole = PACKERS[ending](bytes(random.Random(3).choices(range(256), k=1_100_000)))
    content = {
        "cut off": whole[:-9],
        "overwritten": whole[: len(whole) * 9 // 10] + b"x" * 2_000 + whole[len(whole) * 9 // 10 + 2_000 :],
        "not packed at all": b"Nov 20 08:00:00 gate one\n",
    }[damage]
    generation = packed(ending, content)
    length = generation.length()
    assert generation.damage
    assert length == 0 if damage == "not packed at all" else 800_000 < length < 1_100_001
    generation.close()


@pytest.mark.parametrize("ending", PACKERS)
def test_fifty_mebibytes_of_nothing_are_unpacked_in_flat_memory(packed, ending, tmp_path):
    path = tmp_path / ("bomb" + ending)
    path.write_bytes(PACKERS[ending](bytes(50 << 20)))
    code = (
        "import re, sys\n"
        "from vigilog.watch.generation import open_generation\n"
        "length = open_generation(sys.argv[1], follow=False).length()\n"
        "print(length, re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])\n"
    )
    source = str(Path(__file__).resolve().parent.parent.parent / "src")
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], env={"PYTHONPATH": source}, capture_output=True, text=True, check=True
    )
    length, kilobytes = map(int, done.stdout.split())
    assert length == 50 << 20
    assert kilobytes < 50_000


@pytest.mark.peer
def test_without_the_library_the_program_zstd_is_used(packed, need, monkeypatch):
    need("zstd")
    monkeypatch.setitem(sys.modules, "vigilog.watch.zstandard_frames", None)
    generation = packed(".zst", PACKERS[".zst"](DATA))
    assert generation.read_at(300_000, 50) == DATA[300_000:300_050]
    assert generation.read_at(0, 50) == DATA[:50]
    assert generation.length() == len(DATA)
    generation.close()


@pytest.mark.peer
def test_the_program_zstd_also_notices_damage(packed, need, monkeypatch):
    need("zstd")
    monkeypatch.setitem(sys.modules, "vigilog.watch.zstandard_frames", None)
    generation = packed(".zst", PACKERS[".zst"](DATA)[:-9])
    generation.length()
    assert generation.damage == "zstd ended with status 1"
    generation.close()


def test_without_both_one_sentence_says_what_to_install(packed, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "vigilog.watch.zstandard_frames", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    generation = packed(".zst", PACKERS[".zst"](DATA))
    with pytest.raises(MissingExtra, match=r"log\.zst: .*; install the program zstd, or `pip install 'vigilog\[zstd\]'`"):
        generation.read_at(0, 1)
    generation.close()
