"""The parts of a syslog line: stamp, host, program, process and message, as rsyslog 8 (both its formats), journalctl and
OpenWrt's logread print them. The stamp's meaning is `stamps`'s business."""

from __future__ import annotations

import re

LINE = re.compile(
    rb"(?:<(?P<priority>\d{1,3})>)?"
    rb"(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)"
    rb" (?P<host>[^\s]{1,255})"
    rb" (?:(?P<program>[^\s:\[]{1,255})(?:\[(?P<process>[^\]\s]{1,32})\])?: ?)?(?P<message>.*)",
    re.DOTALL,
)

LOGREAD = re.compile(
    rb"(?P<stamp>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})(?: \[[\d.]+\])?"
    rb" (?P<priority>[a-z]+[0-7]?\.[a-z]+)"
    rb" (?:(?P<program>[^\s:\[]{1,255})(?:\[(?P<process>[^\]\s]{1,32})\])?: ?)?(?P<message>.*)",
    re.DOTALL,
)
"""No host, and the priority in words: `Sun Nov 29 17:20:00 2020 daemon.info dnsmasq-dhcp[4273]: text`. With `-t`, seconds since
the epoch stand in brackets behind the year."""


def fields(line: bytes) -> dict[str, bytes]:
    """The parts of one line that are there, by name: priority, stamp, host, program, process, message. {} if it is no
    syslog line."""
    found = LINE.match(line) or LOGREAD.match(line)
    return {} if found is None else {name: value for name, value in found.groupdict().items() if value is not None}
