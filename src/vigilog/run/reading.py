"""Reading for `vigilog run`: what is new of each source, a turn's worth at a time, is shown to the watchman."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from vigilog.core.errors import VigilogError
from vigilog.core.nouns import Chunk, Notice, Position
from vigilog.core.seams import Source
from vigilog.detect.triggers import TriggerSet
from vigilog.run.accounts import Accounts
from vigilog.run.beginnings import Beginnings
from vigilog.run.lookouts import Look, Lookouts
from vigilog.run.watchman import Watchman

if TYPE_CHECKING:
    from vigilog.shipping.outgoing import Outgoing

TURN = 4 << 20
"""Bytes of one source that are read before others get their turn."""
TOGETHER = 4
"""So many times as much is read where other processes help."""


class Reading:
    """Goes on from `positions`, by the names of the sources. Lines that are shipped go to `outgoing`; `say` takes a line for
    the log.

    `uncommitted` are the positions behind what was read and is not stored yet; whoever stores them says so (`committed`).
    `unread` are the sources, by name, that have more than a turn's worth.
    """

    def __init__(
        self, positions: Mapping[str, Position], accounts: Accounts, outgoing: Outgoing, say: Callable[[str], None]
    ) -> None:
        self.positions = dict(positions)
        self.uncommitted: list[Position] = []
        self.unread: dict[str, Source] = {}
        self._accounts, self._outgoing, self._say = accounts, outgoing, say
        self._beginnings = Beginnings(self.positions.values())
        self.lookouts = Lookouts()

    def waiting(self, ready: Iterable[Source]) -> list[Source]:
        """The sources to read now: those that are ready, and those that were not read to their end."""
        self.unread.update((source.name, source) for source in ready)
        return list(self.unread.values())

    def read(self, source: Source, watchman: Watchman) -> None:
        """Reads what is new of a source, a turn's worth, and has it counted."""
        self.unread.pop(source.name, None)
        taken: deque[tuple[Chunk, bytes]] = deque()
        with closing(source.read(self.positions.get(source.name))) as reading:  # type: ignore[type-var]
            blocks = self._taking(source, reading, taken)
            # what was received must be counted by whoever took it: it cannot be read again
            together = source.grade == "resumable"
            try:
                for sightings in self.lookouts.sightings(watchman.triggers, blocks, together=together):
                    item, lines = taken.popleft()
                    if item.data:
                        self._accounts.read(source.name, source.grade, item.data, item.arrived)
                        watchman.count(source.name, lines, item.arrived, sightings)
                        self._outgoing.lines(source.name, lines, item.arrived)
                    self.uncommitted = [each for each in self.uncommitted if each.source != source.name] + [item.position]
            except VigilogError as error:
                self._notice("lookouts", f"{error.found}; what it had is read again, by this process alone from now on")
                self.lookouts.give_up()
                self.unread[source.name] = source
                self._beginnings = Beginnings((self.positions | {each.source: each for each in self.uncommitted}).values())

    def gather(self, triggers: TriggerSet) -> None:
        """Calls for help while more than a turn's worth of some log waits."""
        if not self.unread:
            self.lookouts.dismiss()
        elif any(source.grade == "resumable" for source in self.unread.values()):
            try:
                self.lookouts.call(triggers)
            except OSError as error:
                self._notice("lookouts", f"no other process can help: {error.strerror}; lines are looked at by this one alone")
                self.lookouts.give_up()

    def committed(self) -> None:
        """What was read is stored, and how far."""
        self.positions.update((position.source, position) for position in self.uncommitted)
        self.uncommitted = []

    def keep(self, names: Iterable[str]) -> None:
        """Only the sources of these names are there from now on, and other triggers may look at their lines."""
        self.unread = {name: source for name, source in self.unread.items() if name in names}
        self.lookouts.dismiss()

    def close(self) -> None:
        """Sends away who helps."""
        self.lookouts.dismiss()

    def _taking(self, source: Source, reading: Iterable[Chunk | Notice], taken: deque[tuple[Chunk, bytes]]) -> Iterator[Look]:
        """What is to be looked at, a turn's worth; `taken` gets what has been asked for."""
        size, turn = 0, TURN * TOGETHER if self.lookouts.called else TURN
        try:
            for item in reading:
                if isinstance(item, Notice):
                    self._accounts.noticed(item)
                    self._say(item.text)
                    continue
                lines = self._beginnings.of(item)
                taken.append((item, lines))
                yield source.name, lines, item.arrived
                size += len(item.data)
                if size >= turn or self._outgoing.is_enough:
                    self.unread[source.name] = source
                    break
        except VigilogError as error:
            self._notice("unreadable", str(error))

    def _notice(self, kind: str, text: str) -> None:
        self._accounts.notice(kind, text)
        self._say(text)
