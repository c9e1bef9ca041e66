"""Counting: N events of one key within T seconds. One pure function, and the keys that are counted at the moment.

An event that comes late (its time lies before that of one already counted) takes its place in time, as long as it is not
older than the window of the newest. Whoever counts the same events in the same order comes to the same alerts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

Key = tuple[bytes, ...]
"""The values that an event is counted under."""


Entry = tuple[float, int]
"""An event in a window: its time in seconds since the epoch, and its number."""

Window = tuple[Entry, ...]
"""The newest events of a key, by time; never more than are needed for an alert, none older than the window's length."""

SILENT: Entry = (0.0, -1)
"""In front of a key's last event: the key raised an alert, and raises no other for now."""


def counted(
    window: Window, entry: Entry, count: int, within: float | None, anew: bool, once: bool
) -> tuple[Window, Window | None]:
    """One more event of a key: the key's window after it, and the events that prove an alert if it makes one, () if the key
    raises none for now, None if it makes none. `anew`, `once`: as in Windows. Detect, replay and the fleet count by this alone.

    The window has at most `count` events, the oldest no more than `within` seconds (None: whenever) before the newest. The
    event itself is not in it if it came too late.
    """
    if not window:
        window = (entry,)
    elif window[0] is SILENT:
        last = window[-1]
        if within is None or entry[0] - last[0] <= within:
            return (SILENT, entry if entry > last else last), ()  # noqa: FURB136 - max() takes longer
        window = (entry,)
    else:
        window = (*window, entry) if entry >= window[-1] else tuple(sorted((*window, entry)))
        if len(window) > count:
            window = window[-count:]
        if within is not None and window[-1][0] - window[0][0] > within:
            oldest = window[-1][0] - within
            window = tuple([each for each in window if each[0] >= oldest])
    if len(window) < count or (window[-1] is not entry and entry not in window):
        return window, None
    if anew:
        return (), window
    return ((SILENT, window[-1]) if once else window), window


@dataclass(slots=True)
class Windows:
    """The windows of one trigger: an alert for `count` events `within` seconds (None: whenever); `anew` says that a key is
    counted from nothing after that; `once` that it raises no other alert until it had no event for as long as `within`. `most`
    keys are counted at a time; `dropped` is how many had to be forgotten early."""

    count: int
    within: float | None
    anew: bool
    most: int
    once: bool = False
    dropped: int = 0
    _windows: dict[Key, Window] = field(default_factory=dict)
    """The key that was seen last is the last one."""

    def __len__(self) -> int:
        return len(self._windows)

    def enter(self, key: Key, entry: Entry) -> Window | None:
        """Counts an event. Gives the events that prove an alert if it makes one, () if the key raises none for now."""
        if self.count == 1 and not self.once:
            return (entry,)
        windows = self._windows
        window, proof = counted(windows.pop(key, ()), entry, self.count, self.within, self.anew, self.once)
        if window:
            windows[key] = window
            if len(windows) > self.most:
                self._forget(entry[0])
        return proof

    def silence(self, key: Key, last: Entry) -> None:
        """The key raised an alert before, and has had this event since."""
        if self.once:
            window = self._windows.pop(key, ())
            self._windows[key] = (SILENT, max(window[-1], last) if window and window[0] is SILENT else last)

    def silent(self) -> Iterator[int]:
        """The numbers of the last events of all keys that raise no alert for now."""
        return (window[-1][1] for window in self._windows.values() if window[0] is SILENT)

    def numbers(self) -> Iterator[int]:
        """The numbers of all events that are in a window."""
        return (number for window in self._windows.values() for _, number in window if number >= 0)

    def reset(self, key: Key) -> None:
        """Forgets a key."""
        self._windows.pop(key, None)

    def expire(self, now: float) -> None:
        """Forgets the keys whose events are all too old to count at `now` (seconds since the epoch)."""
        if self.within is None:
            return
        oldest = now - self.within
        for key in [key for key, window in self._windows.items() if window[-1][0] < oldest]:
            del self._windows[key]

    def _forget(self, now: float) -> None:
        """Makes room: the keys that were not seen for the longest time go, a few more than needed, so that a flood of new keys
        does not come here with every event. `dropped` counts those whose events are not too old at `now`."""
        windows = self._windows
        for key in list(islice(windows, len(windows) - self.most + self.most // 100)):
            window = windows.pop(key)
            self.dropped += self.within is None or window[-1][0] >= now - self.within
