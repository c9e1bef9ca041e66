#!/usr/bin/env python3
"""Apache Kafka on this machine, for tests, benchmarks and `make fleet-demo`: brokers in KRaft mode, with small heaps.

    brokers.py fetch                        Maven copies Kafka into .cache/kafka, once (needs mvn and java; 50 MB)
    brokers.py start DIRECTORY --brokers 3  prints one line of JSON, says where they listen; DIRECTORY has their data and logs
    brokers.py start DIRECTORY --hold       the same, and stays: they end when standard input does, or by SIGTERM or SIGINT
    brokers.py kill DIRECTORY [NUMBER]      kill -9
    brokers.py restart DIRECTORY [NUMBER]   starts what was killed or stopped, at its port and with its data
    brokers.py stop DIRECTORY [NUMBER]      in good order; all of them if no NUMBER is given

With --tls there are two more listeners, TLS, and SASL (PLAIN) over TLS, with a private authority made on the spot.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("VIGILOG_KAFKA_CACHE", HERE.parent.parent / ".cache" / "kafka"))
USER, PASSWORD = "vigilog", "on loopback only"
PATIENCE = 60.0

# Brokers 1 to N are controllers, too. A broker that was killed is let in again when its session is over.
PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL
listeners={listeners}
log.dirs={data}
inter.broker.protocol.version=3.9-IV0
broker.heartbeat.interval.ms=250
broker.session.timeout.ms={session}
controller.quorum.election.timeout.ms=250
controller.quorum.election.backoff.max.ms=250
default.replication.factor={brokers}
min.insync.replicas={in_sync}
offsets.topic.num.partitions=4
offsets.topic.replication.factor={brokers}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={brokers}
transaction.state.log.min.isr={in_sync}
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=4
"""
TLS = """\
ssl.keystore.type=PEM
ssl.keystore.location={tls}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={tls}/authority.pem
listener.name.ssl.ssl.client.auth=requested
listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_{user}="{password}";
"""


def main() -> int:
    """One command; what it cannot do is said in a sentence, with status 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch")
    for name in ("start", "kill", "restart", "stop"):
        command = commands.add_parser(name)
        command.add_argument("directory", type=Path)
        if name != "start":
            command.add_argument("number", type=int, nargs="?", default=0, help="which broker, from 1; none: all")
    start = commands.choices["start"]
    start.add_argument("--brokers", type=int, default=1)
    start.add_argument("--address", default="127.0.0.1", help="where they listen (default: %(default)s)")
    start.add_argument("--tls", action="store_true")
    start.add_argument("--heap", default="256m", help="of each broker (default: %(default)s)")
    start.add_argument("--property", action="append", default=[], metavar="NAME=VALUE", help="of every broker")
    start.add_argument("--thorough", action="store_true", help="compile for speed, not for a quick start: for benchmarks")
    start.add_argument("--hold", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "fetch":
        fetched()
        return 0
    directory = arguments.directory.resolve()
    if arguments.command == "start":
        prepare(directory, arguments)
        try:
            run(directory, numbers(directory))
            print((directory / "cluster.json").read_text(), flush=True)
            if arguments.hold:
                hold()
        finally:
            if arguments.hold or sys.exc_info()[0]:
                stop(directory, numbers(directory), signal.SIGKILL)  # nobody wants their data
        return 0
    chosen = [arguments.number] if arguments.number else numbers(directory)
    if arguments.command == "restart":
        run(directory, chosen)
    else:
        stop(directory, chosen, signal.SIGKILL if arguments.command == "kill" else signal.SIGTERM)
    return 0


def fetched() -> list[str]:
    """Kafka's jars, fetched if they are not there; and an archive of their classes, which halves a broker's start."""
    CACHE.mkdir(parents=True, exist_ok=True)
    library = CACHE / "lib"
    needed = {"java": "openjdk-17-jre-headless", "openssl": "openssl"} | ({} if library.is_dir() else {"mvn": "maven"})
    for program, package in needed.items():
        if not shutil.which(program):
            sys.exit(f"{program} is not installed (Debian: {package})")
    with locked():
        if not library.is_dir():
            partial = CACHE / "partial"
            shutil.rmtree(partial, ignore_errors=True)
            done = subprocess.run(
                ["mvn", "--quiet", "--batch-mode", "--file", str(HERE / "pom.xml"), "dependency:copy-dependencies",
                 "-DincludeScope=runtime", f"-DoutputDirectory={partial}"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode != 0:
                sys.exit(f"Maven could not fetch Kafka:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            partial.rename(library)
        if not archive().is_file():
            train(library)
    return sorted(map(str, library.glob("*.jar")))


def train(library: Path) -> None:
    """Runs a broker once so that Java writes down which classes it loads. Without the archive all works, but slower."""
    directory = CACHE / f"training-{os.getpid()}"
    arguments = argparse.Namespace(brokers=1, address="127.0.0.1", tls=True, heap="256m", property=[], thorough=False)
    temporary = directory / "classes.jsa"
    try:
        prepare(directory, arguments, [f"-XX:ArchiveClassesAtExit={temporary}"], sorted(map(str, library.glob("*.jar"))))
        run(directory, [1])
        stop(directory, [1], signal.SIGTERM)
        temporary.rename(archive())
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def archive() -> Path:
    """The archive of classes for the Java that is installed."""
    return CACHE / f"classes-{os.stat(shutil.which('java') or '/').st_mtime_ns}.jsa"


def prepare(
    directory: Path, arguments: argparse.Namespace, java: list[str] | None = None, jars: list[str] | None = None
) -> None:
    """Writes what brokers 1 to N need: ports, properties, formatted directories, certificates; and how Java is called."""
    jars = jars or fetched()
    directory.mkdir(parents=True, exist_ok=True)
    names = ["PLAINTEXT", "SSL", "SASL_SSL"] if arguments.tls else ["PLAINTEXT"]
    ports = iter(free_ports(arguments.address, arguments.brokers * (len(names) + 1)))
    places = {
        number: {name: f"{arguments.address}:{next(ports)}" for name in [*names, "CONTROLLER"]}
        for number in range(1, arguments.brokers + 1)
    }
    tls = directory / "tls"
    if arguments.tls:
        subprocess.run([HERE / "authority", tls, arguments.address], check=True)
    voters = ",".join(f"{number}@{place['CONTROLLER']}" for number, place in places.items())
    for number, place in places.items():
        data = directory / str(number) / "data"
        data.mkdir(parents=True)
        (data / "meta.properties").write_text(
            f"version=1\ncluster.id=vigilog-{'0' * 14}\nnode.id={number}\ndirectory.id={number:02}{'V' * 19}A\n"
        )
        text = PROPERTIES.format(
            number=number, voters=voters, data=data, brokers=arguments.brokers, in_sync=min(2, arguments.brokers),
            session=9000 if arguments.thorough else 1000,
            listeners=",".join(f"{name}://{at}" for name, at in place.items()),
        )  # fmt: skip
        if arguments.tls:
            text += TLS.format(tls=tls, user=USER, password=PASSWORD)
        text += "".join(f"{each}\n" for each in arguments.property)
        (directory / str(number) / "server.properties").write_text(text)
    compiled = [] if arguments.thorough else ["-XX:TieredStopAtLevel=1"]
    java = java or [f"-XX:SharedArchiveFile={archive()}"]
    command = ["java", f"-Xmx{arguments.heap}", "-XX:+UseSerialGC", *compiled, *java,
               "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=error",
               "-cp", ":".join(jars), "kafka.Kafka"]  # fmt: skip
    (directory / "java.json").write_text(json.dumps(command))
    listening = {name: ",".join(place[name] for place in places.values()) for name in names}
    known = {"bootstrap": listening["PLAINTEXT"]}
    if arguments.tls:
        known |= {"tls": listening["SSL"], "sasl": listening["SASL_SSL"], "user": USER, "password": PASSWORD,
                  "certificates": str(tls)}  # fmt: skip
    (directory / "cluster.json").write_text(json.dumps(known))


def run(directory: Path, which: list[int]) -> None:
    """Starts those brokers that do not run, and waits until they serve."""
    started = []
    for number in which:
        if running(directory, number):
            continue
        own = directory / str(number)
        command = [*json.loads((directory / "java.json").read_text()), str(own / "server.properties")]
        with open(own / "log", "ab") as log:
            process = subprocess.Popen(
                command, cwd=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )  # its own session: an interrupt from the keyboard is for who started this script
        (own / "pid").write_text(str(process.pid))
        started.append((number, process))
    limit = time.monotonic() + PATIENCE
    for number, process in started:
        own = directory / str(number)
        for listener in listeners(own):
            while not answers(listener):
                if process.poll() is not None or time.monotonic() > limit:
                    sys.exit(f"broker {number} does not start:\n{(own / 'log').read_text()[-3000:]}")
                time.sleep(0.02)


def stop(directory: Path, which: list[int], how: signal.Signals) -> None:
    """Ends brokers. One that does not obey within 5 s is killed: of three, the last cannot leave in good order."""
    for number in which:
        if process := running(directory, number):
            os.kill(process, how)
    limit = time.monotonic() + 5
    for number in which:
        while process := running(directory, number):
            if time.monotonic() > limit:
                os.kill(process, signal.SIGKILL)
            time.sleep(0.01)


def running(directory: Path, number: int) -> int:
    """The process number of a broker, 0 if it does not run. A number that another program got meanwhile is not it."""
    with contextlib.suppress(OSError, ValueError):
        process = int((directory / str(number) / "pid").read_text())
        own = os.fsencode(directory / str(number) / "server.properties")
        if own in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0"):
            return process
    return 0


def numbers(directory: Path) -> list[int]:
    """The brokers that a directory has."""
    return sorted(int(own.parent.name) for own in directory.glob("*/server.properties"))


def listeners(own: Path) -> list[tuple[str, int]]:
    """Where one broker serves clients."""
    line = next(line for line in (own / "server.properties").read_text().splitlines() if line.startswith("listeners="))
    places = [place for place in line.removeprefix("listeners=").split(",") if not place.startswith("CONTROLLER")]
    return [(host, int(port)) for host, _, port in (place.split("://")[1].rpartition(":") for place in places)]


def answers(place: tuple[str, int]) -> bool:
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection(place, 1):
        return True
    return False


def free_ports(address: str, count: int) -> list[int]:
    """Ports that nobody has, below those that the system hands out, so that a killed broker finds its own free again."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(10_000, max(lowest, 20_000))  # noqa: S311 - no secret
        with contextlib.suppress(OSError), socket.socket() as trial:
            trial.bind((address, port))
            found.append(port)
    return found


def hold() -> None:
    """Returns when standard input ends (whoever started this is gone), or by a signal."""

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)
    with contextlib.suppress(KeyboardInterrupt):
        while os.read(0, 4096):
            pass


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Only one process fetches; the others wait for it."""
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
