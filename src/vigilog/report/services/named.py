"""named (BIND 9.11 to 9.20): queries, denials, rate limiting, transfers, updates, zones, and servers that do not answer.

To syslog or to files of its own (`print-category`, `print-severity`, `print-time`), with or without query logging.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from vigilog.report.message_forms import Form
from vigilog.report.section import Table
from vigilog.report.syslog_counting import SyslogCounting, SyslogService
from vigilog.report.tally import Tally, summed, totals

NAME = "named"
TITLE = "Named"
GROUPS = ("messages",)

_HEAD = rb"(?:\d\d-[A-Z][a-z]{2}-\d{4} [\d:.]+ )?(?:[a-z-]+: )?(?:(?:info|notice|warning|error|critical|debug \d+): )?"
_CLIENT = rb"client (?:@0x[0-9a-f]+ )?(\S+)#\d+(?:/key \S+)?(?: \(.*?\))?: (?:view \S+: )?"
_ANYONE = rb"(?:client (?:@0x[0-9a-f]+ )?[^ /]+(?:/key [^ ]+)?(?: \(.*?\))?: (?:view \S+: )?)?"
_WORD = _HEAD + _ANYONE + rb"\*?([^ ]*)"
_ZONE = rb"'?([^ /']*)(?:/[A-Z]+)?(?:/\S+)?'?"


def _said(kind: str, pattern: bytes, word: bytes) -> Form:
    """A form of a message about a client."""
    return Form(kind, _HEAD + _CLIENT + pattern, word)


def _form(kind: str, pattern: bytes, word: bytes = b"") -> Form:
    """A form of another message."""
    return Form(kind, _HEAD + pattern, word)


_RATED = rb"(?:rate )?(?:would )?(?:rate )?limit (drop|slip) (?:(\w[\w ]*?) )?responses? to (\S+)(?: for .*)?"
_RESOLVING = (
    rb"(connection refused|network unreachable|host unreachable|timed out|FORMERR|lame server|[A-Z]+ unexpected RCODE|"
    rb"unexpected RCODE \(?\S+\)?|broken trust chain|no valid \S+|insecurity proof failed|got insecure response.*?|"
    rb"DNS format error.*?|unreachable|[a-z][\w :;,'()-]*?) resolving '(\S+?)/\S+'(?: \(in .*?\))?: (\S+)#\d+"
)
_BAD = (
    rb"message parsing failed|error sending response|request has invalid signature|no matching view.*?|error|"
    rb"no more TCP clients.*?|TCP connection quota reached.*?"
)
_WELL = rb"loaded serial|sending notifies|transferred serial|journal rollforward completed"
_DAEMON = (
    rb"starting BIND \S+|running|shutting down|exiting|exiting \(due to .*\)|all zones loaded|"
    rb"reloading configuration succeeded|reloading zones succeeded|stopping command channel.*|flushing caches.*"
)
_CHATTER = (
    rb"running (?:on|as)|built with|linked to|compiled (?:by|with)|found \d+|using \S+|loading configuration|reading built-in|"
    rb"generating session|sizing zone|set up managed|the (?:initial )?working|looking for GeoIP|configuring command|"
    rb"command channel|reloading|received control channel|automatic empty zone|adjusted limit|DS algorithms|DNSSEC algorithms|"
    rb"HMAC algorithms|TKEY mode|BIND 9 is|Inc\. |corporation\.|available at|----"
)
_CHANGES = rb"adding an RR|deleting rrset|deleting an RR|deleting all rrsets"
_ENDS = rb"unsuccessful|failed|rejected|not satisfied|approved|denied"
_TROUBLE = (
    rb"could not|couldn't|unable|failed|error|permission|too many|socket|dumping|dns_\w+|isc_\w+|checkhints|"
    rb"open:|option "
)

_FORMS = (
    _said("query", rb"query: (\S+) (\S+) (\S+) \S+ \(.*", b"query:"),
    _said("denied", rb"(query)(?: \(cache\))? '(\S+?)' denied.*", b"query"),
    _said("denied", rb"(zone transfer|update|update forwarding|notify|recursion) '(\S+?)' denied.*", b"zone"),
    _said("denied", rb"(update|update forwarding) '(\S+?)' denied.*", b"update"),
    _said("denied", rb"(received notify) for zone '(\S+?)'.*: not authoritative", b"received"),
    _said("rated", _RATED, b"rate"),
    _said("rated", _RATED, b"would"),
    _said("failed", rb"query failed \((.*?)\) for (\S+?)/\S+? at \S+", b"query"),
    _said("bad", rb"(bad zone transfer request): (.*)", b"bad"),
    _said("sent", rb"transfer of " + _ZONE + rb": (.*?) started.*", b"transfer"),
    _said("", rb"transfer of \S+: .* ended.*", b"transfer"),
    _said("update", rb"updating (?:zone )?" + _ZONE + rb": (" + _CHANGES + rb")\b.*", b"updating"),
    _said("update", rb"updating (?:zone )?" + _ZONE + rb": (.*?(?:" + _ENDS + rb")).*", b"updating"),
    _said("update", rb"update " + _ZONE + rb" (.*)", b"update"),
    _said("", rb"signer \".*\" approved", b"signer"),
    _said("notify", rb"received notify for (?:zone )?" + _ZONE + rb"(?:: .*)?", b"received"),
    _said("bad", rb"(" + _BAD + rb")(?:: ?(.*))?", b""),
    _form("", rb"success resolving .* after .*", b"success"),
    _form("trouble", rb"(invalid command from \S+): .*", b"invalid"),
    _form("limiting", rb"(limit|limiting|would limit) (?:(\w[\w ]*?) )?responses to (\S+)(?: for .*)?"),
    _form("", rb"\*?stop limiting .*", b"stop"),
    _form("resolving", _RESOLVING),
    _form("received", rb"transfer of " + _ZONE + rb" from (\S+)#\d+: (.*?)(?: using .*|:.*)?", b"transfer"),
    _form("zone", rb"zone " + _ZONE + rb": (" + _WELL + rb")\b.*", b"zone"),
    _form("zone trouble", rb"zone " + _ZONE + rb": (.*)", b"zone"),
    _form("", rb"managed-keys-zone(?:/\S+)?: .*"),
    _form("dnssec", rb"validating (\S+?)(?:/\S+)?: (.*)", b"validating"),
    _form("dnssec", rb"()((?:DNSSEC|dnssec|resolver priming|trust-anchor).*)"),
    _form("daemon", rb"(" + _DAEMON + rb")\b.*"),
    _form("", rb"(?:no longer )?listening on .*"),
    _form("", rb"(?:" + _CHATTER + rb").*"),
    _form("", rb"(?:none|\S+):\d+: 'max-cache-size .*"),
    _form("trouble", rb"((?:" + _TROUBLE + rb").*)"),
    _form("trouble", rb"(\S+:\d+: .*)"),
)  # fmt: skip


def _tables(tally: Tally, numeric: bool) -> Iterator[Table]:  # noqa: ARG001
    rated = summed(tally.kinds["rated"], 1)
    yield totals(
        "Totals",
        ("Queries", tally.total("query")),
        ("Denied", tally.total("denied")),
        ("Queries that failed", tally.total("failed")),
        ("Responses dropped by rate limits", rated[b"drop",]),
        ("Responses cut short by rate limits", rated[b"slip",]),
        ("Transfers to others", tally.total("sent")),
        ("Transfers from others", tally.total("received")),
        ("Updates", tally.total("update")),
        ("Bad requests", tally.total("bad")),
        ("Servers not reached", tally.total("resolving")),
    )
    yield Table("Denied", ("What", "Of", "Count"), tally.ranked("denied", 1, 2))
    yield Table("Denied by address", ("From", "What", "Count"), tally.ranked("denied", 0, 1))
    yield Table("Rate limits", ("What", "Kind", "To", "Count"), tally.ranked("rated", 1, 2, 3))
    yield Table("Networks limited", ("What", "Kind", "To", "Count"), tally.ranked("limiting", 0, 1, 2), 5)
    yield Table("Queries by type", ("Type", "Count"), tally.ranked("query", 3), drawn=True)
    yield Table("Queries by client", ("From", "Count"), tally.ranked("query", 0), drawn=True)
    yield Table("Queries by class", ("Class", "Count"), tally.ranked("query", 2), 10)
    yield Table("Names asked for", ("Name", "Type", "Count"), tally.ranked("query", 1, 3), 5)
    yield Table("Queries that failed", ("Why", "Name", "Count"), tally.ranked("failed", 1, 2), 5)
    yield Table("Transfers to others", ("Zone", "To", "What", "Count"), tally.ranked("sent", 1, 0, 2))
    yield Table("Transfers from others", ("Zone", "From", "What", "Count"), tally.ranked("received", 0, 1, 2))
    yield Table("Updates", ("Zone", "From", "What", "Count"), tally.ranked("update", 1, 0, 2))
    yield Table("Notified by others", ("Zone", "From", "Count"), tally.ranked("notify", 1, 0), 5)
    yield Table("Bad requests", ("From", "What", "Text", "Count"), tally.ranked("bad", 0, 1, 2))
    yield Table("Servers not reached", ("Why", "Server", "Count"), tally.ranked("resolving", 0, 2), 5)
    yield Table("Names not resolved", ("Why", "Name", "Count"), tally.ranked("resolving", 0, 1), 10)
    yield Table("Trouble with zones", ("Zone", "Text", "Count"), tally.ranked("zone trouble", 0, 1))
    yield Table("Zones", ("Zone", "What", "Count"), tally.ranked("zone", 0, 1), 5)
    yield Table("DNSSEC", ("Name", "Text", "Count"), tally.ranked("dnssec", 0, 1), 5)
    yield Table("Trouble", ("Text", "Count"), tally.ranked("trouble", 0))
    yield Table("The daemon", ("What", "Count"), tally.ranked("daemon", 0), 5)


SERVICE = SyslogService(
    NAME,
    TITLE,
    rb"named(?:-\w+)?",
    _FORMS,
    {"query": "Queries", "denied": "Denied", "rated": "Rate limited", "failed": "Queries that failed"},
    _tables,
    _WORD,
)
Counting = partial(SyslogCounting, SERVICE)
