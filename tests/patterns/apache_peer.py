"""The real Apache, which writes an access log of our format."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import absent

APACHE = "/usr/sbin/apache2"
MODULES = Path("/usr/lib/apache2/modules")
LOADED = "mpm_event authz_core authz_user authn_core authn_file auth_basic env headers setenvif dir unique_id"
CONFIGURATION = """
ServerRoot {root}
ServerName www.example
Listen 127.0.0.1:{port}
PidFile {root}/pid
DefaultRuntimeDir {root}
ErrorLog {root}/error
{user}
{modules}
HttpProtocolOptions Unsafe
DocumentRoot {root}/site
ErrorDocument 404 /missing.txt
SetEnv FOO "bar \\"baz\\""
Header set X-Made yes
<Location /secret>
AuthType Basic
AuthName x
AuthUserFile {root}/users
Require valid-user
</Location>
"""


class Server:
    """An Apache that runs."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port

    def ask(self, request: bytes) -> bytes:
        """Sends requests, and gives what comes back until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), 30) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def lines(self, log: str, count: int) -> list[bytes]:
        """The lines of a log, once there are so many."""
        end = time.monotonic() + 30
        found: list[bytes] = []
        while len(found) < count and time.monotonic() < end:
            time.sleep(0.05)
            found = (self.root / log).read_bytes().split(b"\n")[:-1]
        return found


def configured(root: Path, port: int) -> Path:
    """The configuration's file, and the site."""
    names = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED.split())
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    (root / "site").mkdir(exist_ok=True)
    (root / "site" / "index.html").write_text("hello\n")
    (root / "site" / "missing.txt").write_text("not here\n")
    (root / "users").write_text("")
    conf = root / "conf"
    conf.write_text(CONFIGURATION.format(root=root, port=port, user=user, modules=names))
    return conf


@contextmanager
def directory() -> Iterator[Path]:
    """A directory that Apache's children may read."""
    if not os.access(APACHE, os.X_OK):
        absent("not installed: apache2")
    made = Path(tempfile.mkdtemp(prefix="vigilog-apache-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def refusal(root: Path, template: str) -> str:
    """What it says of a template, '' if it takes it."""
    conf = configured(root, 1)
    quoted = template.replace("\\", "\\\\").replace('"', '\\"')
    done = subprocess.run(
        [APACHE, "-t", "-f", str(conf), "-c", f'LogFormat "{quoted}"'], capture_output=True, text=True, check=False
    )
    found = re.search(r"^(Unrecognized LogFormat.*|Ran off end of LogFormat.*)$", done.stderr, re.MULTILINE)
    assert found or done.returncode == 0, done.stderr
    return found[1] if found else ""


@contextmanager
def apache(logs: dict[str, str], zone: str) -> Iterator[Server]:
    """An Apache that writes each of `logs` with its format, in a zone of time."""
    with directory() as root:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        conf = configured(root, port)
        with conf.open("a") as file:
            for name, template in logs.items():
                quoted = template.replace("\\", "\\\\").replace('"', '\\"')
                file.write(f'CustomLog {root}/{name} "{quoted}"\n')
        process = subprocess.Popen(
            [APACHE, "-f", str(conf), "-DFOREGROUND"], stderr=subprocess.PIPE, env={"TZ": zone, "PATH": "/usr/bin"}
        )
        try:
            wait_for(port, process)
            yield Server(root, port)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens at the port."""
    end = time.monotonic() + 30
    while True:
        assert process.poll() is None, process.stderr and process.stderr.read()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)
        else:
            return
