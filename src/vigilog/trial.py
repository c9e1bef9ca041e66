"""What the actions would do about the orders of a replay, none of which is carried out.

Bans are held in memory, at the time of the log: whoever is banned is banned already at the next alert, and for longer at the
next ban.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from vigilog.act.ban import allow
from vigilog.act.ban.action import Ban
from vigilog.act.ban.judge import Policy
from vigilog.act.ban.length import Lengths
from vigilog.act.ban.never import Never
from vigilog.act.ban.own import own_addresses
from vigilog.actions import BAN, Actions
from vigilog.config.settings import Settings
from vigilog.core.clock import wall
from vigilog.core.nouns import Order, Place
from vigilog.shutting import Nowhere, terms
from vigilog.store.bans import Banned


class Trial:
    """The actions of `settings`, asked what they would do. Who is logged in now is nothing to the past; this host's addresses
    are. Raises an ExceptionGroup of the mistakes in the allow list."""

    def __init__(self, settings: Settings) -> None:
        self._now = 0.0
        self._last: dict[str, Banned] = {}
        """The last ban of each target."""
        self._bans = {name for name, action in settings.actions.items() if action.type == BAN}
        self._ban = Ban(Nowhere(), _policy(settings), self._past, clock=lambda: self._now, say=_unsaid)
        self._actions = Actions(settings, self._ban, trial=True, host=os.uname().nodename, clock=wall, say=_unsaid)

    def would(self, order: Order) -> str:
        """What would be done about an order, in a few words. To be asked once about each, in their order."""
        self._now = order.alert.time
        told = self._actions.would(order)
        if order.action in self._bans:
            for outcome in self._ban.perform([order]):
                self._last.update((ban.target, ban) for ban in outcome.changes if isinstance(ban, Banned))
        return told

    def _past(self, targets: Sequence[str], since: float) -> Mapping[str, int]:
        known = (self._last.get(target) for target in targets)
        return {ban.target: ban.times for ban in known if ban and ban.until >= since}


def _policy(settings: Settings) -> Policy:
    wanted = settings.ban
    banning = any(action.type == BAN for action in settings.actions.values())
    listed = allow.read(wanted.allow if banning else (), Place("ban.allow"))
    if listed.errors:
        raise ExceptionGroup("mistakes in the allow list", list(listed.errors))
    lengths = Lengths(wanted.time, wanted.factor, wanted.max_time, wanted.memory)
    never = Never(listed.entries, own_addresses, lambda: (), time.monotonic)
    return Policy(never, terms(settings), lengths, wanted.ipv6_prefix)


def _unsaid(line: str) -> None:
    del line
