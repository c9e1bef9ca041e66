"""What is held of one key of one trigger, and how one event changes it: pure functions around detect's own window function.

An event is known again by its origin (a host's spool) and its number there, which grow: an event that comes a second time,
after a host's crash, has a number that is no greater than one that was seen. Those in the window say so themselves; of what
left the window the greatest number of each origin is kept, for as long as one that comes again would still be counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

import msgspec

from vigilog.detect.window import SILENT, Entry, Window, counted
from vigilog.fleet.messages import Sighted

LINES, LENGTH = 20, 500
"""Of so many events of a key the line is kept, the newest ones, each up to so many characters."""
MOST_MARKS = 256
"""Of so many origins it is kept what left the window; beyond that those go whose last event is oldest."""
AHEAD = 3600.0
"""An event that says to be so many seconds later than its arrival is taken for one that happens now: its host's clock is wrong,
and it would make all others look old."""
GRID = 300
"""Keys are forgotten at multiples of so many seconds."""


class Counting(NamedTuple):
    """How a trigger counts: `threshold` events `within` seconds, `anew` and `once` as in detect's Windows; and in seconds how
    late an event may be, and how long a key without an end of its window is kept."""

    threshold: int
    within: float | None
    anew: bool
    once: bool
    grace: float
    forget: float


class Fact(NamedTuple):
    """What is known of an event besides its time: where it came from and what its line was, perhaps cut or ''."""

    origin: str
    number: int
    host: str
    source: str
    line: str


class Mark(NamedTuple):
    """Up to which number the events of an origin left the window, and the time of the newest of them."""

    number: int
    time: float


class Held(msgspec.Struct, frozen=True, array_like=True):
    """The window, with events numbered by their offsets on the topic; by the same numbers what is known of each; and the marks
    by origin."""

    window: Window = ()
    facts: dict[int, Fact] = {}
    marks: dict[str, Mark] = {}


class Counted(NamedTuple):
    """What one event came to: what is held from now on, the events that prove an alert if there is one, what is known of each
    of them, and the time that the event was counted at."""

    held: Held
    proof: Window
    facts: dict[int, Fact]
    time: float


class Uncounted(Enum):
    """Why an event was not counted: it came before; or it came too late."""

    AGAIN = "again"
    LATE = "late"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Held)


def packed(held: Held) -> bytes:
    """What is held, as bytes."""
    return _encoder.encode(held)


def unpacked(value: bytes) -> Held:
    """What `packed` made. Raises msgspec.DecodeError for anything else."""
    held = _decoder.decode(value)
    window = held.window
    if window and window[0] == SILENT:
        return Held((SILENT, *window[1:]), held.facts, held.marks)
    return held


def count(held: Held, sighted: Sighted, offset: int, arrived: float, how: Counting) -> Counted | Uncounted:
    """One more event of a key, which lies at an offset of the topic and came there at a moment (seconds since the epoch)."""
    time = believed(sighted.time, arrived)
    if time < arrived - how.grace:
        return Uncounted.LATE
    if came_before(held, sighted):
        return Uncounted.AGAIN
    entry = (time, offset)
    facts = dict(held.facts)
    facts[offset] = Fact(sighted.origin, sighted.number, sighted.host, sighted.source, sighted.line[:LENGTH])
    if sighted.clears:
        window: Window = ()
        proof: Window | None = None
    else:
        alone = how.threshold == 1 and not how.once  # each raises an alert, whatever came before
        window, proof = counted(held.window, entry, how.threshold, how.within, how.anew or alone, how.once)
    kept, marks = facts, held.marks
    if len(window) < len(facts) or (window and window[0] is SILENT):
        kept = {number: facts[number] for _, number in window if number >= 0}
        left = [(each, facts[each[1]]) for each in (*held.window, entry) if each[1] >= 0 and each[1] not in kept]
        marks = marked(marks, left, arrived - how.grace)
    if len(window) > LINES:
        oldest = window[-LINES - 1][1]
        kept = {**kept, oldest: kept[oldest]._replace(line="")}
    return Counted(Held(window, kept, marks), proof or (), facts, time)


def believed(time: float, arrived: float) -> float:
    """The time of an event: its own, unless that lies too far behind its arrival, where no event can have come from."""
    return arrived if time > arrived + AHEAD else time


def came_before(held: Held, sighted: Sighted) -> bool:
    """Whether an event is one that was seen."""
    origin, number = sighted.origin, sighted.number
    if held.marks and (mark := held.marks.get(origin)) is not None and number <= mark.number:
        return True
    # a loop: any() would take twice as long
    for fact in held.facts.values():  # noqa: SIM110
        if fact[0] == origin and number <= fact[1]:
            return True
    return False


def marked(marks: dict[str, Mark], left: Iterable[tuple[Entry, Fact]], oldest: float) -> dict[str, Mark]:
    """The marks, with events that left a window, and without those whose events would be too late if they came again."""
    now = {origin: mark for origin, mark in marks.items() if mark.time >= oldest}
    for (time, _), fact in left:
        former = now.get(fact.origin, Mark(fact.number, time))
        now[fact.origin] = Mark(max(former.number, fact.number), max(former.time, time))
    if len(now) > MOST_MARKS:
        newest = sorted(now, key=lambda origin: now[origin].time)[-MOST_MARKS:]
        return {origin: now[origin] for origin in newest}
    return now


def until(held: Held, how: Counting) -> int:
    """Until when (seconds since the epoch, a multiple of GRID) a key must be kept: until no event that is not too late could be
    counted with it, or come again."""
    newest = held.window[-1][0] if held.window else 0.0
    if held.marks:
        newest = max(newest, *[mark.time for mark in held.marks.values()])
    within = how.forget if how.within is None else how.within
    return (int(newest + within + how.grace) // GRID + 1) * GRID
