"""What the ring file of a dead process says."""

from __future__ import annotations

import os
from dataclasses import dataclass

from vigilog.blackbox.block import block
from vigilog.blackbox.criteria import UntimelyDeath
from vigilog.blackbox.death_log import ProcessRecord
from vigilog.blackbox.header import Circumstances, header
from vigilog.blackbox.layout import Head
from vigilog.blackbox.reading import Contents, contents, last_seen, sessions
from vigilog.blackbox.ring_access import opened, read
from vigilog.blackbox.ring_file import FAULT, RING
from vigilog.parse.forensics import Message

_TRACE = 1 << 16


@dataclass(frozen=True, slots=True)
class Dead:
    """A ring file whose process is dead: open and locked as `ring`, at `path`. `seen` is when it was known to be alive last, in
    seconds since the epoch."""

    ring: int
    path: str
    data: bytes
    head: Head
    contents: tuple[tuple[int, Contents], ...]
    trace: tuple[Message, ...]
    seen: float

    def record(self) -> ProcessRecord:
        """The process, as the list of deaths has it."""
        return ProcessRecord(self.head.pid, self.head.service, self.head.began, self.seen, alive=False)

    def block(self, found: Contents) -> bytes:
        """The block of one of its sessions."""
        messages = found.messages[-self.head.messages :]
        what = Circumstances(
            self.seen,
            found.began,
            self.head.service,
            self.head.pid,
            found.evicted + len(found.messages) - len(messages),
            found.damaged,
        )
        return block(UntimelyDeath.kind, header(found.identity, found.counters, what), [*messages, *self.trace])


def dead(ring: int, path: str, head: Head) -> Dead:
    """The ring file open as `ring`, at `path`, which begins with `head`. Raises OSError."""
    data = read(ring)
    found = [(number, contents(pages, head.secret)) for number, pages in sessions(data, head)]
    seen = max([last_seen(data), head.made, *(each.last for _, each in found)])
    return Dead(ring, path, data, head, tuple(found), _trace(beside(path)), seen)


def beside(path: str) -> str:
    """Where faulthandler wrote for the process whose ring file is at `path`."""
    return path.removesuffix(RING) + FAULT


def _trace(path: str) -> tuple[Message, ...]:
    """What faulthandler wrote, a message for each line."""
    try:
        with opened(path, write=False) as file:
            text = os.pread(file, _TRACE, 0)
    except OSError:
        return ()
    return tuple(Message("Unspec", 0, line) for line in text.split(b"\n") if line)
