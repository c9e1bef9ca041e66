"""Psionic's guard: files in its temporary directory that cannot be removed may be an attempt to spoof the log checker."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace

from vigilog.check.delivery import Way, hand_over
from vigilog.config.settings import Settings
from vigilog.core.clock import Clock, local
from vigilog.report import subjects
from vigilog.report.document import Report

NAMES = ("check", "checkoutput", "checkreport")


def passed(settings: Settings, host: str, way: Way, clock: Clock) -> bool:
    """Removes what logcheck 1.1 would have left under this process's number, and looks whether it is gone.

    If one is still a regular file, an alarm is delivered as the report of an attack, and the run must not go on.
    """
    directory = settings.psionic.temporary_directory
    if not directory:
        return True
    paths = [os.path.join(directory, f"{name}.{os.getpid()}") for name in NAMES]
    for path in paths:
        with suppress(OSError):
            os.unlink(path)
    if not any(os.path.isfile(path) for path in paths):
        return True
    moment = local(clock())
    text = (
        f"Log files exist in {directory} directory that cannot be removed. This\nmay be an attempt to spoof the log checker.\n"
    )
    alarm = Report(host, moment, subjects.psionic(host, moment, attack=True), header=text.encode("utf-8", "surrogateescape"))
    hand_over(alarm, replace(way, form="debian", summarize=False))
    return False
