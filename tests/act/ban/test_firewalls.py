"""What every firewall promises, tried with real packets: nftables, ipset and iptables each in a network namespace."""

import time

import pytest

from tests.act.namespaces import cable, namespace, namespaces
from vigilog.act.ban.backends import BACKENDS, Choice
from vigilog.act.ban.firewall import Element, Entry
from vigilog.act.ban.target import Port, Target

pytestmark = pytest.mark.peer
PROGRAMS = {"nftables": ["nft"], "ipset": ["ipset", "iptables", "ip6tables"], "iptables": ["iptables", "ip6tables"]}


def element(target, port=""):
    return Element(Target(target), Port(port))


def entry(target, seconds=600, port=""):
    return Entry(element(target, port), seconds)


@pytest.fixture(params=PROGRAMS)
def choice(request, need):
    need("ip", *PROGRAMS[request.param])
    return Choice(backend=request.param)


@pytest.fixture
def hosts(choice):
    with namespaces() as (server, client), server.listen("tcp", 22), server.listen("tcp", 80), server.entered():
        yield server, client


@pytest.fixture
def firewall(hosts, choice):
    made = BACKENDS[choice.backend](choice)
    made.restore([])
    assert made.intact()
    return made


def test_a_banned_address_is_shut_out_and_its_neighbour_is_not(hosts, firewall):
    server, client = hosts
    firewall.add([entry("10.77.0.2"), entry("fd00:77:0:2::/64")])
    assert not client.connects(server.ipv4, 22, source="10.77.0.2")
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:2::2")
    assert client.connects(server.ipv4, 22, source="10.77.0.3")
    assert client.connects(server.ipv6, 22, source="fd00:77:0:3::1")
    firewall.remove([element("10.77.0.2"), element("fd00:77:0:2::/64"), element("192.0.2.1")])
    assert client.connects(server.ipv4, 22, source="10.77.0.2")
    assert client.connects(server.ipv6, 22, source="fd00:77:0:2::2")
    assert firewall.present() == {}


def test_neighbours_on_the_link_still_find_each_other(hosts, firewall):
    """Otherwise a banned address would take the others of its machine with it: they share what finds the way to us."""
    server, client = hosts
    firewall.add([entry("fd00:77:0:2::1")])
    assert not client.connects(server.ipv6, 22, source="fd00:77:0:2::1")
    assert client.connects(server.ipv6, 22, source="fd00:77:0:2::2")


def test_a_ban_for_a_port_leaves_the_others_open(hosts, firewall):
    server, client = hosts
    firewall.add([entry("10.77.0.2", port="tcp/22"), entry("fd00:77:0:2::/64", port="tcp/22")])
    for to, source in ((server.ipv4, "10.77.0.2"), (server.ipv6, "fd00:77:0:2::1")):
        assert not client.connects(to, 22, source=source)
        assert client.connects(to, 80, source=source)


def test_what_was_told_is_what_is_present_and_a_restore_takes_its_place(firewall):
    told = [
        entry("192.0.2.1"),
        entry("198.51.100.0/24"),
        entry("2001:db8::7"),
        entry("2001:db8:1::/64"),
        entry("192.0.2.1", port="tcp/22"),
        entry("2001:db8:2::/64", port="udp/5060"),
    ]
    firewall.add(told)
    assert set(firewall.present()) == {each.element for each in told}
    firewall.restore(told[2:] + told[2:])
    firewall.restore(told[2:])
    assert set(firewall.present()) == {each.element for each in told[2:]}
    assert firewall.intact()


def test_a_prolonged_ban_has_its_new_end_and_is_there_once(firewall):
    firewall.add([entry("192.0.2.1", 60)])
    firewall.prolong([entry("192.0.2.1", 6000), entry("192.0.2.2", 6000)])
    left = firewall.present()
    assert set(left) == {element("192.0.2.1"), element("192.0.2.2")}
    assert all(5990 < each <= 6000 for each in left.values())
    firewall.remove([element("192.0.2.1")])
    assert set(firewall.present()) == {element("192.0.2.2")}


def test_a_ban_ends(hosts, firewall):
    server, client = hosts
    firewall.add([entry("10.77.0.2", 1)])
    assert not client.connects(server.ipv4, 22, seconds=0.2)
    time.sleep(1.1)
    if hasattr(firewall, "tick"):
        assert firewall.due() == 0
        firewall.tick()
        assert firewall.due() is None
    assert client.connects(server.ipv4, 22)


def test_flushed_rules_are_noticed_and_restored(hosts, firewall, choice):
    server, client = hosts
    firewall.add([entry("10.77.0.2")])
    assert firewall.intact()
    if choice.backend == "nftables":
        server.run("nft", "flush", "ruleset")
    else:
        server.run("iptables", "-t", "raw", "-F", "PREROUTING")
    assert not firewall.intact()
    assert client.connects(server.ipv4, 22)
    firewall.restore([entry("10.77.0.2")])
    assert firewall.intact()
    assert not client.connects(server.ipv4, 22)


def test_rules_of_others_stay_as_they_are_and_clear_leaves_nothing_of_ours(hosts, firewall):
    server, _ = hosts
    server.run("nft", "add", "table", "inet", "somebody")
    server.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", "99", "-j", "ACCEPT")
    before = server.run("iptables-save", "-t", "filter").stdout.splitlines()[1:-1]
    firewall.restore([entry("10.77.0.2"), entry("10.77.0.9", port="tcp/1")])
    firewall.add([entry("10.77.0.3"), entry("2001:db8::/64")])
    firewall.clear()
    firewall.clear()
    assert server.run("iptables-save", "-t", "filter").stdout.splitlines()[1:-1] == before
    left = server.run("nft", "list", "ruleset").stdout
    assert "somebody" in left
    assert "igilog" not in left
    assert "VIGILOG" not in left
    assert "vigilog" not in server.run("ipset", "-n", "list").stdout


@pytest.mark.parametrize("forward", [True, False])
def test_what_is_forwarded_is_dropped_if_wished_and_what_is_for_this_host_always(choice, forward):
    with namespaces() as (router, client), namespace("10.78.0.2") as inner:
        cable(router, ["10.78.0.1/24"], inner, ["10.78.0.2/24"])
        inner.run("ip", "route", "add", "default", "via", "10.78.0.1")
        client.run("ip", "route", "add", "default", "via", router.ipv4)
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        with inner.listen("tcp", 22), router.listen("tcp", 22), router.entered():
            assert client.connects(inner.ipv4, 22)
            firewall = BACKENDS[choice.backend](Choice(backend=choice.backend, forward=forward))
            firewall.restore([entry("10.77.0.2")])
            assert firewall.intact()
            assert client.connects(inner.ipv4, 22) is not forward
            assert not client.connects(router.ipv4, 22)
            assert client.connects(inner.ipv4, 22, source="10.77.0.3")
