"""Fifty hosts that are attacked: a log of real sshd lines, interleaved, and what each host would ship of it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

from vigilog.config.settings import Settings
from vigilog.core.clock import wall
from vigilog.parse.stamps import stamp
from vigilog.replay import Past
from vigilog.run.plan import compiled, planned
from vigilog.ship.record import Record
from vigilog.shipping.sightings import taker

LINE = re.compile(rb"sshd\[(\d+)\]: (.*)")
ADDRESS = re.compile(rb"(?<![\d.])\d+\.\d+\.\d+\.\d+(?![\d.])")
SOURCE = "/var/log/auth.log"


class Line(NamedTuple):
    """A line of the merged log, and the host that wrote it."""

    host: int
    text: bytes


def sessions(log: Path) -> list[list[bytes]]:
    """The messages of each sshd process of a real log that names an address."""
    found: dict[bytes, list[bytes]] = {}
    for process, message in LINE.findall(log.read_bytes()):
        found.setdefault(process, []).append(message)
    return [messages for messages in found.values() if any(map(ADDRESS.search, messages))]


def merged(log: Path, lines: int, until: float, hosts: int = 50, seed: int = 1) -> list[Line]:
    """Sessions of a real log at any of the hosts within the hour before `until` (seconds since the epoch), with other processes
    and addresses, in the order of their times, which are whole seconds."""
    dice = random.Random(seed)
    known = sessions(log)
    written: list[tuple[float, int, int, bytes]] = []
    order = count()
    for process in count(1000):
        if len(written) >= lines:
            break
        host, address = dice.randrange(hosts), b"203.0.113.%d" % dice.randrange(1, dice.choice([12, 250]))
        at = until - dice.random() * 3600
        for message in dice.choice(known):
            at = min(at + dice.random() * 3, until)
            second = datetime.fromtimestamp(int(at), UTC).isoformat().encode()
            text = b"%s h%02d sshd[%d]: %s" % (second, host, process, ADDRESS.sub(address, message))
            written.append((int(at), next(order), host, text))
    return [Line(host, text) for _, _, host, text in sorted(written)]


def numbered(origin: str, numbers: Iterator[int]) -> tuple[str, int]:
    """The name of the next event of a host's spool."""
    return origin, next(numbers)


def shipped(lines: list[Line], settings: Settings, host: object, hosts: int = 50) -> Iterator[Record]:
    """What the hosts ship of the merged log, in its order. `host` is what `config.host.look` gives."""
    plan = planned(settings, host, str).seeing_all()  # type: ignore[arg-type]
    triggers = [compiled(plan, settings, [SOURCE]) for _ in range(hosts)]
    numbers = [count(1) for _ in range(hosts)]
    topic = settings.fleet.events
    takers = [
        taker(triggers[each], topic, f"h{each:02}", partial(numbered, f"{each:016x}", numbers[each])) for each in range(hosts)
    ]
    for line in lines:
        text = line.text + b"\n"
        moment = Past(wall())
        moment.begin(text)
        arrived = stamp(text, wall()) or 0.0
        for occurrence in triggers[line.host].occurrences(SOURCE, text, moment):
            yield from takers[line.host](SOURCE, arrived, occurrence)
