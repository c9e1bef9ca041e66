"""The story of `make fleet-demo`, told from within its namespaces. This process is the first one in there: with it all end."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from network import MIDDLE, Machine, wire
from screen import Screen, wait_for

HERE = Path(__file__).resolve().parent
BROKERS = HERE.parent / "kafka" / "brokers.py"
VIGILOG = str(Path(sysconfig.get_path("scripts")) / "vigilog")
HOSTS = (Machine("alpha", "10.99.0.11"), Machine("beta", "10.99.0.12"), Machine("gamma", "10.99.0.13"))
ATTACKER = Machine("attacker", "10.99.0.66")

# Hosts and workers have the same configuration, but for where things are.
CONFIGURATION = """\
[state]
directory = "{directory}/state"

[run]
control = "{directory}/control"
sources = ["/var/log/auth.log"]

[ship]
brokers = ["{brokers}"]

[fleet]
follow = true

[[trigger]]
rule = "sshd"
name = "sshd"
count = 3
within = "10m"
scope = "fleet"
actions = ["ban"]

[action.ban]
type = "ban"
"""


def main() -> int:
    """Tells it. Whatever does not happen ends it with a sentence and status 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stay", action="store_true")
    stay = parser.parse_args().stay
    screen = Screen()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)  # in memory, and seen by nobody else
    for each in ("fleet", "sshd"):
        Path("/run", each).mkdir(mode=0o755)
    wire(*HOSTS, ATTACKER)

    screen.tell("A fleet on one machine. First Kafka, one broker:")
    brokers = kafka(Path("/run/fleet/kafka"))
    screen.say("kafka", f"listens at {brokers}")

    screen.tell("Two workers, which count over all hosts:  vigilog fleet run")
    for number in (1, 2):
        worker(screen, number, brokers)

    screen.tell("Three hosts with sshd, each with  vigilog run  and this trigger, which is counted over the fleet:")
    print("\n".join(f"      {line}" for line in CONFIGURATION.split("\n\n")[4].splitlines()), flush=True)
    for host in HOSTS:
        boot(screen, host, brokers)
    for host in HOSTS:
        wait_for(f"{host.name} is up", partial(is_up, host))
    for number in (1, 2):
        wait_for(f"worker {number} is ready", partial(is_ready, number))

    screen.tell(f"The attacker, {ATTACKER.address}, tries each host once. No host alone would see anything in that.")
    for host in HOSTS:
        attempt(screen, host)
        time.sleep(1)
    last = time.monotonic()

    for host in HOSTS:
        wait_for(f"{ATTACKER.address} is banned on {host.name}", partial(is_banned, host))
    screen.tell(f"Banned on all three, {time.monotonic() - last - 1:.1f} s after the last attempt. What the fleet decided:")
    for ban in json.loads(HOSTS[0].ask(*vigilog(HOSTS[0], "bans", "--format", "json"))):
        screen.say(HOSTS[0].name, f"{ban['target']}: {ban.get('reason', '')}")
    screen.tell("What the firewall of each host has, and what is left for the attacker:")
    for host in HOSTS:
        screen.say(
            host.name,
            next(line for line in host.ask("nft", "list", "ruleset").splitlines() if ATTACKER.address in line).strip(),
        )
        attempt(screen, host)
        if not reaches(host):
            sys.exit(f"{host.name} shut out everybody else, too")
    screen.say("others", "still come in everywhere")

    screen.tell(f"It was a mistake? One word on any host lets in everywhere:  vigilog unban --fleet {ATTACKER.address}")
    beta = HOSTS[1]
    screen.say(beta.name, beta.ask(*vigilog(beta, "unban", "--fleet", ATTACKER.address)).strip())
    for host in HOSTS:
        wait_for(f"{ATTACKER.address} is let in on {host.name}", partial(is_let_in, host))
        screen.say(host.name, f"{ATTACKER.address} is let in")
    if stay:
        look_around(screen)
    screen.tell("That was it; nothing is left behind.")
    return 0


def kafka(directory: Path) -> str:
    """Starts a broker in the middle; gives its host:port."""
    words = [sys.executable, str(BROKERS), "start", str(directory), "--address", MIDDLE]
    return str(json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)["bootstrap"])


def worker(screen: Screen, number: int, brokers: str) -> None:
    """Starts one that counts."""
    directory = Path(f"/run/fleet/worker-{number}")
    configure(directory, brokers)
    words = [VIGILOG, "fleet", "run", "--config", str(directory / "vigilog.toml")]
    said(screen, f"worker {number}", directory, words)


def boot(screen: Screen, host: Machine, brokers: str) -> None:
    """Starts a host with all that runs on it, and shows what its Vigilog says and what sshd logs of the attacker."""
    directory = Path("/run/fleet") / host.name
    configure(directory, brokers)
    words = host.command("unshare", "--uts", str(HERE / "host"), host.name, host.address, str(directory), VIGILOG)
    said(screen, host.name, directory, words)
    screen.follow(host.name, directory / "log" / "auth.log", lambda line: "Failed password" in line)


def said(screen: Screen, who: str, directory: Path, words: list[str]) -> None:
    """Starts a program; what it says is shown, and kept in `said`."""
    with open(directory / "said", "wb") as output:
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    screen.follow(who, directory / "said", bool)


def configure(directory: Path, brokers: str) -> None:
    """Writes its vigilog.toml."""
    directory.mkdir(parents=True)
    (directory / "vigilog.toml").write_text(CONFIGURATION.format(directory=directory, brokers=brokers))


def vigilog(host: Machine, *words: str) -> list[str]:
    """The command line of one of Vigilog's commands on a host."""
    return [VIGILOG, *words, "--config", f"/run/fleet/{host.name}/vigilog.toml"]


def is_up(host: Machine) -> bool:
    """Whether its sshd can be reached and its Vigilog watches."""
    with suppress(subprocess.CalledProcessError):
        return reaches(host) and bool(host.ask(*vigilog(host, "status")))
    return False


def is_ready(number: int) -> bool:
    """Whether a worker has its share of what is counted."""
    return "ready" in Path(f"/run/fleet/worker-{number}/said").read_text()


def is_banned(host: Machine) -> bool:
    """Whether its firewall drops what comes from the attacker."""
    return ATTACKER.address in host.ask("nft", "list", "ruleset")


def is_let_in(host: Machine) -> bool:
    """The contrary."""
    return not is_banned(host)


def reaches(host: Machine) -> bool:
    """Whether somebody who did nothing can connect to its sshd."""
    with suppress(OSError), socket.create_connection((host.address, 22), 1):
        return True
    return False


def attempt(screen: Screen, host: Machine) -> None:
    """The attacker guesses root's password, once; shows what comes of it."""
    guess = Path("/run/fleet/guess")
    guess.write_text("#!/bin/sh\necho letmein\n")
    guess.chmod(0o755)
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=2",
               "NumberOfPasswordPrompts=1", "PreferredAuthentications=password")  # fmt: skip
    words = ["ssh", "-F", "none", *(f"-o{option}" for option in options), f"root@{host.address}"]
    known = {"PATH": os.environ["PATH"], "SSH_ASKPASS": str(guess), "SSH_ASKPASS_REQUIRE": "force"}
    done = subprocess.run(
        ATTACKER.command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=known
    )
    screen.say(ATTACKER.name, f"ssh root@{host.name}: {done.stderr.strip()}")


def look_around(screen: Screen) -> None:
    """Tells how, and waits for the end."""
    first = HOSTS[0]
    screen.tell("It stays as it is until Ctrl-C. To look around on a host, in another terminal:")
    for line in (
        f"sudo nsenter --target $(pgrep -of 'run --config /run/fleet/{first.name}/') --mount --net --uts --pid bash",
        " ".join(vigilog(first, "status")),
        " ".join(vigilog(first, "ban", "--fleet", "192.0.2.7")),
    ):
        print(f"      {line}", flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    sys.exit(main())
