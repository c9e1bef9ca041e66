"""Whatever happens to a log, in any order, while it is read or not: every record comes exactly once."""

from __future__ import annotations

import random

import pytest

from tests.watch.reader import Reader, noon
from tests.watch.rotations import COPIED, DATED, NUMBERED, SAVELOG, LogWriter
from vigilog.watch import records
from vigilog.watch.options import Options
from vigilog.watch.sources import open_source

FAMILIES = {"numbered": NUMBERED, "dated": DATED, "savelog": SAVELOG, "copied": COPIED}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """So small that a reading takes many chunks, and can be stopped between any two."""
    monkeypatch.setattr(records, "BLOCK", 700)


def follow(writer, reader, chance, steps):
    """Lets both do as they like, the reader being stopped at any chunk and the writer going on between any two of them; gives
    a diary. At last the reader reads to the end."""
    diary = []
    for _ in range(steps):
        diary.append(writer.step())
        if chance.random() < 0.4:
            most = chance.choice([None, None, 1, 2, 5])
            for number, item in enumerate(reader.source.read(reader.position)):
                if number == most:
                    break
                reader.take(item)
                if chance.random() < 0.2:
                    diary.append("while it is read: " + writer.step())
            diary.append(f"{len(reader.records)} of {len(writer.lines)} read")
    writer.close()
    reader.read()
    reader.read()
    return diary


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(8))
def test_every_record_comes_once_and_in_order(tmp_path, family, seed):
    chance = random.Random(seed)
    writer = LogWriter(tmp_path, chance, FAMILIES[family])
    reader = Reader(open_source(str(writer.path), Options(clock=noon)))
    reader.read()
    diary = follow(writer, reader, chance, steps=120)
    assert reader.records == writer.lines, diary
    assert set(reader.kinds()) <= {"missing"}, diary


@pytest.mark.parametrize("family", ["numbered", "dated", "savelog"])
@pytest.mark.parametrize("seed", range(8))
def test_every_record_comes_once_though_a_second_process_writes_to_the_file_before(tmp_path, family, seed):
    chance = random.Random(seed)
    writer = LogWriter(tmp_path, chance, FAMILIES[family], stragglers=True)
    reader = Reader(open_source(str(writer.path), Options(clock=noon)))
    reader.read()
    diary = follow(writer, reader, chance, steps=120)
    assert sorted(reader.records) == sorted(writer.lines), diary
    assert set(reader.kinds()) <= {"missing"}, diary
