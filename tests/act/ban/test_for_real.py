"""The action, its helper, the kernel and the store together, with real packets."""

import threading
import time

import pytest

from tests.act.ban.many import many
from tests.act.namespaces import namespaces
from vigilog.act.ban.action import Ban
from vigilog.act.ban.backends import Choice
from vigilog.act.ban.helper import start_helper
from vigilog.act.ban.judge import Policy
from vigilog.act.ban.never import Never
from vigilog.act.ban.own import own_addresses
from vigilog.core.clock import wall
from vigilog.core.nouns import Alert, Event, Order
from vigilog.store import bans
from vigilog.store.bans import Banned
from vigilog.store.database import open_store, transaction

pytestmark = pytest.mark.peer


class Host:
    """What a daemon does about bans, in a namespace."""

    def __init__(self, server, directory):
        self.store = open_store(directory)
        self.said: list[str] = []
        with server.entered():
            self.helper = start_helper(Choice())
        never = Never((), self._own(server), self.helper.peers, time.monotonic)
        self.ban = Ban(
            self.helper,
            Policy(never),
            lambda texts, since: bans.past(self.store, texts, since),
            clock=wall,
            say=self.said.append,
        )
        begun = time.monotonic()
        self.keep(self.ban.restore(bans.in_force(self.store, wall()), bans.lifts(self.store, wall() - 86400)).changes)
        self.restored = time.monotonic() - begun
        self.thread = threading.Thread(target=self.ban.tend, args=(self.helper.sign,))
        self.thread.start()

    def _own(self, server):
        with server.entered():
            found = own_addresses()
        return lambda: found

    def keep(self, changes):
        with transaction(self.store):
            bans.apply(self.store, changes)

    def perform(self, *texts):
        events = [Event(wall(), wall(), "s", "sshd", "attack", {"address": text}, b"") for text in texts]
        outcomes = list(self.ban.perform([Order(1, "ban", Alert("sshd", (), event.time, (event,), 1)) for event in events]))
        self.keep([change for outcome in outcomes for change in outcome.changes])
        return outcomes

    def stop(self):
        self.helper.close()
        self.thread.join(5)
        assert not self.thread.is_alive()
        self.store.close()


@pytest.fixture
def hosts(need):
    need("nft", "ip")
    with namespaces() as (server, client), server.listen("tcp", 22):
        yield server, client


@pytest.fixture
def start(hosts, tmp_path):
    running = []

    def made():
        running.append(Host(hosts[0], str(tmp_path / "state")))
        return running[-1]

    yield made
    for host in running:
        if host.thread.is_alive():
            host.stop()


def wait(condition, seconds=5.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "not in time"
        time.sleep(0.01)


def listed(server):
    return server.run("nft", "list", "table", "inet", "vigilog", check=False).stdout


def test_a_ban_drops_packets_and_outlives_a_flush_a_restart_and_the_flush_before_a_restart(hosts, start):
    server, client = hosts
    host = start()
    host.perform("10.77.0.2", "fd00:77:0:2::1")
    assert not client.connects(server.ipv4, 22)
    assert client.connects(server.ipv4, 22, source="10.77.0.3")
    server.run("nft", "flush", "ruleset")
    wait(lambda: "10.77.0.2" in listed(server))
    assert not client.connects(server.ipv4, 22)
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:2::2")
    assert any("somebody changed the rules" in line for line in host.said)
    host.stop()
    assert not client.connects(server.ipv4, 22)
    server.run("nft", "flush", "ruleset")
    assert client.connects(server.ipv4, 22)
    again = start()
    assert not client.connects(server.ipv4, 22)
    again.keep(again.ban.unban(["10.77.0.2"]).changes)
    assert client.connects(server.ipv4, 22)
    again.stop()
    assert {ban.target for ban in start().ban.in_force()} == {"fd00:77:0:2::/64"}
    assert client.connects(server.ipv4, 22)


def test_after_unban_all_nothing_is_banned_not_after_a_flush_nor_a_restart(hosts, start):
    server, client = hosts
    host = start()
    host.perform("10.77.0.2", "fd00:77:0:2::1", "192.0.2.1")
    host.keep(host.ban.unban_all().changes)
    assert client.connects(server.ipv4, 22)
    server.run("nft", "flush", "ruleset")
    wait(lambda: "prerouting" in listed(server))
    host.stop()
    again = start()
    assert again.ban.in_force() == []
    assert again.helper.present() == {}
    assert client.connects(server.ipv4, 22)


def test_a_ban_that_somebody_lifts_behind_our_back_is_put_in_again(hosts, start):
    server, client = hosts
    host = start()
    host.perform("10.77.0.2")
    server.run("nft", "delete element inet vigilog four32 { 10.77.0.2 }")
    wait(lambda: "10.77.0.2" in listed(server), 5)
    assert not client.connects(server.ipv4, 22)
    assert "1 bans put right, 0 taken out" in host.said[0]


def test_the_servers_own_network_is_not_banned_with_a_neighbour_in_it(hosts, start):
    server, client = hosts
    client.run("ip", "addr", "add", "fd00:77:0:1::9/48", "dev", client.run("ls", "/sys/class/net").stdout.split()[-1], "nodad")
    host = start()
    (outcome, own) = host.perform("fd00:77:0:1::9", "fd00:77:0:1::1")
    assert outcome.changes[0].target == "fd00:77:0:1::9"
    assert not own.done
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:1::9")
    assert client.connects(server.ipv6, 22, source="fd00:77:0:3::1")


def test_a_second_ban_is_longer_and_counts_over_a_restart(hosts, start):
    host = start()
    now = wall()
    host.keep([Banned("10.77.0.2", "", "sshd", now - 700, now - 100, 2, "")])
    (outcome,) = host.perform("10.77.0.2")
    assert outcome.changes[0].times == 3
    assert outcome.changes[0].until == pytest.approx(wall() + 2400, abs=5)
    assert 2390 < host.helper.present()[("10.77.0.2", "")] <= 2400


def test_150_000_bans_are_restored_at_the_start_and_one_more_takes_no_time(hosts, start, tmp_path):
    """The times are printed: `pytest -s`. Nothing here depends on them."""
    server, client = hosts
    store = open_store(str(tmp_path / "state"))
    now = wall()
    with transaction(store):
        bans.record(
            store, [Banned(each.element.target, "", "sshd", now, now + each.seconds + 60, 1, "x") for each in many(150_000)]
        )
    store.close()
    host = start()
    begun = time.monotonic()
    host.perform("10.77.0.2")
    one = time.monotonic() - begun
    assert not client.connects(server.ipv4, 22)
    begun = time.monotonic()
    server.run("nft", "flush", "ruleset")
    wait(lambda: not client.connects(server.ipv4, 22, seconds=0.2), 30)
    repaired = time.monotonic() - begun
    assert len(host.helper.present()) == 150_001
    print(
        f"\n150,000 restored in {host.restored:.2f} s, one more in {one * 1000:.1f} ms, repaired after a flush in {repaired:.2f} s"
    )
    answer = host.ban.unban_all()
    assert answer.lines == ("let in: all 150001",)
    assert host.helper.present() == {}
