"""Folds the lines of a section that differ only in numbers, addresses and names into one line with a count.

Done on the report, after rules had their say, and in flat memory: what is kept is one entry for each form of line, up to a
limit, after which lines of new forms are only counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from vigilog.report.document import Fold, Section
from vigilog.report.masks import FLAT, template
from vigilog.report.merge import blocks

_BLOCK = 1 << 17
_MESSAGE = 512
_FORMS = 8192
_HOSTS = 16
_SHOWN_HOSTS = 3
_MORE = b"..."
_OTHERS = b"(lines of other forms)"

# Stamp (RFC 3164, RFC 3339), host and message as syslog daemons write them; a line of another kind is all message.
_LINE = re.compile(
    rb"(?:([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^ \n]{0,16}) ([^ \n]{1,255}) )?"
    rb"([^\n]{0,%d})[^\n]*(?:\n|(?<=[^\n])\Z)" % _MESSAGE
)


@dataclass(slots=True)
class _Form:
    """The lines of one form so far: the first one's stamp and message, and the last one's stamp and place in the section."""

    first: bytes
    message: bytes
    hosts: dict[bytes, None]
    count: int = 0
    last: bytes = b""
    place: int = -1


def summarize(section: Section) -> Section:
    """The same section, its lines folded: `folds` gives them in order of first appearance, `pieces` the same as text."""
    folds = partial(_folded, section)
    return replace(section, pieces=lambda: map(_text, folds()), folds=folds)


def folded(pieces: Iterable[bytes]) -> Iterator[Fold]:
    """The lines of `pieces` (blocks of whole lines), folded, in order of first appearance; lines of forms too many last."""
    forms: dict[bytes, _Form] = {}
    others = _Form(b"", _OTHERS, {})
    start = 0
    for piece in pieces:
        for block in blocks(partial(_part, piece), _BLOCK):
            rows = _LINE.findall(block)
            _count(rows, start, forms, others)
            start += len(rows)
    for text, form in forms.items():
        yield Fold(form.count, form.first, form.last, tuple(form.hosts), text if form.count > 1 else form.message)
    if others.count:
        yield Fold(others.count, others.first, others.last, tuple(others.hosts), others.message)


def _count(rows: list[tuple[bytes, bytes, bytes]], start: int, forms: dict[bytes, _Form], others: _Form) -> None:
    flats = b"\n".join([row[2] for row in rows]).translate(FLAT).split(b"\n")
    firsts = dict(zip(reversed(flats), range(len(flats) - 1, -1, -1), strict=True))
    lasts = dict(zip(flats, range(len(flats)), strict=True))
    found: dict[bytes, _Form] = {}
    for flat, count in Counter(flats).items():
        text = template(flat)
        form = forms.get(text)
        if form is None:
            stamp, _, message = rows[firsts[flat]]
            form = forms.setdefault(text, _Form(stamp, message, {})) if len(forms) < _FORMS else others
            form.first = form.first or stamp
        form.count += count
        if start + lasts[flat] > form.place:
            form.place = start + lasts[flat]
            form.last = rows[lasts[flat]][0]
        found[flat] = form
    for flat, host in dict.fromkeys(zip(flats, [row[1] for row in rows], strict=True)):
        _note(found[flat].hosts, host)


def _note(hosts: dict[bytes, None], host: bytes) -> None:
    if host and host not in hosts and len(hosts) <= _HOSTS:
        hosts[host if len(hosts) < _HOSTS else _MORE] = None


def _folded(section: Section) -> Iterator[Fold]:
    return folded(section.pieces())


def _text(fold: Fold) -> bytes:
    """`COUNT  FIRST .. LAST  HOSTS MESSAGE`, a line."""
    stamps = b"%s .. %s  " % (fold.first, fold.last) if fold.count > 1 else fold.first.ljust(2 * len(fold.first) + 4) + b"  "
    return b"%7d  %s%s%s\n" % (fold.count, stamps if fold.first else b"", _shown(fold.hosts), fold.text)


def _shown(hosts: tuple[bytes, ...]) -> bytes:
    if not hosts:
        return b""
    rest = len(hosts) - _SHOWN_HOSTS
    more = b",..." if hosts[-1] == _MORE else b",+%d" % rest if rest > 0 else b""
    return b",".join(hosts[:_SHOWN_HOSTS]) + more + b" "


def _part(data: bytes, offset: int, size: int) -> bytes:
    return data[offset : offset + size]
