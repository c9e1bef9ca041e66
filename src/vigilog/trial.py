"""What the actions would do about the orders of a replay, none of which is carried out."""

from __future__ import annotations

import os

from vigilog.act.null import Null
from vigilog.actions import Actions
from vigilog.config.settings import Settings
from vigilog.core.clock import wall
from vigilog.core.nouns import Order


class Trial:
    """The actions of `settings`, asked what they would do."""

    def __init__(self, settings: Settings) -> None:
        self._actions = Actions(settings, Null(), trial=True, host=os.uname().nodename, clock=wall, say=lambda _: None)

    def would(self, order: Order) -> str:
        """What would be done about an order, in a few words."""
        return self._actions.would(order)
