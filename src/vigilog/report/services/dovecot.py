"""Dovecot (2.2 to 2.3): logins and failures by protocol, user and address; sessions, deliveries, and what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from vigilog.report.message_forms import Form
from vigilog.report.section import Table, text
from vigilog.report.syslog_counting import SyslogCounting, SyslogService
from vigilog.report.tally import Fields, Row, Tally, ranked, summed, totals

NAME = "dovecot"
TITLE = "Dovecot"
GROUPS = ("maillog", "dovecot")

_WORD = rb"([a-z]*)"
_LOGIN = rb"([\w-]+)-login: (?:Info: )?"
_WHY = rb"((?:Login aborted|Disconnected|Aborted login|Maximum number)[^<>]*?) ?"
_USER = rb"([\w-]+)\((.*?)\)(?:<[^>]*>)*: "
_TRIED = rb"\(auth failed, (\d+) attempts in \d+ secs\)"
_FROM = rb"(?:user=<(.*)>, )?(?:method=([^,]*), )?rip=([^, ]*).*"
_ENDED = rb"(?:Info: )?((?:Disconnected|Logged out|Connection closed)[A-Za-z :]*?)"
_AUTH = rb"auth(?:-worker)?(?:\(\d+\))?: (?:Info: |conn unix:.*?: )?([a-z-]+)\(([^,)]*),?([^,)]*)[^)]*\): (.*)"
_SAVED = rb"(saved mail to|stored mail into mailbox|forwarded to|discarded|save failed to|marked message to be discarded)"

_FORMS = (
    Form("", rb"pam_\w+\(\w+:auth\): check pass; user unknown", b"pam"),
    Form("pam failure", rb"pam_\w+\(\w+:auth\): authentication failure; .* ruser=(.*?) rhost=(\S*)\s*(?:user=.*)?", b"pam"),
    Form("login", _LOGIN + rb"Login: user=<(.*)>, method=([^,]*), rip=([^, ]*).*"),
    Form("ended before", _LOGIN + _WHY + _TRIED + rb"()(?: \(\w+\))?: user=<(.*)>, method=([^,]*), rip=([^, ]*).*"),
    Form("ended before", _LOGIN + _WHY + rb"()(?:\(([^)]*)\))?(?: \(\w+\))?: " + _FROM),
    Form("ended before", _LOGIN + rb"(Authentication failed): ()()()()rip=([^, ]*).*"),
    Form("", rb"(?:lmtp|doveadm|indexer-worker|ssl-params)\b.*?: (?:Connect|Disconnect|Indexed|Generating)\b.*"),
    Form("session", _USER + _ENDED + rb"(?: ?\(.*\))?(?: \w+=\d.*)?"),
    Form("session", _USER + rb"(?:Info: )?(Disconnected for inactivity|Server shutting down|Killed with signal).*"),
    Form("delivery", _USER + rb"(?:sieve: )?msgid=.*?: " + _SAVED + rb" ?.*"),
    Form("problem", rb"([\w-]+)(?:\(.*?\)|<[^>]*>)*: (Error|Warning|Fatal|Panic): (.*)"),
    Form("auth", _AUTH),
    Form("daemon", rb"(?:master: )?(Dovecot v\S+).* (starting up) .*"),
    Form("daemon", rb"(?:master|config|anvil|log|stats): (?:Info: )?(.*?)()"),
)  # fmt: skip


def _tables(tally: Tally, numeric: bool) -> Iterator[Table]:  # noqa: ARG001
    failures, attempts = _failures(tally)
    logins, failed, tried = (summed(counts, 0) for counts in (tally.kinds["login"], failures, attempts))
    yield totals(
        "Totals",
        ("Logins", tally.total("login")),
        ("Connections that failed to log in", failures.total()),
        ("Failed attempts to log in", attempts.total()),
        ("Messages delivered", tally.total("delivery")),
        ("Problems", tally.total("problem")),
    )
    protocols = sorted(logins.keys() | failed.keys())
    rows = tuple([(text(name[0]), logins[name], failed[name], tried[name]) for name in protocols])
    yield Table("By protocol", ("Protocol", "Logins", "Failed", "Attempts"), rows)
    yield Table("Failed by address", ("From", "Count"), ranked(summed(failures, 3)), drawn=True)
    yield Table("Failed by user", ("User", "Count"), ranked(summed(failures, 1)), drawn=True)
    yield Table("Failed", ("Protocol", "User", "By", "From", "Count"), ranked(failures), 10)
    yield Table("Ended before a login", ("Protocol", "How", "Why", "From", "Count"), _ended(tally), 5)
    yield Table("Logins by user", ("User", "Protocol", "Count"), tally.ranked("login", 1, 0))
    yield Table("Logins by address", ("User", "From", "By", "Count"), tally.ranked("login", 1, 3, 2), 5)
    yield Table("Problems", ("Process", "Level", "Text", "Count"), tally.ranked("problem", 0, 1, 2))
    yield Table("Sessions ended", ("Protocol", "How", "Count"), tally.ranked("session", 0, 2), 5)
    yield Table("Deliveries", ("By", "User", "What", "Count"), tally.ranked("delivery", 0, 1, 2), 5)
    yield Table("Authentication", ("By", "User", "From", "Text", "Count"), tally.ranked("auth", 0, 1, 2, 3), 10)
    yield Table("PAM failures", ("User", "From", "Count"), tally.ranked("pam failure", 0, 1), 10)
    yield Table("The daemon", ("What", "How", "Count"), tally.ranked("daemon", 0, 1), 5)


def _failures(tally: Tally) -> tuple[Counter[Fields], Counter[Fields]]:
    """Connections that ended with nothing but failed attempts, and those attempts: by protocol, user, method and address."""
    connections: Counter[Fields] = Counter()
    attempts: Counter[Fields] = Counter()
    for (protocol, _, tried, _, user, method, address), times in tally.kinds["ended before"].items():
        if tried:
            connections[protocol, user, method, address] += times
            attempts[protocol, user, method, address] += times * (int(tried) if tried.isdigit() else 1)
    return connections, attempts


def _ended(tally: Tally) -> tuple[Row, ...]:
    """The others."""
    others = {fields: times for fields, times in tally.kinds["ended before"].items() if not fields[2]}
    return ranked(summed(others, 0, 1, 3, 6))


SERVICE = SyslogService(
    NAME,
    TITLE,
    rb"dovecot|auth(?=(?:\[\d+\])?: pam_)",
    _FORMS,
    {"login": "Logins", "ended before": "Connections without a login"},
    _tables,
    _WORD,
)
Counting = partial(SyslogCounting, SERVICE)
