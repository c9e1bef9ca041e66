"""What can go wrong. Every error has an address, says what was found, what was expected, and what to do.

VigilogError
├── ConfigurationError      a mistake in a configuration file or on the command line
│   └── RuleError           a mistake in a rule or pattern file
├── SourceError             a log cannot be read
├── StoreError              the state cannot be read or written
├── DeliveryError           a report could not be handed over
├── AlreadyRunning          another instance holds the lock
└── MissingExtra            an optional part is not installed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The ledger and the black box raise these in other people's programs, which shall not load the nouns for it.
    from vigilog.core.nouns import Place


class VigilogError(Exception):
    """Base of all. `place` is the address, `found` what stands there, `expected` what should, `remedy` what to do.

    Its text is one line: `FILE:LINE: FOUND; expected EXPECTED; REMEDY`, without the parts that are not known.
    """

    def __init__(self, found: str, *, place: Place | None = None, expected: str = "", remedy: str = "") -> None:
        self.place = place
        self.found = found
        self.expected = expected
        self.remedy = remedy
        parts = [found]
        if expected:
            parts.append(f"expected {expected}")
        if remedy:
            parts.append(remedy)
        text = "; ".join(parts)
        super().__init__(f"{place}: {text}" if place else text)


class ConfigurationError(VigilogError):
    """A mistake in a configuration file or on the command line."""


class RuleError(ConfigurationError):
    """A mistake in a rule or pattern file."""


class SourceError(VigilogError):
    """A log cannot be read."""


class StoreError(VigilogError):
    """The state cannot be read or written."""


class DeliveryError(VigilogError):
    """A report could not be handed over to the mailer or the output."""


class AlreadyRunning(VigilogError):
    """Another instance holds the lock."""


class MissingExtra(VigilogError):
    """An optional part is not installed; the text says which one to install."""
