"""The systemd journal, searched as the lines that journalctl makes of it."""

from __future__ import annotations

import json

from vigilog.core.clock import Clock
from vigilog.core.nouns import Chunk, Position
from vigilog.investigate.item import Item, Where
from vigilog.investigate.spelling import IsAbout
from vigilog.parse.stamps import stamp
from vigilog.watch.options import Options
from vigilog.watch.sources import open_source


def of_journal(source: str, is_about: IsAbout, since: float | None, clock: Clock) -> tuple[list[Item], list[str]]:
    """The lines about the subject since a moment (seconds since the epoch; None: all), and what the journal has to say."""
    journal = open_source(source, Options(clock, "all"))
    start = Position(journal.name, {"cursor": "", "since": since or 0.0, "skip": 0})
    found: list[Item] = []
    told: list[str] = []
    for item in journal.read(start):
        if not isinstance(item, Chunk):
            told.append(item.text)
            continue
        position = json.dumps(dict(item.position.state), sort_keys=True)
        at = 0
        for line in item.data.split(b"\n"):
            if line and is_about(line):
                moment = stamp(line, item.arrived)
                where = Where(source, "", 0, 0, at, len(line), packed=False, position=position)
                time = item.arrived if moment is None else moment
                found.append(Item(time, "line", source, line, where=where, stamped=moment is not None))
            at += len(line) + 1
    return found, told
