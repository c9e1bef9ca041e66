"""Passwords guessed at a real sshd, from one network namespace in another: who does it is shut out by the kernel, and nobody else."""

import signal
import time

import pytest

from tests.act.namespaces import namespaces
from tests.watchman.running import running
from tests.watchman.sshd import rsyslog, sshd

pytestmark = pytest.mark.peer

TRIGGER = """
[ban]
allow = ["10.77.0.3", "fd00:77:0:3::/64"]
[[trigger]]
rule = "sshd"
count = 3
actions = ["ban"]
"""
ATTACKER, NEIGHBOUR = "10.77.0.2", "10.77.0.3"
ATTACKER6, SAME_NETWORK6, NEIGHBOUR6 = "fd00:77:0:2::1", "fd00:77:0:2::2", "fd00:77:0:3::1"

FRESH = 1.1
"""Seconds that it may take until it is seen that somebody has logged in or out."""


@pytest.fixture
def hosts(need):
    need("nft", "ip", "sshd", "ssh", "sshpass", "rsyslogd")
    with namespaces() as both:
        yield both


@pytest.fixture
def site(hosts, tmp_path):
    """The server's daemon, which reads what rsyslog wrote of sshd; sshd; and a function that tells whether the client gets in."""
    server, client = hosts
    with (
        rsyslog(server, tmp_path / "rsyslog", tmp_path / "log") as socket,
        sshd(server, tmp_path / "sshd", socket) as door,
        running(tmp_path, TRIGGER, host=server) as daemon,
    ):

        def gets_in(source, seconds=0.5):
            return client.connects(server.ipv6 if ":" in source else server.ipv4, 22, source=source, seconds=seconds)

        yield daemon, door, gets_in


def shut_out(site, client, source=ATTACKER):
    """Guesses until the source is shut out, which is after the third time."""
    daemon, door, gets_in = site
    assert door.guess(client, source, 2) == 2
    assert gets_in(source)
    door.guess_aside(client, source)
    daemon.until(lambda: not gets_in(source))


def next_second():
    """rsyslog's stamps have whole seconds: what is stamped with the second in which somebody was let in, counts as before it."""
    time.sleep(1.0 - time.time() % 1 + 0.01)


def test_the_third_wrong_password_is_the_last_and_the_allowed_neighbour_may_go_on(site, hosts):
    daemon, door, gets_in = site
    _, client = hosts
    assert door.guess(client, ATTACKER, 2) == 2
    assert door.guess(client, NEIGHBOUR, 4) == 4
    daemon.until(lambda: daemon.status()["triggers"][0]["events"] >= 6)
    assert gets_in(ATTACKER)
    assert daemon.bans() == {}
    door.guess_aside(client, ATTACKER)
    daemon.until(lambda: not gets_in(ATTACKER))
    assert door.guess(client, ATTACKER) == 0
    assert gets_in(NEIGHBOUR)
    assert door.guess(client, NEIGHBOUR) == 1
    ban = daemon.bans()[ATTACKER]
    assert (ban["rule"], ban["times"], ban["port"]) == ("sshd", 1, "")
    assert 590 < ban["until"] - time.time() <= 600
    assert ATTACKER in daemon.vigilog("bans").stdout
    assert f"{NEIGHBOUR} is never banned: it is on the allow list" in daemon.said()


def test_whoever_is_let_in_again_may_guess_three_times_more(site, hosts):
    daemon, _, gets_in = site
    _, client = hosts
    shut_out(site, client)
    assert daemon.vigilog("unban", ATTACKER).stdout == f"let in: {ATTACKER}\n"
    assert gets_in(ATTACKER)
    assert daemon.bans() == {}
    next_second()
    shut_out(site, client)
    assert daemon.bans()[ATTACKER]["times"] == 1


def test_a_daemon_that_is_killed_and_started_again_changes_nothing(site, hosts):
    daemon, door, gets_in = site
    _, client = hosts
    assert door.guess(client, NEIGHBOUR) == 1
    shut_out(site, client)
    before = daemon.bans()
    daemon.kill(signal.SIGKILL)
    assert not gets_in(ATTACKER)
    assert gets_in(NEIGHBOUR)
    assert daemon.bans() == before
    daemon.start()
    assert not gets_in(ATTACKER)
    assert gets_in(NEIGHBOUR)
    assert daemon.bans() == before


def test_failures_before_a_kill_and_after_it_are_counted_together(site, hosts):
    daemon, door, gets_in = site
    _, client = hosts
    assert door.guess(client, ATTACKER, 1) == 1
    daemon.until(lambda: daemon.status()["triggers"][0]["events"] == 1)
    daemon.kill(signal.SIGKILL)
    assert door.guess(client, ATTACKER, 1) == 1
    daemon.start()
    assert gets_in(ATTACKER)
    door.guess_aside(client, ATTACKER)
    daemon.until(lambda: not gets_in(ATTACKER))


def test_rules_that_somebody_flushes_are_back_at_once(site, hosts):
    daemon, door, gets_in = site
    server, client = hosts
    shut_out(site, client)
    for change in ("flush ruleset", "delete table inet vigilog", "flush chain inet vigilog prerouting"):
        server.run("nft", change)
        took = daemon.until(lambda: not gets_in(ATTACKER, 0.1), 3)
        print(f"\n{change}: shut out again after {took:.2f} s")
        assert gets_in(NEIGHBOUR)
    assert door.guess(client, ATTACKER) == 0
    assert daemon.said().count("somebody changed the rules of the firewall; all bans were put in again (1)") == 3


def test_everybody_is_let_in_and_stays_in_over_a_kill_and_a_restart(site, hosts):
    daemon, _, gets_in = site
    server, client = hosts
    shut_out(site, client)
    shut_out(site, client, ATTACKER6)
    assert daemon.vigilog("unban", "--all").stdout == "let in: all 2\n"
    for number in (None, signal.SIGKILL, signal.SIGTERM):
        if number:
            daemon.kill(number)
            daemon.start()
        assert gets_in(ATTACKER)
        assert gets_in(ATTACKER6)
        assert daemon.bans() == {}
    server.run("nft", "flush", "ruleset")
    next_second()
    shut_out(site, client)


def test_everybody_is_let_in_without_a_daemon(site, hosts):
    daemon, _, gets_in = site
    _, client = hosts
    shut_out(site, client)
    daemon.kill(signal.SIGKILL)
    assert not gets_in(ATTACKER)
    assert daemon.vigilog("unban", "--all").stdout == "let in: all 1\n"
    assert gets_in(ATTACKER)
    daemon.start()
    assert gets_in(ATTACKER)


def test_with_ipv6_the_whole_network_of_the_attacker_is_shut_out(site, hosts):
    daemon, door, gets_in = site
    server, client = hosts
    assert door.guess(client, NEIGHBOUR6, 4) == 4
    shut_out(site, client, ATTACKER6)
    assert list(daemon.bans()) == ["fd00:77:0:2::/64"]
    assert not gets_in(SAME_NETWORK6)
    assert gets_in(NEIGHBOUR6)
    assert gets_in(ATTACKER)
    server.run("nft", "flush", "ruleset")
    daemon.until(lambda: not gets_in(SAME_NETWORK6, 0.1), 3)
    daemon.kill(signal.SIGKILL)
    daemon.start()
    assert not gets_in(ATTACKER6)
    assert daemon.vigilog("unban", SAME_NETWORK6).returncode == 0
    assert gets_in(ATTACKER6)
    assert gets_in(SAME_NETWORK6)


def test_whoever_is_logged_in_is_not_shut_out_however_often_somebody_guesses_from_there(site, hosts):
    daemon, door, gets_in = site
    _, client = hosts
    session = door.logged_in(client, ATTACKER)
    time.sleep(FRESH)
    try:
        assert door.guess(client, ATTACKER, 4) == 4
        daemon.until(lambda: daemon.status()["triggers"][0]["alerts"] == 2)
        assert gets_in(ATTACKER)
        assert daemon.bans() == {}
    finally:
        session.kill()
        session.wait()
    time.sleep(FRESH)
    door.guess_aside(client, ATTACKER)
    daemon.until(lambda: not gets_in(ATTACKER))


def test_where_vigilog_itself_is_the_syslog_it_needs_no_other(hosts, tmp_path):
    server, client = hosts
    socket = tmp_path / "devlog"
    sources = f'sources = ["syslog:unix:{socket}"]\n'
    with running(tmp_path, sources + TRIGGER, host=server) as daemon, sshd(server, tmp_path / "sshd", socket) as door:
        assert door.guess(client, ATTACKER, 2) == 2
        assert client.connects(server.ipv4, 22, source=ATTACKER)
        door.guess_aside(client, ATTACKER)
        daemon.until(lambda: not client.connects(server.ipv4, 22, source=ATTACKER))
        assert client.connects(server.ipv4, 22, source=NEIGHBOUR)
