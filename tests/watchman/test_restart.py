"""20,000 bans in force: what a kill, a restart and a kernel that has forgotten everything make of them. Nothing."""

import signal
import time

import pytest

from tests.act.namespaces import namespaces
from tests.watchman.kernel import addresses, failed, held
from tests.watchman.running import running

pytestmark = pytest.mark.peer

MANY = 20_000
TRIGGER = """
[ban]
time = "{time}"
allow = {allow}
[[trigger]]
rule = "sshd"
count = 1
actions = ["ban"]
"""
ATTACKER, NEIGHBOUR = "10.77.0.2", "10.77.0.3"


@pytest.fixture
def hosts(need):
    need("nft", "ip")
    with namespaces() as both, both[0].listen("tcp", 22):
        yield both


def test_twenty_thousand_bans_are_there_again_after_a_kill_and_a_reboot_of_the_firewall(hosts, tmp_path):
    server, client = hosts
    with running(tmp_path, TRIGGER.format(time="2h", allow=[]), host=server) as daemon:

        def gets_in(source):
            return client.connects(server.ipv4, 22, source=source)

        everybody = [ATTACKER, NEIGHBOUR, *addresses(MANY - 2)]
        daemon.log(*map(failed, everybody))
        daemon.until(lambda: daemon.status()["bans"] == MANY, 30)
        assert set(held(server)) == set(everybody)
        before = daemon.bans()
        daemon.kill(signal.SIGKILL)
        server.run("nft", "flush", "ruleset")
        assert gets_in(ATTACKER)

        begun = time.monotonic()
        daemon.start()
        took = time.monotonic() - begun
        assert not gets_in(ATTACKER)
        now, left = time.time(), held(server)
        print(f"\n{MANY} bans: {took:.2f} s from the start of the process to its first answer, with all of them restored")
        assert set(left) == set(everybody)
        assert all(abs(before[address]["until"] - now - seconds) < 5 for address, seconds in left.items())
        assert daemon.bans() == before

        daemon.kill(signal.SIGTERM)
        assert not gets_in(ATTACKER), "a daemon that ends lets nobody in"
        daemon.configure(TRIGGER.format(time="2h", allow=[NEIGHBOUR]))
        daemon.start()
        assert gets_in(NEIGHBOUR), "who is never banned is let in, whatever the store says"
        assert not gets_in(ATTACKER)
        assert len(held(server)) == MANY - 1

        assert daemon.vigilog("unban", "--all").stdout == f"let in: all {MANY - 1}\n"
        daemon.kill(signal.SIGKILL)
        daemon.start()
        assert held(server) == {}
        assert gets_in(ATTACKER)


def test_a_ban_whose_time_ends_while_nobody_watches_does_not_come_back(hosts, tmp_path):
    server, client = hosts
    with running(tmp_path, TRIGGER.format(time="3s", allow=[]), host=server) as daemon:
        daemon.log(failed(ATTACKER))
        daemon.until(lambda: not client.connects(server.ipv4, 22, source=ATTACKER, seconds=0.2), 3)
        daemon.kill(signal.SIGKILL)
        daemon.until(lambda: client.connects(server.ipv4, 22, source=ATTACKER, seconds=0.2), 5)
        daemon.start()
        assert daemon.bans() == {}
        assert client.connects(server.ipv4, 22, source=ATTACKER)
        daemon.log(failed(ATTACKER))
        daemon.until(daemon.bans)
        assert daemon.bans()[ATTACKER]["times"] == 2
        assert 4 < daemon.bans()[ATTACKER]["until"] - daemon.bans()[ATTACKER]["since"] <= 6


def test_a_kill_in_the_middle_of_the_storm_loses_nobody(hosts, tmp_path):
    """Whether an order was carried out before the kill or not: afterwards all are in the kernel, and each is one ban."""
    server, _ = hosts
    everybody = addresses(5_000)
    with running(tmp_path, TRIGGER.format(time="2h", allow=[]), host=server) as daemon:
        for at in range(0, len(everybody), 1000):
            daemon.log(*map(failed, everybody[at : at + 1000]))
            time.sleep(0.12)
            daemon.kill(signal.SIGKILL)
            daemon.start()
        daemon.until(lambda: daemon.status()["bans"] == len(everybody), 20)
        daemon.until(lambda: not any(action["waiting"] for action in daemon.status()["actions"]))
        assert set(held(server)) == set(everybody)
        assert {ban["times"] for ban in daemon.bans().values()} == {1}


def test_whoever_comes_onto_the_allow_list_is_let_in_by_a_reload(hosts, tmp_path):
    server, client = hosts
    with running(tmp_path, TRIGGER.format(time="2h", allow=[]), host=server) as daemon:
        daemon.log(failed(ATTACKER), failed(NEIGHBOUR))
        daemon.until(lambda: len(held(server)) == 2)
        daemon.configure(TRIGGER.format(time="2h", allow=[NEIGHBOUR]))
        assert daemon.vigilog("reload").returncode == 0
        daemon.until(lambda: held(server).keys() == {ATTACKER})
        assert client.connects(server.ipv4, 22, source=NEIGHBOUR)
        daemon.configure(TRIGGER.format(time="2h", allow=["not an address"]))
        assert daemon.vigilog("reload", check=False).returncode != 0
        daemon.log(failed(NEIGHBOUR), failed("192.0.2.9"))
        daemon.until(lambda: held(server).keys() == {ATTACKER, "192.0.2.9"})


def test_the_way_back_in_is_open_where_no_trigger_bans_any_more(hosts, tmp_path):
    server, client = hosts
    text = TRIGGER.format(time="2h", allow=[])
    with running(tmp_path, text, host=server) as daemon:
        daemon.log(failed(ATTACKER))
        daemon.until(daemon.bans)
        daemon.kill(signal.SIGTERM)
        daemon.configure(text.replace('"ban"', '"null"'))
        daemon.start()
        assert not client.connects(server.ipv4, 22, source=ATTACKER)
        assert daemon.bans().keys() == {ATTACKER}
        assert daemon.vigilog("unban", "--all").stdout == "let in: all 1\n"
        assert client.connects(server.ipv4, 22, source=ATTACKER)
        assert daemon.bans() == {}
        daemon.kill(signal.SIGTERM)
        daemon.configure(text)
        daemon.start()
        assert held(server) == {}


def test_everybody_let_in_in_the_middle_of_a_storm_stays_in(hosts, tmp_path):
    """Bans in force, orders that wait, lines that are not read yet: none of it shuts anybody out afterwards."""
    server, _ = hosts
    with running(tmp_path, TRIGGER.format(time="2h", allow=[]), host=server) as daemon:
        daemon.log(*map(failed, addresses(MANY)))
        daemon.until(lambda: daemon.status()["bans"] > 1000)
        assert daemon.vigilog("unban", "--all").returncode == 0
        for number in (None, signal.SIGKILL):
            if number:
                daemon.kill(number)
                daemon.start()
            daemon.until(lambda: daemon.rows("SELECT count(*) FROM alerts") == [(MANY,)])
            daemon.until(lambda: daemon.rows("SELECT count(*) FROM outbox WHERE status IN ('waiting', 'begun')") == [(0,)])
            assert daemon.bans() == {}
            assert held(server) == {}
        time.sleep(1.1)
        daemon.log(failed(ATTACKER))
        daemon.until(lambda: held(server).keys() == {ATTACKER})
