"""Whatever happens to a log, in any order, while it is read or not: every record comes exactly once."""

from __future__ import annotations

import random

import pytest

from tests.watch.reader import Reader, noon
from tests.watch.rotations import DATED, NUMBERED, SAVELOG, LogWriter
from vigilog.watch import records
from vigilog.watch.options import Options
from vigilog.watch.sources import open_source

FAMILIES = {"numbered": NUMBERED, "dated": DATED, "savelog": SAVELOG}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """So small that a reading takes many chunks, and can be stopped between any two."""
    monkeypatch.setattr(records, "BLOCK", 700)


def follow(directory, chance, family, *, steps, stragglers=False):
    writer = LogWriter(directory, chance, FAMILIES[family], stragglers=stragglers)
    reader = Reader(open_source(str(writer.path), Options(clock=noon)))
    reader.read()
    done = []
    for _ in range(steps):
        done.append(writer.step())
        if chance.random() < 0.4:
            stop = chance.choice([None, None, 1, 2, 5])
            for number, item in enumerate(reader.source.read(reader.position)):
                if number == stop:
                    break
                reader.take(item)
                if chance.random() < 0.2:
                    done.append("while reading: " + writer.step())
            done.append(f"read {len(reader.records)}, then {reader.position}")
    writer.close()
    for _ in range(3):
        reader.read()
    return writer, reader, done


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(12))
def test_every_record_comes_once_and_in_order(tmp_path, family, seed):
    writer, reader, done = follow(tmp_path, random.Random(seed), family, steps=120)
    assert reader.records == writer.lines, "\n".join(map(str, done[-60:]))
    assert set(reader.kinds()) <= {"missing"}, reader.notices
