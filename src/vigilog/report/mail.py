"""Reports sent as mail: by a sendmail, over SMTP, or by a `mail` command as Psionic's logcheck does. Imported when one is sent.

A mail is written down in full before the first byte leaves: what cannot be written is not sent in part.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import BinaryIO, Literal

from vigilog.core.errors import DeliveryError
from vigilog.core.visible import visible_line, visible_text
from vigilog.report.addresses import header, mailboxes, own_address
from vigilog.report.message import Attachment, Encoding, Render, composed, spooled
from vigilog.report.smtp import Server, message_id, sent

_SENDMAIL = ("/usr/sbin/sendmail", "/usr/lib/sendmail")
_PATIENCE = 300.0
_SAID = 2000


@dataclass(frozen=True, slots=True)
class Delivery:
    """To whom mails go, and how. The fields are those of the `[mail]` table of the configuration."""

    to: tuple[str, ...]
    sender: str = ""
    transport: Literal["sendmail", "smtp", "command"] = "sendmail"
    command: str = ""
    smtp_host: str = "localhost"
    smtp_port: int = 25
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    smtp_user: str = ""
    smtp_password_file: str = ""
    tag: bool = False
    attach: Attachment = "no"
    encoding: Encoding = ""


def deliver(render: Render, subject: str, delivery: Delivery, moment: datetime) -> None:
    """Sends what `render` writes. Control characters are made visible, whatever `render` did about them.

    Returns when the next program or server has taken the mail. Raises DeliveryError with what it said if it has not.
    """
    try:
        with spooled(render) as body:
            if delivery.transport == "command":
                _by_command(body, subject, delivery)
            else:
                _by_message(body, subject, delivery, moment)
    except OSError as error:
        raise DeliveryError(
            f"the mail cannot be written to {tempfile.gettempdir()}: {error.strerror}", remedy="make room there"
        ) from error


def _by_command(body: BinaryIO, subject: str, delivery: Delivery) -> None:
    if not delivery.command:
        raise DeliveryError("no command is given", expected="a program such as mail or mailx", remedy="set mail.command")
    if any(address.startswith("-") for address in delivery.to):
        raise DeliveryError("an address that begins with `-` would be taken for an option", remedy="correct mail.to")
    _run([*shlex.split(delivery.command), "-s", visible_line(subject), *delivery.to], body)


def _by_message(body: BinaryIO, subject: str, delivery: Delivery, moment: datetime) -> None:
    recipients = mailboxes(delivery.to)
    senders = mailboxes([delivery.sender] if delivery.sender else [])
    headers = {"To": header(recipients), "Subject": subject, "Auto-Submitted": "auto-generated"}
    if delivery.transport == "smtp":
        # A sendmail adds what is missing itself; a server need not.
        senders = senders or mailboxes([own_address()])
        headers["Date"] = format_datetime(moment)
        headers["Message-ID"] = message_id(senders[0][1], moment)
    if senders:
        headers["From"] = header(senders)
    utf8 = not all(address.isascii() for _, address in (*recipients, *senders))
    with composed(headers, body, encoding=delivery.encoding, attach=delivery.attach, utf8=utf8) as message:
        if delivery.transport == "sendmail":
            _run([*_sendmail(delivery.command), "-t", "-oi"], message)
        else:
            server = Server(
                delivery.smtp_host,
                delivery.smtp_port,
                delivery.smtp_security,
                delivery.smtp_user,
                delivery.smtp_password_file,
            )
            sent(message, senders[0][1], [address for _, address in recipients], server)


def _sendmail(command: str) -> list[str]:
    if command:
        return shlex.split(command)
    found = next((path for path in _SENDMAIL if os.access(path, os.X_OK)), None) or shutil.which("sendmail")
    if found is None:
        raise DeliveryError(
            "no sendmail is installed here",
            expected=f"one of {', '.join(_SENDMAIL)}",
            remedy="install a mail server such as postfix, or set mail.transport to smtp, or print reports with -o",
        )
    return [found]


def _run(arguments: list[str], text: BinaryIO) -> None:
    """Runs a program with `text` as its input; DeliveryError with what it said unless it ends well."""
    program = arguments[0]
    os.lseek(text.fileno(), 0, os.SEEK_SET)
    with tempfile.TemporaryFile() as said:
        try:
            status = subprocess.run(arguments, stdin=text, stdout=said, stderr=said, timeout=_PATIENCE, check=False).returncode
        except subprocess.TimeoutExpired as error:
            raise DeliveryError(f"{program} did not end within {_PATIENCE:.0f} seconds") from error
        except OSError as error:
            raise DeliveryError(f"{program} cannot be started: {error.strerror}", remedy="correct mail.command") from error
        if status:
            words = visible_text(os.pread(said.fileno(), _SAID, 0)).strip().replace("\n", " / ")
            ended = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
            raise DeliveryError(f"{program} {ended}{': ' if words else ''}{words}")
