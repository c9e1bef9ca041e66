"""Which entries of an AuthUserFile or AuthGroupFile are used: `id MIN-MAX`, `name REGEX`, `home REGEX` behind its path."""

from __future__ import annotations

import re


def admits(restrictions: tuple[str, ...], name: str, number: int, home: str = "") -> bool:
    """Whether an entry with that name, number and home is used. `restrictions` are words and values as they stand behind the path;
    a value with `!` in front means those that it does not match. What has no home is not asked for it."""
    for kind, value in zip(restrictions[::2], restrictions[1::2], strict=True):
        if kind.lower() == "id":
            least, _, most = value.partition("-")
            if not int(least or 0) <= number <= int(most or 0):
                return False
            continue
        found = re.search(value.removeprefix("!"), name if kind.lower() == "name" else home) is not None
        if found == value.startswith("!"):
            return False
    return True
