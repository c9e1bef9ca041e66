"""From pieces of output, as they were read, to whole lines of each writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vigilog.blackbox.around_drained import Lost, Record

LONGEST = 1 << 16
"""Bytes of a line that are looked at and kept. What comes behind them is no line, whatever it looks like."""
CUT = b" [cut]"
MOST_WRITERS = 16384


class Block(NamedTuple):
    """Whole lines, each with its newline, from the channel `stream`, written by `process` (0: not known); or, without
    lines, what was `lost` here."""

    stream: int
    process: int
    lines: bytes
    lost: Lost | None = None


class _Writer:
    """What was read of a line that has no end yet; `skips`: the rest of that line is thrown away."""

    __slots__ = ("kept", "skips")

    def __init__(self) -> None:
        self.kept = b""
        self.skips = False


class Lines:
    """Puts lines together. `cut` counts the lines that were too long."""

    def __init__(self) -> None:
        self._writers: dict[tuple[int, int], _Writer] = {}
        self.cut = 0

    def blocks(self, records: Iterable[Record]) -> Iterator[Block]:
        """The whole lines in `records`; what follows of one writer without another between is one block."""
        stream, process, pieces = -1, -1, list[bytes]()
        for record in records:
            if record.stream == stream and record.process == process and record.data:
                pieces.append(record.data)
                continue
            if pieces:
                yield from self._whole(stream, process, b"".join(pieces))
            stream, process, pieces = record.stream, record.process, [record.data] if record.data else []
            if not record.data:
                yield from self._ended(record)
        if pieces:
            yield from self._whole(stream, process, b"".join(pieces))

    def left_by(self, process: int) -> Iterator[Block]:
        """The process is gone: the lines that it did not end, as if it had."""
        for stream, writer in [(key[0], writer) for key, writer in self._writers.items() if key[1] == process]:
            del self._writers[stream, process]
            if writer.kept:
                yield Block(stream, process, writer.kept + b"\n")

    def rest(self) -> Iterator[Block]:
        """The lines that were not ended, as if they were."""
        for (stream, process), writer in self._writers.items():
            if writer.kept:
                yield Block(stream, process, writer.kept + b"\n")
        self._writers.clear()

    def _whole(self, stream: int, process: int, data: bytes) -> Iterator[Block]:
        key = (stream, process)
        writer = self._writers.get(key)
        if writer is not None:
            if writer.skips:
                newline = data.find(b"\n")
                if newline < 0:
                    return
                data, writer.skips = data[newline + 1 :], False
            elif writer.kept:
                data, writer.kept = writer.kept + data, b""
        end = data.rfind(b"\n") + 1
        rest = data[end:]
        if rest:
            if writer is None:
                if len(self._writers) >= MOST_WRITERS:
                    self._writers.pop(next(iter(self._writers)))
                writer = self._writers[key] = _Writer()
            if len(rest) <= LONGEST:
                writer.kept, rest = rest, b""
            else:
                writer.skips, rest = True, self._shortened(rest)
        lines = data[:end]
        if len(lines) > LONGEST:
            lines = self._short_lines(lines)
        if lines or rest:
            yield Block(stream, process, lines + rest)

    def _short_lines(self, lines: bytes) -> bytes:
        """`lines`, of which none is longer than LONGEST. Looks from cut to cut: lines are rarely long."""
        at, rfind, pieces = 0, lines.rfind, list[bytes]()
        while len(lines) - at > LONGEST:
            newline = rfind(b"\n", at, at + LONGEST + 1) + 1
            if newline:
                pieces.append(lines[at:newline])
                at = newline
            else:
                newline = lines.index(b"\n", at) + 1
                pieces.append(self._shortened(lines[at:newline]))
                at = newline
        pieces.append(lines[at:])
        return b"".join(pieces)

    def _shortened(self, line: bytes) -> bytes:
        self.cut += 1
        return line[:LONGEST] + CUT + b"\n"

    def _ended(self, record: Record) -> Iterator[Block]:
        """A gap, or the end: lines that have begun in this channel will not be ended."""
        for key, writer in list(self._writers.items()):
            if key[0] != record.stream:
                continue
            if record.lost is None:
                if writer.kept and not writer.skips:
                    yield Block(*key, writer.kept + b"\n")
                del self._writers[key]
            else:
                writer.skips = bool(writer.kept or writer.skips) and (key[1] != 0 or bool(record.lost.goes_on))
                writer.kept = b""
        if record.lost is not None:
            if record.lost.goes_on:
                self._writers.setdefault((record.stream, 0), _Writer()).skips = True
            yield Block(record.stream, record.process, b"", record.lost)
