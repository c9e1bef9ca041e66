"""What sections, reports and mails are called, as the tool that is replaced calls them."""

from __future__ import annotations

import os

from vigilog.config.settings import Settings
from vigilog.core.nouns import KINDS, Heading
from vigilog.report import subjects
from vigilog.report.document import Report

MANY_LINES = 100
"""More than this many reported lines are too many to read one by one."""
DIRECTORIES = {"attack": "cracking.d", "violation": "violations.d"}
PSIONIC_TITLES = {
    "attack": "Active System Attack Alerts",
    "violation": "Security Violations",
    "unusual": "Unusual System Events",
}


def title(settings: Settings, heading: Heading) -> str:
    """The title of a section, as the tool that is replaced has it."""
    if settings.check.rules == "psionic":
        return PSIONIC_TITLES[heading.kind]
    what = kind_subject(settings, heading.kind)
    return what if heading.name in ("", "logcheck") else f"{what} for {heading.name}"


def kind_subject(settings: Settings, kind: str) -> str:
    """What the configuration calls a class."""
    check = settings.check
    return {"attack": check.attack_subject, "violation": check.violation_subject, "unusual": check.unusual_subject}[kind]


def places(settings: Settings, heading: Heading) -> tuple[str, ...]:
    """The rule files behind a section, short enough for a title."""
    if settings.check.rules == "psionic":
        files = {
            "attack": settings.psionic.hacking,
            "violation": settings.psionic.violations,
            "unusual": settings.psionic.ignore,
        }
        return (files[heading.kind],)
    directory = DIRECTORIES.get(heading.kind)
    if directory is None:
        return (f"not in ignore.d.{settings.check.level}",)
    return (f"{directory}/{heading.name}",)


def introduction(settings: Settings, name: str) -> bytes | None:
    """header.txt or footer.txt of the rule directory, where they are wanted and can be read."""
    if not settings.check.introduction or settings.check.rules != "debian":
        return None
    try:
        with open(os.path.join(settings.check.rule_directory, name), "rb") as file:
            return file.read()
    except OSError:
        return None


def subject(settings: Settings, report: Report, *, reboot: bool) -> str:
    """The mail's subject: that of the most urgent class that has a section."""
    kinds = {section.heading.kind for section in report.sections}
    if settings.check.rules == "psionic":
        return subjects.psionic(report.host, report.created, attack="attack" in kinds, stock=settings.psionic.stock_subject)
    what = next((kind_subject(settings, kind) for kind in KINDS if kind in kinds), subjects.WARNINGS)
    return subjects.debian(
        report.host, report.created, what, date=settings.check.date_format, tag=settings.mail.tag, reboot=reboot
    )


def next_step(settings: Settings, shown: int) -> str:
    """What the reader of a report with so many lines may want to do."""
    if not shown:
        return ""
    if shown > MANY_LINES and not settings.check.summarize:
        return "Next: --summarize folds similar lines into one; `vigilog explain LINE` says why a line is here."
    return "Next: `vigilog explain LINE` says why a line is here and which rule comes closest to ignoring it."
