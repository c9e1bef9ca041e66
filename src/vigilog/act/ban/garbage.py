"""Lists of hundreds of thousands are made without the collector looking through all of them again and again: it would take
most of the time, and there is nothing in them for it to find."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """The garbage collector rests within, if it was at work."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
