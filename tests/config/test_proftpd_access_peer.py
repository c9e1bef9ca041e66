"""<Limit LOGIN> and <Class> against the real ProFTPD: who gets in there gets in here, but for what a test names."""

from __future__ import annotations

import ftplib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import absent
from vigilog.config.proftpd import read
from vigilog.config.proftpd_access import Visitor, may_connect, may_log_in

pytestmark = pytest.mark.peer

HASH = "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2"
"""Of `secret`."""

RULES = [
    "Allow from 127.0.0.1\nDenyAll",
    "Allow from 10.0.0.1\nDenyAll",
    "Order deny,allow",
    "Order deny,allow\nAllow from 127.0.0.0/8",
    "Order deny,allow\nAllow from 10.0.0.0/8",
    "Order deny,allow\nAllow from all\nDeny from 127.",
    "Deny from 10.0.0.1, 127.0.0.0/30",
    "Deny from none",
    "Allow from 127.0.0.*\nDenyAll",
    "Allow from ::1\nDenyAll",
    "AllowUser anna\nDenyAll",
    "AllowUser bob\nDenyAll",
    "AllowUser bob,!zed\nDenyAll",
    "AllowUser regex ^an\nDenyAll",
    "DenyUser bob,anna",
    "AllowGroup first second\nDenyAll",
    "AllowGroup first,third\nDenyAll",
    "AllowGroup or third first\nDenyAll",
    "DenyGroup second",
    "DenyGroup !third",
    "AllowClass inside\nDenyAll",
    "AllowClass outside\nDenyAll",
    "AllowClass around\nDenyAll",
    "AllowClass both\nDenyAll",
    "DenyClass inside",
]
CLASSES = """<Class inside>
From 127.0.0.0/8
</Class>
<Class outside>
From 10.0.0.0/8
</Class>
"""
OTHER_CLASSES = {
    "around": "<Class around>\nFrom !10.0.0.0/8\n</Class>\n",
    "both": "<Class both>\nFrom 127.0.0.0/8 !10.0.0.0/8\nSatisfy all\n</Class>\n",
}
SANER = [
    ("Allow from !10.0.0.1\nDenyAll", "no connection", "in"),
    ("Deny from !10.0.0.1", "in", "no connection"),
    ("AllowGroup and first second\nDenyAll", "no login", "in"),
]
"""An address with `!` in front holds for nobody there; `and` is taken for a name and the last name is lost."""


@pytest.fixture(scope="module")
def world():
    """A directory that everybody may enter, with a user, his groups and his home."""
    folder = Path(tempfile.mkdtemp(prefix="vigilog-peer-"))
    folder.chmod(0o755)
    (folder / "home").mkdir()
    (folder / "passwd").write_text(f"anna:{HASH}:1001:1001::{folder}/home:/bin/sh\n")
    (folder / "passwd").chmod(0o600)
    (folder / "group").write_text("first:x:1001:anna\nsecond:x:1002:anna\nthird:x:1003:bob\n")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def able(need):
    need("proftpd")
    if os.geteuid() != 0:
        absent("only root can start the real ProFTPD with users of its own")


def configuration(world, rules, port):
    named = [text for name, text in OTHER_CLASSES.items() if name in rules]
    return (
        f"Port {port}\nDefaultAddress 127.0.0.1\nUser nobody\nGroup nogroup\nRequireValidShell off\nUseReverseDNS off\n"
        f"AuthOrder mod_auth_file.c\nAuthUserFile {world}/passwd\nAuthGroupFile {world}/group\nTransferLog none\nWtmpLog off\n"
        f"SystemLog {world}/log\nPidFile {world}/pid\nScoreboardFile {world}/scoreboard\n<IfModule mod_delay.c>\nDelayEngine off\n</IfModule>\n"
        f"{''.join(named) or CLASSES}<Limit LOGIN>\n{rules}\n</Limit>\n"
    )


@contextmanager
def server(path, port):
    """The real one, listening."""
    command = ["/usr/sbin/proftpd", "-n", "-c", str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def theirs(world, rules):
    """What the real one does with anna, who has the right password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = world / "proftpd.conf"
    path.write_text(configuration(world, rules, port))
    with server(path, port), ftplib.FTP() as client:
        try:
            client.connect("127.0.0.1", port, timeout=30)
        except (EOFError, ConnectionResetError):
            return "no connection"
        try:
            client.login("anna", "secret")
        except ftplib.error_perm:
            return "no login"
        return "in"


def ours(world, rules):
    """What these rules come to for her."""
    path = world / "own.conf"
    path.write_text(configuration(world, rules, 21))
    found = read(str(path))
    assert found.errors == ()
    visitor = Visitor("127.0.0.1")
    visitor = visitor._replace(class_name=next((each.name for each in found.classes if each.holds(visitor)), None))
    limits = found.servers[0].limits
    if not may_connect(limits, [], visitor):
        return "no connection"
    return "in" if may_log_in(limits, visitor._replace(user="anna", groups=("first", "second"))) else "no login"


@pytest.mark.parametrize("rules", RULES)
def test_both_let_in_the_same(world, rules):
    assert ours(world, rules) == theirs(world, rules)


@pytest.mark.parametrize(("rules", "there", "here"), SANER)
def test_where_the_real_one_means_something_else_than_its_manual(world, rules, there, here):
    assert (theirs(world, rules), ours(world, rules)) == (there, here)
