"""The real Apache with mod_log_forensic, on loopback, and a backend behind it that answers when it is told to."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

MODULES = Path("/usr/lib/apache2/modules")
LOADED = "mpm_event authz_core proxy proxy_http http2 log_forensic"
CONFIGURATION = """
ServerRoot {root}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {root}/pid
DefaultRuntimeDir {root}
ErrorLog {root}/error
{user}
{modules}
ServerLimit 3
StartServers 3
ThreadsPerChild 8
MaxRequestWorkers 24
MinSpareThreads 8
MaxSpareThreads 24
Protocols h2c http/1.1
ProxyPass /slow http://127.0.0.1:{backend}/ disablereuse=On
ForensicLog {root}/forensic_log
"""
PATIENCE = 60


class Backend:
    """Takes connections and lets them wait."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.waiting = []
        self.paths = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.paths.append(connection.recv(65536).split(b" ")[1])
            self.waiting.append(connection)

    def answer(self):
        """Answers all that wait."""
        for connection in self.waiting:
            with contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.close()

    def close(self):
        """Takes no more."""
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


class Apache:
    """A running Apache; `log` is its forensic log. A directory of its own, since its children are another user's."""

    def __init__(self, modules=()):
        self.directory = Path(tempfile.mkdtemp(prefix="vigilog-apache-"))
        self.directory.chmod(0o755)
        self.log = self.directory / "forensic_log"
        self.backend = Backend()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        names = [*LOADED.split(), *modules]
        user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
        loaded = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names)
        text = CONFIGURATION.format(root=self.directory, port=self.port, backend=self.backend.port, user=user, modules=loaded)
        (self.directory / "conf").write_text(text)
        program = ["/usr/sbin/apache2", "-f", str(self.directory / "conf"), "-DFOREGROUND"]
        with (self.directory / "said").open("wb") as said:
            self.process = subprocess.Popen(program, stderr=said)
        self.until(self._answers, "Apache does not answer")
        self.sockets = []

    def _answers(self):
        assert self.process.poll() is None, (self.directory / "said").read_bytes()
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def until(self, happened, otherwise):
        """Waits until something happened."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, otherwise
            time.sleep(0.02)

    def ask(self, request):
        """Sends a request, and gives what comes back until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def begin(self, path):
        """Sends a request that is going to wait."""
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.sendall(b"GET /slow" + path + b" HTTP/1.1\r\nHost: h\r\nX-Odd: a|b%c:d\xff\r\nConnection: close\r\n\r\n")
        self.sockets.append(connection)

    def lines(self):
        """What is in the log by now."""
        return self.log.read_bytes().splitlines()

    def children(self):
        """The process numbers of the children that serve."""
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in tasks.read_text().split()]

    def stop(self):
        """Stops it, and waits for its end."""
        for connection in self.sockets:
            connection.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    def close(self):
        """Leaves nothing behind."""
        self.stop()
        self.backend.close()
        shutil.rmtree(self.directory)
