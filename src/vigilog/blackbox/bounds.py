"""How much is kept."""

from __future__ import annotations

from typing import NamedTuple


class Bounds(NamedTuple):
    """Messages and bytes of one session; bytes of all sessions together."""

    messages: int
    session: int
    total: int
