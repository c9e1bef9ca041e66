"""A logging filter that gives every record the name of its request, so that other logs can carry it."""

from __future__ import annotations

from typing import Any

from vigilog.ledger.current import FORENSIC_ID


class ForensicIdFilter:
    """Lets every record pass and sets its attribute `forensic_id` (`-` outside of requests), for `%(forensic_id)s` in a format.

    A record that has one already keeps it. Works on handlers and on loggers.
    """

    def filter(self, record: Any) -> bool:
        """Always true."""
        if not hasattr(record, "forensic_id"):
            record.forensic_id = FORENSIC_ID.get()
        return True
