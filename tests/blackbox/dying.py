"""A program that keeps messages in a black box, acknowledges each through a pipe, and dies as it is told. Run as a process:

python dying.py DIRECTORY FILE MANNER SEED PIPE
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import random
import sys
import threading
import time
from zlib import crc32

from vigilog.blackbox import BlackBox, Facts

PASSING = "198.51.100.1"
"""The client of sessions that begin and end all the time."""
USER_FROM = 10
"""The message from which on its session has a user."""


def text_of(seed: int, session: int, number: int) -> bytes:
    """The text of a message: of any length, and only right as a whole."""
    chosen = random.Random(f"{seed}:{session}:{number}")
    length = chosen.choice((0, 10, 60, 100, 100, 200, 900, 3000, 9000) if chosen.random() < 0.2 else (20, 60, 100))
    rest = (b"%x" % chosen.getrandbits(4 * length) if length else b"")[:length]
    return b"%d %d %b %08x" % (session, number, rest, crc32(rest))


def main() -> None:
    directory, file, manner = sys.argv[1:4]
    seed, pipe = map(int, sys.argv[4:6])
    chosen = random.Random(seed)
    box = BlackBox(
        file,
        directory=directory,
        service="dying",
        buffer_size=chosen.choice((5, 200, 1024)),
        buffer_bytes=chosen.choice((65536, 1 << 20)),
        total_bytes=chosen.choice((1 << 17, 1 << 20, 4 << 20)),
        dumps_per_minute=10**9,
    )
    dumps = chosen.choice((0, 0, 30, 400))
    sessions = [box.begin(Facts(f"192.0.2.{number}", "192.0.2.1:21", "ftp")) for number in range(chosen.randint(1, 5))]
    fault = box.fault_path()
    assert fault is not None
    faulthandler.enable(open(fault, "wb"))  # noqa: SIM115 - for good
    moment = chosen.uniform(0, 0.05)
    last = chosen.randint(0, 2000)
    if manner in _DEATHS:
        threading.Thread(target=_die, args=(moment, _DEATHS[manner]), daemon=True).start()
    os.write(pipe, b"ready\n")
    number = 0
    while True:
        for at, session in enumerate(sessions):
            if number == USER_FROM:
                session.facts.user = f"user{at}"
            session.facts.raw_bytes_in = number + 1
            session.keep("SystemLog", 7, text_of(seed, at, number))
            os.write(pipe, b"%d %d\n" % (at, number))
            if manner == "exception" and number == last:
                raise RuntimeError("nobody catches this")
            if dumps and chosen.random() * dumps < 1:
                session.dump("FAILED LOGIN")
            if chosen.random() < 0.05:
                with box.begin(Facts(PASSING)) as passing:
                    passing.keep("SystemLog", 7, b"here and gone")
        number += 1


def _die(moment: float, how) -> None:
    time.sleep(moment)
    how()


def _eat() -> None:
    held = []
    while True:
        held.append(b"x" * (1 << 20))


_DEATHS = {"segv": lambda: ctypes.string_at(0), "exit": lambda: os._exit(3), "oom": _eat}

if __name__ == "__main__":
    main()
