"""The lines of an FTP server's logs, byte for byte as ProFTPD 1.3.8 writes them. Times are seconds since the epoch, shown in
local time.

Text from a client is bytes and stays as it is, but for its line feeds: one message is one line here, which it is not in
ProFTPD.
"""

from __future__ import annotations

import time

CONTROL = bytes(byte if byte > 32 and byte != 127 else ord("_") for byte in range(256))
"""What an xferlog writes for each byte of a name: '_' for blanks and control characters."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def stamp(moment: float) -> bytes:
    """`2026-11-20 08:16:12,002`: how the server log, trace logs and logs of modules begin."""
    milliseconds = int(moment * 1000)
    return b"%s,%03d" % (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(milliseconds // 1000)).encode(), milliseconds % 1000)


def one_line(text: bytes) -> bytes:
    """The text with what would end its line made visible, as syslog daemons do it: `#012`."""
    for byte in b"\n\r\0":
        if byte in text:
            text = text.replace(bytes((byte,)), b"#%03o" % byte)
    return text


def system_line(moment: float, host: bytes, pid: int, server: bytes, client: tuple[bytes, bytes] | None, text: bytes) -> bytes:
    """A line of SystemLog or ServerLog. `client` is its name and its address; None for what is about no session."""
    about = b" (%s[%s])" % client if client else b""
    return b"%s %s proftpd[%d] %s%s: %s" % (stamp(moment), host, pid, server, about, one_line(text))


def trace_line(moment: float, pid: int, channel: str, level: int, text: bytes) -> bytes:
    """A line of TraceLog."""
    return b"%s [%d] <%s:%d>: %s" % (stamp(moment), pid, channel.encode(), level, one_line(text))


def module_line(moment: float, module: str, pid: int, text: bytes) -> bytes:
    """A line of a module's own log, such as TLSLog and WrapLog. `module` is its name and version: `mod_wrap2/2.0.7`."""
    return b"%s %s[%d]: %s" % (stamp(moment), module.encode(), pid, one_line(text))


def xferlog_line(
    moment: float,
    seconds: float,
    client: bytes,
    size: int,
    path: bytes,
    *,
    ascii_type: bool,
    direction: str,
    anonymous: bool,
    user: bytes,
    complete: bool,
) -> bytes:
    """A line of TransferLog (xferlog(5)). `seconds` is how long it took, `size` in bytes, `path` outside any confinement.

    `direction` is i, o or d: stored, retrieved, deleted. `user` is the name that an anonymous client gave as its password."""
    date = time.localtime(moment)
    when = b"%s %s %2d %02d:%02d:%02d %d" % (
        DAYS[date.tm_wday].encode(),
        MONTHS[date.tm_mon - 1].encode(),
        *(date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec, date.tm_year),
    )
    return b"%s %d %s %d %s %s _ %s %s %s ftp 0 * %s" % (
        *(when, int(seconds), client, size, path.translate(CONTROL)),
        *(b"a" if ascii_type else b"b", direction.encode(), b"a" if anonymous else b"r"),
        *(user.translate(CONTROL), b"c" if complete else b"i"),
    )
