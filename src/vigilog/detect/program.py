r"""A pattern about the message of one program, as a pattern of whole syslog lines.

What stands before the message, in the forms that syslog daemons write (rsyslog 8, syslogd, syslog-ng, journalctl, busybox):

    Nov 20 08:30:00 mx1 sshd[151]: ...
    2026-11-20T08:30:00.123456+01:00 mx1 sshd[151]: ...
    Nov 20 08:30:00 router authpriv.warn dropbear[151]: ...             busybox syslogd
    Sun Nov 29 17:20:00 2020 authpriv.warn dropbear[151]: ...           OpenWrt's logread
    Nov 20 08:30:00 mx1 kernel: [ 1234.567890] ...
    Nov 20 08:30:00 <auth.info> mx1 sshd[151]: [ID 800047 auth.info] ... BSD's syslogd -vv, Solaris
    Nov 20 08:30:00 sshd[151]: ...                                      where no host is written

Nothing in it is open to what an outsider says: a line of another program, whatever it carries, has that program's name where
this one's must stand. So that a log without host names cannot be used for that (its programs stand where hosts do), a host
does not end in a colon.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from vigilog.core.errors import RuleError
from vigilog.patterns import regex, syntax

_FACILITY = rb"[a-z]{2,8}[0-7]?\.(?:emerg|alert|crit|err|warn|warning|notice|info|debug) "
_HEAD = (
    rb"^(?:<\d{1,3}>)?"
    rb"(?:(?:[A-Z][a-z][a-z] [ \d]?\d [\d:.]+|\d{4}-\d\d-\d\d[T ][\d:.,+Zz-]+)(?: <[\w.]+>)? (?:[\w.:/@%~-]*[\w./@%~-] )?(?:"
    + _FACILITY
    + rb")?"
    rb"|[A-Z][a-z][a-z] [A-Z][a-z][a-z] [ \d]\d [\d:]+ \d{4} (?:\[[\d.]+\] )?" + _FACILITY + rb")"
)
_AFTER_COLON = rb"(?:\[ID \d+ [\w.]+\] )?"
_PROCESS = rb"(?:\[\d+\])?: " + _AFTER_COLON
_UPTIME = rb"(?:\[ *\d+\.\d+\] ?)?"
_FLAGS = re.compile(rb"\(\?([is]+)\)")


def message_of(expression: bytes) -> bytes:
    """What `with_program` made an expression of, as a pattern from the first byte behind the program's colon; b'' if it did not
    make this one."""
    start = expression.find(_PROCESS, len(_HEAD)) if expression.startswith(_HEAD) else -1
    return b"" if start < 0 else _AFTER_COLON + expression[start + len(_PROCESS) :]


def message_at(line: bytes) -> int:
    """Where that first byte is in a line that such an expression matches: neither stamp, host nor program hold a colon before a
    blank."""
    return line.find(b": ") + 2


def with_program(pattern: bytes, programs: Sequence[str], language: Literal["regex"] = "regex") -> bytes:
    """The expression of a whole line that one of `programs` wrote and whose message begins with what `pattern` matches.

    `pattern` is one of Python's `re`; a `^` at its begin is granted. Its groups keep their numbers, there are no more than it
    has. Raises RuleError for what `re` refuses, and for a `^` elsewhere, which no message could match.
    """
    assert language == "regex"
    flags = _FLAGS.match(pattern)
    body = (pattern[flags.end() :] if flags else pattern).removeprefix(b"^")
    message = b"(?" + (flags[1] if flags else b"") + b":" + body + b")"
    if syntax.mentions(regex.parse(message), syntax.LINE_START):
        raise RuleError(
            f"a ^ within `{pattern.decode('ascii', 'backslashreplace')}`",
            expected="a pattern that begins at the first byte of the program's message",
            remedy="leave the ^ out",
        )
    names = b"|".join(re.escape(name.encode()) for name in programs)
    uptime = _UPTIME if "kernel" in programs else b""
    return _HEAD + b"(?:" + names + b")" + _PROCESS + uptime + message
