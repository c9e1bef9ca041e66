"""The installed fail2ban: its server with one jail (sshd, no action), and fail2ban-regex with the same filter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Ran, ran

SERVER, CLIENT, REGEX = "/usr/bin/fail2ban-server", "/usr/bin/fail2ban-client", "/usr/bin/fail2ban-regex"
FILTERS = Path("/etc/fail2ban/filter.d")
PATIENCE = 300.0

CONFIGURATION = """\
[Definition]
loglevel = NOTICE
logtarget = {root}/log
syslogsocket = auto
socket = {root}/socket
pidfile = {root}/pid
dbfile = None
dbpurgeage = 1d
dbmaxmatches = 10
[Thread]
"""
JAIL = """\
[DEFAULT]
ignoreip =
ignoreself = false
backend = polling
[sshd]
enabled = true
filter = sshd[mode=normal]
logpath = {root}/watched.log
findtime = {window}
bantime = {window}
maxretry = {count}
action = {action}
usedns = no
"""
NOTHING = "[Definition]\nactionstart =\nactionstop =\nactioncheck =\nactionban =\nactionunban =\n"


@dataclass(frozen=True)
class Fail2ban:
    """A running server, which watches `log`."""

    root: Path

    @property
    def log(self) -> Path:
        """The log that it watches."""
        return self.root / "watched.log"

    def banned(self) -> set[str]:
        """The addresses that are banned now."""
        return set(self.ask("get", "sshd", "banip").split())

    def failed(self) -> int:
        """How many failures it has counted."""
        status = self.ask("status", "sshd")
        return next(int(line.split(":")[1]) for line in status.splitlines() if "Total failed" in line)

    def ask(self, *command: str) -> str:
        """What the server answers."""
        return subprocess.run(
            [CLIENT, "-c", str(self.root / "conf"), "-s", str(self.root / "socket"), *command],
            check=True,
            capture_output=True,
            text=True,
        ).stdout


@contextmanager
def fail2ban(root: Path, *within: str, window: int, count: int, action: str = "nothing") -> Iterator[Fail2ban]:
    """A server in `root`, which bans after `count` failures within `window` seconds; started by the command `within`, if any.

    Exits with a sentence if there is none.
    """
    if not os.access(SERVER, os.X_OK):
        sys.exit("fail2ban is not installed: apt-get install --no-install-recommends fail2ban")
    conf = root / "conf"
    (conf / "action.d").mkdir(parents=True)
    shutil.copytree(FILTERS, conf / "filter.d")
    (conf / "fail2ban.conf").write_text(CONFIGURATION.format(root=root))
    (conf / "jail.conf").write_text(JAIL.format(root=root, window=window, count=count, action=action))
    (conf / "action.d" / "nothing.conf").write_text(NOTHING)
    if (FILTERS.parent / "action.d").is_dir():
        shutil.copytree(FILTERS.parent / "action.d", conf / "action.d", dirs_exist_ok=True)
    (root / "watched.log").touch()
    peer = Fail2ban(root)
    with (root / "output").open("wb") as output:
        command = [*within, SERVER, "-f", "-c", str(conf), "-s", str(root / "socket"), "-p", str(root / "pid"), "start"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait(lambda: (root / "socket").exists() and "sshd" in peer.ask("status"))
            yield peer
        finally:
            process.terminate()
            process.wait()


def regex(log: Path, output: Path) -> Ran:
    """fail2ban-regex over `log`, with the same filter."""
    return ran([REGEX, str(log), "sshd[mode=normal]"], output, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"})


def wait(until: Callable[[], bool], step: float = 0.02) -> float:
    """Waits until something holds; gives the seconds that it took. Exits with a sentence if it never does."""
    begun = time.perf_counter()
    while True:
        try:
            if until():
                return time.perf_counter() - begun
        except subprocess.CalledProcessError:
            pass
        if time.perf_counter() - begun > PATIENCE:
            sys.exit("the peer did not do what it should, in five minutes")
        time.sleep(step)
