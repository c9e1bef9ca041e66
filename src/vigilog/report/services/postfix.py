"""Postfix (2.10 to 3.8): what came, what was delivered, what was not, and who was turned away why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial

from vigilog.report.message_forms import Form
from vigilog.report.section import Table
from vigilog.report.syslog_counting import SyslogCounting, SyslogService
from vigilog.report.tally import Fields, Row, Tally, ranked, summed, totals

NAME = "postfix"
TITLE = "Postfix"
GROUPS = ("maillog",)

_ID = rb"(?:[0-9A-F]{5,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}|NOQUEUE)"
_OF = rb"(?:" + _ID + rb": )?"
_WORD = _OF + rb"([A-Za-z_-]+[:=]?)"
_CLIENT = rb"([^ \[]*)\[([^\]]*)\](?::\d+)?"
_BY = rb"(?:, sasl_method=([^,]*))?(?:, sasl_username=([^,]*))?"
_HOST = rb"([^ \[]*)(?:\[[^\]]*\])?(?::\d+)?"
_TO = rb"to=<?([^>,]*)>?, (?:orig_to=<?[^>,]*>?, )?relay=([^,\[]*)[^,]*, (?:[a-z_]+=[^,]*, )*?dsn=([\d.]*), status="
_ELSE = rb"reject_warning|filter|hold|redirect|warn|prepend|replace|bcc|ignore|delay|permit|info|strip"
_POSTSCREEN = (
    rb"CONNECT|DISCONNECT|PASS OLD|PASS NEW|[A-Z]+LISTED|[A-Z]+LIST VETO|PREGREET|DNSBL|HANGUP|"
    rb"COMMAND [A-Z]+(?: LIMIT)?|BARE NEWLINE|NON-SMTP COMMAND"
)

_FORMS = (
    Form("client", _OF + rb"client=" + _CLIENT + _BY + rb"(?:, .*)?", b"client="),
    Form("picked up", _OF + rb"uid=(\d+) from=<(.*)>", b"uid="),
    Form("", _OF + rb"(?:resent-)?message-id=.*", b"message-id="),
    Form("", _OF + rb"resent-message-id=.*", b"resent-message-id="),
    Form("queued", rb"(" + _ID + rb"): from=<.*>, size=(\d+), nrcpt=\d+ \(queue active\)", b"from="),
    Form("expired", _OF + rb"from=<(.*)>, status=(?:force-)?expired, returned to sender", b"from="),
    Form("", _OF + rb"removed", b"removed"),
    Form("sent", _OF + _TO + rb"(sent|deliverable) \(.*\)", b"to="),
    Form("not sent", _OF + _TO + rb"(deferred|bounced|undeliverable|undeliverable-but-not-cached|expired) \((.*)\)", b"to="),
    Form("notified", _OF + rb"(sender|postmaster) (non-delivery|delay|delivery status) notification: .*"),
    Form("said", _OF + rb"host " + _HOST + rb" (said|refused to talk to me): (.*)", b"host"),
    Form("said", _OF + rb"(?:lost )?(?:connection|conversation) with " + _HOST + rb" (timed out |)(while .*)", b"lost"),
    Form("said", _OF + rb"conversation with " + _HOST + rb" (timed out) (while .*)", b"conversation"),
    Form("said", _OF + rb"SASL authentication failed; server " + _HOST + rb" (said): (.*)", b"SASL"),
    Form("said", rb"(connect) to ()(.*)", b"connect"),
    Form("", _OF + rb"enabling PIX workarounds: .*", b"enabling"),
    Form("", _OF + rb"skipped, still being delivered", b"skipped"),
    Form("connection", rb"connect from " + _CLIENT, b"connect"),
    Form("", rb"disconnect from .*"),
    Form("lost", rb"(lost connection|timeout) after (\S+)(?: \(.*?\))? from " + _CLIENT, b"lost"),
    Form("lost", rb"(timeout) after (\S+)(?: \(.*?\))? from " + _CLIENT, b"timeout"),
    Form("odd", rb"(improper command pipelining) after \S+ from " + _CLIENT + rb": .*", b"improper"),
    Form("odd", rb"(too many errors) after \S+(?: \(.*?\))? from " + _CLIENT, b"too"),
    Form("odd", rb"(bare <LF>) received after \S+ from " + _CLIENT + rb".*", b"bare"),
    Form("odd", rb"warning: (non-SMTP command) from " + _CLIENT + rb": .*", b"warning:"),
    Form("header check", _OF + rb"([a-z-]+): (header|body) .*"),
    Form("decided", _OF + rb"(" + _ELSE + rb"): (\S+) from " + _CLIENT + rb": (.*)"),
    Form("turned away", _OF + rb"((?:milter-|proxy-)?reject|discard): (\S+) from " + _CLIENT + rb": (.*)"),
    Form("turned away", _OF + rb"(proxy-reject): (\S+?): ()()(.*)"),
    Form("", _OF + rb"proxy-accept: .*", b"proxy-accept:"),
    Form("sasl", rb"warning: " + _CLIENT + rb": SASL (\S+) authentication failed: (.*?)(?:, sasl_username=(.*))?", b"warning:"),
    Form("dns", rb"warning: hostname (.*?) does not resolve to address ([^: ]*:?[^ ]*?)(?:: (?:.*))?", b"warning:"),
    Form("warning", rb"(warning|error|fatal|panic): (?:" + _ID + rb": )?(.*)"),
    Form("tls", rb"(Anonymous|Untrusted|Trusted|Verified) TLS connection established (from|to) .*: (\S+) with cipher (\S+) .*"),
    Form("tls failure", rb"(SSL_accept|SSL_connect) error (?:from|to) " + _HOST + rb": (.*)"),
    Form("tls failure", rb"(certificate) verification failed for " + _HOST + rb": (.*)", b"certificate"),
    Form("postscreen", rb"(" + _POSTSCREEN + rb")\b.*"),
    Form("listed", rb"addr \S+ listed by domain (\S+) as .*"),
    Form("postsuper", _OF + rb"(requeued|placed on hold|released from hold|expired)"),
    Form("postsuper", rb"(Deleted|Requeued|Placed on hold|Released from hold): \d+ messages?"),
    Form("daemon", rb"(daemon started|terminating on signal \d+|reload)\b.*"),
    Form("daemon", rb"(starting|stopping|refreshing|aborting) the Postfix mail system"),
    Form("", rb"statistics: .*"),
    Form("", rb"cache .* cleanup: retained=\d+ dropped=\d+ entries"),
    Form("", rb"Host offered STARTTLS: .*"),
    Form("", rb"discarding EHLO keywords: .*"),
    Form("", rb"using backwards-compatible default setting .*"),
)  # fmt: skip
_CODE = re.compile(rb"(?:(\d{3})[ -])?(?:[245]\.\d+\.\d+ )?(?:<[^>]*>: )?")
_ENVELOPE = re.compile(rb";? (?:from=<|to=<|proto=).*")
_PARTICULAR = re.compile(rb"\[[^\]]*\]|<[^>]*>|;? https?://\S*")


def _tables(tally: Tally, numeric: bool) -> Iterator[Table]:  # noqa: ARG001
    queued = tally.kinds["queued"]
    status = summed(tally.kinds["not sent"], 3)
    turned_away = _reasons(tally, "turned away")
    yield totals(
        "Totals",
        ("Messages", len(queued)),
        ("Bytes", sum(int(size) for _, size in queued)),
        ("Delivered", tally.total("sent")),
        ("Deferred", status[b"deferred",]),
        ("Bounced", status[b"bounced",]),
        ("Expired, returned to their senders", tally.total("expired")),
        ("Turned away", turned_away.total()),
        ("SASL failures", tally.total("sasl")),
        ("Connections", tally.total("connection")),
        ("Connections lost or timed out", tally.total("lost")),
        ("Warnings and errors", tally.total("warning")),
    )
    yield Table("Turned away by reason", ("What", "When", "Code", "Why", "Count"), ranked(turned_away))
    yield Table("Otherwise decided", ("What", "When", "Code", "Why", "Count"), ranked(_reasons(tally, "decided")), 5)
    yield Table("Turned away by address", ("From", "Count"), tally.ranked("turned away", 3), drawn=True)
    yield Table("SASL failures by address", ("From", "Count"), tally.ranked("sasl", 1), drawn=True)
    yield Table("SASL failures", ("User", "By", "Why", "Count"), tally.ranked("sasl", 4, 2, 3))
    yield Table("Bounced and deferred", ("Status", "Code", "Why", "Count"), ranked(_not_sent(tally)))
    yield Table("Bounced and deferred recipients", ("Recipient", "Status", "Count"), tally.ranked("not sent", 0, 3), 5)
    yield Table("Other servers", ("Host", "What", "Why", "Count"), tally.ranked("said", 0, 1, 2), 5)
    yield Table("Warnings and errors", ("Level", "Text", "Count"), tally.ranked("warning", 0, 1))
    yield Table("Messages by client", ("Name", "Address", "Count"), tally.ranked("client", 0, 1), 5)
    yield Table("Messages by user", ("User", "By", "Count"), _named(tally.ranked("client", 3, 2)), 5)
    yield Table("Messages from this host", ("Sender", "Uid", "Count"), tally.ranked("picked up", 1, 0), 5)
    yield Table("Deliveries by way", ("Relay", "Count"), tally.ranked("sent", 1), 5)
    yield Table("Recipients", ("Recipient", "Count"), tally.ranked("sent", 0), 10)
    yield Table("Notifications", ("To", "What", "Count"), tally.ranked("notified", 0, 1), 5)
    yield Table("Connections by address", ("Name", "Address", "Count"), tally.ranked("connection", 0, 1), 10)
    yield Table("Connections lost", ("How", "After", "From", "Count"), tally.ranked("lost", 0, 1, 3), 5)
    yield Table("Odd clients", ("What", "From", "Count"), tally.ranked("odd", 0, 2), 5)
    yield Table("Names that do not resolve", ("Name", "Address", "Count"), tally.ranked("dns", 0, 1), 10)
    yield Table("TLS", ("Trust", "Way", "Protocol", "Cipher", "Count"), tally.ranked("tls", 0, 1, 2, 3), 5)
    yield Table("TLS failures", ("What", "Host", "Why", "Count"), tally.ranked("tls failure", 0, 1, 2), 5)
    yield Table("Header and body checks", ("What", "Where", "Count"), tally.ranked("header check", 0, 1), 5)
    yield Table("Postscreen", ("What", "Count"), tally.ranked("postscreen", 0), 5)
    yield Table("Listed by", ("Domain", "Count"), tally.ranked("listed", 0), 5)
    yield Table("Queue", ("What", "Count"), tally.ranked("postsuper", 0), 5)
    yield Table("The daemon", ("What", "Count"), tally.ranked("daemon", 0), 5)


def _reasons(tally: Tally, kind: str) -> Counter[Fields]:
    """By action, stage, code and reason, without what differs from client to client."""
    found: Counter[Fields] = Counter()
    for (action, stage, _, _, said), times in tally.kinds[kind].items():
        found[action, stage, *_reason(_ENVELOPE.sub(b"", said))] += times
    return found


def _not_sent(tally: Tally) -> Counter[Fields]:
    found: Counter[Fields] = Counter()
    for (_, _, code, status, why), times in tally.kinds["not sent"].items():
        found[status, code, _reason(why)[1]] += times
    return found


def _reason(said: bytes) -> tuple[bytes, bytes]:
    """The code and the reason in what is said to a client."""
    code = _CODE.match(said)
    assert code
    return code[1] or b"", _PARTICULAR.sub(b"", said[code.end() :])


def _named(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple([row for row in rows if row[0]])


SERVICE = SyslogService(
    NAME,
    TITLE,
    rb"post(?:fix|grey|fwd)[^ :\[\n]*",
    _FORMS,
    {
        "client": "Messages received",
        "sent": "Deliveries",
        "not sent": "Deferred and bounced",
        "turned away": "Turned away",
        "sasl": "SASL failures",
    },
    _tables,
    _WORD,
    frozenset({"queued"}),
)
Counting = partial(SyslogCounting, SERVICE)
