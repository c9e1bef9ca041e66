"""cron: Debian's (3.0pl1), cronie (1.5), NetBSD's and FreeBSD's; what ran, for whom, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from vigilog.report.message_forms import Form
from vigilog.report.section import Table
from vigilog.report.syslog_counting import SyslogCounting, SyslogService
from vigilog.report.tally import Tally, totals

NAME = "cron"
TITLE = "Cron"
GROUPS = ("cron",)

_PROBLEM = (
    rb"[A-Z][A-Z ]*(?:ERROR|FAILED|failed|DENIED)|ORPHAN|NO SUCH USER|BAD FILE MODE|WRONG FILE OWNER|WRONG INODE INFO|"
    rb"Syntax error|error|bad[a-z ]*|CAN'T [A-Z ]*|NOT A REGULAR FILE|SYMLINK"
)

_FORMS = (
    Form("ran", rb"\((.*?)\) CMD(?: START)? ?\((.*)\)"),
    Form("", rb"\(.*?\) CMD(?: FINISH|END) ?\(.*\)"),
    Form("output", rb"\((.*?)\) CMDOUT ?\((.*)\)"),
    Form("output", rb"\((.*?)\) MAIL ?\((.*)\)"),
    Form("edited", rb"\((.*?)\) (LIST|BEGIN EDIT|END EDIT|REPLACE|DELETE|RELOAD) ?\((.*)\)"),
    Form("problem", rb"\((.*?)\) (INSECURE MODE \(.*?\)) \((.*)\)"),
    Form("daemon", rb"\(CRON\) (STARTUP|INFO|info|STOPPED|DEATH|SHUTDOWN) ?\((.*)\)"),
    Form("problem", rb"\((.*?)\) (" + _PROBLEM + rb") ?\((.*)\)"),
    Form("problem", rb"\((.*?)\) (AUTH|UNSAFE|SECURITY|LOCK|RENAME|MISSING|TOO)[A-Z ]* ?\((.*)\)"),
    Form("problem", rb"()(Authentication|Permission|Module|System|Cannot|Critical|Insufficient|Error)\b(.*)"),
    Form("run-parts", rb"\((.*?)\) (?:starting|started|running) (.*)"),
    Form("", rb"\((.*?)\) finished (.*)"),
    Form("session", rb"pam_\w+\(crond?:session\): session opened for user (.*?)(?:\(uid=\d+\))? by (?:.*)\(uid=\d+\)"),
    Form("", rb"pam_\w+\(crond?:session\): session closed for user .*"),
    Form("problem", rb"(pam_\w+)\(crond?:(auth|account|session)\): (.*)"),
    Form("anacron", rb"(Anacron) (started|\d\S* started) on .*"),
    Form("anacron", rb"(Job) (`.*?'|'.*?') (?:started|terminated).*"),
    Form("", rb"(?:Normal exit|Jobs will be executed|Will run job|Updated timestamp for job|Anacron \S+ started) ?.*"),
)  # fmt: skip


def _tables(tally: Tally, numeric: bool) -> Iterator[Table]:  # noqa: ARG001
    yield totals(
        "Totals",
        ("Commands run", tally.total("ran")),
        ("Scripts run by run-parts", tally.total("run-parts")),
        ("Problems", tally.total("problem")),
    )
    yield Table("Problems", ("User", "What", "Text", "Count"), tally.ranked("problem", 0, 1, 2))
    yield Table("Tables of jobs", ("Who", "What", "Whose", "Count"), tally.ranked("edited", 0, 1, 2))
    yield Table("Output", ("User", "Text", "Count"), tally.ranked("output", 0, 1), 5)
    yield Table("Commands by user", ("User", "Count"), tally.ranked("ran", 0), drawn=True)
    yield Table("Commands", ("User", "Command", "Count"), tally.ranked("ran", 0, 1), 5)
    yield Table("Scripts", ("Directory", "Script", "Count"), tally.ranked("run-parts", 0, 1), 5)
    yield Table("Anacron", ("What", "How", "Count"), tally.ranked("anacron", 0, 1), 10)
    yield Table("Sessions", ("User", "Count"), tally.ranked("session", 0), 10)
    yield Table("The daemon", ("What", "Text", "Count"), tally.ranked("daemon", 0, 1), 5)


SERVICE = SyslogService(
    NAME,
    TITLE,
    rb"(?:/usr/sbin/)?(?:cron|CRON|crond|CROND|crontab|anacron|run-parts)",
    _FORMS,
    {"ran": "Commands run", "problem": "Problems"},
    _tables,
)
Counting = partial(SyslogCounting, SERVICE)
