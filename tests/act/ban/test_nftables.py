"""The firewall nftables, in network namespaces: real packets against the real kernel, told by the real nft."""

import threading
import time
from contextlib import suppress

import pytest

from tests.act.ban.many import many
from tests.act.namespaces import cable, namespace, namespaces
from vigilog.act.ban.firewall import Element, Entry, FirewallError
from vigilog.act.ban.nftables import Nftables
from vigilog.act.ban.target import Port, Target

pytestmark = pytest.mark.peer


def element(target, port=""):
    return Element(Target(target), Port(port))


def entry(target, seconds=600, port=""):
    return Entry(element(target, port), seconds)


@pytest.fixture
def hosts(need):
    need("nft", "ip")
    with namespaces() as (server, client), server.listen("tcp", 22), server.listen("tcp", 80), server.entered():
        yield server, client


@pytest.fixture
def firewall(hosts):
    made = Nftables(forward=True)
    made.restore([])
    return made


def test_packets_of_a_banned_address_are_dropped_and_those_of_its_neighbour_are_not(hosts, firewall):
    server, client = hosts
    assert client.connects(server.ipv4, 22)
    firewall.add([entry("10.77.0.2")])
    assert not client.connects(server.ipv4, 22)
    assert not client.connects(server.ipv4, 80)
    assert client.connects(server.ipv4, 22, source="10.77.0.3")
    firewall.remove([element("10.77.0.2")])
    assert client.connects(server.ipv4, 22)


def test_a_connection_that_is_open_hears_nothing_any_more(hosts, firewall):
    server, client = hosts
    with server.listen("tcp", 8022) as listening, client.own_socket(server.ipv4) as attacker:
        attacker.connect((server.ipv4, 8022))
        session, _ = listening.accept()
        attacker.send(b"one")
        assert session.recv(10) == b"one"
        firewall.add([entry("10.77.0.2")])
        attacker.send(b"two")
        session.settimeout(0.5)
        with pytest.raises(TimeoutError):
            session.recv(10)
        session.close()


def test_an_ipv6_network_is_banned_whole_and_the_next_one_is_not(hosts, firewall):
    server, client = hosts
    firewall.add([entry("fd00:77:0:2::/64")])
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:2::1")
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:2::2")
    assert client.connects(server.ipv6, 22, source="fd00:77:0:3::1")


def test_a_single_ipv6_address_is_banned_alone(hosts, firewall):
    server, client = hosts
    firewall.add([entry("fd00:77:0:2::1")])
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:2::1")
    assert client.connects(server.ipv6, 22, source="fd00:77:0:2::2")


@pytest.mark.parametrize(("target", "source"), [("10.77.0.2", "10.77.0.2"), ("fd00:77:0:2::/64", "fd00:77:0:2::2")])
def test_a_ban_for_a_port_leaves_the_others_open(hosts, firewall, target, source):
    server, client = hosts
    to = server.ipv6 if ":" in source else server.ipv4
    firewall.add([entry(target, port="tcp/22"), entry(target, port="udp/80")])
    assert not client.connects(to, 22, source=source)
    assert client.connects(to, 80, source=source)


def test_networks_of_any_length_one_in_the_other_are_banned_side_by_side(hosts, firewall):
    server, client = hosts
    networks = ["10.0.0.0/8", "10.77.0.0/30", "10.77.0.2", "fd00::/8", "fd00:77::/47", "fd00:77:0:3::/64"]
    firewall.add([entry(network) for network in networks])
    assert not client.connects(server.ipv4, 22, source="10.77.0.3")
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:3::1")
    firewall.remove([element(network) for network in networks[:1] + networks[3:5]])
    assert not client.connects(server.ipv4, 22, source="10.77.0.3")
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:3::1")
    assert client.connects(server.ipv6, 22, source="fd00:77:0:2::1")


def test_a_ban_ends_by_itself(hosts, firewall):
    server, client = hosts
    firewall.add([entry("10.77.0.2", 1)])
    assert not client.connects(server.ipv4, 22, seconds=0.2)
    time.sleep(1.1)
    assert client.connects(server.ipv4, 22)


def test_a_prolonged_ban_has_its_new_end_and_one_that_was_not_held_is_held_then(firewall):
    firewall.add([entry("192.0.2.1", 60), entry("192.0.2.2", 60)])
    firewall.prolong([entry("192.0.2.1", 6000), entry("192.0.2.3", 6000), entry("2001:db8::/64", 6000)])
    left = firewall.present()
    assert 5990 < left[element("192.0.2.1")] <= 6000
    assert 50 < left[element("192.0.2.2")] <= 60
    assert 5990 < left[element("192.0.2.3")] <= 6000
    assert 5990 < left[element("2001:db8::/64")] <= 6000


def test_what_was_added_is_what_is_present(firewall):
    entries = [
        entry("192.0.2.1"),
        entry("198.51.100.0/24"),
        entry("2001:db8::7"),
        entry("2001:db8:1::/64"),
        entry("192.0.2.1", port="tcp/22"),
        entry("192.0.2.0/24", port="udp/5060"),
        entry("2001:db8:2::/64", port="sctp/9"),
        entry("0.0.0.0/0", port="tcp/65535"),
        entry("::/0", port="tcp/1"),
    ]
    firewall.add(entries)
    assert set(firewall.present()) == {each.element for each in entries}


def test_to_let_in_what_is_not_held_is_no_error(firewall):
    firewall.add([entry("192.0.2.1")])
    firewall.remove([element("192.0.2.9"), element("2001:db8::/64"), element("192.0.2.1", "tcp/22"), element("192.0.2.1")])
    assert firewall.present() == {}


def test_a_restore_takes_the_place_of_everything_and_can_be_repeated(firewall):
    firewall.add([entry("192.0.2.1"), entry("2001:db8::/64")])
    for _ in range(2):
        firewall.restore([entry("192.0.2.2"), entry("192.0.2.2"), entry("192.0.2.3", port="tcp/22")])
        assert set(firewall.present()) == {element("192.0.2.2"), element("192.0.2.3", "tcp/22")}
        assert firewall.intact()


def test_a_banned_address_gets_no_packet_through_while_everything_is_restored(hosts, firewall):
    server, client = hosts
    entries = [entry("10.77.0.2")]
    firewall.restore(entries)
    heard = []
    with server.listen("udp", 5060) as listening, client.own_socket(server.ipv4, "udp") as attacker:
        listening.settimeout(0.2)
        stop = threading.Event()

        def attack():
            while not stop.is_set():
                attacker.sendto(b"register", (server.ipv4, 5060))
                time.sleep(0.0002)

        thread = threading.Thread(target=attack)
        thread.start()
        for _ in range(20):
            firewall.restore(entries)
            firewall.prolong(entries)
        stop.set()
        thread.join()
        with suppress(TimeoutError):
            heard.append(listening.recv(100))
    assert heard == []


def test_clear_leaves_nothing_and_may_be_called_twice(hosts, firewall):
    server, _ = hosts
    server.run("nft", "add", "table", "inet", "somebody")
    firewall.add([entry("192.0.2.1")])
    firewall.clear()
    firewall.clear()
    assert server.run("nft", "list", "tables").stdout == "table inet somebody\n"
    assert not firewall.intact()


@pytest.mark.parametrize(
    "change",
    [
        "flush ruleset",
        "delete table inet vigilog",
        "flush chain inet vigilog prerouting",
        "insert rule inet vigilog prerouting accept",
        "add table inet vigilog { flags dormant; }",
        "add chain inet vigilog other { type filter hook prerouting priority -400; }",
    ],
)
def test_a_foreign_change_of_the_rules_is_seen_and_a_restore_repairs_it(hosts, firewall, change):
    server, client = hosts
    entries = [entry("10.77.0.2")]
    firewall.add(entries)
    assert firewall.intact()
    server.run("nft", change)
    assert not firewall.intact()
    firewall.restore(entries)
    assert firewall.intact()
    assert not client.connects(server.ipv4, 22)


def test_changes_in_tables_of_others_do_not_matter(hosts, firewall):
    server, _ = hosts
    firewall.add([entry("192.0.2.1")])
    server.run("nft", "add table inet filter; add chain inet filter input { type filter hook input priority 0; }")
    assert firewall.intact()


def test_to_add_after_a_foreign_flush_is_an_error_not_a_ban_without_rules(hosts, firewall):
    server, _ = hosts
    firewall.add([entry("192.0.2.1")])
    server.run("nft", "flush", "ruleset")
    for _ in range(2):
        with pytest.raises(FirewallError, match="No such file"):
            firewall.add([entry("192.0.2.2")])


def test_a_firewall_that_finds_a_table_goes_on_with_it(hosts, firewall):
    server, client = hosts
    firewall.add([entry("192.0.2.1")])
    second = Nftables(forward=True)
    second.add([entry("10.77.0.2"), entry("fd00:77:0:2::/64")])
    assert not client.connects(server.ipv4, 22)
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:2::1")
    assert server.run("nft", "list", "table", "inet", "vigilog").stdout.count("@four32") == 1
    second.remove([element("192.0.2.1")])
    assert set(second.present()) == {element("10.77.0.2"), element("fd00:77:0:2::/64")}


@pytest.mark.parametrize("forward", [True, False])
def test_what_is_forwarded_is_dropped_if_wished_and_what_is_for_this_host_always(need, forward):
    need("nft", "ip")
    with namespaces() as (router, client), namespace("10.78.0.2") as inner:
        cable(router, ["10.78.0.1/24"], inner, ["10.78.0.2/24"])
        inner.run("ip", "route", "add", "default", "via", "10.78.0.1")
        client.run("ip", "route", "add", "default", "via", router.ipv4)
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        with inner.listen("tcp", 22), router.listen("tcp", 22), router.entered():
            assert client.connects(inner.ipv4, 22)
            firewall = Nftables(forward=forward)
            firewall.restore([entry("10.77.0.2")])
            assert firewall.intact()
            assert client.connects(inner.ipv4, 22) is not forward
            assert not client.connects(router.ipv4, 22)
            assert client.connects(inner.ipv4, 22, source="10.77.0.3")


def test_bans_added_by_two_at_once_are_all_there(hosts, firewall):
    batches = [[entry(f"198.51.{thread}.{number}") for number in range(1, 40)] for thread in range(4)]
    firewall.add([entry("192.0.2.1")])
    server, _ = hosts

    def add(batch):
        with server.entered():
            own = Nftables(forward=True)
            for each in batch:
                own.add([each])

    threads = [threading.Thread(target=add, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(firewall.present()) == 4 * 39 + 1


def test_150_000_bans_are_restored_in_one_transaction_and_one_more_is_added(firewall):
    """The times are printed: `pytest -s`. Nothing here depends on them."""
    entries = many(150_000)
    begun = time.monotonic()
    firewall.restore(entries)
    restored = time.monotonic() - begun
    began = time.monotonic()
    firewall.add([entry("192.0.2.1")])
    added = time.monotonic() - began
    print(f"\n150,000 restored in {restored:.2f} s, one more in {added * 1000:.1f} ms")
    held = firewall.present()
    assert len(held) == 150_001
    assert all(each.element in held for each in entries)


def test_a_set_that_is_full_is_an_error_and_a_restore_makes_room(firewall):
    """What the action does then: everything that is in force is restored, with what found no room."""
    first = many(80_000)
    firewall.restore(first[:10])
    with pytest.raises(FirewallError):
        firewall.add(first[10:])
    assert len(firewall.present()) == 10
    firewall.restore(first)
    firewall.add(many(90_000)[:100])
    assert len(firewall.present()) >= 80_000
