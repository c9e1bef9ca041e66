"""Which files are searched: those that were named or configured, each with its rotated and packed ones, or all of /var/log."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vigilog.investigate.scanning import File
from vigilog.watch.compressed import OPENERS
from vigilog.watch.rotation import rotated

SYSTEM = "/var/log"
_PLAIN_KINDS = {"file", "blackbox", "ledger"}
_NOT_READ = {
    "kafka": "what is in Kafka is not searched",
    "syslog": "what comes over a socket is in no log of its own",
    "unix": "what comes over a socket is in no log of its own",
    "-": "standard input is not searched",
}
_SAMPLE = 4096
_TEXT = bytes(byte for byte in range(256) if byte >= 0x20 or byte in b"\t\n\r\v\f\x1b")


class Logs(NamedTuple):
    """Files in the order in which they were named, each once; sources that are read by other means; and what is not searched,
    with the reason, as sentences."""

    files: tuple[File, ...]
    others: tuple[str, ...]
    left_out: tuple[str, ...]


def logs(sources: Iterable[str], since: float | None = None) -> Logs:
    """The files of `sources`, written as a configuration does (paths, globs, `journal`, `multilog:DIRECTORY`, `blackbox:FILE`,
    `ledger:FILE`), or directories, of which all logs are taken. Files whose last change lies before `since` (seconds since the
    epoch) hold nothing that is asked for."""
    files: dict[tuple[int, int], File] = {}
    others: list[str] = []
    left_out: list[str] = []
    for source in dict.fromkeys(sources):
        kind, rest = _kind(source)
        if kind == "journal":
            others.append(source)
            continue
        if kind in _NOT_READ:
            left_out.append(f"{source}: {_NOT_READ[kind]}")
            continue
        paths = list(_of_multilog(rest) if kind == "multilog" else _paths(rest, left_out))
        if not paths:
            left_out.append(f"{source}: there is no such log")
        for path in paths:
            file = _file(source, path, left_out)
            if file is not None and (since is None or file.modified >= since * 1e9):
                files.setdefault((file.device, file.inode), file)
    return Logs(tuple(files.values()), tuple(others), tuple(left_out))


def _kind(source: str) -> tuple[str, str]:
    word, colon, rest = source.partition(":")
    if source in {"-", "journal"}:
        return source, ""
    if colon and word in {*_PLAIN_KINDS, *_NOT_READ, "journal", "multilog"}:
        return ("file" if word in _PLAIN_KINDS else word), rest
    return "file", source


def _paths(path: str, left_out: list[str]) -> Iterator[str]:
    """A log with what was rotated away, oldest first; all logs of a directory; all that a glob names, each so."""
    absolute = os.path.abspath(path)
    if os.path.isdir(absolute):
        yield from _below(absolute, left_out)
    elif os.path.lexists(absolute) or not glob.has_magic(path):
        yield from _family(absolute)
    else:
        for each in sorted(glob.glob(absolute, recursive=True)):
            yield from _family(each)


def _family(path: str) -> Iterator[str]:
    real = os.path.realpath(path)
    for series in rotated(real):
        yield from series
    if os.path.lexists(real):
        yield real


def _of_multilog(directory: str) -> Iterator[str]:
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return
    for name in names:
        if name in {"previous", "current"} or (name.startswith("@") and name.endswith((".s", ".u"))):
            yield os.path.abspath(os.path.join(directory, name))


def _below(directory: str, left_out: list[str]) -> Iterator[str]:
    """The regular files below a directory that hold text, by their names. The journal's own are read by other means."""

    def told(error: OSError) -> None:
        left_out.append(f"{error.filename}: cannot be read: {error.strerror}")

    for place, directories, names in os.walk(directory, onerror=told):
        directories[:] = sorted(each for each in directories if each != "journal")
        for name in sorted(names):
            path = os.path.join(place, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def _file(source: str, path: str, left_out: list[str]) -> File | None:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        left_out.append(f"{path}: cannot be read: {error.strerror}")
        return None
    try:
        status = os.fstat(descriptor)
        packed = os.path.splitext(path)[1] in OPENERS
        if not stat.S_ISREG(status.st_mode):
            left_out.append(f"{path}: no regular file")
            return None
        if not packed and not _is_text(descriptor, status.st_size):
            left_out.append(f"{path}: no text")
            return None
    finally:
        os.close(descriptor)
    return File(source, path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, packed)


def _is_text(descriptor: int, size: int) -> bool:
    """Whether a file is no database: that is, not a third of its beginning and its end are control characters. Some of them
    prove nothing: whoever may write to a log could hide it so, and one that was truncated while it was written begins with a
    hole of zero bytes."""
    places = {0, max(0, size - _SAMPLE)}
    seen = b"".join(os.pread(descriptor, _SAMPLE, place).lstrip(b"\0") for place in places)
    return len(seen.translate(None, _TEXT)) * 3 <= len(seen)
