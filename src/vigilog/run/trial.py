"""What the actions would do about the orders of a replay, none of which is carried out.

Bans are decided as they would have been, at the time of the alert: who is on the allow list, who is banned already, and how
much longer each further ban is. Only there is no firewall.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from vigilog.act.ban.action import Ban
from vigilog.config.settings import Settings
from vigilog.core.clock import wall
from vigilog.core.nouns import Order
from vigilog.run.actions import BAN, Actions
from vigilog.run.shutting import Nowhere, Shutting
from vigilog.store.bans import Banned


class Trial:
    """The actions of `settings`. `say` takes a line for people. Raises the mistakes in the allow list."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._now = wall()
        self._banned: dict[str, Banned] = {}
        policy = Shutting(settings, Nowhere(), clock=wall, say=say).policy(settings)
        self._ban = Ban(Nowhere(), policy, self._past, clock=lambda: self._now, say=say)
        self._bans = {name for name, action in settings.actions.items() if action.type == BAN}
        self._actions = Actions(settings, self._ban, trial=True, host=os.uname().nodename, clock=wall, say=say)

    def would(self, order: Order) -> str:
        """What would have been done about an order, in a few words. To be asked in the order of the alerts."""
        if order.action not in self._bans:
            return self._actions.would(order)
        self._now = order.alert.time
        (outcome,) = self._ban.perform([order])
        for change in outcome.changes:
            if isinstance(change, Banned):
                self._banned[change.target] = change
        reason = outcome.reason
        return f"would ban{reason.removeprefix('banned')}" if reason.startswith("banned ") else reason

    def _past(self, targets: Sequence[str], since: float) -> Mapping[str, int]:
        known = (self._banned[target] for target in targets if target in self._banned)
        return {ban.target: ban.times for ban in known if ban.until >= since}
