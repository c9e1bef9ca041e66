"""Text made safe to print on a terminal: the one way of `core.visible`, under the name that all commands have for it."""

from __future__ import annotations

from vigilog.core.visible import visible_line as visible

__all__ = ["visible"]
