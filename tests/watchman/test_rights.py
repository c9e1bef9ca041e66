"""Started by root, at work as the owner of the state directory: what reads the logs may do nothing to the firewall, and bans."""

import shutil
import signal
from pathlib import Path

import pytest

import vigilog.act
from tests.act.namespaces import namespaces
from tests.watch.nobody import NOBODY, let_in, may_use_checkout
from tests.watchman.kernel import failed
from tests.watchman.running import running

pytestmark = pytest.mark.peer

ATTACKER, CALLER = "10.77.0.2", "10.77.0.3"
TRIGGERS = """
[ban]
[action.block]
type = "script"
script = "{script}"
[[trigger]]
rule = "sshd"
count = 3
actions = ["ban"]
[[trigger]]
name = "calls"
pattern = 'SIP registration failed for (?P<ip>\\S+)$'
count = 2
actions = ["block"]
"""


@pytest.fixture
def site(need, tmp_path):
    """A daemon that has given its rights up, and a function that tells whether an address gets in."""
    need("nft", "ip", "setpriv")
    if not may_use_checkout():
        pytest.skip("this checkout is closed to other users: a daemon of root keeps its rights then")
    let_in(tmp_path)
    for name in ("state", "run"):
        (tmp_path / name).mkdir(mode=0o700)
        shutil.chown(tmp_path / name, NOBODY, NOBODY)
    script = shutil.copy(Path(vigilog.act.__file__).parent / "scripts" / "ipblock.sh", tmp_path)
    with namespaces() as (server, client), server.listen("tcp", 22):
        text = TRIGGERS.format(script=script)
        with running(tmp_path, text, host=server) as daemon:
            yield daemon, lambda source: client.connects(server.ipv4, 22, source=source, seconds=0.2)


def facts(daemon):
    lines = Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def test_the_daemon_is_nobody_and_has_no_rights(site):
    daemon, _ = site
    assert facts(daemon)["Uid"] == [str(NOBODY)] * 4
    assert int(facts(daemon)["CapEff"][0], 16) == 0
    assert int(facts(daemon)["CapPrm"][0], 16) == 0


def test_it_bans_all_the_same_itself_and_through_a_script(site):
    daemon, gets_in = site
    daemon.log(*[failed(ATTACKER)] * 3, *[f"pbx: SIP registration failed for {CALLER}"] * 2)
    daemon.until(lambda: not gets_in(ATTACKER))
    daemon.until(lambda: not gets_in(CALLER))
    assert {ban["rule"] for ban in daemon.bans().values()} == {"sshd", "by hand"}


def test_over_a_flush_and_a_kill_too(site):
    daemon, gets_in = site
    daemon.log(*[failed(ATTACKER)] * 3)
    daemon.until(lambda: not gets_in(ATTACKER))
    assert daemon.host
    daemon.host.run("nft", "flush", "ruleset")
    daemon.until(lambda: not gets_in(ATTACKER), 3)
    daemon.kill(signal.SIGKILL)
    daemon.host.run("nft", "flush", "ruleset")
    daemon.start()
    assert not gets_in(ATTACKER)
    assert facts(daemon)["Uid"] == [str(NOBODY)] * 4
    daemon.vigilog("unban", "--all")
    assert gets_in(ATTACKER)
