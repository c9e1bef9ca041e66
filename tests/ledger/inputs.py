"""Ledgers for tests, as the checker takes them."""

from __future__ import annotations

from io import BytesIO

from vigilog.ledger.blocks import blocks
from vigilog.ledger.check import Input


def ledger(*files: bytes, size: int = 7, continued: bool = False) -> list[Input]:
    """Files of a ledger called a, b ..., read `size` bytes at a time."""

    def one(name: str, content: bytes, *, continued: bool) -> Input:
        return Input(name, lambda: blocks(BytesIO(content).read, size), continued)

    names = "abcdefgh"
    return [one(name, content, continued=continued and name == "a") for name, content in zip(names, files, strict=False)]
