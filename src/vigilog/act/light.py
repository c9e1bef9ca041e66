"""Orders that wait are held light: a storm of alerts, or of lines of a megabyte, must not fill the memory."""

from __future__ import annotations

from dataclasses import replace

from vigilog.core.nouns import Order

LIGHT = 4096
"""Events are kept with an order that waits if their lines have no more bytes than this in all."""


def light(order: Order, *, bare: bool = False) -> Order:
    """`order` as it is, or without the events of its alert if they are heavy, or if it is to be `bare`."""
    if bare or sum(len(event.line) for event in order.alert.events) > LIGHT:
        return replace(order, alert=replace(order.alert, events=()))
    return order
