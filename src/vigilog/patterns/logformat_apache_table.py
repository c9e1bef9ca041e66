"""Apache's LogFormat variables as tables: letter, argument, key and form. (`logformat_apache` has what is done with them.)"""

from __future__ import annotations

from typing import NamedTuple

from vigilog.patterns.logformat_escape import unescaped
from vigilog.patterns.logformat_forms import NUMBER, SIX_DIGITS, THREE_DIGITS, Form

TEXT = Form("text", read=unescaped)
BYTES = Form("number", NUMBER.shape + "|-", NUMBER.starts, NUMBER.holds, lambda written: 0 if written == "-" else int(written))
WHOLE_BYTES = NUMBER._replace()
QUERY = Form("text", read=lambda written: unescaped(written[1:]))
USER = Form("text", read=lambda written: "" if written == '""' else unescaped(written))
FLOW = Form("text", "[X+-]", frozenset("X+-"))


class Row(NamedTuple):
    """A row of the table: the key and the form; with `always` a `-` is a value, too."""

    key: str
    form: Form = TEXT
    always: bool = False


ORIGINAL = frozenset("sUTDrLFR")
"""The letters that Apache asks of the original request."""
ROWS: dict[str, dict[str, Row]] = {
    "a": {"": Row("remote_ip"), "c": Row("peer_ip")},
    "A": {"": Row("local_ip")},
    "b": {"": Row("bytes_sent", BYTES, always=True)},
    "B": {"": Row("bytes_sent", WHOLE_BYTES, always=True)},
    "D": {"": Row("response_micros", NUMBER)},
    "f": {"": Row("file")},
    "h": {"": Row("remote_dns"), "c": Row("peer_dns")},
    "H": {"": Row("protocol")},
    "I": {"": Row("request_bytes_rcvd", NUMBER)},
    "k": {"": Row("keepalive_requests", NUMBER)},
    "l": {"": Row("identd_user")},
    "L": {"": Row("log_id"), "c": Row("connection_log_id")},
    "m": {"": Row("command")},
    "O": {"": Row("request_bytes_sent", NUMBER)},
    "p": {
        "": Row("local_port", NUMBER),
        "canonical": Row("local_port", NUMBER),
        "local": Row("socket_port", NUMBER),
        "remote": Row("remote_port", NUMBER),
    },
    "P": {"": Row("pid", NUMBER), "pid": Row("pid", NUMBER), "tid": Row("thread_id"), "hextid": Row("thread_id_hex")},
    "q": {"": Row("query_string", QUERY)},
    "r": {"": Row("raw_command")},
    "R": {"": Row("handler")},
    "s": {"": Row("response_code", NUMBER)},
    "S": {"": Row("request_bytes_total", NUMBER)},
    "T": {
        "": Row("response_secs", NUMBER),
        "s": Row("response_secs", NUMBER),
        "ms": Row("response_millis", NUMBER),
        "us": Row("response_micros", NUMBER),
    },
    "u": {"": Row("user", USER)},
    "U": {"": Row("url_path")},
    "v": {"": Row("server_name")},
    "V": {"": Row("server_dns")},
    "X": {"": Row("connection_status", FLOW, always=True)},
    "^FB": {"": Row("first_byte_micros", NUMBER)},
}
GROUPS: dict[str, tuple[str, str]] = {
    "C": ("COOKIE:", "cookies"),
    "c": ("SSL:", "ssl"),
    "e": ("ENV:", "env"),
    "i": ("HEADER:", "headers"),
    "n": ("NOTE:", "notes"),
    "o": ("RESPONSE_HEADER:", "response_headers"),
    "x": ("SSL:", "ssl"),
    "^ti": ("TRAILER:", "trailers"),
    "^to": ("RESPONSE_TRAILER:", "response_trailers"),
}
"""Variables with a name as their argument: the prefix of the key, and where an event has them all."""
ANY_CASE = frozenset({"i", "o", "C", "^ti", "^to"})
CLOCKS: dict[str, tuple[str, Form]] = {
    "sec": ("epoch", NUMBER),
    "msec": ("epoch_millis", NUMBER),
    "usec": ("epoch_micros", NUMBER),
    "msec_frac": ("millisecs", THREE_DIGITS),
    "usec_frac": ("microsecs", SIX_DIGITS),
}
