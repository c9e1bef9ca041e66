"""The subjects of mails, as the tools that Vigilog replaces write them."""

from __future__ import annotations

from datetime import datetime

DEBIAN_DATE = "%Y-%m-%d %H:%M %z"
PSIONIC_DATE = "%m/%d/%y:%H.%M"
WARNINGS = "Logcheck Warnings"
"""What a report is called that has warnings only; also the title of the section that holds them."""


def debian(host: str, moment: datetime, what: str, *, date: str = DEBIAN_DATE, tag: bool = False, reboot: bool = False) -> str:
    """Logcheck 1.4.2: `[logcheck] Reboot: HOST DATE WHAT`, the first two parts where asked for. `date` is a format of
    strftime, `what` the highest subject that has a section."""
    return f"{'[logcheck] ' if tag else ''}{'Reboot: ' if reboot else ''}{host} {moment.strftime(date)} {what}"


def psionic(host: str, moment: datetime, *, attack: bool, stock: bool = False) -> str:
    """Logcheck 1.1: an attack is shouted, else `Systems Check: HOST DATE` as the seed has it, or (`stock`) `HOST DATE system
    check` as it was shipped."""
    date = moment.strftime(PSIONIC_DATE)
    if attack:
        return f"{host} {date} ACTIVE SYSTEM ATTACK!"
    return f"{host} {date} system check" if stock else f"Systems Check: {host} {date}"


def failure(host: str, moment: datetime, *, date: str = DEBIAN_DATE) -> str:
    """Logcheck 1.4.2: the subject of the mail that says why there is no report."""
    return f"Logcheck: {host} {moment.strftime(date)} exiting due to errors"
