r"""The report as one JSON document (RFC 8259, all ASCII), written as it is made. Imported only when it is needed.

    {"host", "created", "subject", "repeated", "read": {"sources", "lines", "bytes", "ignored", "seconds"},
     "errors": [], "notices": [{"kind", "source", "text"}],
     "sections": [{"class", "rule", "title", "places", "count", "lines": [{"line", "bytes"?}]
                                                       or "folds": [{"count", "first", "last", "hosts", "line", "bytes"?}]}]}

A line that is not UTF-8 has its strange bytes as `\xff` in "line", and all of it as base64 in "bytes".
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from itertools import islice

from vigilog.report.document import Fold, Report, Section
from vigilog.report.visible import Write

_ROWS = 4096


def structured(report: Report, write: Write) -> None:
    """Writes the document, ended by a newline. The header, the footer and what is said in sentences elsewhere is left out."""
    facts = report.facts
    head = {
        "host": report.host,
        "created": report.created.isoformat(),
        "subject": report.subject,
        "repeated": report.repeated.isoformat() if report.repeated else None,
        "read": {
            "sources": facts.sources,
            "lines": facts.lines,
            "bytes": facts.bytes,
            "ignored": facts.ignored,
            "seconds": facts.seconds,
        },
        "errors": report.errors,
        "notices": [{"kind": notice.kind, "source": notice.source, "text": notice.text} for notice in report.notices],
    }
    write(_dumped(head)[:-1] + b',"sections":[')
    for number, section in enumerate(report.sections):
        write((b",\n" if number else b"\n") + _dumped(_described(section))[:-1])
        if section.folds is None:
            _write_list(write, b"lines", _lines(section.pieces()))
        else:
            _write_list(write, b"folds", map(_fold, section.folds()))
        write(b"}")
    write(b"]}\n")


def _described(section: Section) -> dict[str, object]:
    return {
        "class": section.heading.kind,
        "rule": section.heading.name,
        "title": section.title,
        "places": section.places,
        "count": section.count,
    }


def _write_list(write: Write, name: bytes, rows: Iterable[str]) -> None:
    write(b',"' + name + b'":[')
    rows = iter(rows)
    between = b"\n"
    while some := list(islice(rows, _ROWS)):
        write(between + ",\n".join(some).encode())
        between = b",\n"
    write(b"]")


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    encode = json.JSONEncoder().encode
    for piece in pieces:
        try:
            texts = piece.decode().split("\n")
        except UnicodeDecodeError:
            yield from ("{" + _line(line) + "}" for line in piece.split(b"\n")[:-1])
        else:
            texts.pop()
            yield from ('{"line":' + encode(text) + "}" for text in texts)


def _fold(fold: Fold) -> str:
    facts = {
        "count": fold.count,
        "first": _text(fold.first),
        "last": _text(fold.last),
        "hosts": [_text(host) for host in fold.hosts],
    }
    return json.dumps(facts, separators=(",", ":"))[:-1] + "," + _line(fold.text) + "}"


def _text(word: bytes) -> str:
    return word.decode("utf-8", "backslashreplace")


def _line(line: bytes) -> str:
    try:
        return '"line":' + json.dumps(line.decode())
    except UnicodeDecodeError:
        text = json.dumps(_text(line))
        return f'"line":{text},"bytes":"{b2a_base64(line, newline=False).decode()}"'


def _dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
