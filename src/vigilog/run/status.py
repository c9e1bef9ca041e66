"""What `vigilog run` says of itself: filled by the daemon, sent through the control socket, shown by `vigilog status`, and
made into metrics. Times are seconds since the epoch, sizes are bytes. A command of another version reads what it knows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from vigilog.core.nouns import Grade


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What was read of a source since the daemon was started. `behind`: bytes that are there and were not read; None: nobody
    knows (sockets, the journal). `last_line`: when the last one arrived; None: none did."""

    name: str
    grade: Grade
    lines: int = 0
    bytes: int = 0
    behind: int | None = None
    last_line: float | None = None


@dataclass(frozen=True, slots=True)
class TriggerStatus:
    """What became of a trigger since the daemon was started. `keys` are being counted now; `dropped` were, and had to make
    room for others."""

    name: str
    events: int = 0
    alerts: int = 0
    keys: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class ActionStatus:
    """What became of an action's orders: `waiting` now, and `done` and `failed` since the daemon was started."""

    name: str
    type: str
    waiting: int = 0
    done: int = 0
    failed: int = 0
    last_reason: str = ""


@dataclass(frozen=True, slots=True)
class ShipStatus:
    """What became of what is shipped: `to` where, and how many records since the daemon was started were `offered`, `sent`
    (repetitions included), `acknowledged`, refused for good (`dead`), thrown away from a full spool (`dropped`), damaged on
    the disk, or may be there twice (`repeated`). Now so many are `waiting` for acknowledgement, and of them in the spool
    (`spooled`, and its bytes). `away_since`: since when no broker can be reached; None: nothing says so. `topics`: how many
    records of each topic were offered."""

    to: str
    offered: int = 0
    sent: int = 0
    acknowledged: int = 0
    dead: int = 0
    dropped: int = 0
    damaged: int = 0
    repeated: int = 0
    errors: int = 0
    waiting: int = 0
    spooled: int = 0
    spooled_bytes: int = 0
    away_since: float | None = None
    trouble: str = ""
    topics: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoticeStatus:
    """Something that went wrong with Vigilog's own work. `kind` is one of core.nouns.NoticeKind, or the daemon's own word."""

    time: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ReloadStatus:
    """The last reload; with errors (a line each, with its address) the old configuration was kept."""

    time: float
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """All of it. Rates are means over about a minute; `bans` are in force; `notices` are the last ones, oldest first, of
    `notices_total` since the start; `memory` is what is resident."""

    version: str
    process: int
    started: float
    now: float
    dry_run: bool = False
    lines_per_second: float = 0.0
    events_per_second: float = 0.0
    sources: tuple[SourceStatus, ...] = ()
    triggers: tuple[TriggerStatus, ...] = ()
    actions: tuple[ActionStatus, ...] = ()
    ship: ShipStatus | None = None
    bans: int = 0
    memory: int = 0
    cpu_seconds: float = 0.0
    reloads: int = 0
    reload: ReloadStatus | None = None
    notices_total: int = 0
    notices: tuple[NoticeStatus, ...] = ()


def answered(status: Status) -> dict[str, object]:
    """The status as the answer to the command `status`: plain values."""
    answer: dict[str, object] = msgspec.to_builtins(status)
    return answer


def understood(answer: Mapping[str, object]) -> Status:
    """The status in the answer to the command `status`. Raises msgspec.ValidationError if it is not one."""
    return msgspec.convert(answer, Status)


def resident() -> int:
    """The resident memory of this process, in bytes (proc(5), statm)."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
