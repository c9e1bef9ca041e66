"""How long answers took: questions and answers of a log paired by their serial numbers, in bulk.

The times go into a histogram with 16 classes for each power of two, so that any number of them takes no room; sum and longest
are exact.
"""

from __future__ import annotations

import struct
import sys
from array import array
from binascii import unhexlify
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress, count, islice, repeat
from operator import sub
from typing import Self

MOST_OPEN = 4096
"""So many questions may be unanswered; dnscache itself has at most 200 by UDP and 20 by TCP at once."""
_LITTLE = sys.byteorder == "little"


@dataclass
class AnswerTimes:
    """Times are in nanoseconds. `waiting`: questions without an answer yet. `early`: answers before the first start whose
    questions were not seen; they may belong to what is merged in front. Both by serial number, with the stamp."""

    waiting: dict[bytes, bytes] = field(default_factory=dict)
    early: dict[bytes, bytes] = field(default_factory=dict)
    started: bool = False
    histogram: Counter[int] = field(default_factory=Counter)
    count: int = 0
    total: int = 0
    longest: int = 0

    def restart(self) -> None:
        """The program started anew: serial numbers begin at 1 again."""
        self.waiting.clear()
        self.started = True

    def see(self, asked: Sequence[bytes], asked_at: Sequence[bytes], answered: Sequence[bytes], at: Sequence[bytes]) -> None:
        """Serial numbers of questions and of answers between two starts, each with their TAI64N labels (25 bytes)."""
        self.waiting.update(zip(asked, asked_at, strict=True))
        begun = list(map(self.waiting.pop, answered, repeat(b"")))
        if not all(begun):
            self._set_aside(begun, answered, at)
            at = [stamp for stamp, begin in zip(at, begun, strict=True) if begin]
            begun = list(filter(None, begun))
        self._add(begun, at)
        if len(self.waiting) > MOST_OPEN:
            self.waiting = dict(islice(self.waiting.items(), len(self.waiting) - MOST_OPEN // 2, None))

    def give_up(self, serial: bytes) -> None:
        """The question will have no answer."""
        self.waiting.pop(serial, None)

    def merge(self, other: Self) -> None:
        """Takes over what follows."""
        pairs = [(self.waiting.pop(serial), at) for serial, at in other.early.items() if serial in self.waiting]
        if not self.started:
            unpaired = ((serial, at) for serial, at in other.early.items() if serial not in self.early)
            self.early.update(islice(unpaired, MOST_OPEN - len(self.early)))
        self._add([begun for begun, _ in pairs], [at for _, at in pairs])
        self.waiting = dict(other.waiting) if other.started else self.waiting | other.waiting
        self.started |= other.started
        self.histogram.update(other.histogram)
        self.count += other.count
        self.total += other.total
        self.longest = max(self.longest, other.longest)

    def quantile(self, share: float) -> float:
        """The seconds within which this share of the answers came, to about 3 %. 0 without any."""
        wanted = share * self.count
        for number in sorted(self.histogram):
            wanted -= self.histogram[number]
            if wanted <= 0:
                return min(_within(number), self.longest) / 1e9
        return 0.0

    def _set_aside(self, begun: Sequence[bytes], answered: Sequence[bytes], at: Sequence[bytes]) -> None:
        if self.started:
            return
        for serial, stamp, begin in zip(answered, at, begun, strict=True):
            if not begin and len(self.early) < MOST_OPEN:
                self.early[serial] = stamp

    def _add(self, begun: Sequence[bytes], ended: Sequence[bytes]) -> None:
        """Pairs of labels. Where the clock was set back in between, nothing is known."""
        first, last = _numbers(begun), _numbers(ended)
        times = list(map(sub, last[2::3], first[2::3]))
        seconds = list(map(sub, last[1::3], first[1::3]))
        for at in compress(count(), seconds):
            times[at] += seconds[at] * 1_000_000_000
        if times and min(times) < 0:
            times = [time for time in times if time >= 0]
        if times:
            self.histogram.update(_classes(times))
            self.count += len(times)
            self.total += sum(times)
            self.longest = max(self.longest, max(times))  # noqa: PLW3301 - millions of arguments


def _numbers(labels: Sequence[bytes]) -> array[int]:
    """Of each label three numbers: the seconds' high and low half, the nanoseconds."""
    numbers = array("I", unhexlify(b"".join(labels).replace(b"@", b"")))
    if _LITTLE:
        numbers.byteswap()
    return numbers


def _classes(times: Sequence[int]) -> array[int]:
    """The upper 16 bits of each as a double: its sign, its exponent, and the first four bits behind its first one."""
    return array("H", array("d", times).tobytes())[3 if _LITTLE else 0 :: 4]


def _within(number: int) -> float:
    """The middle of a class."""
    low, high = (struct.unpack(">d", struct.pack(">H6x", each))[0] for each in (number, number + 1))
    return float(low + high) / 2
