"""Compiled databases kept on disk with their side tables, so that the second start costs a read instead of seconds.

A file is named by a key over everything that decides its content: the patterns, their languages, the view, the versions of
the translator, of the library and of Python, and the CPU. It belongs to the owner alone, is written whole or not at all, and is
rebuilt whenever it is damaged, foreign, or not ours. Nothing is pickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import hyperscan
import msgspec

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.patterns.block import View
from vigilog.patterns.database import Compiled

MAGIC = b"vigilog database 2\n"
CHECKED = len(MAGIC) + 4
"""Where that begins which the checksum before it is made of: the length of the side tables, they, and the database."""
TABLES = CHECKED + 4

_PYTHON = sys.implementation.cache_tag
"""Whose expressions the language `regex` takes."""

KEPT = 24
"""How many databases stay in a cache directory; the least recently written go first."""


class SideTables(msgspec.Struct, frozen=True):
    """What a database's ids mean. `refused` are rule indexes, each with what was found, expected, and to be done, and the
    column: the rest of an error's place is known from the rule."""

    owners: tuple[tuple[int, ...], ...]
    exact: int
    refused: tuple[tuple[int, str, str, str, int | None], ...]
    empty: bool


def key(translator: int, library: str, view: View, caseless: bool, patterns: Iterable[tuple[str, bytes]]) -> str:
    """The name of the database for these patterns on this machine."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(f"{translator} {library} {_PYTHON} {view} {caseless} {os.uname().machine} {_cpu()}\n".encode())
    for language, text in patterns:
        digest.update(f"{language} {len(text)} ".encode() + text)
    return digest.hexdigest()


def _cpu() -> str:
    """What this CPU can do; a database compiled for one may not run on another."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        for line in info:
            if line.startswith(("flags", "Features")):
                return line
    return ""


def load(directory: str, name: str, rules: Sequence[Rule]) -> Compiled | None:
    """The database stored under `name` for these rules, None if there is none that may be trusted."""
    content = _content(os.path.join(directory, name))
    if not content.startswith(MAGIC) or content[len(MAGIC) : CHECKED] != _checksum(name, memoryview(content)[CHECKED:]):
        return None
    body = TABLES + int.from_bytes(content[CHECKED:TABLES], "big")
    try:
        tables = msgspec.msgpack.decode(content[TABLES:body], type=SideTables)
        scanner = None if tables.empty else hyperscan.loadb(content[body:], hyperscan.HS_MODE_BLOCK)
        if scanner is not None:
            scanner.scratch = hyperscan.Scratch(scanner)
    except (msgspec.DecodeError, msgspec.ValidationError, hyperscan.HyperscanError):
        return None
    refused = tuple(
        (index, RuleError(found, place=replace(rules[index].place, column=column), expected=expected, remedy=remedy))
        for index, found, expected, remedy, column in tables.refused
    )
    return Compiled(scanner, tables.owners, tables.exact, refused)


def _content(path: str) -> bytes:
    """What a file holds that belongs to us and that nobody else may change; nothing if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        about = os.fstat(descriptor)
        ours = about.st_uid in (os.geteuid(), 0) and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not ours or not stat.S_ISREG(about.st_mode):
            return b""
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _checksum(name: str, data: bytes | memoryview) -> bytes:
    """Tells whether a file is whole, and whether it still has the name that it was written under."""
    return zlib.crc32(data, zlib.crc32(name.encode())).to_bytes(4, "big")


def save(directory: str, name: str, compiled: Compiled) -> None:
    """Stores a database; where that is not possible (a full disk, no rights) the next start compiles again."""
    if _somebody_elses(directory):
        return
    image = b"" if compiled.scanner is None else bytes(hyperscan.dumpb(compiled.scanner))
    refused = tuple(
        (index, error.found, error.expected, error.remedy, error.place.column if error.place else None)
        for index, error in compiled.refused
    )
    tables = msgspec.msgpack.encode(SideTables(compiled.owners, compiled.exact, refused, compiled.scanner is None))
    checked = len(tables).to_bytes(4, "big") + tables + image
    temporary = os.path.join(directory, f".{name}.{os.getpid()}")
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(MAGIC + _checksum(name, checked) + checked)
        os.replace(temporary, os.path.join(directory, name))
        _forget_oldest(directory)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _somebody_elses(directory: str) -> bool:
    """Whether root would leave files in another user's directory, or make one there, which that user could not use."""
    directory = os.path.abspath(directory)
    while os.geteuid() == 0:
        try:
            return os.stat(directory).st_uid != 0
        except FileNotFoundError:
            directory = os.path.dirname(directory)
        except OSError:
            return False
    return False


def _forget_oldest(directory: str) -> None:
    entries = sorted(os.scandir(directory), key=lambda entry: entry.stat(follow_symlinks=False).st_mtime, reverse=True)
    for entry in entries[KEPT:]:
        with contextlib.suppress(OSError):
            os.unlink(entry.path)
