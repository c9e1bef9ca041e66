"""What the daemon has done since it was started, in numbers: the account that `vigilog status` and the metrics give."""

from __future__ import annotations

import resource
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from vigilog.core.clock import Clock
from vigilog.core.nouns import Grade, Notice, Outcome
from vigilog.run.status import ActionStatus, NoticeStatus, ReloadStatus, SourceStatus

KEPT = 50
MINUTE = 60.0


@dataclass(slots=True)
class Read:
    """What came from one source."""

    grade: Grade
    lines: int = 0
    bytes: int = 0
    last: float | None = None


@dataclass(slots=True)
class Done:
    """What became of one action's orders."""

    done: int = 0
    failed: int = 0
    reason: str = ""


@dataclass(slots=True)
class Accounts:
    """All counters. Times are seconds since the epoch by `clock`."""

    clock: Clock
    started: float
    sources: dict[str, Read] = field(default_factory=dict)
    actions: dict[str, Done] = field(default_factory=dict)
    notices: deque[NoticeStatus] = field(default_factory=lambda: deque(maxlen=KEPT))
    notices_total: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    """How many keys of each trigger were said to be dropped."""
    undecided: dict[str, int] = field(default_factory=dict)
    """How many lines of each trigger were said to be undecided."""
    reloads: int = 0
    reload: ReloadStatus | None = None
    _rates: deque[tuple[float, int, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._rates.append((self.started, 0, 0))

    def read(self, name: str, grade: Grade, data: bytes, arrived: float) -> None:
        """Whole lines of a source were read."""
        source = self.sources.get(name)
        if source is None:
            source = self.sources[name] = Read(grade)
        source.lines += data.count(b"\n")
        source.bytes += len(data)
        source.last = arrived

    def ended(self, outcome: Outcome) -> None:
        """An order has ended."""
        account = self.actions.setdefault(outcome.order.action, Done())
        account.done += outcome.done
        account.failed += not outcome.done
        account.reason = outcome.reason

    def notice(self, kind: str, text: str) -> None:
        """Something must be known."""
        self.notices_total += 1
        self.notices.append(NoticeStatus(self.clock(), kind, text))

    def noticed(self, notice: Notice) -> None:
        """A source said something."""
        self.notice(notice.kind, notice.text)

    def rates(self, events: int) -> tuple[float, float]:
        """Lines and events per second, over about the last minute; `events` is how many there were since the start, less those
        of triggers that a reload removed. To be called about once a second."""
        now, lines = self.clock(), sum(source.lines for source in self.sources.values())
        self._rates.append((now, lines, events))
        while len(self._rates) > 2 and self._rates[1][0] < now - MINUTE:
            self._rates.popleft()
        then, former_lines, former_events = self._rates[0]
        seconds = now - then
        return ((lines - former_lines) / seconds, max(0, events - former_events) / seconds) if seconds > 0 else (0.0, 0.0)

    def source_statuses(self, sources: Iterable[tuple[str, Grade, int | None]]) -> tuple[SourceStatus, ...]:
        """The sources that there are now: by name, grade, and how many bytes they are behind."""
        found = ((name, behind, self.sources.get(name) or Read(grade)) for name, grade, behind in sources)
        return tuple(SourceStatus(name, read.grade, read.lines, read.bytes, behind, read.last) for name, behind, read in found)

    def action_statuses(self, actions: Iterable[tuple[str, str, int]]) -> tuple[ActionStatus, ...]:
        """The actions that there are now: by name, type and how many orders they have."""
        found = ((name, kind, waiting, self.actions.get(name) or Done()) for name, kind, waiting in actions)
        return tuple(ActionStatus(name, kind, waiting, did.done, did.failed, did.reason) for name, kind, waiting, did in found)


def processor_seconds() -> float:
    """The processor time that this process has used, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
