"""sshd (OpenSSH 6 to 10, portable, with PAM): who logged in and how, who tried, and connections that came to nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from vigilog.report.message_forms import Form
from vigilog.report.section import Table
from vigilog.report.syslog_counting import SyslogCounting, SyslogService
from vigilog.report.tally import Fields, Tally, ranked, summed, totals

NAME = "sshd"
TITLE = "SSHD"
GROUPS = ("secure", "messages")

_END = rb"(?: \[preauth\])?"
_KEX = rb"Unable to negotiate with (\S+)(?: port \d+)?: (no matching [a-z ]+) found\. Their offer: (.*?)" + _END
_LIMIT = rb"error: maximum authentication attempts exceeded for (?:invalid user )?(.*) from (\S+) port \d+(?: ssh\d?)?" + _END
_ELSEWHERE = rb"Authentication tried for (.*) (?=.*, ip=([^,)]*))with correct key but (not from a permitted host) .*"
_CORRUPT = rb"(ssh_dispatch_run_fatal): Connection from (?:"
_OPENED = rb"session opened for user (.*?)(?:\(uid=\d+\))? by (?:.*)\(uid=\d+\)"
_FAILURE = rb"authentication failure; .* rhost=(\S*)\s*(?:user=(.*))?"
_WHO = rb"(?:(?:(?:invalid|authenticating) )?user .* )?"

_FORMS = (
    Form("accepted", rb"Accepted (\S+) for (.*) from (\S+) port \d+(?: ssh\d?)?(?:: .*)?"),
    Form("failed", rb"Failed (\S+) for (invalid user |illegal user )?(.*) from (\S+) port \d+(?: ssh\d?)?(?:: .*)?"),
    Form("pam", rb"error: PAM: (.+) for (?:illegal user |invalid user )?(.*) from (\S+)", b"error:"),
    Form("invalid", rb"Invalid user (.*?) from (\S+)(?: port \d+)?"),
    Form("invalid", rb"Illegal user (.*?) from (\S+)"),
    Form("", rb"input_userauth_request: (?:invalid|illegal) user .*"),
    Form("refused", rb"User (.*) from (\S+) not allowed because (.+)"),
    Form("refused", rb"User (.*?)() not allowed because (.+)"),
    Form("refused", rb"(ROOT LOGIN) REFUSED FROM (\S+)(?: port \d+)?()" + _END),
    Form("refused", rb"refused connect from ()(.+?)()(?: \(.*\))?"),
    Form("refused", rb"Authentication refused: ()()(.+)"),
    Form("refused", _ELSEWHERE),
    Form("limit", _LIMIT),
    Form("limit", rb"Disconnecting: Too many authentication failures for (.*)()" + _END),
    Form("", rb"Disconnecting(?: " + _WHO + rb"\S+ port \d+)?: .*", b"Disconnecting"),
    Form("", rb"Disconnecting: .*", b"Disconnecting:"),
    Form("bye", rb"Received disconnect from (\S+) port \d+:(\d+): ?(.*?) ?" + _END),
    Form("bye", rb"Received disconnect from (\S+): (\d+): ?(.*?) ?" + _END),
    Form("bye", rb"error: Received disconnect from (\S+) port \d+:(\d+): ?(.*?) ?" + _END, b"error:"),
    Form("bye", rb"error: Received disconnect from (\S+): (\d+): ?(.*?) ?" + _END, b"error:"),
    Form("ended", rb"(Disconnected) from " + _WHO + rb"(\S+) port \d+( \[preauth\])?", b"Disconnected"),
    Form("ended", rb"(Disconnected) from (\S+)( \[preauth\])?", b"Disconnected"),
    Form("ended", rb"(Connection closed) by " + _WHO + rb"(\S+) port \d+( \[preauth\])?", b"Connection"),
    Form("ended", rb"(Connection closed) by (\S+)( \[preauth\])?", b"Connection"),
    Form("ended", rb"(Connection reset) by " + _WHO + rb"(\S+) port \d+( \[preauth\])?", b"Connection"),
    Form("ended", rb"(Connection reset) by (\S+)( \[preauth\])?", b"Connection"),
    Form("", rb"Connection from \S+ port \d+(?: on .*)?"),
    Form("", rb"Connection from UDP/.*"),
    Form("key exchange", _KEX),
    Form("key exchange", rb"fatal: " + _KEX),
    Form("broken", rb"error: (kex_exchange_identification): ()(.+)", b"error:"),
    Form("broken", rb"error: (kex_protocol_error): ()(.+)", b"error:"),
    Form("broken", rb"(banner exchange): Connection from (\S+)(?: port \d+)?: (.+)", b"banner"),
    Form("broken", _CORRUPT + _WHO + rb")(\S+) port \d+: (.*?)" + _END, b"ssh_dispatch_run_fatal:"),
    Form("broken", rb"Bad (protocol version) identification '.*' from (\S+)(?: port \d+)?()", b"Bad"),
    Form("broken", rb"Bad (packet) length ()(\d+\.?.*)", b"Bad"),
    Form("broken", rb"Did not receive (identification) string from (\S+)(?: port \d+)?()", b"Did"),
    Form("broken", rb"error: Protocol major (versions) differ: ()(.+)", b"error:"),
    Form("broken", rb"Protocol major (versions) differ for (\S+)(?: port \d+)?: (.+)", b"Protocol"),
    Form("broken", rb"fatal: (Read|Write)()(?: from socket)? failed: (.*?)" + _END, b"fatal:"),
    Form("broken", rb"Could not write (identification|ident) string to (\S+)(?: port \d+)?()", b"Could"),
    Form("broken", rb"warning: can't get client (address): ()(.+)", b"warning:"),
    Form("broken", rb"Corrupted (MAC) on input\.? ?()(.*)", b"Corrupted"),
    Form("broken", rb"(Read error) from remote host (\S+) port \d+: (.*)"),
    Form("broken", rb"(probed) from (\S+) port \d+ with (.*)\.  Don't panic\."),
    Form("broken", rb"(Timeout), client not responding(?: from(?: user .*)? (\S+) port \d+)?()", b"Timeout,"),
    Form("timeout", rb"fatal: Timeout before authentication for (?:.* )?(\S+?)(?: port \d+)?\.?", b"fatal:"),
    Form("timeout", rb"Timeout before authentication for (?:connection from )?(\S+)(?: to .*)?(?: port \d+)?.*", b"Timeout"),
    Form("dns", rb"reverse mapping checking getaddrinfo for (.*?) \[?([^] ]+)\]? failed(?: - .*)?", b"reverse"),
    Form("dns", rb"Address (\S+) maps to (\S+), but this does not map back to the address\.?.*", b"Address"),
    Form("dns", rb"Nasty PTR record \"(.*)\" is set up for (\S+), ignoring", b"Nasty"),
    Form("throttled", rb"drop connection #\d+ from \[(.*?)\]:\d+ on \[.*\]:\d+ (.*)", b"drop"),
    Form("throttled", rb"srclimit_penalise: \w+: \S+ (\S+?)(?:/\d+)? (.*)", b"srclimit_penalise:"),
    Form("throttled", rb"error: ()(beginning MaxStartups throttling)", b"error:"),
    Form("", rb"exited MaxStartups throttling after .*"),
    Form("subsystem", rb"subsystem request for (\S+)(?: by user (.*))?(?: failed, subsystem not found)?"),
    Form("locked", rb"Received (signal \d+; terminating|SIGHUP; restarting)\."),
    Form("locked", rb"(Server listening) on .*"),
    Form("opened", rb"pam_\w+\(sshd:session\): " + _OPENED, b"pam_unix(sshd:session):"),
    Form("opened", _OPENED),
    Form("", rb"(?:pam_\w+\(sshd:session\): )?session closed for user .*"),
    Form("pam failure", rb"pam_\w+\(sshd:auth\): " + _FAILURE, b"pam_unix(sshd:auth):"),
    Form("pam failure", _FAILURE),
    Form("more", rb"PAM (\d+) more authentication failures?; .* rhost=(\S*)\s*(?:user=(.*))?", b"PAM"),
    Form("", rb"PAM service\(sshd\) ignoring max retries; \d+ > \d+"),
    Form("", rb"(?:pam_\w+\(sshd:auth\): )?check pass; user unknown ?"),
    Form("", rb"pam_env\(sshd:session\): deprecated reading of user environment enabled"),
    Form("", rb"Postponed .*"),
    Form("", rb"Starting session: .*"),
    Form("", rb"Close session: .*"),
    Form("", rb"User child is on pid \d+"),
    Form("", rb"Transferred: sent \d+, received \d+ bytes"),
    Form("", rb"Closing connection to .*"),
    Form("", rb"Found matching \S+ key: .*"),
    Form("", rb"SSH: Server;.*"),
    Form("error", rb"(error|fatal): (.*)", b"error:"),
    Form("error", rb"(error|fatal): (.*)", b"fatal:"),
    Form("", rb"rexec line \d+: Deprecated option .*"),
    Form("", rb"syslogin_perform_logout: .*"),
)  # fmt: skip


def _tables(tally: Tally, numeric: bool) -> Iterator[Table]:  # noqa: ARG001
    attempts = _attempts(tally)
    yield totals(
        "Totals",
        ("Logins", tally.total("accepted")),
        ("Failed attempts to log in", attempts.total()),
        ("Invalid users", tally.total("invalid")),
        ("Users that may not log in", tally.total("refused")),
        ("Too many failures in a connection", tally.total("limit")),
        ("Key exchange failures", tally.total("key exchange")),
        ("Broken connections", tally.total("broken")),
        ("Timeouts before a login", tally.total("timeout")),
        ("Connections refused for their number", tally.total("throttled")),
        ("Errors", tally.total("error")),
    )
    yield Table("Logins", ("User", "From", "By", "Count"), tally.ranked("accepted", 1, 2, 0))
    yield Table("Failed attempts by address", ("From", "Count"), ranked(summed(attempts, 2)), drawn=True)
    yield Table("Failed attempts by user", ("User", "Count"), ranked(summed(attempts, 1)), drawn=True)
    yield Table("Failed attempts by method", ("By", "Count"), ranked(summed(attempts, 0)))
    yield Table("Failed attempts", ("From", "User", "By", "Count"), ranked(summed(attempts, 2, 1, 0)), 10)
    yield Table("Invalid users by address", ("From", "Count"), tally.ranked("invalid", 1))
    yield Table("Invalid users", ("User", "Count"), tally.ranked("invalid", 0), 5)
    yield Table("May not log in", ("User", "From", "Why", "Count"), tally.ranked("refused", 0, 1, 2))
    yield Table("Too many failures in a connection", ("From", "User", "Count"), tally.ranked("limit", 1, 0), 5)
    yield Table("Key exchange failures", ("From", "Why", "Count"), tally.ranked("key exchange", 0, 1))
    yield Table("Offered in vain", ("Why", "Offer", "Count"), tally.ranked("key exchange", 1, 2), 10)
    yield Table("Broken connections", ("What", "From", "Why", "Count"), tally.ranked("broken", 0, 1, 2))
    yield Table("Timeouts before a login", ("From", "Count"), tally.ranked("timeout", 0))
    yield Table("Connections refused for their number", ("From", "Why", "Count"), tally.ranked("throttled", 0, 1))
    yield Table("Errors", ("Level", "Text", "Count"), tally.ranked("error", 0, 1))
    yield Table("Disconnects by reason", ("Reason", "Count"), tally.ranked("bye", 2), 5)
    yield Table("Connections ended", ("How", "Before a login", "Count"), tally.ranked("ended", 0, 2, shown=_before), 5)
    yield Table("Addresses whose names are wrong", ("Name", "Address", "Count"), tally.ranked("dns", 0, 1), 10)
    yield Table("PAM failures", ("From", "User", "Count"), tally.ranked("pam failure", 0, 1), 10)
    yield Table("Sessions", ("User", "Count"), tally.ranked("opened", 0), 10)
    yield Table("Subsystems", ("What", "User", "Count"), tally.ranked("subsystem", 0, 1), 5)
    yield Table("The daemon", ("What", "Count"), tally.ranked("locked", 0), 5)


def _attempts(tally: Tally) -> Counter[Fields]:
    """How often logging in failed, by method, user and address. Of a keyboard-interactive attempt, sshd tells PAM's failure, or
    its own if the client went on, or both."""
    found = summed(tally.kinds["failed"], 0, 2, 3)
    for (_, user, address), times in tally.kinds["pam"].items():
        key = (b"keyboard-interactive/pam", user, address)
        found[key] = max(found[key], times)
    return found


def _before(field: bytes) -> str:
    return {b" [preauth]": "yes", b"": "no"}.get(field, field.decode("ascii", "replace"))


SERVICE = SyslogService(
    NAME,
    TITLE,
    rb"sshd(?:-session|-auth)?(?:\(pam_unix\))?",
    _FORMS,
    {"accepted": "Logins", "failed": "Failed attempts to log in", "invalid": "Invalid users"},
    _tables,
)
Counting = partial(SyslogCounting, SERVICE)
