"""What takes part in the demonstration, and how it is started and asked."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path

from network import MIDDLE, Machine
from screen import Screen

HERE = Path(__file__).resolve().parent
BROKERS = HERE.parent / "kafka" / "brokers.py"
VIGILOG = str(Path(sysconfig.get_path("scripts")) / "vigilog")
HOSTS = (Machine("alpha", "10.99.0.11"), Machine("beta", "10.99.0.12"), Machine("gamma", "10.99.0.13"))
ATTACKER = Machine("attacker", "10.99.0.66")
WORKERS = (1, 2)

TRIGGER = """\
[[trigger]]
rule = "sshd"
name = "sshd"
count = 3
within = "10m"
scope = "fleet"
actions = ["ban"]
"""
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

{trigger}
[action.ban]
type = "ban"
"""


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
    (directory / "vigilog.toml").write_text(CONFIGURATION.format(directory=directory, brokers=brokers, trigger=TRIGGER))


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


def dropped(host: Machine) -> str:
    """What the host's firewall says of the attacker; '' if it does not know him."""
    lines = host.ask("nft", "list", "ruleset").splitlines()
    return next((line.strip() for line in lines if ATTACKER.address in line), "")


def reaches(host: Machine) -> bool:
    """Whether somebody who did nothing can connect to its sshd."""
    with suppress(OSError), socket.create_connection((host.address, 22), 1):
        return True
    return False


def attempt(screen: Screen, host: Machine, method: str = "password", seconds: int = 20) -> None:
    """The attacker guesses root's password, once, or (`none`) tries without; he waits so long for an answer. Shows what comes
    of it."""
    guess = Path("/run/fleet/guess")
    guess.write_text("#!/bin/sh\necho letmein\n")
    guess.chmod(0o755)
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", f"ConnectTimeout={seconds}",
               "NumberOfPasswordPrompts=1", f"PreferredAuthentications={method}")  # fmt: skip
    words = ["ssh", "-F", "none", *(f"-o{option}" for option in options), f"root@{host.address}"]
    known = {"PATH": os.environ["PATH"], "SSH_ASKPASS": str(guess), "SSH_ASKPASS_REQUIRE": "force"}
    done = subprocess.run(
        ATTACKER.command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=known
    )
    screen.say(ATTACKER.name, f"ssh root@{host.name}: {done.stderr.strip()}")
