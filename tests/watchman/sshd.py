"""A real sshd in a network namespace, and real clients that guess passwords. It logs through syslog(3), as everywhere."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.act.namespaces import Namespace

SSHD = """
Port 22
HostKey {directory}/key
PidFile none
UsePAM no
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
AuthorizedKeysFile {directory}/known.pub
StrictModes no
MaxAuthTries 6
UseDNS no
Subsystem sftp internal-sftp
"""

OWN_DEV_LOG = """
set -e
mkdir {directory}/dev
mount --rbind /dev {directory}/dev
mount -t tmpfs none /dev
for each in null zero full random urandom tty; do touch /dev/$each; mount --bind {directory}/dev/$each /dev/$each; done
ln -s {directory}/dev/ptmx /dev/ptmx
ln -s {socket} /dev/log
mkdir -p /run/sshd
exec /usr/sbin/sshd -D -f {directory}/sshd_config
"""
"""In a mount namespace of its own, which `ip netns exec` makes: /dev/log is whatever socket the test wants."""

RSYSLOG = """
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{directory}/devlog" RateLimit.Interval="0" CreatePath="on")
module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")
auth,authpriv.* action(type="omfile" file="{log}" template="RSYSLOG_TraditionalFileFormat")
"""


@dataclass(frozen=True)
class Sshd:
    """The server, and the key that it lets in as root."""

    server: Namespace
    directory: Path

    def guess(self, client: Namespace, source: str, times: int = 1) -> int:
        """Tries wrong passwords for root, each over a connection of its own; gives how many the server answered. Who is shut
        out over it hears no answer."""
        return sum(self._refuses(client, source) for _ in range(times))

    def guess_aside(self, client: Namespace, source: str) -> None:
        """One more wrong password, whose answer nobody waits for."""
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        client.start(*self._guess(source), **quiet)

    def logged_in(self, client: Namespace, source: str) -> subprocess.Popen[bytes]:
        """A session of somebody with the right key, which stays open until it is killed."""
        address = self.server.ipv6 if ":" in source else self.server.ipv4
        options = _options(source, f"IdentityFile={self.directory}/known", "BatchMode=yes")
        # A shell would read what its user has in .bashrc, which may take its time; sftp needs none.
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        session = client.start("ssh", *options, "-s", f"root@{address}", "sftp", **pipes)
        assert session.stdin
        assert session.stdout
        session.stdin.write(b"\0\0\0\5\1\0\0\0\3")  # SSH_FXP_INIT, of version 3
        session.stdin.flush()
        assert session.stdout.read(5)[4:] == b"\2"  # SSH_FXP_VERSION
        return session

    def _refuses(self, client: Namespace, source: str) -> bool:
        return "Permission denied" in client.run("timeout", "2", *self._guess(source), check=False).stderr

    def _guess(self, source: str) -> tuple[str, ...]:
        address = self.server.ipv6 if ":" in source else self.server.ipv4
        options = _options(source, "PubkeyAuthentication=no", "NumberOfPasswordPrompts=1")
        return ("sshpass", "-p", "wrong", "ssh", *options, f"root@{address}", "true")


def _options(source: str, *more: str) -> list[str]:
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=2", f"BindAddress={source}", *more)
    return ["-F", "none", *(word for option in options for word in ("-o", option))]


@contextmanager
def sshd(server: Namespace, directory: Path, socket: Path) -> Iterator[Sshd]:
    """An sshd at port 22 of `server` that logs to `socket` in the place of /dev/log, until the namespace ends."""
    directory.mkdir()
    for name in ("key", "known"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True)
    (directory / "sshd_config").write_text(SSHD.format(directory=directory))
    started = server.start("sh", "-c", OWN_DEV_LOG.format(directory=directory, socket=socket), stdin=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 10
        while True:
            try:
                server.connects(server.ipv4, 22)
                break
            except ConnectionRefusedError:
                assert time.monotonic() < limit, "sshd did not come up"
                time.sleep(0.05)
        yield Sshd(server, directory)
    finally:
        started.kill()
        started.wait()


@contextmanager
def rsyslog(server: Namespace, directory: Path, log: Path) -> Iterator[Path]:
    """A real rsyslogd that writes what comes to its socket (given) to `log`, in the form that Debian has by default."""
    directory.mkdir()
    (directory / "rsyslog.conf").write_text(RSYSLOG.format(directory=directory, log=log))
    words = ["rsyslogd", "-n", "-f", f"{directory}/rsyslog.conf", "-i", f"{directory}/pid"]
    started = server.start(*words, stdin=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 10
        while not (directory / "devlog").exists():
            assert time.monotonic() < limit, "rsyslogd did not come up"
            time.sleep(0.05)
        yield directory / "devlog"
    finally:
        started.kill()
        started.wait()
