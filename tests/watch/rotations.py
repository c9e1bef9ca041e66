"""A log that is written and rotated in every way there is, with numbered records: what a reader must have seen, exactly.

Used by the tests of this room and by the long torture. Nothing here knows how Vigilog reads.

    writer = LogWriter(directory, random.Random(seed), NUMBERED)
    writer.step()                 # writes something, rotates, or packs an old file; says which
    writer.close()
    writer.lines                  # every record, without its newline, in the order in which they were written
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import zstandard

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
}
FILLERS = (b"", b" \x00\x00", b" \r", b" \xff\xfe", b" caf\xc3\xa9", b" \x1b[31m")


class LogWriter:
    """Writes records `record N ...` to DIRECTORY/NAME through an open descriptor, as a daemon does, and rotates the file.

    `rotations` are keys of ROTATIONS; those of one family (NUMBERED, DATED, SAVELOG, COPIED) go together. Rotated files are packed
    later, some of them, and stay; `drop` removes them. `stragglers`: a second process adds records to a renamed file until the
    next rotation (then the order of `lines` is not that of the files).
    """

    def __init__(
        self,
        directory: Path,
        chance: random.Random,
        rotations: Iterable[str],
        *,
        name: str = "app.log",
        packing: bool = True,
        stragglers: bool = False,
    ) -> None:
        self.path = Path(directory) / name
        self.chance = chance
        self.lines: list[bytes] = []
        self._rotations = tuple(rotations)
        self._packing = packing
        self._stragglers = stragglers
        self._file = self.path.open("ab", buffering=0)
        self._straggler = self._file
        self._late = False
        self._begun = b""
        self._number = 0
        self._day = 0

    def step(self) -> str:
        """Does one thing by chance and says which."""
        what = self.chance.choices(["write", "part", "nothing", "rotate", "pack", "reopen", "late"], [6, 2, 1, 2, 1, 1, 1])[0]
        if what == "write":
            self.write(self.chance.choice([1, 1, 2, 5, 40]))
        elif what == "part":
            self.write_part()
        elif what == "rotate":
            what = self.chance.choice(self._rotations)
            self.rotate(what)
        elif what == "pack" and self._packing:
            self.pack()
        elif what == "reopen" and self._late:
            self.reopen()
        elif what == "late" and self._stragglers:
            self.write_late()
        return what

    def write(self, count: int) -> None:
        """Appends `count` whole records; the first of them ends the one that is begun."""
        for _ in range(count):
            rest = self._begun or self._record()
            self._file.write(rest + b"\n")
            self._begun = b""

    def write_part(self) -> None:
        """Appends the beginning of a record, unless one is begun: its end comes with the next write."""
        if not self._begun:
            record = self._record()
            cut = self.chance.randrange(1, len(record))
            self._file.write(record[:cut])
            self._begun = record[cut:]

    def write_late(self) -> None:
        """Appends a record to the file that was rotated away last, if there is one."""
        if self._straggler is not self._file:
            self._straggler.write(self._record() + b"\n")

    def rotate(self, kind: str) -> None:
        """Rotates the log in the way called `kind`, a key of ROTATIONS. What is begun is ended before, where it was begun."""
        if self._begun:
            self.write(1)
        if self._late:
            self.reopen()
        if self._straggler is not self._file:
            self._straggler.close()
            self._straggler = self._file
        ROTATIONS[kind](self)

    def reopen(self) -> None:
        """What a daemon does when it is told that its log was rotated: what it writes next goes to a new file."""
        if self._begun:
            self.write(1)
        if self._straggler is not self._file:
            self._straggler.close()
        self._straggler, self._file = self._file, self.path.open("ab", buffering=0)
        self._late = False

    def reopen_later(self) -> None:
        """The daemon writes to the file it has until `reopen`."""
        self._late = True

    def pack(self) -> None:
        """Packs one of the older rotated files; the two newest may still be written to."""
        plain = [path for path in self.rotated() if path.suffix not in PACKERS][:-2]
        if plain:
            path = self.chance.choice(plain)
            ending = self.chance.choice(sorted(PACKERS))
            packed = path.with_name(path.name + ending)
            packed.write_bytes(PACKERS[ending](path.read_bytes()))
            shutil.copystat(path, packed)
            path.unlink()

    def drop(self, keep: int) -> None:
        """Removes all rotated files but the newest `keep`."""
        for path in self.rotated()[: -keep or None]:
            path.unlink()

    def close(self) -> None:
        """Ends what is begun and closes the log."""
        if self._begun:
            self.write(1)
        self._file.close()
        self._straggler.close()

    def rotated(self) -> list[Path]:
        """The rotated files that are there, oldest first."""
        found = [path for path in self.path.parent.iterdir() if path.name.startswith(self.path.name) and path != self.path]
        return sorted(found, key=self._age)

    def shift(self, first: int) -> None:
        """Makes room for LOG.`first`: every numbered file gets the next number, the oldest first."""
        for path in self.rotated():
            number, dot, ending = path.name.removeprefix(self.path.name + ".").partition(".")
            if number.isdigit() and int(number) >= first:
                path.rename(f"{self.path}.{int(number) + 1}{dot}{ending}")

    def next_date(self) -> str:
        """A date for dateext, later than any before: a new day, or the same day at a later time."""
        self._day += 1
        return f"{self.path}-{20260101 + self._day // 9 % 28 + self._day // 252 * 100}-{self._day % 9:02}0000"

    def _record(self) -> bytes:
        filler = b"x" * self.chance.choice([0, 3, 60, 300]) + self.chance.choice(FILLERS)
        self.lines.append(b"record %06d %s" % (len(self.lines), filler))
        return self.lines[-1]

    def _age(self, path: Path) -> tuple[int, str]:
        number = path.name.removeprefix(self.path.name + ".").partition(".")[0]
        return (-int(number), "") if number.isdigit() else (0, path.name)


def rename(log: LogWriter) -> None:
    """LOG becomes LOG.1 and the daemon opens a new one at once: logrotate's `create` with a prompt postrotate."""
    log.shift(1)
    log.path.rename(f"{log.path}.1")
    log.reopen()


def rename_slowly(log: LogWriter) -> None:
    """LOG becomes LOG.1, an empty LOG is made, and the daemon goes on with LOG.1 until it is told."""
    log.shift(1)
    log.path.rename(f"{log.path}.1")
    log.path.touch()
    log.reopen_later()


def rename_without_creating(log: LogWriter) -> None:
    """LOG becomes LOG.1, and there is no LOG until the daemon opens one: logrotate's `nocreate`."""
    log.shift(1)
    log.path.rename(f"{log.path}.1")
    log.reopen_later()


def copy_and_truncate(log: LogWriter) -> None:
    """LOG is copied to LOG.1 and cut to nothing, under the daemon's hands: logrotate's `copytruncate`."""
    log.shift(1)
    shutil.copyfile(log.path, f"{log.path}.1")
    os.truncate(log.path, 0)


def copy_only(log: LogWriter) -> None:
    """LOG is copied to LOG.1 and stays as it is: logrotate's `copy`."""
    log.shift(1)
    shutil.copyfile(log.path, f"{log.path}.1")


def date(log: LogWriter) -> None:
    """LOG becomes LOG-YYYYMMDD-HHMMSS: logrotate's `dateext`."""
    log.path.rename(log.next_date())
    log.reopen()


def date_and_truncate(log: LogWriter) -> None:
    """`dateext` with `copytruncate`."""
    shutil.copyfile(log.path, log.next_date())
    os.truncate(log.path, 0)


def savelog(log: LogWriter) -> None:
    """LOG becomes LOG.0 and the former LOG.0 is packed beside itself and becomes LOG.1.gz: Debian's savelog."""
    former = Path(f"{log.path}.0")
    log.shift(1)
    if former.exists():
        packed = Path(f"{former}.gz")
        packed.write_bytes(gzip.compress(former.read_bytes()))
        shutil.copystat(former, packed)
        former.unlink()
        packed.rename(f"{log.path}.1.gz")
    log.path.rename(former)
    log.reopen()


ROTATIONS: dict[str, Callable[[LogWriter], None]] = {
    "rename": rename,
    "rename_slowly": rename_slowly,
    "rename_without_creating": rename_without_creating,
    "copy_and_truncate": copy_and_truncate,
    "copy_only": copy_only,
    "date": date,
    "date_and_truncate": date_and_truncate,
    "savelog": savelog,
}
NUMBERED = ("rename", "rename_slowly", "rename_without_creating", "copy_and_truncate")
DATED = ("date", "date_and_truncate")
SAVELOG = ("savelog",)
COPIED = ("copy_only",)
