"""Keeps the firewall what it should be: told what is new, restored when somebody changed it, tried again when it failed."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from vigilog.act.ban.firewall import Element, Entry, Firewall, FirewallError
from vigilog.act.ban.garbage import collecting_nothing
from vigilog.act.ban.register import Register, element, seconds
from vigilog.core.clock import Clock

_TOLERANCE = 10.0
"""Seconds by which the end of a ban in the firewall may differ from what it should be."""
_FIRST_TRY, _LAST_TRY = 1.0, 60.0

Later = Callable[[float, Callable[[], None]], None]
"""Has something called in so many seconds, in a thread of its own."""


def later(seconds: float, what: Callable[[], None]) -> None:
    """A timer that keeps nobody from ending."""
    timer = threading.Timer(seconds, what)
    timer.daemon = True
    timer.start()


class Upkeep:
    """`register` holds what should be in the firewall, `lock` guards both: whoever calls holds it, but for `repair` and
    `tend`. Methods give the firewall's error as a text, '' if there was none."""

    def __init__(
        self,
        firewall: Firewall,
        register: Register,
        lock: threading.RLock,
        clock: Clock,
        say: Callable[[str], None],
        later: Later,
    ) -> None:
        self._firewall, self._register, self._lock, self._clock, self._say = firewall, register, lock, clock, say
        self._later = later
        self._error = ""
        self._wait, self._waiting = _FIRST_TRY, False

    def added(self, new: Sequence[Entry], prolonged: Sequence[Entry]) -> str:
        """Tells of bans that are in the register already."""
        if self._error:
            return self._failed()
        try:
            if new:
                self._firewall.add(new)
            if prolonged:
                self._firewall.prolong(prolonged)
        except FirewallError as error:
            return self._again(error)
        return ""

    def removed(self, elements: Sequence[Element]) -> str:
        """Tells of bans that are not in the register any more."""
        if self._error:
            return self._failed()
        try:
            if elements:
                self._firewall.remove(elements)
        except FirewallError as error:
            return self._again(error)
        return ""

    def restored(self, entries: Iterable[Entry] | None = None) -> str:
        """Puts in all that is in the register, and takes out everything else. `entries`: the same, where they come into the
        register as they are asked for; all of them are."""
        coming = iter(self._register.entries(self._clock()) if entries is None else entries)
        try:
            self._firewall.restore(coming)
        except FirewallError as error:
            if not self._error:
                self._say(f"the firewall does not work: {error}")
            self._error = str(error)
            self._try_later()
            return self._failed()
        finally:
            deque(coming, 0)
        self._wait = _FIRST_TRY
        if self._error:
            self._error = ""
            self._say("the firewall works again; all bans are in it")
        return ""

    def _try_later(self) -> None:
        """At growing distances; once at a time."""
        if not self._waiting:
            self._waiting = True
            self._later(self._wait, self._try)
            self._wait = min(self._wait * 2, _LAST_TRY)

    def _try(self) -> None:
        with self._lock:
            self._waiting = False
            if self._error:
                self.restored()

    def repair(self) -> None:
        """Puts right what is not as it should be, if anything, and says so."""
        with self._lock, collecting_nothing():
            try:
                if self._error or not self._firewall.intact():
                    failing = self._error
                    if not self.restored() and not failing:
                        count = len(self._register.all(self._clock()))
                        self._say(f"somebody changed the rules of the firewall; all bans were put in again ({count})")
                    return
                self._compare()
            except FirewallError as error:
                self._again(error)

    def tend(self, sign: Callable[[], bytes]) -> None:
        """Repairs whenever there is a sign, until there are to be no more."""
        while True:
            try:
                sign()
            except EOFError:
                return
            except FirewallError as error:
                self._say(str(error))
                time.sleep(_LAST_TRY)
                continue
            self.repair()

    def _compare(self) -> None:
        """Looks at every ban in the firewall."""
        present = self._firewall.present()
        if present is None:
            return
        now = self._clock()
        wanted = {element(ban): float(seconds(ban, now)) for ban in self._register.all(now)}
        wrong = [
            what
            for what, left in wanted.items()
            if left > _TOLERANCE and (what not in present or _differs(present[what], left))
        ]
        foreign = [what for what, left in present.items() if what not in wanted and (left is None or left > _TOLERANCE)]
        if wrong:
            self._firewall.prolong([Entry(what, int(wanted[what])) for what in wrong])
        if foreign:
            self._firewall.remove(foreign)
        if wrong or foreign:
            self._say(f"the firewall differed from what is in force: {len(wrong)} bans put right, {len(foreign)} taken out")

    def _again(self, error: FirewallError) -> str:
        """A step failed, maybe because somebody changed something: everything is put in anew."""
        failed = self.restored()
        if not failed:
            self._say(f"the firewall was set up anew, with all bans: {error}")
        return failed

    def _failed(self) -> str:
        return f"recorded, but the firewall does not work: {self._error}; it is tried again"


def _differs(there: float | None, left: float) -> bool:
    return there is not None and abs(there - left) > _TOLERANCE
