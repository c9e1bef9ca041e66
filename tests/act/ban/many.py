"""Many bans for tests, always the same."""

import random
import socket

from vigilog.act.ban.firewall import Element, Entry
from vigilog.act.ban.target import Target


def many(count):
    """So many entries for different addresses: nine of ten IPv4, the others IPv6 networks; none that is never banned, none from 10.0.0.0/8."""
    chance = random.Random(count)
    four = chance.sample(range(11 << 24, 126 << 24), count - count // 10)
    six = chance.sample(range(1 << 32), count // 10)
    targets = [socket.inet_ntoa(number.to_bytes(4, "big")) for number in four]
    targets += [f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::/64" for number in six]
    return [Entry(Element(Target(canonical(target))), chance.randint(600, 600_000)) for target in targets]


def canonical(text):
    if ":" not in text:
        return text
    first, _, length = text.partition("/")
    return f"{socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, first))}/{length}"
