"""Logs whose entries are more than a line: blocks of a black box, and requests in a ledger, which have an end somewhere."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterable, Iterator, Sequence

from vigilog.investigate.item import Item, Meaning, Where
from vigilog.investigate.reading import head, plain
from vigilog.investigate.scanning import File, Hit
from vigilog.investigate.spelling import IsAbout
from vigilog.parse.forensic_line import ForensicLine, forensic_line, header, request_of
from vigilog.parse.forensics import Block, blocks
from vigilog.parse.stamps import stamp

_BEGIN = b"-----BEGIN "
_ENDED = re.compile(rb"^-([^\s|]+)", re.MULTILINE)
_LATER = 86_400.0


def is_of_blocks(file: File) -> bool:
    """The file holds forensic blocks: it begins with one, or was said to."""
    if file.source.startswith("blackbox:"):
        return True
    return head(file).startswith(_BEGIN)


def of_blocks(file: File, hits: Sequence[Hit], is_about: IsAbout) -> list[Item]:
    """The blocks in which a hit lies: each is an entry whose text is the whole block."""
    offsets = {hit.offset for hit in hits}
    found: list[Item] = []
    with plain(file) as descriptor, os.fdopen(os.dup(descriptor), "rb") as lines:
        lines.seek(0)
        places = _Places(lines)
        for block in blocks(places):
            start, end = places.starts[block.line - 1], places.end
            if not any(start <= offset < end for offset in offsets) or not _concerns(block, is_about):
                continue
            text = os.pread(descriptor, end - start, start).rstrip(b"\n")
            found.append(_item(file, block, start, text))
    return found


class _Places:
    """Passes lines on, and knows where each began and where the last one ended."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.starts: list[int] = []
        self.end = 0
        self._lines = lines

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.starts.append(self.end)
            self.end += len(line)
            yield line


def _concerns(block: Block, is_about: IsAbout) -> bool:
    """It is about the subject itself: blocks of parallel sessions run into each other."""
    header_lines = (f"{name}: {value}".encode("utf-8", "surrogateescape") for name, value in block.header)
    return any(map(is_about, header_lines)) or any(is_about(message.text) for message in block.messages)


def _item(file: File, block: Block, start: int, text: bytes) -> Item:
    arrived = file.modified / 1e9 + _LATER
    own = stamp((block.value("Time") or "").encode("utf-8", "surrogateescape"), arrived)
    times = (stamp(message.text[:256], arrived) for message in block.messages)
    moment = own if own is not None else next((time for time in times if time is not None), None)
    names = {"Client-Address": "address", "User": "user", "Attempted-User": "user", "Protocol": "protocol", "UNIQUE_ID": "id"}
    fields = {names[name]: value for name, value in block.header if name in names}
    fields |= {"block": block.kind, "messages": str(len(block.messages))}
    where = Where(file.source, file.path, file.device, file.inode, start, len(text), file.packed)
    at = file.modified / 1e9 if moment is None else moment
    meaning: Meaning = "failed" if block.kind == "FAILED LOGIN" else ""
    return Item(at, "block", file.source, text, meaning, "blackbox", fields, where, stamped=moment is not None)


def requests(items: Sequence[Item], files: Iterable[File]) -> list[Item]:
    """The entries, in which lines that begin a request in a ledger say so, and whether it ended in one of `files`."""
    begun = {number: line for number, item in enumerate(items) if (line := _begun(item)) is not None}
    sources = {items[number].source for number in begun}
    ended = {identity for file in files if file.source in sources for identity in _ends(file)} if begun else set()
    return [_request(item, begun[number], ended) if number in begun else item for number, item in enumerate(items)]


def _begun(item: Item) -> ForensicLine | None:
    """What a line says that begins a request; None if it does not."""
    line = forensic_line(item.text) if item.kind == "line" and item.text.startswith(b"+") else None
    return line if line is not None and line.has_request else None


def _request(item: Item, line: ForensicLine, ended: set[bytes]) -> Item:
    request, is_over = request_of(line.request), line.id in ended
    said = {"id": line.id, "method": request.method, "path": request.target}
    headers = {"host": header(line, b"Host"), "user_agent": header(line, b"User-Agent")}
    said |= {name: value for name, value in headers.items() if value is not None}
    fields = {name: value.decode("utf-8", "surrogateescape") for name, value in said.items()}
    fields["ended"] = "yes" if is_over else "no"
    return item._replace(kind="request", rule="", meaning="" if is_over else "unfinished", fields=fields)


def _ends(file: File) -> set[bytes]:
    with plain(file) as descriptor:
        if not os.fstat(descriptor).st_size:
            return set()
        with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as memory:
            return set(_ENDED.findall(memory))
