"""What Vigilog itself raised and did over a range: its store knows that better than any log."""

from __future__ import annotations

import os

from vigilog.config import toml
from vigilog.config.host import state_directory
from vigilog.core.errors import StoreError
from vigilog.report.section import Section
from vigilog.report.services.vigilog import stored
from vigilog.reporting.ranges import Range
from vigilog.reporting.time_patterns import stretches
from vigilog.store.looks import looking


def of_store(wanted: Range, directory: str) -> Section | None:
    """What the store in `directory` says of a range; None if there is none that may be read."""
    try:
        with looking(directory) as connection:
            return stored(connection, stretches(wanted))
    except StoreError:
        return None


def usual_directory() -> str:
    """Where this host's configuration says that the store is, else where this user has it."""
    configured = toml.read(toml.DEFAULT, required=False).values.get(("state", "directory"))
    return str(configured or state_directory("/", os.environ.get("HOME", "")))
