"""Reads pages of this process's own ring file, while other threads write there."""

from __future__ import annotations

import time
from collections.abc import Sequence

from vigilog.blackbox.crash_pool import Page
from vigilog.blackbox.layout import HEAD, PAGE
from vigilog.blackbox.reading import Contents, contents
from vigilog.blackbox.ring_file import RingFile

_TRIES = 3
_PAUSE = 0.001


def live_contents(file: RingFile, pages: Sequence[Page], number: int) -> Contents:
    """What `pages` of `file` hold, those of one session that take no more messages; `number` is that of its newest."""
    found = _read(file, pages, number)
    for _ in range(_TRIES):
        if not found.damaged:
            break
        # Another thread has reserved a place and is about to write there.
        time.sleep(_PAUSE)
        found = _read(file, pages, number)
    return found


def _read(file: RingFile, pages: Sequence[Page], number: int) -> Contents:
    places = [HEAD + page.place * PAGE for page in pages]
    data = [(page.header, file.map[at : at + PAGE]) for page, at in zip(pages, places, strict=True)]
    return contents(data, file.secret, number)
