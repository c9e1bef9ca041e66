"""`make fleet-demo`: what it shows comes true, and nothing is left of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import absent

pytestmark = pytest.mark.peer

DEMO = Path(__file__).resolve().parent.parent / "packaging" / "fleet-demo" / "demo.py"
HOSTS = ("alpha", "beta", "gamma")


@pytest.fixture
def able(need):
    """Skips where the demonstration cannot be given."""
    need("java", "openssl", "ip", "nft", "rsyslogd", "sshd", "ssh", "unshare")
    if os.geteuid() != 0:
        absent("network namespaces need root")
    apart = subprocess.run(["unshare", "--net", "--pid", "--mount", "--fork", "true"], capture_output=True, check=False)
    if apart.returncode:
        absent(f"no namespaces here: {apart.stderr.decode()}")


def seen_outside() -> list[str]:
    """What this machine's own firewall, namespaces and network have of the demonstration: it must be nothing."""
    commands = (["nft", "list", "ruleset"], ["ip", "netns", "list"], ["ip", "-brief", "address"])
    said = [subprocess.run(words, capture_output=True, text=True, check=True).stdout for words in commands]
    return re.findall(r".*(?:10\.99\.0\.|\balpha\b|\bwire\b).*", "\n".join(said))


def living(namespace: str) -> list[str]:
    """The processes of a process namespace."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "ns" / "pid") == namespace:
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def test_who_tries_each_host_once_is_banned_on_all_and_let_in_again(able):
    done = subprocess.run([sys.executable, DEMO], capture_output=True, text=True, check=False, timeout=240)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for host in HOSTS:
        assert re.search(rf"{host} \| .*Failed password for root from 10\.99\.0\.66", said), said
        assert re.search(rf"attacker \| ssh root@{host}: .*timed out", said), said
        assert re.search(rf"{host} \| fleet: let in: 10\.99\.0\.66", said), said
    assert not seen_outside()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_nothing_is_left(able, how):
    process = subprocess.Popen([sys.executable, DEMO], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout
    for line in process.stdout:
        if b"made the topic" in line:  # a worker is up: Kafka is there, too
            break
    [unshare] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    [first] = Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split()
    namespace = os.readlink(f"/proc/{first}/ns/pid")
    assert any("kafka.Kafka" in command for command in living(namespace))
    assert not seen_outside()
    process.send_signal(how)
    process.communicate(timeout=60)
    limit = time.monotonic() + 30
    while (left := living(namespace)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not left
    assert not seen_outside()
