"""The real ProFTPD, which writes each command twice: as text to an ExtendedLog, and as JSON to a Redis of ours (mod_redis has
the same JSON as mod_kafka)."""

from __future__ import annotations

import ftplib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conftest import absent

PROFTPD = "/usr/sbin/proftpd"
MODULES = Path("/usr/lib/proftpd")
CONFIGURATION = """
ServerType standalone
ModulePath {modules}
LoadModule mod_redis.c
ServerName "My Server"
DefaultAddress 127.0.0.1
SocketBindTight on
Port {port}
User {user}
Group {group}
AuthOrder mod_auth_file.c
AuthUserFile {directory}/passwd
AuthGroupFile {directory}/group
PidFile {directory}/pid
ScoreboardFile {directory}/scoreboard
DelayEngine off
WtmpLog off
RequireValidShell off
RootLogin on
UseReverseDNS off
UseIPv6 off
AllowOverwrite on
SetEnv FOO "bar baz"
SystemLog {directory}/system.log
TransferLog {directory}/xferlog
LogFormat whole "{template}"
ExtendedLog {directory}/whole.log ALL whole
RedisEngine on
RedisServer 127.0.0.1:{redis}
RedisLogOnEvent ALL whole
"""
PASSWORD = "$6$vigilog$xEQcBOyLg3zkpwgnpJMI/F8V8vPTRjLCjzD9Zxj2AuOVWy2gZ/rcGgoO/yooIB2wN7Wo2RSGWvtpZQqHHoibQ1"
"""secret, as AuthUserFile has it."""


class Redis(threading.Thread):
    """As much of a Redis as mod_redis talks to: what is pushed to lists is kept."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.pushed: list[bytes] = []

    def run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as file:
            while head := file.readline():
                words = []
                for _ in range(int(head[1:])):
                    words.append(file.read(int(file.readline()[1:])))
                    file.read(2)
                connection.sendall(self.answer(words))

    def answer(self, words: list[bytes]) -> bytes:
        if words[0] == b"RPUSH":
            self.pushed.append(words[2])
            return b":1\r\n"
        return b"$20\r\nredis_version:6.0.0\n\r\n" if words[0] == b"INFO" else b"+OK\r\n"


class Server:
    """A ProFTPD that runs, its directory and what it pushed."""

    def __init__(self, directory: Path, port: int, redis: Redis) -> None:
        self.directory, self.port, self.redis = directory, port, redis

    def client(self) -> ftplib.FTP:
        client = ftplib.FTP(encoding="utf-8")
        client.connect("127.0.0.1", self.port, timeout=30)
        return client

    def ended(self, lines: int) -> list[bytes]:
        """The lines of its ExtendedLog, once there are so many."""
        end = time.monotonic() + 30
        found: list[bytes] = []
        while len(found) < lines and time.monotonic() < end:
            time.sleep(0.05)
            found = (self.directory / "whole.log").read_bytes().split(b"\n")[:-1]
        return found


@contextmanager
def proftpd(directory: Path, template: str, zone: str) -> Iterator[Server]:
    """A ProFTPD with a LogFormat, in a zone of time; user tester, password secret."""
    if not os.access(PROFTPD, os.X_OK) or not (MODULES / "mod_redis.so").is_file():
        absent("not installed: proftpd with mod_redis")
    redis = Redis()
    redis.start()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    home = directory / "home"
    home.mkdir()
    for name, text in (
        ("passwd", f"tester:{PASSWORD}:{os.getuid()}:{os.getgid()}::{home}:/bin/sh\n"),
        ("group", f"testers:x:{os.getgid()}:tester\n"),
    ):
        (directory / name).write_text(text)
        (directory / name).chmod(0o600)
    quoted = template.replace("\\", "\\\\").replace('"', '\\"')
    text = CONFIGURATION.format(
        modules=MODULES,
        port=port,
        redis=redis.port,
        directory=directory,
        template=quoted,
        user=f"#{os.getuid()}" if os.getuid() else "root",
        group=f"#{os.getgid()}" if os.getgid() else "root",
    )
    (directory / "proftpd.conf").write_text(text)
    with (directory / "said").open("wb") as said:
        process = subprocess.Popen(
            [PROFTPD, "-n", "-c", str(directory / "proftpd.conf")],
            stdout=said,
            stderr=said,
            env={"TZ": zone, "PATH": "/usr/bin"},
        )
    try:
        wait_for(port, process, directory)
        yield Server(directory, port, redis)
    finally:
        process.terminate()
        process.wait(30)
        redis.listening.close()


def wait_for(port: int, process: subprocess.Popen[bytes], directory: Path) -> None:
    """Until somebody listens at the port."""
    end = time.monotonic() + 30
    while True:
        assert process.poll() is None, (directory / "said").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)
        else:
            return
