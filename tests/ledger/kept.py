"""A target that keeps the lines."""

from __future__ import annotations


class Kept:
    """A Target for tests; `lines` is what it was given."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        self.lines.append(line)

    def reopen(self) -> None:
        self.lines.append(b"reopened")

    def close(self) -> None:
        self.lines.append(b"closed")


class Numbers:
    """Names that are easy to read."""

    def __init__(self) -> None:
        self.last = 0

    def of(self, headers) -> str:
        self.last += 1
        return f"n{self.last}"
