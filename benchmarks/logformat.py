"""How many lines a LogFormat takes apart, and how many events it writes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from benchmarks.figure import Benchmark, Figure
from benchmarks.place import Place
from vigilog.patterns.logformat import LogFormat, named
from vigilog.patterns.logformat_bulk import Converter

ROUNDS = 7
BLOCK = 1000
"""Lines in a block."""
LEAST = 158_000
"""Lines a second, taken apart and made JSON: what the design's prototype reached."""
LEAST_OUT = 500_000
"""Events a second, made JSON."""
SHIPPED = '%h %l %u %t "%r" %s %b'
EVENT = {
    "remote_dns": "client.example.org",
    "identd_user": "UNKNOWN",
    "user": "anna",
    "raw_command": "RETR /srv/ftp/anna/a0.txt",
    "response_code": 226,
    "bytes_sent": 12345,
}
MOMENT = 1795163400.25
"""An event with a value for each variable of that template, and when it was."""
PLAIN = re.compile(
    rb'(?P<remote_dns>\S+) (?P<identd_user>\S+) (?P<user>\S+) \[(?P<local_time>[^\]]+)\] "(?P<raw_command>(?:[^"\\]|\\.)*)" '
    rb'(?P<response_code>\d+) (?P<bytes_sent>\d+|-)(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?'
)
"""What one writes by hand: no types, no escapes undone, nothing absent."""


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    combined = named("combined")
    log = (place.data / "apache" / "elastic-examples" / "apache_logs").read_bytes().splitlines()
    lines = [line for line in log if combined.parse(line)][:: place.scale]
    for name in ("combined", "common", "extendedlog"):
        template = named(name)
        written = [template.render(combined.parse(line) or {}) for line in lines]
        ours, plain = in_turns(written, to_json(template), by_hand)
        pace = len(lines) / ours
        compared = f"{plain / ours:.2f} x"
        yield Figure(
            f"{name}: a line to JSON",
            per_second(lines, ours),
            per_second(lines, plain),
            compared,
            f"{LEAST:,}/s",
            pace >= LEAST,
        )
        blocks = [b"".join(line + b"\n" for line in written[start : start + BLOCK]) for start in range(0, len(written), BLOCK)]
        ours, plain = in_turns(blocks, Converter(template), by_hand_in_blocks)
        compared = f"{plain / ours:.2f} x"
        yield Figure(f"{name}: lines to JSON, in blocks", per_second(lines, ours), per_second(lines, plain), compared)
    found: list[Any] = [combined.parse(line) for line in lines]
    ours, plain = in_turns(found, combined.render, LogFormat('%h %u "%r"', "apache").json)
    yield Figure("combined: an event to text", per_second(lines, ours), per_second(lines, plain), f"{plain / ours:.2f} x")
    events = [{**EVENT, "time": MOMENT + number / 1000} for number in range(len(lines))]
    template = LogFormat(SHIPPED)
    ours, plain = in_turns(events, template.json, lambda event: json.dumps(template.fields(event)).encode())
    pace = len(events) / ours
    shown, compared = (per_second(events, ours), per_second(events, plain)), f"{plain / ours:.2f} x"
    yield Figure("extendedlog: an event to JSON", *shown, compared, f"{LEAST_OUT:,}/s", pace >= LEAST_OUT)


def to_json(template: LogFormat) -> Callable[[bytes], bytes]:
    """What makes JSON of a line."""
    return lambda line: template.encode(template.parse(line) or {})


def by_hand(line: bytes) -> bytes:
    """A line as JSON, by an expression and the standard library."""
    match = PLAIN.fullmatch(line)
    assert match
    return json.dumps({key: value.decode() for key, value in match.groupdict(b"").items()}).encode()


def by_hand_in_blocks(block: bytes) -> list[bytes]:
    """The lines of a block as JSON, by hand."""
    return [by_hand(line) for line in block.splitlines()]


def in_turns(inputs: Sequence[Any], *works: Callable[[Any], object]) -> list[float]:
    """The processor time, in seconds, that each of `works` takes over all inputs: medians of some rounds, in turns."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, times in zip(works, took, strict=True):
            begun = time.process_time()
            for each in inputs:
                work(each)
            times.append(time.process_time() - begun)
    return [median(times) for times in took]


def per_second(lines: Sequence[object], seconds: float) -> str:
    """A pace, as a table shows it."""
    return f"{len(lines) / seconds:,.0f}/s"


BENCHMARK = Benchmark(
    "LogFormat",
    f"""
    The lines of a real access log (apache_logs of the sample data), taken apart and made JSON, in three templates; beside an
    expression written by hand and `json.dumps`, which gives texts only and undoes no escapes; one line at a time, and in blocks
    of {BLOCK:,}, as `vigilog ship` does it. The last rows are the way out: as text, beside the JSON of three of the fields; and
    as JSON, beside `json.dumps` of the same fields. One process, processor time, medians of {ROUNDS} rounds, in turns.
    """,
    figures,
)
