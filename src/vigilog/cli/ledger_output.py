"""How `vigilog ledger check` prints what it found: as check_forensic does, as sentences, or as JSON, one object to a line.

Lines go out byte for byte as they stand in the ledger, as long as no terminal has to bear it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from vigilog.cli.visible import visible
from vigilog.core.clock import local
from vigilog.ledger.findings import MEANING, Finding
from vigilog.ledger.opened_lines import Opened
from vigilog.parse.forensic_id import made
from vigilog.parse.forensic_line import forensic_line, request_of

if TYPE_CHECKING:
    from vigilog.ledger.flight import Flight, Process
    from vigilog.ledger_follow import Happened


class Output:
    """Prints on `stream`."""

    def __init__(self, stream: TextIO, *, as_json: bool) -> None:
        self._stream = stream
        self._as_json = as_json
        self._raw = not stream.isatty()
        self._said = False

    def opened(self, line: Opened) -> None:
        """A request that did not end."""
        if self._as_json:
            self._object("open", line)
        else:
            self._line(line.text)

    def finding(self, finding: Finding) -> None:
        """Any finding: where it is, what it is, and the line."""
        if self._as_json:
            self._object(finding.kind, finding, note=finding.note)
            return
        note = f" ({finding.note})" if finding.note else ""
        self._sentence(f"{finding.file}:{finding.line}: {MEANING[finding.kind]}{note}: {shown(finding.text)}")

    def flight(self, flight: Flight) -> None:
        """A process that died, and what it had in flight."""
        process = flight.process
        if self._as_json:
            for line in flight.lines:
                self._object("open", line, process=described(process))
            return
        number = len(flight.lines)
        service = f" ({process.service})" if process.service else ""
        requests = "1 request" if number == 1 else f"{number} requests"
        when = local(process.last_seen).strftime("%Y-%m-%d %H:%M:%S %z")
        self._sentence(f"{process.pid}{service} died, last seen {when}, with {requests} in flight:")
        self._indented(flight.lines)

    def others(self, lines: Sequence[Opened]) -> None:
        """Open requests of processes that are not known to have died."""
        if self._as_json:
            for line in lines:
                self._object("open", line, process=None)
        elif lines:
            self._sentence(f"{len(lines)} open, of no process that is known to have died:")
            self._indented(lines)

    def happened(self, happened: Happened) -> None:
        """A request hangs, which is its `+` line; or one that did so has ended, which is its `-` line."""
        request = happened.request
        if self._as_json:
            line = Opened(request.id, "", 0, request.line)
            self._object(happened.what, line, age=round(happened.age, 3))
        else:
            self._line(request.line if happened.what == "hanging" else b"-" + request.id)

    def _indented(self, lines: Sequence[Opened]) -> None:
        for line in lines:
            found = made(line.id)
            when = local(found.time).strftime("%Y-%m-%d %H:%M:%S") if found else "at no known time"
            self._sentence(f"  {when:<19}  {shown(line.text)}")

    def _line(self, text: bytes) -> None:
        if self._raw:
            self._stream.buffer.write(text + b"\n")
        else:
            self._sentence(shown(text))

    def _sentence(self, text: str) -> None:
        print(visible(text), file=self._stream)

    def _object(self, kind: str, line: Opened | Finding, **more: object) -> None:
        whole: dict[str, object] = {"kind": kind, **request(line.id, line.text)}
        if line.line:
            whole |= {"file": line.file, "line": line.line}
        import json  # noqa: PLC0415 - only where it is asked for

        print(json.dumps(whole | more), file=self._stream)


def request(identity: bytes, text: bytes) -> Mapping[str, object]:
    r"""What the line of a request says, unescaped; strange bytes as `\xff`."""
    whole: dict[str, object] = {"id": shown(identity)}
    found = made(identity)
    if found:
        whole |= {"time": found.time, "pid": found.pid}
    line = forensic_line(text)
    if line and line.has_request:
        words = request_of(line.request)
        whole |= {"method": shown(words.method), "target": shown(words.target), "protocol": shown(words.protocol)}
        whole["headers"] = [[shown(name), shown(value)] for name, value in line.headers]
    return whole | {"text": shown(text)}


def described(process: Process) -> Mapping[str, object]:
    """A process, for JSON."""
    return {"pid": process.pid, "service": process.service, "began": process.began, "last_seen": process.last_seen}


def shown(data: bytes) -> str:
    r"""Bytes as text: what is no UTF-8 as `\xff`."""
    return data.decode("utf-8", "backslashreplace")
