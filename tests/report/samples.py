"""Reports to print, made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from vigilog.core.nouns import Heading, Kind, Notice
from vigilog.report.document import Facts, Report, Section
from vigilog.report.visible import Write

CREATED = datetime(2026, 11, 20, 8, 30, tzinfo=timezone(timedelta(hours=1)))
HOSTILE = b"Nov 20 08:00:01 web1 app[7]: \x1b[2J\x9b31m\xc2\x9b \xe2\x80\xaeevil\xe2\x80\xac \x00\xff\x7f\rtab\there gr\xc3\xb6\xc3\x9fe\n"


def section(kind: Kind, name: str, title: str, *pieces: bytes, places: tuple[str, ...] = ()) -> Section:
    return Section(Heading(kind, name), title, places, sum(piece.count(b"\n") for piece in pieces), lambda: iter(pieces))


def full_report() -> Report:
    """A report with something of everything."""
    return Report(
        host="web1",
        created=CREATED,
        subject="web1 2026-11-20 08:30 +0100 Security Alerts",
        sections=(
            section(
                "attack", "sshd", "Security Alerts for sshd", b"a1\na2\n", b"a3\n", places=("/etc/logcheck/cracking.d/sshd",)
            ),
            section("unusual", "", "System Events", b"u1\n"),
        ),
        preface=("First time.", "Second line."),
        header=b"HEADER\n",
        footer=b"FOOTER\n",
        errors=("E: File could not be read: /var/log/one", "E: File could not be read: /var/log/two"),
        notices=(Notice("rule", "/etc/rules", "/etc/rules:3: skipped"), Notice("shrank", "/var/log/auth.log", "it shrank")),
        repeated=datetime(2026, 11, 20, 7, 2, tzinfo=timezone(timedelta(hours=1))),
        facts=Facts(("/var/log/syslog", "journal"), 1000, 123456, 996, 0.5, "Next: look at it."),
    )


class Written:
    """Collects what a renderer writes."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.write: Write = self.pieces.append

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)
