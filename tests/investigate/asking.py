"""How the tests of this folder ask."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from typing import Any

from vigilog.investigate.investigation import Question, investigate
from vigilog.investigate.story import story
from vigilog.investigate.subject import subject

NOW = 1795200000.0
"""2026-11-20, in the evening: the year of the laboratory's short stamps."""


_STATE = tempfile.mkdtemp(prefix="vigilog-investigate-")
"""Compiled rules are kept from one question to the next."""
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)


def ask(text, *logs, kind=None, **more) -> Any:
    return investigate(Question(subject(text, kind), tuple(map(str, logs)), **{"state": _STATE, **more}), lambda: NOW)


def told(text, *logs, **more) -> Any:
    return story(ask(text, *logs, **more).items)
