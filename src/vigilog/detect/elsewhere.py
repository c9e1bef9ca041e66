"""The windows of a trigger whose events are counted elsewhere: by the fleet, over all hosts."""

from __future__ import annotations

from collections.abc import Iterator

from vigilog.detect.window import Entry, Key, Window


class Elsewhere:
    """Stands where `window.Windows` does. Holds nothing, and no event raises an alert."""

    dropped = 0

    def __len__(self) -> int:
        return 0

    def enter(self, key: Key, entry: Entry) -> Window:
        """Nothing for now."""
        del key, entry
        return ()

    def silence(self, key: Key, last: Entry) -> None:
        """Nothing."""

    def reset(self, key: Key) -> None:
        """Nothing."""

    def expire(self, now: float) -> None:
        """Nothing."""

    def silent(self) -> Iterator[int]:
        """None."""
        return iter(())

    def numbers(self) -> Iterator[int]:
        """None."""
        return iter(())
