"""Evidence that others can check: the original bytes of every line that a timeline cites, where they stood, and their hashes.

    README.txt        how to check it, with nothing but sha256sum
    manifest.json     who was asked about and when; for each file where it was, and for each line its place, length and SHA-256
    records.jsonl     alerts, actions and bans: what Vigilog's own store says, a JSON object to a line
    lines/0001.log    the bytes of the first file's lines, each followed by a newline
    SHA256SUMS        the hashes of all of these, as sha256sum has them

The archive holds nothing else and has one form only: members in this order, stored as they are, with no date of their own. So
whoever changes a byte anywhere in it changes a hash or the form. Who writes all of it anew can only be told by the hash of the
manifest, which therefore belongs elsewhere.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, BinaryIO

from vigilog.core.errors import DeliveryError, SourceError
from vigilog.core.nouns import Place
from vigilog.investigate.investigation import Investigation
from vigilog.investigate.item import Item
from vigilog.investigate.reading import plain
from vigilog.investigate.records import entry
from vigilog.investigate.scanning import File

FORMAT, VERSION = "vigilog-evidence", 1
MANIFEST, RECORDS, SUMS, README = "manifest.json", "records.jsonl", "SHA256SUMS", "README.txt"
_STEP = 1 << 20
_TOLD = """\
This archive holds lines of logs as they stood, and says where. To check it without Vigilog:

    unzip evidence.zip -d evidence && cd evidence && sha256sum --check SHA256SUMS
    sha256sum manifest.json        # the number that was noted when the archive was made

manifest.json has an entry for each line: "offset" and "length" (bytes, without the newline) in the file "path", which is
unpacked first where "packed" is true; "copy_offset" in the file "copy" of this archive; and the SHA-256 of its bytes:

    tail --bytes=+$((OFFSET + 1)) PATH | head --bytes=LENGTH | sha256sum
    tail --bytes=+$((COPY_OFFSET + 1)) COPY | head --bytes=LENGTH | sha256sum

With Vigilog: vigilog verify --manifest NUMBER evidence.zip
"""


def export(answer: Investigation, path: str, host: str, version: str, now: float) -> str:
    """Writes the evidence of an investigation, made at `now` on `host`, to a new file (0600); gives its manifest's SHA-256.

    Raises DeliveryError if the file is there or cannot be written, SourceError if a log cannot be read any more.
    """
    members = gathered(answer, host, version, now)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags, 0o600), "w+b") as file:
            try:
                archive(members, file)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                with suppress(OSError):
                    os.unlink(path)
                raise
    except FileExistsError:
        raise DeliveryError(
            "it is there already", place=Place(path), remedy="name a new file: evidence is not overwritten"
        ) from None
    except OSError as error:
        raise DeliveryError(f"cannot be written: {error.strerror}", place=Place(path)) from error
    return sha256(members[MANIFEST]).hexdigest()


def gathered(answer: Investigation, host: str, version: str, now: float) -> dict[str, bytes]:
    """The members of the archive by their names, in their order. Raises SourceError."""
    copies: dict[str, bytes] = {}
    files: list[dict[str, Any]] = []
    for number, (file, items) in enumerate(_by_file(answer), 1):
        name = f"lines/{number:04}.log"
        described, copies[name] = _copied(file, items, name)
        files.append(described)
    records = "".join(json.dumps(entry(item), sort_keys=True) + "\n" for item in answer.items if item.where is None).encode()
    question = answer.question
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "made": datetime.fromtimestamp(now, UTC).isoformat(),
        "host": host,
        "vigilog": version,
        "subject": {"kind": question.subject.kind, "text": question.subject.text},
        "since": question.since,
        "until": question.until,
        "files": files,
        "records": {"copy": RECORDS, "sha256": _digest(records)},
        "not_searched": list(answer.left_out),
    }
    members = {
        README: _TOLD.encode(),
        MANIFEST: json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n",
        RECORDS: records,
    }
    members |= copies
    members[SUMS] = sums(members)
    return members


def sums(members: Mapping[str, bytes]) -> bytes:
    """What sha256sum prints of the members."""
    return "".join(f"{_digest(data)}  {name}\n" for name, data in members.items()).encode()


def archive(members: Mapping[str, bytes], file: BinaryIO) -> None:
    """Writes the members in the one form that such an archive has."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as written:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100600 << 16
            written.writestr(info, data)


def in_one_form(members: Mapping[str, bytes]) -> bytes:
    """The archive that these members make."""
    file = io.BytesIO()
    archive(members, file)
    return file.getvalue()


def _by_file(answer: Investigation) -> list[tuple[File, list[Item]]]:
    """The entries that are lines of files (or of the journal), by file and place."""
    known = {(file.device, file.inode): file for file in answer.files}
    found: dict[tuple[int, int, str], tuple[File, list[Item]]] = {}
    for item in answer.items:
        where = item.where
        if where is None:
            continue
        file = known.get((where.device, where.inode)) or File(where.source, "", 0, 0, 0, 0, packed=False)
        found.setdefault((where.device, where.inode, where.source if not where.path else ""), (file, []))[1].append(item)
    return [(file, sorted(items, key=_place)) for file, items in found.values()]


def _place(item: Item) -> tuple[str, int]:
    return (item.where.position, item.where.offset) if item.where else ("", 0)


def _copied(file: File, items: Sequence[Item], name: str) -> tuple[dict[str, Any], bytes]:
    """What the manifest says of a file, and the bytes of its lines."""
    numbers = _line_numbers(file, [item.where.offset for item in items if item.where]) if file.path else iter(())
    entries: list[dict[str, Any]] = []
    copy = bytearray()
    for item in items:
        where = item.where
        assert where
        entries.append(
            {
                "offset": where.offset,
                "length": len(item.text),
                "line": next(numbers, None),
                "copy_offset": len(copy),
                "sha256": _digest(item.text),
                "time": item.time,
                "kind": item.kind,
                "meaning": item.meaning,
                **({"position": where.position} if where.position else {}),
            }
        )
        copy += item.text + b"\n"
    described = {
        "source": file.source,
        "path": file.path,
        "device": file.device,
        "inode": file.inode,
        "size": file.size,
        "modified": datetime.fromtimestamp(file.modified / 1e9, UTC).isoformat() if file.path else None,
        "packed": file.packed,
        "copy": name,
        "sha256": _digest(bytes(copy)),
        "entries": entries,
    }
    return described, bytes(copy)


def _line_numbers(file: File, offsets: Sequence[int]) -> Iterator[int]:
    """The numbers (from 1) of the lines that begin at ascending offsets."""
    number, at = 1, 0
    try:
        with plain(file) as descriptor:
            for offset in offsets:
                while at < offset:
                    data = os.pread(descriptor, min(_STEP, offset - at), at)
                    if not data:
                        return
                    number += data.count(b"\n")
                    at += len(data)
                yield number
    except SourceError:
        return  # it is gone: the offsets say where they were


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
