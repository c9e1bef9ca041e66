"""Whether evidence is what it was, and whether the logs that it was taken from still say the same."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import msgspec

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Place
from vigilog.investigate.evidence import FORMAT, MANIFEST, README, RECORDS, SUMS, VERSION, in_one_form, sums
from vigilog.investigate.reading import plain
from vigilog.investigate.scanning import File
from vigilog.watch.compressed import OPENERS
from vigilog.watch.rotation import is_rotated, rotated

State = Literal["same", "moved", "changed", "gone", "unreadable"]


class Entry(msgspec.Struct, frozen=True):
    """A line in the manifest. Fields that are of no use here are left out."""

    offset: int
    length: int
    copy_offset: int
    sha256: str
    line: int | None = None
    position: str = ""


class Copy(msgspec.Struct, frozen=True):
    """A file in the manifest."""

    path: str
    inode: int
    device: int
    copy: str
    sha256: str
    entries: list[Entry]


class _Records(msgspec.Struct, frozen=True):
    copy: str
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """The manifest of an archive."""

    format: str
    version: int
    made: str
    host: str
    subject: dict[str, str]
    files: list[Copy]
    records: _Records


class Original(NamedTuple):
    """A log that lines were taken from: whether they stand where they stood (`same`), in another file by now (`moved`, `now`),
    are not what they were (`changed`: `differing` of `lines`, the first at `first`), or the log is `gone`."""

    path: str
    state: State
    lines: int
    now: str = ""
    differing: int = 0
    first: int | None = None
    reason: str = ""


class Verdict(NamedTuple):
    """`problems` of the archive, as sentences (none: it is whole), the hash of its manifest, what that says, and the logs."""

    problems: tuple[str, ...]
    digest: str
    manifest: Manifest | None
    originals: tuple[Original, ...]


def verify(path: str, digest: str | None, *, originals: bool = True) -> Verdict:
    """Checks an archive; with `digest` also that its manifest is the one of that SHA-256. Raises SourceError if the file cannot
    be read."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", place=Place(path)) from error
    members, problems = _members(data)
    found = sha256(members.get(MANIFEST, b"")).hexdigest() if MANIFEST in members else ""
    manifest: Manifest | None = None
    if not problems:
        manifest, problems = _examined(members)
    if digest is not None and found != digest.lower():
        problems = [*problems, f"the SHA-256 of its manifest is {found or 'unknown'}, not {digest.lower()}"]
    looked = tuple(map(_original, manifest.files)) if manifest and originals and not problems else ()
    return Verdict(tuple(problems), found, manifest, tuple(each for each in looked if each.path))


def _members(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """The members of an archive, and what is wrong with its form."""
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if info.compress_type != zipfile.ZIP_STORED or info.file_size > len(data) or info.filename in members:
                    return members, [f"{info.filename}: no member of an archive of evidence"]
                members[info.filename] = archive.read(info)
    except (zipfile.BadZipFile, struct.error, ValueError, EOFError, RuntimeError, OSError, OverflowError) as error:
        return members, [f"the archive is damaged: {error}"]
    try:
        is_same = in_one_form(members) == data
    except (ValueError, struct.error, OverflowError):
        is_same = False
    return members, [] if is_same else ["the archive is not in the form in which it was written"]


def _examined(members: Mapping[str, bytes]) -> tuple[Manifest | None, list[str]]:
    wrong = [f"{name} is missing" for name in (README, MANIFEST, RECORDS, SUMS) if name not in members]
    if wrong:
        return None, wrong
    others = {name: content for name, content in members.items() if name != SUMS}
    if members[SUMS] != sums(others):
        wrong += _differing(members[SUMS], sums(others))
    try:
        manifest = msgspec.json.decode(members[MANIFEST], type=Manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return None, [*wrong, f"the manifest cannot be read: {error}"]
    if (manifest.format, manifest.version) != (FORMAT, VERSION):
        return None, [*wrong, f"a manifest of {manifest.format} {manifest.version}, not of {FORMAT} {VERSION}"]
    named = {README, MANIFEST, RECORDS, SUMS, *(each.copy for each in manifest.files)}
    wrong += [f"{name} is not in the manifest" for name in members if name not in named]
    wrong += [f"{name} is missing" for name in sorted(named) if name not in members]
    for each in manifest.files:
        wrong += _entries(each, members.get(each.copy, b""))
    if sha256(members[RECORDS]).hexdigest() != manifest.records.sha256:
        wrong.append(f"{RECORDS} is not what the manifest says")
    return manifest, wrong


def _differing(said: bytes, true: bytes) -> list[str]:
    lines = set(said.splitlines())
    names = [line.partition(b"  ")[2].decode("utf-8", "replace") for line in true.splitlines() if line not in lines]
    return [f"{name} is not what {SUMS} says" for name in names] or [f"{SUMS} is not what was written"]


def _entries(each: Copy, copy: bytes) -> list[str]:
    """What is wrong with the lines of a file: each must be what its hash says, and nothing may be between them."""
    if sha256(copy).hexdigest() != each.sha256:
        return [f"{each.copy} is not what the manifest says"]
    at = 0
    for number, entry in enumerate(each.entries, 1):
        end = entry.copy_offset + entry.length
        if entry.copy_offset != at or copy[end : end + 1] != b"\n":
            return [f"{each.copy}: entry {number} is not at its place"]
        if sha256(copy[at:end]).hexdigest() != entry.sha256:
            return [f"{each.copy}: entry {number} is not what its hash says"]
        at = end + 1
    return [] if at == len(copy) else [f"{each.copy}: there is more than the manifest says"]


def _original(each: Copy) -> Original:
    """What became of the log that lines were taken from: looked for where it was, and among what it may be called by now."""
    count = len(each.entries)
    if not each.path:
        return Original("", "gone", count)
    best: Original | None = None
    for path in _candidates(each.path):
        try:
            status = os.stat(path)
            differing = _differences(path, each.entries)
        except (OSError, SourceError) as error:
            if path == each.path and not isinstance(error, FileNotFoundError):
                best = Original(each.path, "unreadable", count, reason=str(error))
            continue
        if not differing:
            return Original(each.path, "same" if path == each.path else "moved", count, now=path)
        is_it = (status.st_dev, status.st_ino) == (each.device, each.inode)
        if is_it or (len(differing) < count and (best is None or best.differing > len(differing))):
            best = Original(each.path, "changed", count, path, len(differing), differing[0].offset)
    return best or Original(each.path, "gone", count)


def _candidates(path: str) -> Iterator[str]:
    yield path
    directory, name = os.path.split(path)
    try:
        beside = [os.path.join(directory, other) for other in sorted(os.listdir(directory))]
    except OSError:
        return
    logs = [path, *(other for other in beside if is_rotated(path, [other]))]
    seen = {path}
    for log in logs:
        for other in (log, *(each for series in rotated(log) for each in series)):
            if other not in seen:
                seen.add(other)
                yield other
    for ending in OPENERS:
        if name.endswith(ending) and path.removesuffix(ending) not in seen:
            yield path.removesuffix(ending)


def _differences(path: str, entries: Sequence[Entry]) -> list[Entry]:
    """The entries whose bytes do not stand in the file at their place. Raises OSError and SourceError."""
    os.stat(path)
    packed = os.path.splitext(path)[1] in OPENERS
    with ExitStack() as stack:
        descriptor = stack.enter_context(plain(File("", path, 0, 0, 0, 0, packed)))
        return [
            entry for entry in entries if sha256(os.pread(descriptor, entry.length, entry.offset)).hexdigest() != entry.sha256
        ]


def as_values(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain values."""
    return {
        "whole": not verdict.problems,
        "problems": list(verdict.problems),
        "manifest_sha256": verdict.digest,
        "originals": [each._asdict() for each in verdict.originals],
    }


__all__ = ["Manifest", "Original", "Verdict", "as_values", "verify"]
