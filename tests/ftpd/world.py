"""A small world for FTP servers: a directory with users, logs and certificates, Vigilog's server and the real ProFTPD in it."""

from __future__ import annotations

import ftplib
import itertools
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from passlib.hash import sha512_crypt

from vigilog.parse.forensics import Block, blocks

VIGILOG = Path(sys.executable).parent / "vigilog"
PROFTPD = "/usr/sbin/proftpd"
HASH = sha512_crypt.using(rounds=1000).hash("secret")
WAIT = 30.0


OWN_PORTS = itertools.cycle(range(20_000 + os.getpid() % 240 * 50, 20_050 + os.getpid() % 240 * 50))


def free_port() -> int:
    """A port that nobody listens at, of those that the kernel gives to nobody by itself: another one for each server, and
    for each of the processes that run tests at the same time."""
    while True:
        port = next(OWN_PORTS)
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("", port))
            return port


class World:
    """Everything below `root`, which other users may enter. The servers' user is `nobody`, the people's number 1001."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.chmod(0o755)
        for name in ("home", "anon", "logs"):
            (root / name).mkdir()
        if os.geteuid() == 0:
            os.chown(root / "home", 1001, 1001)
        self.users("anna", "bob")

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def users(self, *lines: str) -> None:
        """The users there are: names, or whole lines of a passwd file with `{hash}` and `{home}` in them."""
        plain = "{name}:{hash}:1001:1001::{home}:/bin/sh"
        text = "".join((line if ":" in line else plain).format(name=line, hash=HASH, home=self.home) + "\n" for line in lines)
        path = self.root / "passwd"
        path.write_text(text)
        path.chmod(0o600)

    def read(self, name: str) -> bytes:
        path = self.logs / name
        return path.read_bytes() if path.exists() else b""

    def blocks(self, name: str = "forensic") -> list[Block]:
        return list(blocks(self.read(name).splitlines(keepends=True)))

    def wait_for(self, name: str, text: bytes) -> bytes:
        """What a log holds as soon as it holds `text`."""
        until = time.monotonic() + WAIT
        while text not in (found := self.read(name)):
            assert time.monotonic() < until, (name, text, found[-2000:])
            time.sleep(0.01)
        return found

    def configuration(self, port: int, *more: str, prefix: str = "") -> str:
        """A configuration that both servers take. `prefix` is put before the names of the logs; `more` are further lines; `-NAME` leaves one out."""
        main = {
            "ServerName": '"peer"',
            "ServerIdent": 'on "FTP ready"',
            "ServerType": "standalone",
            "DefaultServer": "on",
            "DefaultAddress": "127.0.0.1",
            "Port": port,
            "UseIPv6": "off",
            "User": "nobody",
            "Group": "nogroup",
            "AuthOrder": "mod_auth_file.c",
            "AuthUserFile": self.root / "passwd",
            "RequireValidShell": "off",
            "DefaultRoot": "~",
            "PidFile": self.root / f"{prefix}pid",
            "SystemLog": self.logs / f"{prefix}system",
            "TransferLog": self.logs / f"{prefix}xferlog",
            "TraceLog": self.logs / f"{prefix}trace",
            "Trace": "DEFAULT:0",
            "ForensicLogEngine": "on",
            "ForensicLogFile": self.logs / f"{prefix}forensic",
        }
        said = {line.split()[0].removeprefix("-") for line in more}
        kept = [f"{name} {value}" for name, value in main.items() if name not in said]
        return "\n".join([*kept, *(line for line in more if not line.startswith("-")), ""])

    def written(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text)
        path.chmod(0o644)
        return path


class Server:
    """A server that runs. `pid` is its process; `process` is None for a daemon that went into the background."""

    def __init__(self, port: int, pid: int, process: subprocess.Popen[bytes] | None = None) -> None:
        self.port, self.pid, self.process = port, pid, process
        self.last: Client | None = None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends it, and gives its status (0 for one in the background)."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(number)
            return self.process.wait(WAIT)
        until = time.monotonic() + WAIT
        while alive(self.pid):
            assert time.monotonic() < until
            os.kill(self.pid, number)
            time.sleep(0.05)
        return 0

    def client(self, source: str = "127.0.0.1") -> Client:
        return Client(self.port, source)

    def ftp(self, user: str = "anna", password: str = "secret") -> ftplib.FTP:
        made = ftplib.FTP()
        made.connect("127.0.0.1", self.port, timeout=WAIT)
        made.login(user, password)
        return made


class Client:
    """A client that says what it is told to. Bytes are latin-1 here."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.source = source
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT, source_address=(source, 0))
        self.file = self.socket.makefile("rb")
        self.greeting = self.answer()

    def answer(self) -> str:
        """The last line of the next answer; '' at the end of the connection."""
        while line := self._line():
            if line[:3].isdigit() and line[3:4] == b" ":
                return line.decode("latin-1").rstrip("\r\n")
        return ""

    def _line(self) -> bytes:
        try:
            return self.file.readline()
        except ConnectionResetError:
            return b""

    def say(self, line: str) -> str:
        try:
            self.socket.sendall(line.encode("latin-1") + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return ""
        return self.answer()

    def says(self, *lines: str) -> list[str]:
        return [self.say(line) for line in lines]

    def login(self, user: str = "anna", password: str = "secret") -> Client:
        assert self.says(f"USER {user}", f"PASS {password}")[1].startswith("230")
        return self

    def data(self, command: str, payload: bytes | None = None) -> tuple[str, bytes]:
        """The last answer to a command that moves data, and the data."""
        answer = self.say("EPSV")
        assert answer.startswith("229"), answer
        port = int(answer.split("|")[3])
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT, source_address=(self.source, 0)) as data:
            first = self.say(command)
            if not first.startswith("1"):
                return first, b""
            received = b""
            if payload is not None:
                data.sendall(payload)
            else:
                while piece := data.recv(1 << 16):
                    received += piece
        return self.answer(), received

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def secured(server: Server) -> ftplib.FTP_TLS:
    """A client behind AUTH TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = ftplib.FTP_TLS(context=context)
    client.connect("127.0.0.1", server.port, timeout=30)
    client.auth()
    return client


def alive(pid: int) -> bool:
    """Whether it runs. One that ended and whose parent did not ask for its status yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ready(port: int, process: subprocess.Popen[bytes] | None, said: Path, pid_file: Path | None = None) -> None:
    """Waits until the server answers: this one, which has its number in its PidFile, not another one at the same port."""
    until = time.monotonic() + WAIT
    while (
        process is not None and pid_file is not None and (not pid_file.exists() or pid_file.read_text() != f"{process.pid}\n")
    ):
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.02)
    while True:
        try:
            client = Client(port)
        except ConnectionRefusedError:
            assert process is None or process.poll() is None, said.read_text()
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"no greeting: {said.read_text()} {process and process.poll()}")
        else:
            # Its session is over when this is.
            assert client.says("QUIT", "")[1] == ""
            return


@contextmanager
def vigilog(world: World, text: str, port: int, *options: str, descriptors: int = 4096) -> Iterator[Server]:
    """Vigilog's server with that configuration, as long as the `with` lasts. It may have so many descriptors."""
    path, said = world.written(f"vigilog-{port}.conf", text), world.root / f"vigilog-{port}.said"
    limited = ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh"]
    command = [*limited, VIGILOG, "ftpd", "-c", path, "--ring-directory", world.root / "rings", *options]
    with said.open("ab") as out:
        process = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    server = Server(port, process.pid, process)
    try:
        ready(port, process, said, world.root / "pid" if f"PidFile {world.root / 'pid'}\n" in text else None)
        yield server
    finally:
        server.stop()


@contextmanager
def proftpd(world: World, text: str, port: int) -> Iterator[Server]:
    """The real server, as long as the `with` lasts. It is a daemon: with -n it would write no SystemLog."""
    more = ["LoadModule mod_log_forensic.c", "UseReverseDNS off", "DelayEngine off", "WtmpLog off"]
    more.append(f"ScoreboardFile {world.root}/scoreboard-{port}")
    path, said = world.written(f"proftpd-{port}.conf", "\n".join([*more, text])), world.root / f"proftpd-{port}.said"
    with said.open("ab") as out:
        status = subprocess.run(
            [PROFTPD, "-c", str(path)], stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False
        ).returncode
    assert status == 0, said.read_text()
    ready(port, None, said)
    (pid_file,) = world.root.glob("real-pid")
    until = time.monotonic() + WAIT
    while not (pid := pid_file.read_text().strip()):
        assert time.monotonic() < until
    server = Server(port, int(pid))
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def made() -> Iterator[World]:
    """A world that is gone afterwards. Not in pytest's own directory: only its owner may go in there."""
    root = Path(tempfile.mkdtemp(prefix="vigilog-ftpd-", dir="/var/tmp"))
    try:
        yield World(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)
