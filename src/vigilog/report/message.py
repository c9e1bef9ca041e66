"""Messages: headers, an encoding that carries any report, attachments; written to an unlinked file, however large they are.

Imported only when a mail is sent. Attachments, and when which encoding is chosen, are as logcheck 1.4.2 with mime-construct
1.11 has them (seen by running it): none for short lines of printable ASCII, quoted-printable for others, base64 where more than
a quarter is not ASCII.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import tempfile
import zlib
from binascii import b2a_qp
from collections.abc import Callable, Iterator, Mapping
from email.policy import SMTP, SMTPUTF8
from functools import partial
from typing import BinaryIO, Literal

from vigilog.core.visible import visible_line
from vigilog.report.merge import blocks
from vigilog.report.visible import Write, visibly

Encoding = Literal["", "7bit", "8bit", "base64", "quoted-printable"]
Attachment = Literal["no", "text", "gzip"]
Render = Callable[[Write], object]
"""Writes the body of a mail."""

_BLOCK = 1 << 20
_BASE64_BLOCK = 57 * 16384
_ASCII = bytes(range(0x80))
_UNPLAIN = re.compile(rb"[^\t\n\x20-\x7e]|[ \t]$|^From |.{81}", re.MULTILINE)
_FROM = re.compile(rb"^From ", re.MULTILINE)
_NAME = "logcheck_report"


def spooled(render: Render) -> BinaryIO:
    """What `render` writes, made harmless for the eyes of a mail reader, ended by a newline; in a file without a name."""
    body = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as its user
    render(visibly(body.write))
    if body.tell():
        body.seek(-1, os.SEEK_END)
        if body.read(1) != b"\n":
            body.write(b"\n")
    body.flush()
    return body


def composed(
    headers: Mapping[str, str], body: BinaryIO, *, encoding: Encoding = "", attach: Attachment = "no", utf8: bool = False
) -> BinaryIO:
    r"""The whole message, lines ended by `\n`, in a file without a name. Header values may be any text: nothing in them can
    end the header or begin another. `encoding` is chosen by the content if it is empty. `utf8`: headers hold addresses
    that are not ASCII, which only RFC 6532 allows; any other text that is not ASCII is encoded (RFC 2047)."""
    message = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as its user
    if attach == "no":
        message.write(_headers({**headers, "MIME-Version": "1.0", **_content_headers(body, encoding)}, utf8=utf8))
        _write_encoded(message.write, body, encoding)
    else:
        boundary = f"=_{secrets.token_hex(16)}"
        mixed = {"MIME-Version": "1.0", "Content-Type": f'multipart/mixed; boundary="{boundary}"'}
        message.write(_headers({**headers, **mixed}, utf8=utf8))
        message.write(f"--{boundary}\n\nReport attached\n\n--{boundary}\n".encode())
        _write_attachment(message.write, body, encoding, attach)
        message.write(f"\n--{boundary}--\n".encode())
    message.flush()
    return message


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file as blocks of whole lines, from its beginning."""
    return blocks(partial(_read, file.fileno()), _BLOCK)


def _headers(headers: Mapping[str, str], *, utf8: bool = False) -> bytes:
    policy = (SMTPUTF8 if utf8 else SMTP).clone(linesep="\n")
    stored = [policy.header_store_parse(name, visible_line(value)) for name, value in headers.items()]
    return b"".join(policy.fold_binary(name, value) for name, value in stored) + b"\n"


def _content_headers(body: BinaryIO, encoding: Encoding) -> dict[str, str]:
    chosen = encoding or _fitting(body)
    found: dict[str, str] = {}
    if not all(block.isascii() for block in lines_of(body)):
        found["Content-Type"] = 'text/plain; charset="utf-8"'
    if chosen != "7bit":
        found["Content-Transfer-Encoding"] = chosen
    return found


def _fitting(body: BinaryIO) -> Encoding:
    if not any(_UNPLAIN.search(block) for block in lines_of(body)):
        return "7bit"
    foreign = sum(len(block.translate(None, _ASCII)) for block in lines_of(body))
    return "quoted-printable" if foreign * 4 < os.fstat(body.fileno()).st_size else "base64"


def _write_encoded(write: Write, body: BinaryIO, encoding: Encoding) -> None:
    chosen = encoding or _fitting(body)
    if chosen == "base64":
        _write_base64(write, body)
        return
    for block in lines_of(body):
        write(_quoted_printable(block) if chosen == "quoted-printable" else block)


def _quoted_printable(lines: bytes) -> bytes:
    # A mailbox would begin a new mail at `From `; the soft break keeps the line within its limit.
    return _FROM.sub(b"=46rom =\n", b2a_qp(lines, istext=True))


def _write_base64(write: Write, body: BinaryIO) -> None:
    offset = 0
    while data := os.pread(body.fileno(), _BASE64_BLOCK, offset):
        write(base64.encodebytes(data))
        offset += len(data)


def _write_attachment(write: Write, body: BinaryIO, encoding: Encoding, attach: Attachment) -> None:
    name, kind = (f"{_NAME}.gz", "application/x-gzip") if attach == "gzip" else (_NAME, "text/plain")
    headers = {"Content-Disposition": f"attachment; filename={name}", "Content-Type": f"{kind}; name={name}"}
    if attach == "text":
        found = _content_headers(body, encoding)
        charset = "; charset=utf-8" if "Content-Type" in found else ""
        write(_headers({**found, **headers, "Content-Type": f"{kind}{charset}; name={name}"}))
        _write_encoded(write, body, encoding)
        return
    write(_headers({**headers, "Content-Transfer-Encoding": "base64"}))
    with tempfile.TemporaryFile() as packed:
        pack = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        for block in lines_of(body):
            packed.write(pack.compress(block))
        packed.write(pack.flush())
        packed.flush()
        _write_base64(write, packed)


def _read(descriptor: int, offset: int, size: int) -> bytes:
    return os.pread(descriptor, size, offset)
