"""The story of `make fleet-demo`, told from within its namespaces. This process is the first one in there: with it all end."""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from network import wire
from screen import Screen, wait_for

from fleet import (
    ATTACKER,
    HOSTS,
    TRIGGER,
    WORKERS,
    attempt,
    boot,
    dropped,
    is_banned,
    is_let_in,
    is_ready,
    is_up,
    kafka,
    reaches,
    vigilog,
    worker,
)


def main() -> int:
    """Tells it. Whatever does not happen ends it with a sentence and status 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stay", action="store_true")
    stay = parser.parse_args().stay
    screen = Screen()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)  # in memory, and seen by nobody else
    for each in ("fleet", "sshd"):
        Path("/run", each).mkdir(mode=0o755)
    socket.sethostname("middle")
    wire(*HOSTS, ATTACKER)

    begin(screen)
    attack(screen)
    forgive(screen)
    if stay:
        look_around(screen)
    screen.tell("That was it. Nothing of it is left behind.")
    return 0


def begin(screen: Screen) -> None:
    """Everything is started."""
    screen.tell("A fleet on one machine. First Kafka, one broker:")
    brokers = kafka(Path("/run/fleet/kafka"))
    screen.say("kafka", f"listens at {brokers}")

    screen.tell("Two workers, `vigilog fleet run`, which count over all hosts:")
    for number in WORKERS:
        worker(screen, number, brokers)
    for number in WORKERS:
        wait_for(f"worker {number} is ready", partial(is_ready, number))

    screen.tell("Three hosts with sshd, each with `vigilog run` and this trigger, which is counted over the fleet:")
    screen.quote(*TRIGGER.splitlines())
    for host in HOSTS:
        boot(screen, host, brokers)
    for host in HOSTS:
        wait_for(f"{host.name} is up", partial(is_up, host))


def attack(screen: Screen) -> None:
    """Each host is tried once, and all shut the attacker out."""
    screen.tell(f"The attacker, {ATTACKER.address}, tries each host once. No host alone would see anything in that.")
    for host in HOSTS:
        time.sleep(0.5)  # for the last one's lines on the screen
        attempt(screen, host)
    last = time.monotonic()
    for host in HOSTS:
        wait_for(f"{ATTACKER.address} is banned on {host.name}", partial(is_banned, host))
    took = time.monotonic() - last
    time.sleep(0.5)

    screen.tell(f"Banned on all three, {took:.1f} s after the last attempt. Why, says `vigilog bans --fleet` on any of them:")
    first = HOSTS[0]
    for decision in json.loads(first.ask(*vigilog(first, "bans", "--fleet", "--format", "json"))):
        screen.quote(f"{decision['target']}: {decision['reason']}, decided by {decision['by']}")
        screen.quote(*(f"  {host}: {line}" for _time, host, _source, line in decision["evidence"]))

    screen.tell("What each firewall has, and what is left for the attacker:")
    for host in HOSTS:
        screen.say(host.name, dropped(host))
        attempt(screen, host, seconds=1)
        if not reaches(host):
            sys.exit(f"{host.name} shut out everybody else, too")
    screen.say("others", "still come in everywhere")


def forgive(screen: Screen) -> None:
    """The ban is taken back on one host, and with it on all."""
    beta = HOSTS[1]
    screen.tell(f"A mistake? One word on any host lets him in everywhere, here on {beta.name}:")
    screen.quote(f"vigilog unban --fleet {ATTACKER.address}")
    beta.ask(*vigilog(beta, "unban", "--fleet", ATTACKER.address))
    for host in HOSTS:
        wait_for(f"{ATTACKER.address} is let in on {host.name}", partial(is_let_in, host))
    attempt(screen, HOSTS[2], "none")


def look_around(screen: Screen) -> None:
    """Tells how, and waits for the end."""
    first = HOSTS[0]
    screen.tell("It stays as it is until Ctrl-C. To look around on a host, in another terminal:")
    for line in (
        f"sudo nsenter --target $(pgrep -of 'run --config /run/fleet/{first.name}/') --mount --net --uts --pid bash",
        " ".join(vigilog(first, "status")),
        " ".join(vigilog(first, "ban", "--fleet", "192.0.2.7")),
    ):
        screen.quote(line)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    sys.exit(main())
