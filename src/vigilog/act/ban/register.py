"""The bans in force, as far as this process knows: which hold, which cover an address, which are over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from vigilog.act.ban.firewall import LONGEST, Element, Entry
from vigilog.act.ban.length import told
from vigilog.act.ban.target import EVERY_PORT, Network, Port, Target, target
from vigilog.core.clock import local
from vigilog.store.bans import Banned

_SWEEP = 60.0
_SINGLE_FOUR, _SINGLE_SIX = (4, 32), (6, 128)


class Register:
    """Bans by target and port. What is over is not given any more, and forgotten after a while. Times are seconds since the
    epoch."""

    def __init__(self) -> None:
        self._bans: dict[Element, Banned] = {}
        self._lengths: set[tuple[int, int]] = set()
        self._swept = float("-inf")

    def clear(self) -> None:
        """Holds none."""
        self._bans = {}
        self._lengths = set()

    def hold(self, ban: Banned) -> Element:
        """Holds one more, or one in the place of another for the same target and port; gives what it shuts out."""
        what = ban.target
        if "/" in what:
            self._lengths.add((6 if ":" in what else 4, int(what.partition("/")[2])))
        else:
            self._lengths.add(_SINGLE_SIX if ":" in what else _SINGLE_FOUR)
        shut_out = element(ban)
        self._bans[shut_out] = ban
        return shut_out

    def drop(self, elements: Iterable[Element]) -> None:
        """Holds these no more."""
        for each in elements:
            self._bans.pop(each, None)

    def held(self, what: Element, now: float) -> Banned | None:
        """The ban of exactly this, if it holds."""
        ban = self._bans.get(what)
        return ban if ban is not None and ban.until > now else None

    def all(self, now: float) -> list[Banned]:
        """All that hold. May be called from any thread."""
        return [ban for ban in list(self._bans.values()) if ban.until > now]

    def entries(self, now: float) -> list[Entry]:
        """All that hold, as a firewall is told."""
        return [Entry(what, seconds(ban, now)) for what, ban in self._bans.items() if ban.until > now]

    def covering(self, what: Network, port: Port, now: float) -> Banned | None:
        """A ban that keeps all of `what` from `port`: the one that ends last of those that hold."""
        found = []
        for version, length in self._lengths:
            if version == what.version and length <= what.prefixlen:
                wider = target(what if length == what.prefixlen else what.supernet(new_prefix=length))
                found += [self.held(Element(wider, each), now) for each in {port, EVERY_PORT}]
        return max((ban for ban in found if ban is not None), key=lambda ban: ban.until, default=None)

    def touching(self, what: Network, now: float) -> Iterator[Banned]:
        """All bans that hold and have an address in common with `what`."""
        if all(version != what.version or length <= what.prefixlen for version, length in self._lengths):
            wider = {target(what.supernet(new_prefix=length)) for version, length in self._lengths if version == what.version}
            yield from (ban for ban in self.all(now) if ban.target in wider)
            return
        for ban in self.all(now):
            if (":" in ban.target) == (what.version == 6) and ip_network(ban.target).overlaps(what):
                yield ban

    def sweep(self, now: float) -> None:
        """Forgets what is over, if that was not done a moment ago."""
        if not self._swept <= now < self._swept + _SWEEP:
            self._swept = now
            self.drop([each for each, ban in self._bans.items() if ban.until <= now])


def element(ban: Banned) -> Element:
    """What a ban shuts out."""
    return Element(Target(ban.target), Port(ban.port))


def entry(ban: Banned, now: float) -> Entry:
    """A ban as a firewall is told of it."""
    return Entry(element(ban), seconds(ban, now))


def seconds(ban: Banned, now: float) -> int:
    """How long a ban still holds, in whole seconds: at least 1, and no more than a firewall takes, also with a wrong clock."""
    return min(max(1, int(ban.until - now + 0.999)), LONGEST)


def until(ban: Banned, now: float) -> str:
    """`for 10m, until 2026-11-20 14:05:10`, with the port if it is for one."""
    port = f" from {ban.port}" if ban.port else ""
    return f"{port} for {told(ban.until - now)}, until {local(ban.until):%Y-%m-%d %H:%M:%S}"
