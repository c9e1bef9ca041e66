"""The fields that a pattern takes out of a line: its captures, by name or by number.

RE2 takes them out wherever it can hold the pattern; Python's `re` only where the line is short and the pattern could not
make it slow, since this runs in the process itself.
"""

from __future__ import annotations

from vigilog.core.nouns import Rule
from vigilog.patterns.confirm import linear


def fields(rule: Rule, line: bytes, *, caseless: bool = False) -> dict[str, bytes]:
    """What each capture of `rule` holds in a line that it matches; {} if it has none or only a backtracking engine could tell.

    A capture is named as the pattern names it, else by its number. `line` is as the pattern sees it, without newline.
    """
    compiled = linear(rule, caseless=caseless)
    if compiled is None:
        return {}
    found = compiled.search(line)
    if found is None:
        return {}
    names = {index: name.decode("ascii") for name, index in compiled.groupindex.items()}
    return {names.get(index, str(index)): value for index, value in enumerate(found.groups(), 1) if value is not None}
