"""A message handed to a mail server (RFC 5321), streamed from a file. Imported when a mail is sent."""

from __future__ import annotations

import re
import secrets
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal, NoReturn

from vigilog.core.errors import DeliveryError
from vigilog.core.nouns import Place
from vigilog.core.visible import visible_text
from vigilog.report.message import lines_of

_PATIENCE = 60.0
_LINE_START = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail goes: `security` is none, starttls or tls (certificates are checked); `user` empty: without a login."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    user: str
    password_file: str


def sent(message: BinaryIO, sender: str, recipients: list[str], server: Server) -> None:
    """Hands `message` over for all `recipients` or for none. Raises DeliveryError with what the server said."""
    if not recipients:
        raise DeliveryError("there is no address to send to", remedy="set mail.to")
    password = _password(server)
    try:
        connection = _connected(server)
        try:
            if server.user:
                connection.login(server.user, password)
            _transfer(connection, message, sender, recipients, server)
            with suppress(OSError, smtplib.SMTPException):  # the mail is theirs now, however they say goodbye
                connection.quit()
        finally:
            connection.close()
    except smtplib.SMTPResponseException as error:
        _refuse(server, error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        text = str(error) or type(error).__name__
        raise DeliveryError(f"the mail server {server.host}:{server.port} cannot be used: {text}") from error


def message_id(sender: str, moment: datetime) -> str:
    """A new identity for a message that the address `sender` sends at that moment."""
    return f"<{moment:%Y%m%d%H%M%S}.{secrets.token_hex(8)}@{sender.rpartition('@')[2]}>"


def _connected(server: Server) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=ssl.create_default_context())
    connection = smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)
    if server.security == "starttls":
        try:
            connection.starttls(context=ssl.create_default_context())
        except BaseException:
            connection.close()
            raise
    return connection


def _transfer(connection: smtplib.SMTP, message: BinaryIO, sender: str, recipients: list[str], server: Server) -> None:
    connection.ehlo_or_helo_if_needed()
    options = ["BODY=8BITMIME"] if connection.has_extn("8bitmime") else []
    if not all(address.isascii() for address in (sender, *recipients)):
        if not connection.has_extn("smtputf8"):
            raise DeliveryError(f"{server.host} takes no addresses that are not ASCII")
        options.append("SMTPUTF8")
    _expect(connection.mail(sender, options), 250, server)
    for recipient in recipients:
        _expect(connection.rcpt(recipient), 250, server, f"it refuses {recipient}; nothing was sent")
    _expect(connection.docmd("DATA"), 354, server)
    for block in lines_of(message):
        connection.send(_LINE_START.sub(b"..", block).replace(b"\n", b"\r\n"))
    connection.send(b".\r\n")
    _expect(connection.getreply(), 250, server)


def _expect(reply: tuple[int, bytes], code: int, server: Server, about: str = "") -> None:
    if reply[0] != code and not (code == 250 and reply[0] == 251):
        _refuse(server, reply[0], reply[1], about)


def _refuse(server: Server, code: int, said: bytes | str, about: str = "") -> NoReturn:
    words = visible_text(said if isinstance(said, bytes) else said.encode()).replace("\n", " / ")
    raise DeliveryError(f"the mail server {server.host}:{server.port} said {code} {words}", expected=about)


def _password(server: Server) -> str:
    if not server.user:
        return ""
    try:
        with open(server.password_file, encoding="utf-8") as file:
            return file.readline().rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DeliveryError(
            f"the password of the mail server cannot be read: {error}", place=Place(server.password_file)
        ) from error
