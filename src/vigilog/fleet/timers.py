"""When which key may be forgotten: lists in the state of a partition, one for each of the moments at which that is seen to.

Quix Streams can let single values expire, too, at the price of two more reads and writes for each that is set: a quarter of all
that an event costs. Here a key is put on a list once, when it is new, and looked at again when its time has come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

PREFIX = b"\0timers"
"""In front of what is kept here, where keys of hosts have theirs. What follows is no trigger's slot."""
INDEX = b"lists"
MOST = 2000
"""So many keys are looked at in one commit, in each partition: more would hold up alerts."""


class Name(NamedTuple):
    """A value in the state: of which key, and which of its values."""

    key: bytes
    slot: bytes


class Store(Protocol):
    """The state of a partition within a transaction, as Quix Streams has it."""

    def get_bytes(self, key: bytes, prefix: bytes) -> bytes | None: ...

    def set_bytes(self, key: bytes, value: bytes, prefix: bytes) -> None: ...

    def delete(self, key: bytes, prefix: bytes) -> None: ...


Lists = dict[int, tuple[int, int]]
"""By the moment that its keys are looked at: which of its lists is the next one, and how many there were ever."""

Until = Callable[[bytes, bytes], int]
"""Until when a value must be kept (seconds since the epoch), by its slot and by itself."""

_encoder = msgspec.msgpack.Encoder()
_index = msgspec.msgpack.Decoder(Lists)
_list = msgspec.msgpack.Decoder(list[Name])


class Timers:
    """New keys since the last commit, by partition. `store` gives a partition's state, `until` knows how long a value is
    kept."""

    def __init__(self, store: Callable[[int], Store], until: Until) -> None:
        self._store, self._until = store, until
        self._new: dict[int, dict[int, list[Name]]] = {}
        self._now: dict[int, float] = {}

    def note(self, partition: int, name: Name, until: int) -> None:
        """A value is new, and must be kept until a moment."""
        self._new.setdefault(partition, {}).setdefault(until, []).append(name)

    def seen(self, partition: int, arrived: float) -> None:
        """A message of a partition came at a moment (seconds since the epoch): it is not earlier there."""
        self._now[partition] = arrived

    def flush(self) -> None:
        """Before a commit: what is new is written down, and what is over goes. Quix Streams calls it as a sink."""
        for partition, now in self._now.items():
            settle(self._store(partition), self._new.pop(partition, {}), now, self._until)
        self._now.clear()

    def start(self) -> None:
        """A sink has it; there is nothing to do."""

    def on_paused(self) -> None:
        """A sink has it; there is nothing to do."""


def settle(store: Store, new: dict[int, list[Name]], now: float, until: Until) -> None:
    """Forgets what is over at `now`, up to MOST keys, and writes down what is `new`, or not over after all."""
    known = store.get_bytes(INDEX, PREFIX)
    lists: Lists = _index.decode(known) if known else {}
    left = MOST
    changed = bool(new)
    for moment in sorted(each for each in lists if each <= now):
        following, count = lists[moment]
        while left > 0 and following < count:
            changed = True
            place = b"%d.%d" % (moment, following)
            names = _list.decode(store.get_bytes(place, PREFIX) or b"\x90")
            _look(store, names[:left], now, until, new)
            if len(names) > left:
                store.set_bytes(place, _encoder.encode(names[left:]), PREFIX)
            else:
                store.delete(place, PREFIX)
                following += 1
            left -= len(names[:left])
        lists[moment] = (following, count)
        if following == count:
            del lists[moment]
    for moment, names in new.items():
        following, count = lists.get(moment, (0, 0))
        store.set_bytes(b"%d.%d" % (moment, count), _encoder.encode(names), PREFIX)
        lists[moment] = (following, count + 1)
    if changed:
        store.set_bytes(INDEX, _encoder.encode(lists), PREFIX)


def _look(store: Store, names: list[Name], now: float, until: Until, later: dict[int, list[Name]]) -> None:
    for name in names:
        value = store.get_bytes(name.slot, name.key)
        if value is None:
            continue
        end = until(name.slot, value)
        if end <= now:
            store.delete(name.slot, name.key)
        else:
            later.setdefault(end, []).append(name)


class Timed:
    """The state of one key, for the counter: notes what is new in it."""

    __slots__ = ("_fresh", "_key", "_partition", "_store", "_timers")

    def __init__(self, store: Store, key: bytes, partition: int, timers: Timers) -> None:
        self._store, self._key, self._partition, self._timers = store, key, partition, timers
        self._fresh: tuple[bytes, ...] = ()

    def get_bytes(self, key: bytes) -> bytes | None:
        """A value, None if there is none."""
        value = self._store.get_bytes(key, self._key)
        if value is None:
            self._fresh += (key,)
        return value

    def set_bytes(self, key: bytes, value: bytes, until: int) -> None:
        """Sets a value that was asked for before, to be kept until a moment at least."""
        self._store.set_bytes(key, value, self._key)
        if key in self._fresh:
            self._timers.note(self._partition, Name(self._key, key), until)
