"""A page as a mail: plain text beside it for those who want that, its pictures attached (RFC 2046, 2387, 2392).

multipart/alternative
    text/plain
    multipart/related           (text/html alone if there are no pictures)
        text/html
        image/png ...           each named by a Content-ID, since mail clients show no data: URIs
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from vigilog.core.visible import visible_text
from vigilog.reporting.frame import Report

_PICTURE = re.compile(rb'src="data:image/png;base64,([A-Za-z0-9+/=]+)"')
"""Nothing from a log can look like this: its quotation marks are escaped."""
_POLICY = SMTP.clone(linesep="\n", cte_type="7bit")


def html_mail(reports: Sequence[Report], *, base64: bool = False) -> bytes:
    """The mail's body for one page, or for several, one behind the other, with the headers that tell of it (Content-...).
    `base64`: text travels like that, too; it is quoted-printable otherwise, or as it is where that is plain ASCII."""
    pages = [_alternatives(report, base64=base64) for report in reports]
    if len(pages) == 1:
        return _without_version(pages[0])
    whole = EmailMessage(policy=_POLICY)
    whole.make_mixed()
    for page in pages:
        whole.attach(page)
    return _without_version(whole)


def _alternatives(report: Report, *, base64: bool) -> EmailMessage:
    pictures: dict[str, bytes] = {}

    def attached(source: re.Match[bytes]) -> bytes:
        png = b64decode(source[1])
        name = f"{sha256(png).hexdigest()[:24]}@vigilog"
        pictures[name] = png
        return f'src="cid:{name}"'.encode()

    page = _PICTURE.sub(attached, report.body).decode()
    whole = EmailMessage(policy=_POLICY)
    whole.set_content(visible_text(report.text), cte="base64" if base64 else None)
    html = EmailMessage(policy=_POLICY)
    html.set_content(page, subtype="html", cte="base64" if base64 else "quoted-printable")
    for number, (name, png) in enumerate(pictures.items(), 1):
        html.add_related(png, "image", "png", cid=f"<{name}>", disposition="inline", filename=f"picture-{number}.png")
    if pictures:
        html.set_param("type", "text/html")
    whole.make_alternative()
    whole.attach(html)
    for part in whole.walk():
        del part["MIME-Version"]
    return whole


def _without_version(message: EmailMessage) -> bytes:
    del message["MIME-Version"]
    return message.as_bytes()
