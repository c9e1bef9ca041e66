"""What a reader of standard output saw: the reports in it, their lines, and whether they said that they are repetitions."""

from __future__ import annotations

from dataclasses import dataclass, field

EVENTS = b"System Events"
WARNINGS = b"Logcheck Warnings"
REPEATED = b"may have reached you before"


@dataclass
class Printed:
    """One report as it was printed. `whole` is false for the last one of an output that was cut off."""

    records: list[bytes] = field(default_factory=list)
    warnings: list[bytes] = field(default_factory=list)
    whole: bool = True

    @property
    def repeated(self) -> bool:
        """It says that it may have come before."""
        return any(REPEATED in warning for warning in self.warnings)


def reports(output: bytes, *, cut: bool) -> list[Printed]:
    """The reports in `output`, oldest first; `cut` if its end may be missing. A line without its newline was not seen."""
    found: list[Printed] = []
    lines = output.split(b"\n")[:-1]
    target: list[bytes] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line in (EVENTS, WARNINGS):
            assert lines[at + 1 : at + 2] in ([], [(b"=-" * len(line))[: len(line)]]), lines[at : at + 2]
            if line == EVENTS or not found or found[-1].warnings:
                found.append(Printed())
            target = found[-1].records if line == EVENTS else found[-1].warnings
            at += 1
        elif line and not line.startswith((b"E: ", b"***")):
            target.append(line)
        at += 1
    if cut and found:
        found[-1].whole = False
    return found
