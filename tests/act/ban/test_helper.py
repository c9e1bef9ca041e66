"""The helper: does what it is told, notices what others do, sleeps otherwise, and comes back when it dies."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.act.ban.many import many
from tests.act.namespaces import namespaces
from vigilog.act.ban.backends import Choice
from vigilog.act.ban.firewall import Element, Entry, FirewallError
from vigilog.act.ban.helper import start_helper
from vigilog.act.ban.target import EVERY_PORT, Port, Target

pytestmark = pytest.mark.peer


def element(target, port=""):
    return Element(Target(target), Port(port))


def entry(target, seconds=600, port=""):
    return Entry(element(target, port), seconds)


@contextmanager
def helping(host, **choice):
    with host.entered():
        helper = start_helper(Choice(**choice))
    try:
        yield helper
    finally:
        helper.close()


@pytest.fixture
def hosts(need):
    need("nft", "ip")
    with namespaces() as (server, client), server.listen("tcp", 22):
        yield server, client


@pytest.fixture
def helper(hosts):
    with helping(hosts[0]) as made:
        made.restore([])
        yield made


def worker(helper):
    """The process that does the work."""
    (number,) = Path(f"/proc/{helper._process.pid}/task/{helper._process.pid}/children").read_text().split()
    return int(number)


def cpu(process):
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait(condition, seconds=10):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_it_is_a_firewall_like_any_other(hosts, helper):
    server, client = hosts
    helper.add([entry("10.77.0.2"), entry("fd00:77:0:2::/64", 60), entry("10.77.0.3", port="udp/1")])
    assert not client.connects(server.ipv4, 22)
    assert set(helper.present()) == {element("10.77.0.2"), element("fd00:77:0:2::/64"), element("10.77.0.3", "udp/1")}
    helper.prolong([entry("fd00:77:0:2::/64", 6000)])
    assert helper.present()[element("fd00:77:0:2::/64")] > 5990
    helper.remove([element("10.77.0.2")])
    assert client.connects(server.ipv4, 22)
    assert helper.intact()
    helper.clear()
    assert not helper.intact()
    assert helper.present() == {}


@pytest.mark.parametrize(
    "target",
    ["1.2.3.4; reboot", "1.2.3.4 1\nadd 1 1\n", "", "::ffff:1.2.3.4", "10.0.0.1/8", "localhost", "1.2.3.4 } ; flush ruleset"],
)
def test_it_refuses_what_is_no_address_and_does_nothing_of_such_a_request(helper, target):
    with pytest.raises(FirewallError, match=r"line \d is not|does not end as it began"):
        helper.add([entry("192.0.2.1"), Entry(Element(target, EVERY_PORT), 600)])
    assert helper.present() == {}
    with pytest.raises(FirewallError):
        helper.add([Entry(element("192.0.2.1", "tcp/22 accept"), 600)])
    assert helper.intact()


def test_errors_of_the_firewall_come_through(hosts, helper):
    hosts[0].run("nft", "flush", "ruleset")
    with pytest.raises(FirewallError, match="No such file or directory"):
        helper.add([entry("192.0.2.1")])


@pytest.mark.parametrize(
    "change",
    [
        "flush ruleset",
        "delete table inet vigilog",
        "flush chain inet vigilog prerouting",
        "insert rule inet vigilog prerouting accept",
    ],
)
def test_it_says_at_once_that_somebody_changed_the_rules(hosts, helper, change):
    helper.add([entry("192.0.2.1")])
    assert helper.sign(0.2) == b""
    begun = time.monotonic()
    hosts[0].run("nft", change)
    assert helper.sign(5) == b"b"
    assert time.monotonic() - begun < 2
    helper.restore([entry("192.0.2.1")])
    assert helper.sign(0.2) == b""
    assert helper.intact()


@pytest.mark.parametrize(
    "change",
    [
        "add element inet vigilog four32 { 192.0.2.99 timeout 1h }",
        "delete element inet vigilog four32 { 192.0.2.1 }",
        "flush set inet vigilog four32",
    ],
)
def test_it_says_soon_that_somebody_changed_what_is_held(hosts, helper, change):
    helper.add([entry("192.0.2.1")])
    hosts[0].run("nft", change)
    assert helper.sign(5) == b"l"


def test_its_own_changes_and_those_in_tables_of_others_are_no_reason_to_repair(hosts, helper):
    for number in range(20):
        helper.add([entry(f"192.0.2.{number}")])
        helper.remove([element(f"192.0.2.{number}")])
    assert helper.sign(0.3) == b""
    hosts[0].run("nft", "add", "table", "inet", "somebody")
    assert helper.sign(3) in {b"l", b""}
    assert helper.intact()


def test_it_asks_for_a_comparison_at_its_interval_only_if_something_changed(hosts):
    with helping(hosts[0], check_interval=0.3) as helper:
        helper.restore([entry("192.0.2.1")])
        assert helper.sign(2) == b"l"
        helper.present()
        assert helper.sign(1) == b""
        helper.add([entry("192.0.2.2")])
        assert helper.sign(2) == b"l"


def test_it_uses_no_time_while_nothing_happens(hosts):
    with helping(hosts[0], check_interval=0.5) as helper:
        helper.restore(many(1000))
        helper.present()
        processes = worker(helper), helper._process.pid
        before = [cpu(process) for process in processes]
        time.sleep(3)
        assert sum(cpu(process) for process in processes) - sum(before) <= 0.02


def test_a_killed_worker_is_started_anew_and_what_it_was_asked_is_done(helper):
    helper.add([entry("10.77.0.2")])
    for _ in range(2):
        old = worker(helper)
        os.kill(old, signal.SIGKILL)
        helper.add([entry("10.77.0.3")])
        assert worker(helper) != old
        assert helper.sign(5) == b"b"
        assert set(helper.present()) == {element("10.77.0.2"), element("10.77.0.3")}
        time.sleep(1.1)


def test_a_worker_that_is_killed_at_work_leaves_all_or_nothing_and_the_request_is_done_by_the_next(helper):
    entries = many(20_000)
    thread = threading.Thread(target=helper.restore, args=(entries,))
    thread.start()
    time.sleep(0.05)
    os.kill(worker(helper), signal.SIGKILL)
    thread.join()
    assert len(helper.present()) == 20_000


def test_if_all_of_it_is_killed_all_of_it_is_started_anew(hosts):
    with helping(hosts[0]) as helper, hosts[0].entered():
        helper.restore([])
        for noticed_by in (lambda: helper.add([entry("192.0.2.1")]), lambda: helper.sign(5)):
            for process in (helper._process.pid, worker(helper)):
                os.kill(process, signal.SIGKILL)
            noticed_by()
            helper.restore([entry("192.0.2.1"), entry("192.0.2.2")])
            assert len(helper.present()) == 2


def test_a_helper_that_was_closed_stays_closed(hosts):
    with helping(hosts[0]) as helper:
        helper.close()
        with pytest.raises(FirewallError, match="closed"):
            helper.intact()
        with pytest.raises(EOFError):
            helper.sign(1)


def test_signals_for_the_whole_group_do_not_end_it_but_the_end_of_the_daemon_does(hosts):
    with helping(hosts[0]) as helper:
        processes = [helper._process.pid, worker(helper)]
        for process in processes:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                os.kill(process, number)
        helper.restore([entry("192.0.2.1")])
        helper._asked.shutdown(socket.SHUT_RDWR)
        assert helper._process.wait(5) == 0
        wait(lambda: not os.path.exists(f"/proc/{processes[1]}"))
        assert "192.0.2.1" in hosts[0].run("nft", "list", "ruleset").stdout


def test_it_has_no_rights_but_those_for_the_firewall_and_for_seeing_who_is_logged_in(helper):
    status = dict(
        line.split(":\t") for line in Path(f"/proc/{worker(helper)}/status").read_text().splitlines() if ":\t" in line
    )
    allowed = 1 << 12 | 1 << 13 | 1 << 2 | 1 << 19
    for name in ("CapPrm", "CapEff", "CapBnd", "CapInh"):
        assert int(status[name], 16) & ~allowed == 0
    assert status["NoNewPrivs"] == "1"


def test_it_is_asked_by_several_threads_at_once(helper):
    def add(number):
        for each in range(25):
            helper.add([entry(f"198.51.{number}.{each}")])
            assert helper.intact()

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(helper.present()) == 100


def test_it_inherits_nothing_from_the_daemon_but_its_two_sockets(hosts):
    with open("/etc/hostname", "rb") as secret:
        os.set_inheritable(secret.fileno(), True)
        with helping(hosts[0]) as helper:
            links = [os.readlink(f"/proc/{worker(helper)}/fd/{number}") for number in os.listdir(f"/proc/{worker(helper)}/fd")]
    assert "/etc/hostname" not in links


AS_NOBODY = """
from vigilog.act.ban.backends import Choice
from vigilog.act.ban.firewall import Element, Entry, FirewallError
from vigilog.act.ban.helper import start_helper
helper = start_helper(Choice())
try:
    helper.restore([Entry(Element("10.77.0.2"), 600)])
    print(len(helper.present()), helper.intact())
except FirewallError as error:
    print(error)
helper.close()
"""


def as_nobody(host, *options):
    """What AS_NOBODY prints in the namespace as another user."""
    where = "/usr/bin/python3"
    paths = os.pathsep.join(path for path in sys.path if path)
    readable = subprocess.run(
        ["setpriv", "--reuid", "65534", "--clear-groups", where, "-c", "import vigilog.act.ban.helper"],
        env={"PYTHONPATH": paths},
        check=False,
        capture_output=True,
        cwd="/",
    )
    if readable.returncode != 0:
        pytest.skip("this checkout is closed to other users")  # which says nothing about the program
    command = ["setpriv", "--reuid", "65534", "--clear-groups", *options, where, "-c", AS_NOBODY]
    return host.run(*command, env={**os.environ, "PYTHONPATH": paths}, cwd="/").stdout.strip()


def test_without_rights_the_error_says_so(hosts):
    told = as_nobody(hosts[0])
    assert "not permitted" in told
    assert "CAP_NET_ADMIN" in told


def test_a_service_that_was_given_the_one_right_needs_no_root(hosts):
    server, client = hosts
    assert as_nobody(server, "--inh-caps", "+net_admin", "--ambient-caps", "+net_admin") == "1 True"
    assert not client.connects(server.ipv4, 22)


def test_bans_that_the_firewall_cannot_end_are_ended_by_the_helper(need, hosts):
    need("iptables", "ip6tables")
    server, client = hosts
    with helping(server, backend="iptables") as helper:
        helper.restore([entry("10.77.0.2", 1)])
        assert not client.connects(server.ipv4, 22, seconds=0.2)
        wait(lambda: client.connects(server.ipv4, 22, seconds=0.2), 5)


def test_a_program_of_the_administrators_is_called_for_each_ban_and_each_end(hosts, tmp_path):
    program = tmp_path / "shut out"
    program.write_text(f'#!/bin/sh\necho "$#" "$@" "[$VIGILOG_PORT]" >> {tmp_path}/calls\n[ "$2" != 192.0.2.66 ]\n')
    program.chmod(0o755)
    with helping(hosts[0], backend="command", command=str(program)) as helper:
        helper.restore([entry("192.0.2.1", 2)])
        helper.add([entry("2001:db8::/64", 60, "tcp/22")])
        helper.remove([element("2001:db8::/64", "tcp/22")])
        with pytest.raises(FirewallError, match="ended with status 1"):
            helper.add([entry("192.0.2.66")])
        assert helper.present() is None
        assert helper.intact()
        wait(lambda: (tmp_path / "calls").read_text().endswith("unban 192.0.2.1 []\n"), 5)
    assert (tmp_path / "calls").read_text().splitlines() == [
        "1 flush []",
        "3 ban 192.0.2.1 2 []",
        "3 ban 2001:db8::/64 60 [tcp/22]",
        "2 unban 2001:db8::/64 [tcp/22]",
        "3 ban 192.0.2.66 600 []",
        "2 unban 192.0.2.1 []",
    ]
