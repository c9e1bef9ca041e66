"""How far a spool was acknowledged: two slots of 64 bytes, written in turn, so that one is whole whenever the process dies."""

from __future__ import annotations

import os
import struct
import zlib
from typing import NamedTuple

_SLOT = struct.Struct("<4sQ8sQQ")
_OWN = struct.Struct("<I")
_MAGIC = b"VgNt"
_APART = 512


class Note(NamedTuple):
    """`origin` names the spool, `acknowledged` and `given` are numbers of records: all up to there are done with, and were
    handed to a producer."""

    origin: str
    acknowledged: int = 0
    given: int = 0


class NoteFile:
    """The file behind a descriptor. `note` is what it says, None if it says nothing that can be trusted."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        slots = [slot for slot in (_slot(os.pread(descriptor, 64, at)) for at in (0, _APART)) if slot]
        self.note: Note | None = None
        self._sequence = 0
        if slots:
            self._sequence, self.note = max(slots)

    def write(self, note: Note) -> None:
        """Writes it to the older slot. A process that dies loses nothing of it, a computer that does may; then more is sent
        again than needed. Raises OSError."""
        self._sequence += 1
        plain = _SLOT.pack(_MAGIC, self._sequence, bytes.fromhex(note.origin), note.acknowledged, note.given)
        os.pwrite(self._descriptor, plain + _OWN.pack(zlib.crc32(plain)), self._sequence % 2 * _APART)
        self.note = note


def _slot(data: bytes) -> tuple[int, Note] | None:
    if len(data) < _SLOT.size + _OWN.size or _OWN.unpack_from(data, _SLOT.size)[0] != zlib.crc32(data[: _SLOT.size]):
        return None
    magic, sequence, origin, acknowledged, given = _SLOT.unpack_from(data)
    return (sequence, Note(origin.hex(), acknowledged, given)) if magic == _MAGIC else None
