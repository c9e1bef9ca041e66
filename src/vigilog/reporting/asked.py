"""What a report was asked for: the command line and logwatch.conf in one value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from vigilog.config.logwatch import Logwatch, number
from vigilog.reporting.filters import Circumstances
from vigilog.reporting.ranges import Range


@dataclass(frozen=True)
class Asked:
    """`services`: by name; those of `built_in` are counted by Vigilog itself, the others by scripts.
    `detail` is a number, mostly, but scripts get any word. `directories`: where relative log files are looked for.
    `harmless`: control characters of what scripts print are made visible, since a terminal or a mail program reads it."""

    conf: Logwatch
    wanted: Range
    services: tuple[str, ...]
    built_in: frozenset[str]
    directories: tuple[str, ...]
    detail: str = "0"
    output: str = "stdout"
    format: str = "text"
    encode: str = "none"
    host: str = ""
    hosts: str = ""
    host_format: str = "none"
    mail_to: str = ""
    mail_from: str = "logwatch"
    mailer: str = "/usr/sbin/sendmail -t"
    subject: str = ""
    file_name: str = ""
    html_wrap: int = 80
    debug: str = "0"
    archives: bool = True
    numeric: bool = False
    compat_tai: bool = False
    jobs: int = 1
    harmless: bool = False

    @property
    def known(self) -> Circumstances:
        """What filters know."""
        return Circumstances(self.wanted, self.compat_tai, self.hosts)

    def detail_of(self, service: str) -> str:
        """The detail for one service, which may have its own."""
        own = self.conf.services.get(service)
        return own.options.get("detail", self.detail) if own else self.detail

    def own_detail(self, service: str) -> bool:
        """Whether that is another one than the report's."""
        return number(self.detail_of(service)) != number(self.detail)

    def about(self, host: str) -> Self:
        """The same about one host."""
        return replace(self, host=host)
