"""What the ID of a request says: when the request came, and which process had it.

    25504:6b000167:1f              mod_log_forensic's own (httpd 2.4.71): the process, seconds since the epoch and a counter of
                                   the process, the last two in hex
    awABnArzSrOKle9yzxm7sgAAAAM    mod_unique_id (httpd 2.4.71): 20 bytes in base64 (`-` and `_`), which are the seconds, ten
                                   random bytes that the process keeps, a counter and the thread
    yQtJf8CoAB4AAFNXBIEAAAAA       older ones: 18 bytes in base64 (`@` and `-`), which are the seconds, the host's IPv4
                                   address, the process, a counter and the thread

Any other ID, one from a request header for example, says nothing. One of 24 or 27 such letters may be somebody else's: whoever
knows the present time should not believe in a time far from it. (httpd 2.0 put microseconds there, cut to 32 bits.)
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from typing import NamedTuple

_OWN = re.compile(rb"([0-9]{1,10}):([0-9a-f]{1,16}):([0-9a-f]{1,16})")
_NOW, _BEFORE = bytes.maketrans(b"-_", b"+/"), bytes.maketrans(b"@-_", b"+//")
_LENGTH_NOW, _LENGTH_BEFORE = 27, 24


class Made(NamedTuple):
    """When an ID was made (seconds since the epoch), by which process (None if it does not say), and `process`: bytes that all
    IDs of that process have in common, and no other process's."""

    time: int
    pid: int | None
    process: bytes


def made(identity: bytes) -> Made | None:
    """What an ID says; None if it is of no form that says anything."""
    own = _OWN.fullmatch(identity)
    if own:
        return Made(int(own[2], 16), int(own[1]), own[1])
    if len(identity) == _LENGTH_NOW:
        data = _decoded(identity.translate(_NOW) + b"=")
        return Made(int.from_bytes(data[:4], "big"), None, data[4:14]) if len(data) == 20 else None
    if len(identity) == _LENGTH_BEFORE:
        data = _decoded(identity.translate(_BEFORE))
        return Made(int.from_bytes(data[:4], "big"), int.from_bytes(data[8:12], "big"), data[4:12]) if len(data) == 18 else None
    return None


def _decoded(text: bytes) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except Error:
        return b""
