"""What journalctl (systemd 252) prints, as entries: one syslog-like line each. Loaded only when a journal is read."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, NamedTuple

import msgspec

from vigilog.core.errors import SourceError

_FIELDS = "MESSAGE,SYSLOG_IDENTIFIER,_COMM,_PID,SYSLOG_PID,_HOSTNAME,_SOURCE_REALTIME_TIMESTAMP"
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_LONGEST = 8 * 1024 * 1024
"""A line of JSON longer than this holds a message of over 1 MiB; that is read another way, in flat memory."""
_STEP = 256 * 1024

Value = str | list[int | str | list[int] | None] | None
"""A field as journalctl writes it: text, bytes as numbers if they are not printable, or a list of these if it has several."""


class _Fields(msgspec.Struct, frozen=True):
    cursor: str = msgspec.field(name="__CURSOR")
    received: str = msgspec.field(name="__REALTIME_TIMESTAMP")
    sent: Value = msgspec.field(name="_SOURCE_REALTIME_TIMESTAMP", default=None)
    host: Value = msgspec.field(name="_HOSTNAME", default=None)
    identifier: Value = msgspec.field(name="SYSLOG_IDENTIFIER", default=None)
    program: Value = msgspec.field(name="_COMM", default=None)
    process: Value = msgspec.field(name="_PID", default=None)
    said_process: Value = msgspec.field(name="SYSLOG_PID", default=None)
    message: Value = msgspec.field(name="MESSAGE", default=None)


class Entry(NamedTuple):
    """An entry's cursor and its record, without a newline, in parts: mostly one; none if the entry has no message."""

    cursor: str
    parts: Iterator[bytes]


def entries(program: str, arguments: Sequence[str], start: str) -> Generator[Entry, None, None]:
    """The entries of a journal that are there now, oldest first. `program` is journalctl, `arguments` say which journal,
    `start` is the argument that says where to begin. The parts of an entry must be taken before the next entry is.

    Raises SourceError with what journalctl said if it fails.
    """
    common = [program, "--no-pager", "--quiet", *arguments]
    while True:
        with _output(command(program, arguments, start)) as (process, output):
            for line in iter(lambda output=output: output.readline(_LONGEST), b""):  # type: ignore[misc]
                if not line.endswith(b"\n"):
                    break
                found = entry(line)
                yield found
                start = "--after-cursor=" + found.cursor
            else:
                if process.wait() == 0:
                    return
                if process.returncode > 0:
                    raise _failure(process)
        fields = _first_without_message(common, start)  # too long a message, or one that journalctl died of
        yield Entry(fields.cursor, _parts(fields, common, start))
        start = "--after-cursor=" + fields.cursor


def command(program: str, arguments: Sequence[str], start: str) -> list[str]:
    """The command that prints entries for `entry`, a line of JSON each."""
    return [program, "--no-pager", "--quiet", *arguments, "--output=json", "--all", f"--output-fields={_FIELDS}", start]


def entry(line: bytes) -> Entry:
    """The entry that journalctl printed as a line of JSON. Raises SourceError if that is none."""
    fields = _decode(line)
    return Entry(fields.cursor, iter(_render(fields)))


_decoder = msgspec.json.Decoder(_Fields)


def _decode(line: bytes) -> _Fields:
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError as error:
        raise SourceError(f"journalctl printed {line[:80]!r}", expected=f"an entry as JSON ({error})") from error


@contextmanager
def _output(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=_STEP
    ) as process:
        assert process.stdout
        try:
            yield process, process.stdout
        finally:
            process.kill()


def _failure(process: subprocess.Popen[bytes]) -> SourceError:
    assert process.stderr
    said = process.stderr.read().decode(errors="replace").strip() or f"status {process.wait()}"
    return SourceError(f"journalctl failed: {said}")


def _render(fields: _Fields) -> Sequence[bytes]:
    if fields.message is None:
        return ()
    return (_head(fields) + _escape(_bytes(fields.message)),)


def _head(fields: _Fields) -> bytes:
    """`Nov 20 08:30:00 HOST IDENTIFIER[PID]: `, as `journalctl -o short` begins a line."""
    sent = _bytes(fields.sent)
    moment = int(sent if sent.isdigit() else fields.received)
    host = _escape(_bytes(fields.host))
    identifier = _escape(_bytes(fields.identifier or fields.program)) or b"unknown"
    process = _escape(_bytes(fields.process or fields.said_process))
    return b"%s %s%s%s: " % (
        _stamp(moment // 1_000_000),
        host + b" " if host else b"",
        identifier,
        process and b"[%s]" % process,
    )


@lru_cache(maxsize=1024)
def _stamp(moment: int) -> bytes:
    local = time.localtime(moment)
    return b"%s %02d %02d:%02d:%02d" % (_MONTHS[local.tm_mon - 1], local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec)


def _escape(text: bytes) -> bytes:
    return text.replace(b"\n", b"#012") if b"\n" in text else text


def _bytes(value: Value | list[int]) -> bytes:
    r"""A field's bytes; several values of a field are as lines of one, so that none is hidden."""
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode()
    if all(isinstance(item, int) for item in value):
        return bytes(item for item in value if isinstance(item, int))
    return b"\n".join(_bytes(item) for item in value if not isinstance(item, int))


def _first_without_message(common: Sequence[str], start: str) -> _Fields:
    fields = _FIELDS.removeprefix("MESSAGE,")
    with _output([*common, "--output=json", f"--output-fields={fields}", start]) as (process, output):
        line = output.readline(_LONGEST)
        if not line:
            process.wait()
            raise _failure(process)
        return _decode(line)


def _parts(fields: _Fields, common: Sequence[str], start: str) -> Iterator[bytes]:
    """The record of the first entry from `start`, its message in blocks: `-o export` gives sizes before binary values."""
    with _output([*common, "--output=export", "--output-fields=MESSAGE", start]) as (_, output):
        separator = _head(fields)
        while (line := output.readline(_LONGEST)) not in {b"", b"\n"}:
            if line.startswith(b"MESSAGE="):
                yield separator + line.removeprefix(b"MESSAGE=").removesuffix(b"\n")
                while not line.endswith(b"\n") and (line := output.readline(_STEP)):
                    yield line.removesuffix(b"\n")
            elif line == b"MESSAGE\n":
                yield separator
                left = int.from_bytes(output.read(8), "little")
                while left > 0 and (block := output.read(min(left, _STEP))):
                    yield _escape(block)
                    left -= len(block)
                output.read(1)
            else:
                continue
            separator = b"#012"
