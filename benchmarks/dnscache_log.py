"""A day of a busy dnscache under multilog: every entry in its order, in about the shares of the real one in ../shared/data
(a quarter questions, most of them answered from the cache), with some thousand names and a few hundred clients."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from vigilog.parse.tai64n import label

TYPES = (1, 1, 1, 1, 1, 1, 28, 28, 28, 15, 12, 16, 6, 2, 255)
NAMES = 20_000
CLIENTS = 300
SERVERS = tuple(f"c0{number:06x}" for number in range(0x0702, 0x0702 + 40))


def write(path: Path, count: int, begin: int, seconds: int) -> None:
    """`count` lines, their stamps spread evenly over `seconds` from `begin` (seconds since the epoch) on."""
    lines = entries(random.Random(53))
    with path.open("wb") as file:
        for number in range(count):
            nanoseconds = number * seconds * 1_000_000_000 // count
            stamp = label(begin + nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000)
            file.write(stamp + b" " + next(lines).encode() + b"\n")


def entries(dice: random.Random) -> Iterator[str]:
    """Entries without end."""
    names = [f"host{number}.{dice.choice(('example', 'test', 'corp.example', 'mail.test'))}." for number in range(NAMES)]
    weights = [1 / (rank + 5) for rank in range(NAMES)]
    clients = [f"0a{dice.randrange(1 << 24):06x}" for _ in range(CLIENTS)]
    motion = 0
    yield "starting"
    for serial, name in enumerate(_without_end(dice, names, weights), 1):
        kind = dice.choice(TYPES)
        at = f"{dice.choice(clients)}:{dice.randrange(1024, 65536):04x}"
        yield f"query {serial} {at}:{dice.randrange(65536):04x} {kind} {name}"
        chance = dice.random()
        if chance < 0.001:
            yield f"drop {serial} timed out"
            continue
        if chance < 0.75:
            yield from ("cached 1 a.ns.test.", f"cached {kind} {name}")[dice.randrange(2) :]
        elif chance < 0.80:
            yield f"cached nxdomain {name}"
        else:
            server = dice.choice(SERVERS)
            yield "cached ns test. a.ns.test."
            yield "cached ns test. b.ns.test."
            yield f"tx {dice.choice((0, 0, 0, 1, 2))} {kind} {name} test. {' '.join(dice.sample(SERVERS, 4))}"
            motion += dice.randrange(60, 400)
            yield from _answer(dice, chance, server, kind, name)
            yield f"stats {serial} {motion} {dice.randrange(1, 9)} {dice.randrange(2)}"
        yield f"sent {serial} {dice.randrange(40, 600)}"


def _answer(dice: random.Random, chance: float, server: str, kind: int, name: str) -> Iterator[str]:
    since = dice.randrange(1, 86400)
    if chance < 0.84:
        yield f"nxdomain {server} {min(since, 3600)} {name}"
    elif chance < 0.88:
        yield f"nodata {server} {min(since, 3600)} {kind} {name}"
    elif chance < 0.885:
        yield f"servfail {name} input/output error"
    elif chance < 0.89:
        yield f"lame {server} test. ."
    else:
        yield f"rr {server} {since} ns test. a.ns.test."
        yield f"rr {server} {since} 1 a.ns.test. 7f000015"
        if kind == 15:
            yield f"rr {server} {since} mx {name} 10 mx.{name}"
        elif kind == 28:
            yield f"rr {server} {since} 28 {name} 20010db8{dice.randrange(1 << 96):024x}"
        else:
            yield f"rr {server} {since} 1 {name} 7f{dice.randrange(1 << 24):06x}"


def _without_end(dice: random.Random, names: list[str], weights: list[float]) -> Iterator[str]:
    while True:
        yield from dice.choices(names, weights, k=1000)
