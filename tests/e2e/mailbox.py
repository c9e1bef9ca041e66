"""Mails as a stand-in for sendmail caught them, in the parts that a reader sees."""

from __future__ import annotations

import email
import email.policy
import gzip
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

CATCHER = """#!/bin/sh
# Keeps the name it was called by, the arguments, an empty line and what came in, in a file of its own.
kept=$(mktemp "$MAILBOX/XXXXXX")
{ printf '%s\\n' "${0##*/}" "$@"; echo; cat; } > "$kept"
"""


@dataclass(frozen=True)
class Part:
    """One piece of a mail: its type, the name it is attached under, its transfer encoding, and its bytes, unpacked."""

    kind: str
    name: str | None
    encoding: str
    body: bytes


@dataclass(frozen=True)
class Mail:
    """A mail: whom sendmail is told to send it to (by its arguments, or by the headers with -t), the headers that matter, the parts."""

    recipients: tuple[str, ...]
    to: str
    subject: str
    auto_submitted: str
    mime_version: str
    parts: tuple[Part, ...]


def _part(message: Message) -> Part:
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    kind = message.get_content_type().replace("application/x-gzip", "application/gzip")
    return Part(
        kind=kind,
        name=message.get_filename(),
        encoding=str(message.get("Content-Transfer-Encoding", "7bit")).lower(),
        body=gzip.decompress(body) if kind == "application/gzip" else body,
    )


def read_mail(raw: bytes) -> Mail:
    """One file of the catcher as a Mail: what sendmail gets is a whole message, what mailx gets is a subject, an address and a body."""
    arguments, _, text = raw.partition(b"\n\n")
    program, *words = arguments.decode().split("\n")
    if program == "mailx":
        _, subject, address = words
        return Mail((address,), address, subject, "", "", (Part("text/plain", None, "7bit", text),))
    message = email.message_from_bytes(text, policy=email.policy.compat32)
    named = str(message["To"]).split(", ") if "-t" in words else [word for word in words if not word.startswith("-")]
    return Mail(
        recipients=tuple(named),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        auto_submitted=str(message["Auto-Submitted"]),
        mime_version=str(message["MIME-Version"]).split(" ")[0],
        parts=tuple(_part(part) for part in message.walk() if not part.is_multipart()),
    )


def take_mails(box: Path) -> tuple[Mail, ...]:
    """All mails in `box`, which is empty afterwards."""
    mails = []
    for kept in sorted(box.iterdir()):
        mails.append(read_mail(kept.read_bytes()))
        kept.unlink()
    return tuple(mails)
