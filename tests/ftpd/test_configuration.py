"""`vigilog ftpd` and configurations: the page's example, Debian's own, mistakes, what has no effect, what is not installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ftpd.world import VIGILOG, WAIT, Server, free_port, ready, vigilog


def checked(path, *options):
    command = [str(VIGILOG), "ftpd", "-t", "-c", str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def example(seeds):
    """The configuration on mod_log_forensic's page, as it stands there."""
    text = "".join(path.read_text(errors="replace") for path in sorted(seeds.glob("*.txt")))
    found = re.search(
        r"TraceLog /path/to/ftpd/trace\.log\s+Trace DEFAULT:0\s+<IfModule mod_log_forensic\.c>.*?</IfModule>", text, re.DOTALL
    )
    assert found
    return found[0]


def test_the_pages_example_runs_unchanged(world, example, as_root):
    """Its paths are below a directory that is there only for the test."""
    path = Path("/path/to/ftpd")
    if path.exists():
        pytest.skip("somebody has a /path/to/ftpd")
    port = free_port()
    rest = [f"Port {port}", "DefaultAddress 127.0.0.1", "UseIPv6 off", "User nobody", "Group nogroup"]
    users = [f"AuthUserFile {world.root}/passwd", "RequireValidShell off", f"SystemLog {world.logs}/system"]
    os.makedirs(path)
    try:
        with vigilog(world, "\n".join([*rest, *users, f"TransferLog {world.logs}/xferlog", example, ""]), port) as server:
            server.client().says("USER anna", "PASS wrong")
            text = (path / "forensic.log").read_bytes()
            assert text.startswith(b"-----BEGIN FAILED LOGIN FORENSICS-----\n")
            assert b"[TraceLog:" in text
            assert (path / "trace.log").read_bytes() == b""
    finally:
        for name in ("forensic.log", "trace.log"):
            (path / name).unlink(missing_ok=True)
        for directory in (path, *list(path.parents)[:-1]):
            directory.rmdir()


@pytest.mark.peer
def test_debians_own_configuration_is_taken_as_it_is_and_serves(world, need, as_root):
    need("proftpd")
    stock = Path("/etc/proftpd/proftpd.conf")
    process = checked(stock)
    assert process.returncode == 0, process.stderr
    assert process.stderr.splitlines()[-1] == "vigilog ftpd: the configuration is all right"
    port = free_port()
    # The same file, but for its port and the places of its logs, so that it can be started anywhere.
    text = re.sub(r"(?m)^Port .*$", f"Port {port}", stock.read_text()).replace("/var/log/proftpd", str(world.logs))
    with vigilog(world, text + f"\nAuthUserFile {world.root}/passwd\nAuthOrder mod_auth_file.c\n", port) as server:
        client = server.client()
        assert client.greeting == "220 Vigilog FTP Server (Debian) [" + client.greeting.partition("[")[2]
        assert client.login().say("PWD") == f'257 "{world.home}" is the current directory'
        assert client.data("STOR f", b"x")[0] == "226 Transfer complete"
    said = next(world.root.glob("*.said")).read_text()
    for name in ("DisplayLogin", "LoadModule"):
        assert f"{name} has no effect here" in said
    assert said.count("LoadModule") == 1
    assert world.read("xferlog").count(b"\n") == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ForensicLogEngine maybe", "ForensicLogEngine: expected Boolean parameter"),
        ("ForensicLogFile relative", "ForensicLogFile: must be an absolute path"),
        ("ForensicLogBufferSize 0", "ForensicLogBufferSize: size must be greater than zero"),
        ("ForensicLogCapture Everything", "ForensicLogCapture: unknown log type: Everything"),
        ("ForensicLogCriteria Whim", "ForensicLogCriteria: unknown criterion: Whim"),
        ("Nonsense on", "unknown configuration directive 'Nonsense'"),
    ],
)
def test_mistakes_are_told_in_proftpds_words_with_their_line(tmp_path, line, words):
    path = tmp_path / "proftpd.conf"
    path.write_text(f"ServerName x\n{line}\n")
    process = checked(path)
    assert process.returncode == 78
    assert process.stderr == f"vigilog ftpd: fatal: {words} on line 2 of '{path}'\n"


def test_all_mistakes_are_told_at_once(tmp_path):
    path = tmp_path / "proftpd.conf"
    path.write_text("Nonsense on\nPort many\nForensicLogFile x\n")
    assert checked(path).stderr.count("fatal: ") == 3


def test_names_are_defined_on_the_command_line(tmp_path):
    path = tmp_path / "proftpd.conf"
    path.write_text("<IfDefine BAD>\nNonsense on\n</IfDefine>\n")
    assert checked(path).returncode == 0
    assert checked(path, "-D", "BAD").returncode == 78


WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])
sys.meta_path.insert(0, Absent())
from vigilog.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("name", ["pyftpdlib", "OpenSSL", "passlib"])
def test_what_is_not_installed_is_named_with_its_remedy(tmp_path, name):
    path = tmp_path / "proftpd.conf"
    path.write_text("ServerName x\n")
    command = [sys.executable, "-c", WITHOUT, name, "ftpd", "-c", str(path)]
    process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert process.returncode == 69
    assert process.stderr.splitlines()[-1] == f"vigilog ftpd: the FTP server needs {name}; pip install 'vigilog[ftp]'"
    assert subprocess.run([*command, "-t"], capture_output=True, check=False, timeout=60).returncode == 0


def test_an_unprivileged_user_can_serve_too(world, as_root):
    """As nobody: one user for all, no root, a port above 1024."""
    port = free_port()
    world.logs.chmod(0o755)
    os.chown(world.logs, 65534, 65534)
    os.chown(world.home, 65534, 65534)
    world.users("anna:{hash}:65534:65534::{home}:/bin/sh")
    os.chown(world.root / "passwd", 65534, 65534)
    (world.root / "rings").mkdir()
    os.chown(world.root / "rings", 65534, 65534)
    path = world.written("p.conf", world.configuration(port, "-PidFile"))
    said = world.root / "said"
    command = [str(VIGILOG), "ftpd", "-c", str(path), "--ring-directory", str(world.root / "rings")]
    readable = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", str(VIGILOG), "--version"], check=False)
    if readable.returncode != 0:
        pytest.skip("nobody cannot run the program where it is")
    with said.open("wb") as out:
        process = subprocess.Popen(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *command], stderr=out)
    try:
        ready(port, process, said)
        server = Server(port, process.pid, process)
        assert server.client().login().data("STOR f", b"x")[0] == "226 Transfer complete"
        server.client().says("USER anna", "PASS wrong")
        assert len(world.blocks()) == 1
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_root_given_up_for_good_serves_as_one_user(world, serve, as_root):
    for path in (world.home, world.root / "passwd"):
        os.chown(path, 65534, 65534)
    server = serve("RootRevoke on")
    client = server.client().login()
    assert client.data("STOR f", b"x")[0] == "226 Transfer complete"
    assert (world.home / "f").stat().st_uid == 65534
    status = Path(f"/proc/{server.pid}/status").read_text()
    assert re.search(r"^Uid:\t65534\t65534\t65534", status, re.MULTILINE)
    client.say("PASS again")
    assert dict(world.blocks()[0].header)["UID"] == "65534"


def test_between_commands_the_process_is_the_servers_user(world, serve, as_root):
    server = serve()
    client = server.client().login()
    wanted = "0\t65534\t0\t65534"
    seen: set[str] = set()
    # It may just be on its way back from the last command.
    until = time.monotonic() + WAIT
    while wanted not in seen:
        assert time.monotonic() < until, seen
        seen |= set(re.findall(r"(?m)^Uid:\t(.*)$", Path(f"/proc/{server.pid}/status").read_text()))
    assert seen <= {wanted, "0\t1001\t0\t1001", "0\t0\t0\t0"}
    assert client.say("NOOP").startswith("200")
