"""Vigilog's side of the drain: starts it, takes what it read, and puts another one in its place if it dies or stops."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import termios
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from vigilog.blackbox import drain
from vigilog.blackbox.drain import DATA, END, GAP, LOST, MOST_PARENTS, PAGE, RECORD, STEP, Shared

AT_ONCE = 2 << 20
"""About so many bytes are taken at a time."""


class Channel(NamedTuple):
    """Where the program writes to: the descriptor to read from, and whether the kernel tells which process wrote."""

    descriptor: int
    tells: bool


class Lost(NamedTuple):
    """What was thrown away: how many bytes, and whether the line that it ended in goes on."""

    size: int
    goes_on: int


class Record(NamedTuple):
    """Something that was read from the channel number `stream`: `data`, by `process` (0: not known); if there is none,
    `lost` says how many bytes were thrown away here, and without that nobody can write to it any more."""

    stream: int
    process: int
    data: bytes
    lost: Lost | None = None


class Drained:
    """What a program writes to `channels`, by way of at most `size` bytes of shared memory (rounded up to whole pages).

    `descriptor` becomes readable when there is something to `take`.
    """

    def __init__(self, channels: Sequence[Channel], size: int) -> None:
        self.channels = tuple(channels)
        self._memory = os.memfd_create("vigilog-drain")
        os.ftruncate(self._memory, PAGE + -(-size // PAGE) * PAGE)
        self._shared = Shared(self._memory)
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._life, self._alive = os.pipe()
        self._taken = self._published = 0
        self._before = -1
        self.ended: set[int] = set()
        self.parents: dict[int, int] = {}
        """The parents that writers had when they were first read from."""
        self.replaced = 0
        self.process = self._start()

    def take(self) -> list[Record]:
        """What was read since the last time, or the beginning of it; in its order for each channel and each process."""
        with suppress(BlockingIOError):
            self._published += os.eventfd_read(self.descriptor)
        found: list[Record] = []
        shared, at = self._shared, self._taken
        last = min(self._published, at + AT_ONCE)
        while at < last:
            length, process, stream, kind, parent = RECORD.unpack_from(shared.ring, at % shared.size)
            data = b"".join(shared.parts(at + STEP, length)) if length else b""
            at += STEP + -(-length // STEP) * STEP
            if kind == GAP:
                found.append(Record(stream, 0, b"", Lost(*LOST.unpack(data))))
            elif kind == END:
                self.ended.add(stream)
                found.append(Record(stream, 0, b""))
            elif kind == DATA:
                found.append(Record(stream, process, data))
                if parent:
                    if len(self.parents) >= MOST_PARENTS:
                        self.parents.clear()
                    self.parents[process] = parent
        self._taken = shared.numbers[drain.TAKEN] = at
        return found

    @property
    def more(self) -> bool:
        """Whether there is something to take that was published already."""
        return self._taken < self._published

    def quiet(self) -> bool:
        """Whether everything that was written until now has been read and taken."""
        if any(pending(channel.descriptor) for number, channel in enumerate(self.channels) if number not in self.ended):
            return False
        waits = self._shared.numbers[drain.WAITS] == 1 or len(self.ended) == len(self.channels)
        with suppress(BlockingIOError):
            self._published += os.eventfd_read(self.descriptor)
        return waits and not self.more

    def watch(self) -> bool:
        """To be called now and then, half a second apart or more: replaces a drain that died or does not read what is
        there, and tells whether that had to be done. What it had in its hands is lost then."""
        ended = self.process.poll()
        if ended == 0 or len(self.ended) == len(self.channels):
            return False
        turns = self._shared.numbers[drain.TURNS]
        waiting = any(pending(channel.descriptor) for channel in self.channels)
        # What waits now may have come just now: it must have waited the last time, too.
        stands = waiting and turns == self._before
        self._before = turns if waiting else -1
        if ended is None and not stands:
            return False
        self.process.kill()
        self.process.wait()
        self.take_all_published()
        self.process = self._start()
        self.replaced += 1
        return True

    def take_all_published(self) -> None:
        """Notes what the last drain has published; the next one begins behind it."""
        with suppress(BlockingIOError):
            self._published += os.eventfd_read(self.descriptor)

    def close(self) -> None:
        """Takes nothing any more. The drain goes on, to nowhere, for as long as somebody writes."""
        self._shared.numbers.release()
        self._shared.ring.release()
        self._shared.all.release()
        self._shared.map.close()
        for descriptor in (self._memory, self.descriptor, self._life, self._alive):
            os.close(descriptor)
        for channel in self.channels:
            os.close(channel.descriptor)

    def _start(self) -> subprocess.Popen[bytes]:
        self._shared.numbers[drain.WAITS] = 0
        words = [f"{channel.descriptor}{'s' if channel.tells else ''}" for channel in self.channels]
        numbers = map(str, (self._memory, self.descriptor, self._life, self._published))
        command = [sys.executable, "-I", "-S", os.path.abspath(drain.__file__), *numbers, *words]
        handed = (self._memory, self.descriptor, self._life, *(channel.descriptor for channel in self.channels))
        # A session of its own: what the terminal or `kill -- -GROUP` sends to the program and to Vigilog does not reach it.
        return subprocess.Popen(
            command,
            pass_fds=handed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )


def pending(descriptor: int) -> int:
    """Bytes that wait to be read from a pipe or a socket."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, b"\0\0\0\0"), sys.byteorder)
