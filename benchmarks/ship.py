"""Lines of a log to Kafka as fields in JSON: `vigilog ship`, rsyslog and syslog-ng, on one file and one broker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.broker import broker
from benchmarks.checks import PROGRAM
from benchmarks.figure import Benchmark, Figure
from benchmarks.place import CHECKOUT, Place
from benchmarks.ship_peers import RULES, rsyslog, syslog_ng
from vigilog.patterns.logformat import LogFormat

LINES = 1_000_000
ROUNDS = 3
LEAST = 150_000
"""Lines a second and core."""
FORMAT = '%h %l %u %t "%r" %s %b'
BEGUN = 1795163400
PATIENCE = 300.0
LOOKED_AT = 1000
"""So many messages from the beginning are compared field by field."""


class Took(NamedTuple):
    """What the shipping of all lines took: the process's processor seconds, and seconds until the last one was on the topic."""

    processor: float
    wall: float


class NotShipped(Exception):
    """There is nothing to compare."""


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    count = place.lines(LINES)
    work = place.work / "ship"
    work.mkdir()
    log = work / "extended.log"
    write(log, count)
    with broker(work) as bootstrap:
        ways = commands(work, log, bootstrap)
        took: dict[str, list[Took]] = {name: [] for name in ways}
        for number in range(ROUNDS):
            for name, command in ways.items():
                topic = f"{name}-{number}"
                try:
                    took[name].append(shipped(bootstrap, topic, command(topic), count))
                    compare(bootstrap, topic, log)
                except KafkaException as error:
                    raise NotShipped(f"{topic}: {error}") from None
    ours = took.pop("vigilog")
    lines_per_core = count / median(each.processor for each in ours)
    yield Figure(
        "lines per second of processor time", f"{lines_per_core:,.0f}/s", "", "", f"{LEAST:,}/s", lines_per_core >= LEAST
    )
    for name, theirs in took.items():
        for what, which in (("processor time for a line", "processor"), ("time until all have arrived", "wall")):
            own, other = (median(getattr(each, which) for each in runs) for runs in (ours, theirs))
            shown = [told(which, seconds, count) for seconds in (own, other)]
            yield Figure(f"{what}, beside {name}", *shown, f"{other / own:.2f} x", "at least 1 x", other >= own)


def told(which: str, seconds: float, count: int) -> str:
    """A cost or a pace, as a table shows it."""
    return f"{seconds / count * 1e6:.2f} µs" if which == "processor" else f"{count / seconds:,.0f} lines/s"


def write(path: Path, count: int) -> None:
    """An ExtendedLog of ProFTPD with a value for each variable."""
    template = LogFormat(FORMAT)
    users = ("anna", "bert", "carla", "backup-service")
    with path.open("wb") as file:
        for number in range(count):
            event = {
                "remote_dns": f"10.{number % 7}.{number % 256}.{number % 251}",
                "identd_user": "ident",
                "user": users[number % 4],
                "time": BEGUN + number // 100,
                "raw_command": f"RETR /srv/ftp/{users[number % 4]}/reports/{number:07}.txt",
                "response_code": 226,
                "bytes_sent": number * 7 % 100_000 + 1,
            }
            file.write(template.render(event) + b"\n")


def commands(work: Path, log: Path, bootstrap: str) -> Mapping[str, Callable[[str], Sequence[str | Path]]]:
    """How each one is started, given the topic."""
    unpacked = subprocess.run([CHECKOUT / "packaging" / "syslog-ng"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if not shutil.which("rsyslogd"):
        raise NotShipped("rsyslogd is not installed (Debian: rsyslog, rsyslog-kafka)")
    (work / "rules.rb").write_text(RULES)

    def vigilog(topic: str) -> Sequence[str | Path]:
        program = [*PROGRAM, "ship", log, "--quiet", "--format", FORMAT]
        rest = ["--broker", bootstrap, "--topic", topic, "--property", "compression.type=lz4", "--property", "linger.ms=50"]
        return [*program, "--dialect", "proftpd", *rest, "--state-directory", work / topic]

    def with_rsyslog(topic: str) -> Sequence[str | Path]:
        own = work / topic
        own.mkdir()
        (own / "rsyslog.conf").write_text(rsyslog(own, log, work / "rules.rb", bootstrap, topic))
        return ["rsyslogd", "-n", "-f", own / "rsyslog.conf", "-i", own / "pid"]

    def with_syslog_ng(topic: str) -> Sequence[str | Path]:
        own = work / topic
        own.mkdir()
        (own / "syslog-ng.conf").write_text(syslog_ng(log, bootstrap, topic))
        files = [f"--persist-file={own / 'persist'}", f"--pidfile={own / 'pid'}", f"--control={own / 'control'}"]
        return [unpacked.strip(), "--foreground", "--no-caps", f"--cfgfile={own / 'syslog-ng.conf'}", *files]

    return {"vigilog": vigilog, "rsyslog": with_rsyslog, "syslog-ng": with_syslog_ng}


def shipped(bootstrap: str, topic: str, command: Sequence[str | Path], count: int) -> Took:
    """Runs a command until `count` messages are on a new topic. Raises NotShipped."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for made in admin.create_topics([NewTopic(topic, 1)]).values():
        made.result(30)
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic})
    where = TopicPartition(topic, 0)
    consumer.get_watermark_offsets(where, timeout=30)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment)
    try:
        while (there := consumer.get_watermark_offsets(where, timeout=30)[1]) < count:
            if time.perf_counter() - begun > PATIENCE or has_failed(process):
                raise NotShipped(f"{topic}: {there} of {count} messages")
            time.sleep(0.02)
        wall = time.perf_counter() - begun
    finally:
        consumer.close()
        if not topic.startswith("vigilog"):
            os.kill(process.pid, signal.SIGTERM)  # not by Popen, which would take what wait4 is to give
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Took(usage.ru_utime + usage.ru_stime, wall)


def has_failed(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has ended otherwise than well; it can be asked afterwards what it took."""
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return ended is not None and ended.si_status != 0


def compare(bootstrap: str, topic: str, log: Path) -> None:
    """Raises NotShipped unless the first messages have the fields of the log's first lines, each one's own spelling of times
    and whatever it adds aside."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic})
    consumer.assign([TopicPartition(topic, 0, 0)])
    template = LogFormat(FORMAT)
    found: list[bytes] = []
    try:
        while len(found) < LOOKED_AT:
            messages = consumer.consume(LOOKED_AT - len(found), 30)
            if not messages:
                raise NotShipped(f"{topic}: its messages cannot be read")
            found += [message.value() or b"" for message in messages if message.error() is None]
    finally:
        consumer.close()
    with log.open("rb") as lines:
        for message, line in zip(found, lines, strict=False):
            fields = json.loads(message)
            expected = template.parse(line) or {}
            if any(fields.get(name) != value for name, value in expected.items() if name != "local_time"):
                raise NotShipped(f"{topic}: {message!r} is not {line!r}")


BENCHMARK = Benchmark(
    "Ship to Kafka",
    f"""
    A log of ProFTPD's ({LINES:,} lines of `{FORMAT}`, a value for each variable), taken apart, made JSON and delivered to a
    topic of one partition on a real broker (one Apache Kafka, on the same cores), LZ4, linger 50 ms. Beside it rsyslog (imfile,
    mmnormalize, omkafka) and syslog-ng (file, csv-parser, kafka-c; unpacked from Debian's packages), which deliver the same
    fields of each line, the first {LOOKED_AT:,} compared; times stay there as they are in the line. In turns, medians of
    {ROUNDS}. Processor time is that of the shipper with all its threads, start included; `vigilog ship` keeps positions and a
    spool, and its producer is idempotent.
    """,
    figures,
)
