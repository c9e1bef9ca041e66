"""Blocks of lines → values and keys of records: by a LogFormat, whatever it has not written in the words of a schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from vigilog.core.errors import ConfigurationError
from vigilog.detect.triggers import live
from vigilog.patterns.logformat import LogFormat
from vigilog.patterns.logformat_bulk import Converter
from vigilog.shipping.schemas import LineWriter

DOUBTFUL = 100
"""So many lines, none of them of the format, say that it is not theirs."""


class Batch(NamedTuple):
    """What a block came to: the records' values and keys (None where nothing is keyed), how many lines there were, and those of
    them that were not understood."""

    values: list[bytes]
    keys: list[bytes | None] | None
    lines: int
    strange: list[bytes]


Convert = Callable[[bytes], Batch]


class Piece(NamedTuple):
    """Whole lines of a source, and when they arrived, in seconds since the epoch."""

    source: str
    lines: bytes
    arrived: float


def converter(template: LogFormat, key: str | None) -> Converter:
    """What makes JSON of lines. Raises ConfigurationError for a key that the template does not have, and RuleError for a
    template whose lines cannot be taken apart."""
    if key is not None and key not in template.keys:
        raise ConfigurationError(f"the format has no field {key}", expected=f"one of {', '.join(template.keys)}")
    return Converter(template, key)


def conversion(template: LogFormat, key: str | None) -> Convert:
    """What makes records of a block of lines; those that were not understood are no records. Raises as `converter` does."""
    convert = converter(template, key)

    def converted(block: bytes) -> Batch:
        keys, values = convert(block)
        lines = len(values)
        strange: list[bytes] = []
        if None in values:
            strange = strange_lines(block, values)
            understood = [number for number, value in enumerate(values) if value is not None]
            keys, values = [keys[number] for number in understood], [values[number] for number in understood]
        return Batch(cast("list[bytes]", values), keys if key else None, lines, strange)

    return converted


def strange_lines(block: bytes, values: list[bytes | None]) -> list[bytes]:
    """The lines of a block whose value is None."""
    return [line for line, value in zip(block.split(b"\n"), values, strict=False) if value is None]


class Records:
    """Makes records of the lines of all sources. Lines without a template, and those that it has not written, are told in the
    words of `schema`, as lines of `host`; or those are no records, if they are `apart`. Without a key of the template the key
    is the source."""

    def __init__(self, template: LogFormat | None, key: str | None, host: str, schema: str, *, apart: bool) -> None:
        self._convert = converter(template, key) if template else None
        self._conversion = conversion(template, key) if template and apart else None
        self._is_keyed = key is not None
        self._host = host
        self._schema = schema
        self._writers: dict[str, LineWriter] = {}

    def __call__(self, piece: Piece) -> Batch:
        """The records of some lines."""
        if self._conversion:
            batch = self._conversion(piece.lines)
        elif self._convert:
            keys, values = self._convert(piece.lines)
            strange = strange_lines(piece.lines, values) if None in values else []
            written = iter(self._written(piece, strange) if strange else ())
            told = [next(written) if value is None else value for value in values] if strange else cast("list[bytes]", values)
            batch = Batch(told, keys, len(values), strange)
        else:
            plain = piece.lines.removesuffix(b"\n").split(b"\n") if piece.lines else []
            batch = Batch(self._written(piece, plain), None, len(plain), [])
        return (
            batch
            if self._is_keyed
            else batch._replace(keys=[piece.source.encode("utf-8", "surrogateescape")] * len(batch.values))
        )

    def is_wrong(self, batch: Batch) -> bool:
        """Whether so many lines are not of the format that somebody has named the wrong one. Those who want such lines apart
        know that there are some."""
        return self._convert is not None and self._conversion is None and len(batch.strange) == batch.lines >= DOUBTFUL

    def _written(self, piece: Piece, lines: list[bytes]) -> list[bytes]:
        writer = self._writers.get(piece.source)
        if writer is None:
            writer = self._writers[piece.source] = LineWriter(piece.source, self._host, self._schema)
        return writer(lines, piece.arrived, live(piece.arrived))
