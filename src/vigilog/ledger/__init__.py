"""The request ledger: a line before the work, a line after. Writer, reader, checker."""

from __future__ import annotations

from vigilog.ledger.asgi import AsgiLedger
from vigilog.ledger.current import FORENSIC_ID
from vigilog.ledger.identifiers import ApacheIdentifiers, Identifiers, TrustedHeader, UniqueIdentifiers
from vigilog.ledger.ledger import Entry, Ledger
from vigilog.ledger.logging_filter import ForensicIdFilter
from vigilog.ledger.target import Target, target
from vigilog.ledger.wsgi import WsgiLedger

__all__ = [
    "FORENSIC_ID",
    "ApacheIdentifiers",
    "AsgiLedger",
    "Entry",
    "ForensicIdFilter",
    "Identifiers",
    "Ledger",
    "Target",
    "TrustedHeader",
    "UniqueIdentifiers",
    "WsgiLedger",
    "target",
]
