"""The rule set that the settings ask for, loaded."""

from __future__ import annotations

import os

from vigilog.config.settings import Settings
from vigilog.detect import builtin, debian, psionic
from vigilog.detect.debian import DebianRules
from vigilog.detect.psionic import PsionicRules

RuleSet = DebianRules | PsionicRules


def load(settings: Settings, *, keep_cache: bool = True) -> RuleSet:
    """The rules of `settings` (whose `rules` is not auto), compiled or from the cache in the state directory.

    Raises RuleError for a file that cannot be read. With `keep_cache` false nothing is written.
    """
    check = settings.check
    cache = os.path.join(settings.state.directory, "cache") if keep_cache else None
    match check.rules:
        case "psionic":
            files = settings.psionic
            return psionic.load(
                files.hacking,
                files.violations,
                files.violations_ignore,
                files.ignore,
                exact_grep=files.exact_grep,
                cache_directory=cache,
            )
        case "debian":
            return debian.load(
                (check.rule_directory,), check.level, cracking_ignore=check.cracking_ignore, cache_directory=cache
            )
        case _:
            return builtin.load(check.level, check.local_rules, cracking_ignore=check.cracking_ignore, cache_directory=cache)
