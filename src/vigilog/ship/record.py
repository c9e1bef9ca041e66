"""What is shipped, ready to be sent."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """One message: where it goes, what keeps its order (records of one topic and key arrive in the order they were offered in;
    None: no order is promised), and its text, one line of JSON."""

    topic: str
    key: bytes | None
    value: bytes
