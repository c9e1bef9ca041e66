"""sudo (1.8 to 1.9): who ran what as whom, who was refused, and wrong passwords."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from vigilog.report.message_forms import Form
from vigilog.report.section import Table
from vigilog.report.syslog_counting import SyslogCounting, SyslogService
from vigilog.report.tally import Tally, totals

NAME = "sudo"
TITLE = "Sudo"
GROUPS = ("secure",)

_RAN = (
    rb"(?:HOST=\S+ ; )?(?:TTY=\S* ; )?(?:CHROOT=.*? ; )?(?:(?:CWD|PWD)=.*? ; )?USER=(.*?) ; "
    rb"(?:GROUP=\S+ ; )?(?:TSID=\S+ ; )?(?:ENV=.*? ; )?COMMAND=(.*)"
)
_REFUSED = rb"user NOT in sudoers|user NOT authorized on host|command not allowed|\w[^;]* required|[^;=]*not allowed[^;]*"

_FORMS = (
    Form("refused", rb" *(\S+) : (" + _REFUSED + rb") ; " + _RAN, b""),
    Form("password", rb" *(\S+) : (\d+) incorrect password attempts? ; " + _RAN, b""),
    Form("ran", rb" *(\S+) : " + _RAN, b""),
    Form("problem", rb" *(\S+) : ([^;]*?) ; " + _RAN, b""),
    Form("", rb" *\S+ : \(command continued\) .*"),
    Form("limit", rb" *(\S+ : problem with defaults entries|.* is (?:world|group) writable|.* is owned by .*)(?: ; .*)?"),
    Form("failure", rb"pam_\w+\(sudo(?:-i)?:auth\): authentication failure; .* ruser=(\S*) .*"),
    Form("", rb"pam_\w+\(sudo(?:-i)?:auth\): (?:conversation failed|auth could not identify password for .*)"),
    Form("session", rb"pam_\w+\(sudo(?:-i)?:session\): session opened for user (.*?)(?:\(uid=\d+\))? by (.*)\(uid=\d+\)"),
    Form("", rb"pam_\w+\(sudo(?:-i)?:session\): session closed for user .*"),
    Form("limit", rb"pam_limits\(sudo(?:-i)?:session\): (.*?)(?:; uid=\d+,euid=\d+)?"),
    Form("limit", rb"(unable to resolve host .*)"),
)  # fmt: skip


def _tables(tally: Tally, numeric: bool) -> Iterator[Table]:  # noqa: ARG001
    wrong = sum(int(fields[1]) * times for fields, times in tally.kinds["password"].items())
    yield totals(
        "Totals",
        ("Commands run", tally.total("ran")),
        ("Commands refused", tally.total("refused", "problem")),
        ("Commands not run for wrong passwords", tally.total("password")),
        ("Wrong passwords", wrong),
    )
    yield Table("Refused", ("User", "As", "Why", "Command", "Count"), tally.ranked("refused", 0, 2, 1, 3))
    yield Table("Refused otherwise", ("User", "As", "Why", "Command", "Count"), tally.ranked("problem", 0, 2, 1, 3))
    yield Table("Wrong passwords", ("User", "As", "Command", "Count"), tally.ranked("password", 0, 2, 3))
    yield Table("Commands by user", ("User", "As", "Count"), tally.ranked("ran", 0, 1))
    yield Table("Commands", ("User", "As", "Command", "Count"), tally.ranked("ran", 0, 1, 2), 5)
    yield Table("PAM failures", ("User", "Count"), tally.ranked("failure", 0), 10)
    yield Table("Sessions", ("As", "By", "Count"), tally.ranked("session", 0, 1), 10)
    yield Table("Notes", ("Text", "Count"), tally.ranked("limit", 0), 5)


_OVER_TIME = {"ran": "Commands run", "refused": "Commands refused", "password": "Wrong passwords"}
SERVICE = SyslogService(
    NAME,
    TITLE,
    rb"sudo",
    _FORMS,
    {"ran": "Commands run", "refused": "Commands refused", "password": "Wrong passwords"},
    _tables,
)
Counting = partial(SyslogCounting, SERVICE)
