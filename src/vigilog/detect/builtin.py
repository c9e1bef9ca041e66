"""Vigilog's own rules, used where a host has none: package data in Debian's layout, so that one reader reads both."""

from __future__ import annotations

import os

from vigilog.detect import debian
from vigilog.detect.debian import DebianRules

DIRECTORY = os.path.join(os.path.dirname(__file__), "rules")


def load(level: str, local_rules: str, *, cracking_ignore: bool = False, cache_directory: str | None = None) -> DebianRules:
    """The built-in rules for a report level, and beside them those of the host's own in the directory `local_rules`, which
    has the same layout and need not be there. Raises RuleError for a file of these that cannot be read."""
    return debian.load((DIRECTORY, local_rules), level, cracking_ignore=cracking_ignore, cache_directory=cache_directory)
