"""The `[mail]` table of the configuration as the report room takes it. Imported when a mail is sent."""

from __future__ import annotations

from vigilog.config.settings import Mail
from vigilog.report.mail import Delivery


def delivery(mail: Mail) -> Delivery:
    """To whom and how to send, field by field."""
    return Delivery(**{name: getattr(mail, name) for name in mail.__struct_fields__})
