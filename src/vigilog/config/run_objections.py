"""What is wrong with a text under single keys of the tables of `vigilog run`, in words that say what is expected instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from vigilog.config.objections import log, mail_address
from vigilog.config.ship_objections import target
from vigilog.core.errors import ConfigurationError

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FIXED = ("message", "name", "pattern", "string", "count", "generator", "date", "time", "datetime")
"""LT_message and its like are variables that scripts are given in any case: no field and no option may take their place."""

PORT = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
RANGE = re.compile(r"([a-z]+/)([0-9]{1,5})-([0-9]{1,5})", re.ASCII)
MOST_PORTS = 32
"""How many ports a range may have. Each is an entry of its own in the firewall for each address that is banned."""

SOCKET = re.compile(rf"(?P<address>[0-9.]+|\[[0-9A-Fa-f:.]+\]):{PORT}")
CLASS = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def live_log(text: str) -> str:
    """What can be watched by `vigilog run`."""
    if not text.startswith("syslog:"):
        return log(text) and log(text).replace(" or -", ", - or syslog:...")
    from vigilog.watch.syslog_address import address  # noqa: PLC0415 - only where there is a socket to listen on

    return refused(address, text)


def black_box(text: str) -> str:
    """Where processes leave their black boxes, and perhaps the file for their blocks."""
    directory, colon, file = text.partition(":")
    if directory.startswith("/") and (not colon or file.startswith("/")):
        return ""
    return "DIRECTORY or DIRECTORY:FILE, both from the root, beginning with /"


def address_of(text: str) -> str | None:
    """The address in ADDRESS:PORT, without brackets; None where `text` is no such thing."""
    from ipaddress import ip_address  # noqa: PLC0415 - only where there is a socket to listen on

    found = SOCKET.fullmatch(text)
    try:
        return str(ip_address(found["address"].strip("[]"))) if found else None
    except ValueError:
        return None


def loopback(text: str) -> str:
    """A socket that only this host can reach, or none."""
    from ipaddress import ip_address  # noqa: PLC0415 - only where there is a socket to listen on

    address = address_of(text)
    good = not text or (address is not None and ip_address(address).is_loopback)
    return "" if good else "ADDRESS:PORT of the loopback, such as 127.0.0.1:9180 or [::1]:9180"


def field(text: str) -> str:
    """A name of a field, which scripts see as LT_NAME; '' stands for none."""
    if not text:
        return ""
    if not NAME.fullmatch(text):
        return "a name made of letters, digits and _ that does not begin with a digit"
    return "another name: scripts have LT_" + text + " for something else already" if text in FIXED else ""


def single_ports(text: object) -> list[object]:
    """The ports of a short range such as tcp/6000-6010, one by one: a ban holds each of them. Anything else as it is."""
    found = RANGE.fullmatch(text) if isinstance(text, str) else None
    if found is None or not 0 <= int(found[3]) - int(found[2]) < MOST_PORTS:
        return [text]
    return [f"{found[1]}{number}" for number in range(int(found[2]), int(found[3]) + 1)]


def single_port(text: str) -> str:
    """A protocol and a port."""
    from vigilog.act.ban.target import port  # noqa: PLC0415 - only where a trigger has ports

    try:
        port(text)
    except ValueError:
        return f"a protocol and a port, such as tcp/22 or udp/5060, or up to {MOST_PORTS} such as tcp/6000-6010"
    return ""


def variable(text: str) -> str:
    """An environment variable, as NAME=VALUE."""
    from vigilog.act.environment import checked_names  # noqa: PLC0415 - only where there are variables

    return refused(checked_names, dict([text.split("=", 1)]))


def header(text: str) -> str:
    """A header of HTTP, as NAME=VALUE."""
    from vigilog.act.post import checked_headers  # noqa: PLC0415 - only where there are headers

    return refused(checked_headers, dict([text.split("=", 1)]))


def url(text: str) -> str:
    """Where a webhook posts to, or nothing."""
    from vigilog.act.post import target  # noqa: PLC0415 - only where there is a webhook

    return refused(target, text) if text else ""


def refused(check: Callable[[Any], object], value: object) -> str:
    """What the room that works with `value` expects instead, '' where it takes it."""
    try:
        check(value)
    except ConfigurationError as error:
        return error.expected or f"another: {error.found}"
    return ""


def matching(pattern: re.Pattern[str], expected: str) -> Callable[[str], str]:
    """What a text must be as a whole."""
    return lambda text: "" if pattern.fullmatch(text) else expected


def listening(text: str) -> str:
    """Where the dashboard listens."""
    from vigilog.config.web_checks import address_and_port  # noqa: PLC0415 - few have one

    return "" if address_and_port(text) else "ADDRESS:PORT, such as 127.0.0.1:8470 or [::]:8470"


def address(text: str) -> str:
    """An address, without a network."""
    from ipaddress import ip_address  # noqa: PLC0415 - few have one

    try:
        ip_address(text)
    except ValueError:
        return "an address, such as 192.0.2.7"
    return ""


TOPIC = matching(
    re.compile(r"(?!\.\.?$)[A-Za-z0-9._-]{1,249}"), "a name made of letters, digits, ., - and _, up to 249 of them"
)

SPECIAL: dict[tuple[str, str], Callable[[str], str]] = {
    ("action", "to"): mail_address,
    ("run", "sources"): live_log,
    ("run", "metrics_listen"): loopback,
    ("run", "recover"): black_box,
    ("fleet", "events"): TOPIC,
    ("fleet", "alerts"): TOPIC,
    ("fleet", "decisions"): TOPIC,
    ("fleet", "group"): TOPIC,
    ("fleet", "metrics_listen"): loopback,
    ("trigger", "sources"): live_log,
    ("trigger", "name"): matching(re.compile(r".*\S.*"), "a name"),
    ("trigger", "kind"): matching(CLASS, "a word made of letters, digits, - and _"),
    ("trigger", "program"): matching(re.compile(r"[^\s\[:]+"), "a program's name, without blank, colon and ["),
    ("trigger", "pattern"): matching(re.compile(r"(?s).+"), "a pattern that is not empty"),
    ("trigger", "reset"): matching(re.compile(r"(?s).+"), "a pattern that is not empty"),
    ("trigger", "follow"): matching(re.compile(r"(?s).+"), "a pattern that is not empty"),
    ("trigger", "fields"): field,
    ("trigger", "key"): field,
    ("trigger", "ports"): single_port,
    ("action", "environment"): variable,
    ("action", "headers"): header,
    ("action", "url"): url,
    ("ship", "to"): target,
    ("web", "listen"): listening,
    ("web", "names"): matching(re.compile(r"[A-Za-z0-9_.-]{1,253}"), "a host's name, without its port"),
    ("web", "proxies"): address,
    ("web", "proxy_header"): matching(re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"), "a header's name"),
    ("stream", "topic"): lambda text: text and TOPIC(text),
    ("stream", "sources"): live_log,
}
"""For single keys: what says what is expected instead, or ''."""
