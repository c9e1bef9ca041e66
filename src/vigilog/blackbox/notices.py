"""What the black box has to say about itself: never by raising, and the same thing only once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

_MANY = 100


class Notices:
    """Hands each different sentence on to `say` (None: to standard error), a hundred at most. Whatever `say` raises is
    dropped."""

    def __init__(self, say: Callable[[str], None] | None) -> None:
        self._say = say or _on_stderr
        self._said: set[str] = set()

    def __call__(self, sentence: str) -> None:
        if sentence in self._said or len(self._said) >= _MANY:
            return
        self._said.add(sentence)
        # There is nobody left to tell.
        with suppress(Exception):
            self._say(sentence)


def _on_stderr(sentence: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"vigilog black box: {sentence}\n")
