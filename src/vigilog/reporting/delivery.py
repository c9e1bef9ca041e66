"""Where a report goes: standard output, a file, or mail through the configured mailer, with logwatch's headers."""

from __future__ import annotations

import base64
import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress

from vigilog.core.errors import DeliveryError
from vigilog.core.nouns import Place
from vigilog.core.opening import opened
from vigilog.reporting.asked import Asked
from vigilog.reporting.frame import Report

Write = Callable[[bytes], object]
Part = tuple[Asked, Report]
"""What a part was asked for, and what came of it."""

_TYPES = {"json": "application/json"}
_TRANSFER = {"base64": "Content-transfer-encoding: base64", "7bit": "Content-Transfer-Encoding: 7bit"}


class FileNotWritable(DeliveryError):
    """The file that a report is to be put into cannot be written."""


def deliver(reports: Sequence[Part], asked: Asked, write: Write) -> None:
    """Hands over a report, which may be one for each host: in one piece, or in a mail for each. `write`: standard output.
    Raises DeliveryError."""
    whole = b"".join(encoded(report.body, asked.encode) for _, report in reports)
    if asked.output == "file":
        into_file(asked.file_name, whole)
    elif asked.output == "stdout":
        write(whole)
    elif asked.host_format == "splitmail":
        for part, report in reports:
            mail(message(part, [report], []), part.mailer)
    elif reports:
        hosts = [part.host for part, _ in reports] if asked.host_format == "split" else []
        mail(message(reports[0][0], [report for _, report in reports], hosts), asked.mailer)


def encoded(report: bytes, encoding: str) -> bytes:
    """The report as it travels."""
    return base64.encodebytes(report) if encoding == "base64" else report


def message(asked: Asked, reports: Sequence[Report], hosts: Sequence[str]) -> bytes:
    """The mail. `hosts`: those that a report in one piece has parts about."""
    if asked.format == "html":
        from vigilog.reporting.html_mail import html_mail  # noqa: PLC0415 - for those who ask

        # `Reporting on hosts` is no name of a header: mail programs would take what follows it for text.
        return headers(asked, []) + html_mail(reports, base64=asked.encode == "base64")
    content = [
        _TRANSFER.get(asked.encode, "Content-Transfer-Encoding: 8bit"),
        f'Content-Type: {_TYPES.get(asked.format, "text/plain")}; charset="UTF-8"',
    ]
    told = "".join(f"{line}\n" for line in content).encode()
    return headers(asked, hosts) + told + b"\n" + b"".join(encoded(report.body, asked.encode) for report in reports)


def headers(asked: Asked, hosts: Sequence[str]) -> bytes:
    """The head of the mail without what tells of its content."""
    subject = asked.subject or f"Logwatch for {asked.host} ({os.uname().sysname})"
    to = asked.conf.options.get(f"mailto_{asked.host}".lower()) or asked.mail_to
    lines = [
        *(f"To: {address}" for address in to.split(" ")),
        f"From: {asked.mail_from}",
        f"Subject: {subject}",
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
        *([f"Reporting on hosts: {' '.join(hosts)}"] if hosts else []),
        "MIME-Version: 1.0",
    ]
    # A host's name comes out of logs: no line of it may become a header of its own.
    return "".join(" ".join(line.splitlines()) + "\n" for line in lines).encode("utf-8", "replace")


def mail(text: bytes, mailer: str) -> None:
    """Hands a message to the mailer, a command line. Raises DeliveryError."""
    try:
        ended = subprocess.run(shlex.split(mailer), input=text, check=False)
    except (OSError, ValueError) as error:
        raise DeliveryError(f"Can't execute {mailer}: {error}") from error
    if ended.returncode:
        raise DeliveryError(f"{mailer} ended with status {ended.returncode}")


def into_file(path: str, report: bytes) -> None:
    """Writes the report into a new file, which only its owner may read; one that is there is removed, also if there is nothing
    to report. Raises FileNotWritable."""
    try:
        with suppress(FileNotFoundError):
            os.unlink(path)
        if not report:
            return
        descriptor = opened(os.path.abspath(path), 0o600, last_link=False)
        with open(descriptor, "ab") as file:
            file.write(report)
    except OSError as error:
        raise FileNotWritable(f"Can't open output file: {error.strerror}", place=Place(path)) from error
