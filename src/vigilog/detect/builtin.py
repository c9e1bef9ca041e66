"""Vigilog's own rules, used where a host has none: package data in Debian's layout, so that one reader reads both."""

from __future__ import annotations

import os

from vigilog.detect import debian
from vigilog.detect.debian import DebianRules

DIRECTORY = os.path.join(os.path.dirname(__file__), "rules")


def load(level: str, *, cache_directory: str | None = None) -> DebianRules:
    """The built-in rules for a report level."""
    return debian.load(DIRECTORY, level, cache_directory=cache_directory)
