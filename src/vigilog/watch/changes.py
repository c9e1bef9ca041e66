"""Which logs something happened to: places to watch, of many logs, on one instance of inotify."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from vigilog.watch.inotify import IGNORED, MODIFY, Inotify
from vigilog.watch.places import ITSELF, Place

_ATTEMPTS = 5


class Changes:
    """Watches what logs depend on. Raises OSError if inotify is not to be had."""

    def __init__(self) -> None:
        self._inotify = Inotify()
        self._logs: dict[int, dict[str, set[str]]] = {}  # watch -> log -> names that count ("" in a file)
        self._watches: dict[str, set[int]] = {}

    def fileno(self) -> int:
        """Readable when something happened."""
        return self._inotify.fileno()

    def watch(self, log: str, places: Callable[[], Iterable[Place]]) -> bool:
        """Watches the `places` of a log from now on, and no longer the former ones; asks for them again until they stay the
        same. False: they cannot all be watched, so that the log must be looked at from time to time."""
        former = self._watches.pop(log, set())
        for watch in former:
            self._logs.get(watch, {}).pop(log, None)
        found: set[int] = set()
        wanted = list(places())
        refused: list[Place] = []
        for _ in range(_ATTEMPTS):
            refused = [place for place in wanted if not self._add(log, place, found)]
            before, wanted = wanted, list(places())
            if wanted == before:
                break
        self._watches[log] = found
        for watch in former - found:
            if not self._logs.get(watch, True):
                del self._logs[watch]
                self._inotify.remove(watch)
        return not refused

    def forget(self, log: str) -> None:
        """Watches nothing for this log any more."""
        self.watch(log, tuple)
        del self._watches[log]

    def happened(self) -> dict[str, bool]:
        """The logs that something happened to since the last call; True: to names, so that its files must be looked for."""
        found: dict[str, bool] = {}
        for watch, what, name in self._inotify.read():
            if watch < 0:
                return dict.fromkeys(self._watches, True)
            logs = self._logs.pop(watch, {}) if what & IGNORED else self._logs.get(watch, {})
            for log, names in logs.items():
                if not name or any(fnmatchcase(os.fsdecode(name), pattern) for pattern in names):
                    found[log] = found.get(log, False) or what != MODIFY
        return found

    def close(self) -> None:
        """Ends all watches."""
        self._inotify.close()

    def _add(self, log: str, place: Place, found: set[int]) -> bool:
        try:
            watch = self._inotify.add(place.path, place.what)
        except FileNotFoundError:  # gone meanwhile: the places are others now
            return True
        except PermissionError:  # a directory on the way may be closed; that it is moved is then not heard of
            return place.what == ITSELF
        except OSError as error:
            return error.errno == errno.ELOOP  # until one of its links is another
        self._logs.setdefault(watch, {}).setdefault(log, set()).add(place.names)
        found.add(watch)
        return True
