"""The program that reads what another program writes, so that it never waits: into shared memory while Vigilog takes it from
there, and to nowhere where Vigilog is slow, stopped or dead. It is a process of its own, made of the standard library alone.

The shared memory is a ring of records behind one page. The reader publishes bytes by adding their number to an eventfd:
whoever reads that knows how many there are, and sees them. A record: its header (RECORD), as many bytes as that says, and
nothing up to the next multiple of STEP; it may go on at the beginning of the ring. The page before the ring has three
numbers: how much was taken (written by who takes), how often this program read, and whether it waits now.
"""

from __future__ import annotations

import mmap
import os
import select
import signal
import struct
import sys

PAGE = 4096
STEP = 16
RECORD = struct.Struct("=IiHHI")
"""Bytes that follow, the process that wrote them (0 where that is not known), the stream, what it is (DATA, GAP, END), and the
parent that the process had when it was first read from (0: not known)."""
DATA, GAP, END = range(3)
LOST = struct.Struct("=QQ")
"""What follows a GAP: how many bytes were thrown away before what comes next, and whether the last of them was no newline.
How many lines these were is not told: counting them takes longer than reading them."""
TAKEN, TURNS, WAITS = range(3)
"""Where the numbers of the first page stand."""
LARGEST = 1 << 18
"""Bytes of one record, at most."""
SMALLEST = 4096
"""With less room than this nothing is kept."""
MOST_PARENTS = 4096
NEWLINE = 0x0A
KEPT_FREE = 16 * STEP
"""Room that data leaves: for what there is to say at the end."""
SO_PASSCRED, SCM_CREDENTIALS, SOL_SOCKET = 16, 2, 1
IGNORED = (
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGTERM",
    "SIGUSR1",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
)


class Shared:
    """The shared memory, and how far each side is in it: `numbers` are those of the first page."""

    def __init__(self, descriptor: int) -> None:
        self.size = os.fstat(descriptor).st_size - PAGE
        self.map = mmap.mmap(descriptor, PAGE + self.size)
        self.all = memoryview(self.map)
        self.numbers = self.all[:PAGE].cast("Q")
        self.ring = self.all[PAGE:]

    def parts(self, at: int, length: int) -> list[memoryview]:
        """The `length` bytes that stand at `at`, of which there may be two pieces."""
        start = at % self.size
        first = min(length, self.size - start)
        return [self.ring[start : start + first], *([self.ring[: length - first]] if first < length else [])]


class Stream:
    """One thing to read from: its descriptor, and whether the kernel tells who wrote."""

    def __init__(self, number: int, descriptor: int, *, tells: bool) -> None:
        self.number, self.descriptor = number, descriptor
        self.lost = self.lost_open = 0
        self.socket = None
        if tells:
            import socket  # noqa: PLC0415 - loaded where it is needed

            self.socket = socket.socket(fileno=descriptor)
            self.socket.setsockopt(SOL_SOCKET, SO_PASSCRED, 1)

    def read(self, into: list[memoryview]) -> tuple[int, int]:
        """Reads what is there; gives how much (0: nobody can write any more) and the process that wrote it."""
        if self.socket is None:
            return os.readv(self.descriptor, into), 0
        length, told, _, _ = self.socket.recvmsg_into(into, 64)
        for level, kind, data in told:
            if level == SOL_SOCKET and kind == SCM_CREDENTIALS:
                return length, int(struct.unpack_from("i", data)[0])
        return length, 0


class Drain:
    """Reads `streams` until all have ended. `life` becomes readable when whoever takes the records has died."""

    def __init__(self, shared: Shared, head: int, published: int, life: int, streams: list[Stream]) -> None:
        self.shared, self.head, self.published, self.life = shared, head, published, life
        self.streams = {stream.descriptor: stream for stream in streams}
        self.scratch = bytearray(LARGEST)
        self.parents: dict[int, int] = {}
        self.alone = False

    def run(self) -> None:
        """Returns when nobody can write any more."""
        poll = select.poll()
        for descriptor in self.streams:
            poll.register(descriptor, select.POLLIN)
        poll.register(self.life, 0)
        numbers = self.shared.numbers
        while self.streams:
            numbers[WAITS] = 1
            ready = poll.poll()
            numbers[WAITS] = 0
            numbers[TURNS] = (numbers[TURNS] + 1) & 0xFFFFFFFFFFFF
            for descriptor, _ in ready:
                if descriptor == self.life:
                    self.alone = True
                    poll.unregister(self.life)
                elif not self.turn(self.streams[descriptor]):
                    poll.unregister(descriptor)
                    del self.streams[descriptor]
        numbers[WAITS] = 1

    def turn(self, stream: Stream) -> bool:
        """Reads once; False if the stream has ended."""
        room = 0 if self.alone else self.shared.size - (self.head - self.shared.numbers[TAKEN])
        if room < SMALLEST:
            return self.nowhere(stream)
        if stream.lost:
            self.record(GAP, stream.number, 0, LOST.pack(stream.lost, stream.lost_open))
            stream.lost = 0
            room -= 3 * STEP
        length, process = stream.read(self.shared.parts(self.head + STEP, min(LARGEST, room - KEPT_FREE)))
        self.publish(DATA if length else END, stream.number, process, length)
        return length > 0

    def nowhere(self, stream: Stream) -> bool:
        """Reads once and counts what is thrown away."""
        length, _ = stream.read([memoryview(self.scratch)])
        if not self.alone:
            stream.lost += length
            if length:
                stream.lost_open = int(self.scratch[length - 1] != NEWLINE)
            else:
                self.record_end(stream)
        return length > 0

    def record_end(self, stream: Stream) -> None:
        """The room kept free is enough for what there is to say at the end."""
        self.record(GAP, stream.number, 0, LOST.pack(stream.lost, stream.lost_open))
        self.publish(END, stream.number, 0, 0)

    def record(self, kind: int, stream: int, process: int, data: bytes) -> None:
        """Publishes a record of this program's own."""
        at = 0
        for part in self.shared.parts(self.head + STEP, len(data)):
            part[:] = data[at : at + len(part)]
            at += len(part)
        self.publish(kind, stream, process, len(data))

    def parent(self, process: int) -> int:
        """The parent that a process had when it was first seen: many a writer is gone before anybody else could ask."""
        known = self.parents.get(process)
        if known is None:
            if len(self.parents) >= MOST_PARENTS:
                self.parents.clear()
            known = self.parents[process] = parent(process)
        return known

    def publish(self, kind: int, stream: int, process: int, length: int) -> None:
        """Writes the header before data that is in its place, and tells that both are there."""
        above = self.parent(process) if process else 0
        RECORD.pack_into(self.shared.ring, self.head % self.shared.size, length, process, stream, kind, above)
        whole = STEP + -(-length // STEP) * STEP
        self.head += whole
        os.eventfd_write(self.published, whole)


def parent(process: int) -> int:
    """The number of a process' parent; 0 if it is gone."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def main(words: list[str]) -> None:
    """`words`: the descriptors of the memory, the eventfd and the sign of life; where to begin; and each stream as its
    descriptor, with an `s` behind it where the kernel tells who wrote."""
    for name in IGNORED:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    memory, published, life, head = map(int, words[:4])
    streams = [Stream(number, int(word.rstrip("s")), tells=word.endswith("s")) for number, word in enumerate(words[4:])]
    Drain(Shared(memory), head, published, life, streams).run()


if __name__ == "__main__":
    main(sys.argv[1:])
