"""Runs a program, keeps what it says in the memory of its sessions, and writes a session's block when there is reason to.

program ──pipe or socket──► drain ──shared memory──► Running ──► sessions' rings ──► blocks
                                                        └──────► the ordinary log
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vigilog.blackbox.around_drained import Drained
from vigilog.blackbox.around_program import ends, let_speak, start
from vigilog.blackbox.around_rules import Known, Matchers
from vigilog.blackbox.around_running import Running
from vigilog.blackbox.around_signals import Signals
from vigilog.blackbox.box import BlackBox
from vigilog.core.clock import Clock


def no_look() -> None:
    """The ordinary log needs no looking after: it is no file of ours."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a program is run: its `command`, where what is passed on goes to (descriptors for its standard output and error),
    bytes of shared memory between drain and router, how many sessions may be open at once, where the box's notices are
    left, to be said in the ordinary log, and what looks after the ordinary log, about once a second."""

    command: Sequence[str]
    outputs: tuple[int, int]
    buffer: int
    sessions: int
    notices: list[str] = field(default_factory=list)
    look: Callable[[], None] = no_look


def run(wanted: Wanted, known: Known, matchers: Matchers, box: BlackBox, *, clock: Clock, steady: Clock) -> int:
    """Runs the program to its end; gives its status as os.waitstatus_to_exitcode does. `box` writes the blocks; `steady`
    gives seconds that never go back. Raises CannotRun if it cannot be started. To be called once in a process, before it
    has threads."""
    signals = Signals()
    tells = known.by == "process"
    channels = [ends(tells=tells) for _ in range(1 if _is_same(*wanted.outputs) else 2)]
    let_speak(os.environ)
    drained = Drained([each.channel for each in channels], wanted.buffer)
    try:
        process = start(wanted.command, (channels[0].writes, channels[-1].writes), signals.before)
    finally:
        for each in channels:
            os.close(each.writes)
    running = Running(
        process,
        drained,
        signals,
        known,
        matchers,
        box,
        outputs=wanted.outputs,
        most=wanted.sessions,
        notices=wanted.notices,
        look=wanted.look,
        clock=clock,
        steady=steady,
    )
    try:
        return running.loop()
    finally:
        drained.close()
        signals.close()


def _is_same(one: int, other: int) -> bool:
    """Whether two descriptors lead to the same thing: then one channel keeps the order of what is written to both."""
    first, second = os.fstat(one), os.fstat(other)
    return (first.st_dev, first.st_ino, first.st_rdev) == (second.st_dev, second.st_ino, second.st_rdev)
