"""Services that Vigilog itself can report on: each a module that counts a service's lines and makes a Section of the counts.

`SERVICES` has them all by logwatch's names for them. Importing it compiles nothing: patterns are compiled when lines come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

from vigilog.report.section import Moment, Section
from vigilog.report.services import (
    cron,
    dnscache,
    dovecot,
    http,
    http_error,
    http_forensic,
    iptables,
    named,
    postfix,
    proftpd_forensic,
    sshd,
    sudo,
    vigilog,
    xferlog,
)

__all__ = ["ENTRIES", "SERVICES", "Counting", "Moment", "Service"]


class Counting(Protocol):
    """Counts of lines."""

    def see(self, lines: bytes, moment: Moment) -> None:
        """Takes whole lines, each with its newline (the last one may lack it), in their order. Lines that say that they are
        another service's are passed over."""

    def merge(self, other: Self) -> None:
        """Adds what another one counted of the lines after this one's."""

    def section(self) -> Section:
        """What was counted so far."""


class Service(Protocol):
    """A module of this package. `NAME`: what `--service` calls it. `TITLE`: its section's. `GROUPS`: logwatch's log file groups
    that its lines are in. `Counting(numeric=False)` begins to count; `numeric`: ports are not given their names."""

    @property
    def NAME(self) -> str: ...  # noqa: N802

    @property
    def TITLE(self) -> str: ...  # noqa: N802

    @property
    def GROUPS(self) -> tuple[str, ...]: ...  # noqa: N802

    @property
    def Counting(self) -> Callable[..., Counting]: ...  # noqa: N802


def _services() -> dict[str, Service]:
    services: tuple[Service, ...] = (
        cron,
        dnscache,
        dovecot,
        http,
        http_error,
        http_forensic,
        iptables,
        named,
        postfix,
        proftpd_forensic,
        sshd,
        sudo,
        vigilog,
        xferlog,
    )
    return {service.NAME: service for service in services}


SERVICES: dict[str, Service] = _services()
ENTRIES = frozenset({proftpd_forensic.NAME})
"""Services whose entries are several lines, with one time for all: they are given every line, and `inside`, which says whether
a moment (seconds since the epoch) is in the range."""
