"""A log that grows while a part of it is read: nothing waits for the next line to be written."""

from __future__ import annotations

import os

from vigilog.core.nouns import Chunk
from vigilog.watch.live import Live
from vigilog.watch.options import Options


def test_what_is_written_while_a_reading_is_gone_on_with_is_read_without_another_word(tmp_path):
    log = tmp_path / "log"
    line = b"x" * 99 + b"\n"
    log.write_bytes(line)
    live = Live([str(log)], Options(lambda: 0.0, "all"))
    position, taken = None, 0

    def turn(source, least):
        """Reads a turn's worth, as the daemon does: it has enough after `least` bytes."""
        nonlocal position, taken
        size = 0
        reading = source.read(position)
        for item in reading:
            if isinstance(item, Chunk):
                position, size = item.position, size + len(item.data)
                if size >= least:
                    break
        reading.close()
        taken += size

    try:
        while ready := live.ready():
            turn(ready[0], 1 << 30)
        with log.open("ab") as file:
            file.write(line * 50_000)
        (source,) = live.ready()
        turn(source, 1 << 20)
        with log.open("ab") as file:  # the kernel tells of this before the reading is gone on with, and not again
            file.write(line * 50_000)
        for _ in range(1000):
            if taken == os.path.getsize(log):
                break
            for each in live.ready():
                turn(each, 1 << 20)
        assert taken == os.path.getsize(log)
        for _ in range(5):
            for each in live.ready():
                turn(each, 1 << 20)
        assert live.ready() == []
    finally:
        live.close()
