"""Compiled databases kept on disk with their side tables, so that the second start costs a read instead of seconds.

A file is named by a key over everything that decides its content: the patterns, their languages, the view, the versions of
the translator and of the library, and the CPU. It belongs to the owner alone, is written whole or not at all, and is
rebuilt whenever it is damaged, foreign, or not ours. Nothing is pickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import hyperscan
import msgspec

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.patterns.block import View
from vigilog.patterns.database import Compiled

MAGIC = b"vigilog database 1\n"
KEPT = 24
"""How many databases stay in a cache directory; the least recently written go first."""


class SideTables(msgspec.Struct, frozen=True):
    """What a database's ids mean. `refused` are rule indexes, each with what was found, expected, and to be done, and the
    column: the rest of an error's place is known from the rule."""

    owners: tuple[tuple[int, ...], ...]
    exact: int
    refused: tuple[tuple[int, str, str, str, int | None], ...]
    checksum: int
    empty: bool


def key(translator: int, library: str, view: View, caseless: bool, patterns: Iterable[tuple[str, bytes]]) -> str:
    """The name of the database for these patterns on this machine."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(f"{translator} {library} {view} {caseless} {os.uname().machine} {_cpu()}\n".encode())
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
    path = os.path.join(directory, name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if about.st_uid not in (os.geteuid(), 0) or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return None
        content = file.read()
    head = len(MAGIC) + 4
    if not content.startswith(MAGIC) or len(content) < head:
        return None
    body = head + int.from_bytes(content[len(MAGIC) : head], "big")
    try:
        tables = msgspec.msgpack.decode(content[head:body], type=SideTables)
        image = content[body:]
        if zlib.crc32(image) != tables.checksum:
            return None
        scanner = None if tables.empty else hyperscan.loadb(image, hyperscan.HS_MODE_BLOCK)
        if scanner is not None:
            scanner.scratch = hyperscan.Scratch(scanner)
    except (msgspec.DecodeError, msgspec.ValidationError, hyperscan.HyperscanError):
        return None
    refused = tuple(
        (index, RuleError(found, place=replace(rules[index].place, column=column), expected=expected, remedy=remedy))
        for index, found, expected, remedy, column in tables.refused
    )
    return Compiled(scanner, tables.owners, tables.exact, refused)


def save(directory: str, name: str, compiled: Compiled) -> None:
    """Stores a database; where that is not possible (a full disk, no rights) the next start compiles again."""
    image = b"" if compiled.scanner is None else bytes(hyperscan.dumpb(compiled.scanner))
    refused = tuple(
        (index, error.found, error.expected, error.remedy, error.place.column if error.place else None)
        for index, error in compiled.refused
    )
    tables = msgspec.msgpack.encode(
        SideTables(compiled.owners, compiled.exact, refused, zlib.crc32(image), compiled.scanner is None)
    )
    temporary = os.path.join(directory, f".{name}.{os.getpid()}")
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(MAGIC + len(tables).to_bytes(4, "big") + tables + image)
        os.replace(temporary, os.path.join(directory, name))
        _forget_oldest(directory)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _forget_oldest(directory: str) -> None:
    entries = sorted(os.scandir(directory), key=lambda entry: entry.stat(follow_symlinks=False).st_mtime, reverse=True)
    for entry in entries[KEPT:]:
        os.unlink(entry.path)
