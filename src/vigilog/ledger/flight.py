"""Who was in flight when a process died: open requests, put to the processes that had them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vigilog.ledger.opened_lines import Opened
from vigilog.parse.forensic_id import made

_SLACK = 1.0
"""IDs tell whole seconds."""


class Process(NamedTuple):
    """A process as its black box recorded it: its number, its service, when it began, and when it was last seen (seconds since
    the epoch); `alive` if it still runs."""

    pid: int
    service: str
    began: float
    last_seen: float
    alive: bool


class Flight(NamedTuple):
    """A process that died, and the requests that it had then, oldest first."""

    process: Process
    lines: tuple[Opened, ...]


class Flights(NamedTuple):
    """Those that died, in the order of their deaths, and the open requests that are of none of them."""

    died: tuple[Flight, ...]
    others: tuple[Opened, ...]


def flights(lines: Sequence[Opened], processes: Sequence[Process]) -> Flights:
    """The open requests by process. An ID that holds a process number belongs to the last process of that number that had begun
    by then. Of other IDs the time counts, if they tell it: all with the mark of one process must lie within the life of the
    same one, and of no other."""
    owners = {process: list[Opened]() for process in processes}
    others: list[Opened] = []
    marked: dict[bytes, list[tuple[int, Opened]]] = {}
    for line in lines:
        found = made(line.id)
        if found is None:
            others.append(line)
        elif found.pid is None:
            marked.setdefault(found.process, []).append((found.time, line))
        else:
            mine = [each for each in processes if each.pid == found.pid and each.began <= found.time + _SLACK]
            (owners[max(mine, key=lambda each: each.began)] if mine else others).append(line)
    for same in marked.values():
        living = [each for each in processes if all(_lived(each, time) for time, _ in same)]
        (owners[living[0]] if len(living) == 1 else others).extend(line for _, line in same)
    dead = sorted((process for process in processes if not process.alive), key=lambda each: each.last_seen)
    alive = [line for process in processes if process.alive for line in owners[process]]
    died = tuple(Flight(process, oldest_first(owners[process])) for process in dead)
    return Flights(died, oldest_first([*others, *alive]))


def oldest_first(lines: Sequence[Opened]) -> tuple[Opened, ...]:
    """The lines by the times that their IDs tell; those that tell none come last. Equal ones stay in their order."""
    return tuple(sorted(lines, key=lambda line: found.time if (found := made(line.id)) else float("inf")))


def _lived(process: Process, time: int) -> bool:
    return process.began - _SLACK <= time and (process.alive or time <= process.last_seen + _SLACK)
