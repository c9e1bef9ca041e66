"""From rules to a database: out of the cache where it is there, else translated, compiled, and left there."""

from __future__ import annotations

from collections.abc import Iterable

from hyperscan._version import __version__ as LIBRARY  # noqa: N812 - the package's stubs do not name it

from vigilog.core.nouns import Rule
from vigilog.patterns import cache
from vigilog.patterns.block import View
from vigilog.patterns.database import Database

TRANSLATOR = 3
"""The version of the translation; a change of what is scanned for must change it, so that no old cache is used."""


def compile_rules(
    rules: Iterable[Rule], view: View = "stripped", *, caseless: bool = False, cache_directory: str | None = None
) -> Database:
    """The database of `rules`. A rule that cannot be compiled is left out and named in `refused`.

    With `cache_directory` a database compiled before is loaded from there, and a new one is left there (owner-only).
    """
    rules = tuple(rules)
    key = cache.key(TRANSLATOR, LIBRARY, view, caseless, [(rule.language, rule.text) for rule in rules])
    ready = cache.load(cache_directory, key, rules) if cache_directory else None
    if ready is None:
        from vigilog.patterns.translation import compiled  # noqa: PLC0415 - most starts find a cache and need no translator

        ready = compiled(rules, view, caseless=caseless)
        if cache_directory:
            cache.save(cache_directory, key, ready)
    return Database(rules, view, caseless, ready)
