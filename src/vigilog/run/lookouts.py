"""Other processes look at lines, too, while more of a log waits than one turn of the daemon takes.

What they do depends on nothing but the lines; counting stays with the one that asks. They are forked from it when they are
needed and end when nothing waits any more, so that an idle watchman is one process.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from vigilog.detect.triggers import Sighting, TriggerSet, live
from vigilog.parallel import Workers

MOST = 3
"""More of them would only wait for the one that counts."""

Look = tuple[str, bytes, float]
"""Lines to be looked at: their source, the lines, and when they arrived (seconds since the epoch)."""


class Lookouts:
    """Who looks at lines: this process and, between `call` and `dismiss`, `others` more (as many as there are processors to
    spare, if not given)."""

    def __init__(self, others: int | None = None) -> None:
        self._others = min(MOST, len(os.sched_getaffinity(0)) - 1) if others is None else others
        self._workers: Workers[Look, list[Sighting]] | None = None

    @property
    def called(self) -> bool:
        """Whether others help."""
        return self._workers is not None

    def call(self, triggers: TriggerSet) -> None:
        """Has others help, if there can be any, until they are dismissed: with these triggers. Raises OSError if the system
        gives no more processes or descriptors."""
        if self._workers is None and self._others:
            self._workers = Workers(lambda block: looked(triggers, block), self._others)

    def dismiss(self) -> None:
        """Lets the others go."""
        if self._workers is not None:
            self._workers.close()
            self._workers = None

    def give_up(self) -> None:
        """Does without others from now on."""
        self.dismiss()
        self._others = 0

    def sightings(self, triggers: TriggerSet, blocks: Iterable[Look], *, together: bool) -> Iterator[list[Sighting]]:
        """What is sighted in each block, in their order. `together` with the others blocks are taken before those in front of
        them are done. Raises VigilogError if one of the others dies."""
        if together and self._workers is not None:
            return self._workers.ordered(blocks)
        return (looked(triggers, block) for block in blocks)


def looked(triggers: TriggerSet, block: Look) -> list[Sighting]:
    """What the triggers see in a block."""
    source, lines, arrived = block
    return triggers.sightings(source, lines, live(arrived))
