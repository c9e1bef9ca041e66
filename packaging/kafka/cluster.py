"""What a cluster is made of on disk: properties, formatted directories, ports, certificates, and how Java is called."""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import socket
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
USER, PASSWORD = "vigilog", "on loopback only"

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


def prepare(directory: Path, arguments: argparse.Namespace, java: list[str]) -> None:
    """Writes what brokers 1 to N need: ports, properties, formatted directories, certificates; and how Java is
    called, which is given `java` besides."""
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
    command = ["java", f"-Xmx{arguments.heap}", "-XX:+UseSerialGC", *compiled, *java,
               "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=error",
               "kafka.Kafka"]  # fmt: skip
    (directory / "java.json").write_text(json.dumps(command))
    listening = {name: ",".join(place[name] for place in places.values()) for name in names}
    known = {"bootstrap": listening["PLAINTEXT"]}
    if arguments.tls:
        known |= {"tls": listening["SSL"], "sasl": listening["SASL_SSL"], "user": USER, "password": PASSWORD,
                  "certificates": str(tls)}  # fmt: skip
    (directory / "cluster.json").write_text(json.dumps(known))


def free_ports(address: str, count: int) -> list[int]:
    """Ports that nobody has, below those that the system hands out, so that a killed broker finds its own free again."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(10_000, max(lowest, 20_000))  # noqa: S311 - no secret
        if port not in found:
            with contextlib.suppress(OSError), socket.socket() as trial:
                trial.bind((address, port))
                found.append(port)
    return found
