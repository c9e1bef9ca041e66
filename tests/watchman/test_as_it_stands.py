"""`vigilog run --logtrigger /etc/config/logtrigger` and nothing else: every file where logtrigger's users have it, no setting of ours."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import vigilog.act
from tests.act.namespaces import namespaces
from tests.watchman.running import SYSTEM_PATH, installed

pytestmark = pytest.mark.peer

RULE = """\
config rule
\toption name "SIP_WrongPass"
\toption pattern "Freeswitch: SIP registration failed User:%s IP:%s"
\toption fields "user ip"
\toption script "/etc/logtrigger/ipblock.sh"
\toption time "3600"
\toption maxfail "5"
\toption enabled "1"
"""
OWN = """
set -e
for each in etc run var/log var/lib; do mount --bind {directory}/$each /$each; done
exec {vigilog} run --logtrigger /etc/config/logtrigger
"""
"""In a mount namespace of its own, which `ip netns exec` makes."""


@pytest.fixture
def host(need):
    need("nft", "ip", "nsenter")
    with namespaces() as (server, client), server.listen("tcp", 22):
        yield server, client


@pytest.fixture
def daemon(host, tmp_path):
    """The process, with directories of its own for what a host has in /etc, /run, /var/log and /var/lib."""
    server, _ = host
    for name in ("run", "var/log", "var/lib"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copytree("/etc", tmp_path / "etc", symlinks=True, ignore=shutil.ignore_patterns("vigilog", "logtrigger"))
    (tmp_path / "etc/config").mkdir(exist_ok=True)
    (tmp_path / "etc/config/logtrigger").write_text(RULE)
    (tmp_path / "etc/logtrigger").mkdir()
    shutil.copy(Path(vigilog.act.__file__).parent / "scripts" / "ipblock.sh", tmp_path / "etc/logtrigger")
    (tmp_path / "var/log/syslog").touch()
    environment = {"PATH": f"{installed().parent}:{SYSTEM_PATH}", "HOME": "/root", "TZ": "UTC"}
    with open(tmp_path / "said", "wb") as said:
        words = ["sh", "-c", OWN.format(directory=tmp_path, vigilog=installed())]
        made = server.start(*words, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment)
    wait_for(lambda: "watching" in (tmp_path / "said").read_text(), tmp_path, made)
    asked(made, "status")
    yield made
    made.kill()
    made.wait()


def wait_for(holds, directory, process):
    limit = time.monotonic() + 20
    while not holds():
        said = (directory / "said").read_text()
        assert process.poll() is None, said
        assert time.monotonic() < limit, said
        time.sleep(0.02)


def asked(daemon, *words):
    """What a command says that is called in there."""
    command = ["nsenter", "--target", str(daemon.pid), "--mount", "--net", str(installed()), *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, env={"PATH": os.environ["PATH"]}
    ).stdout


def test_the_pages_rule_shuts_out_at_the_fifth_failure_and_the_way_back_in_is_one_command(host, daemon, tmp_path):
    server, client = host

    def fail(times):
        with open(tmp_path / "var/log/syslog", "a") as log:
            stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
            log.write(f"{stamp} pbx Freeswitch: SIP registration failed User:1001 IP:10.77.0.2\n" * times)

    fail(4)
    wait_for(lambda: json.loads(asked(daemon, "status", "--format", "json"))["triggers"][0]["events"] == 4, tmp_path, daemon)
    assert client.connects(server.ipv4, 22)
    fail(1)
    wait_for(lambda: not client.connects(server.ipv4, 22), tmp_path, daemon)
    assert client.connects(server.ipv4, 22, source="10.77.0.3")
    assert "10.77.0.2" in asked(daemon, "bans")
    assert asked(daemon, "unban", "--all") == "let in: all 1\n"
    assert client.connects(server.ipv4, 22)
