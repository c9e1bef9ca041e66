"""Who is logged in over SSH is never banned; who only tries to log in is no such one."""

import os
import struct
import subprocess
import time

import pytest

from tests.act.namespaces import namespaces
from vigilog.act.ban import sessions
from vigilog.act.ban.backends import Choice
from vigilog.act.ban.helper import start_helper
from vigilog.act.ban.own import own_addresses
from vigilog.act.ban.target import address


def process(proc, number, command, title, *, connections=(), children="", state="01", network="net:[1]"):
    """A made-up process with connections (local and remote end as /proc/net/tcp has them)."""
    directory = proc / str(number)
    for where, link in ((directory, network), (proc / "thread-self", "net:[1]")):
        if not (where / "ns").exists():
            (where / "ns").mkdir(parents=True)
            os.symlink(link, where / "ns" / "net")
    (directory / "fd").mkdir(parents=True)
    (directory / "net").mkdir()
    (directory / "task" / str(number)).mkdir(parents=True)
    (directory / "task" / str(number) / "children").write_text(children)
    (directory / "comm").write_text(command + "\n")
    (directory / "cmdline").write_bytes(title.encode() + b"\0\0")
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    for name, width in (("tcp", 8), ("tcp6", 32)):
        rows = [
            f"   {at}: {'0' * width}:0016 {remote}:C001 {state} 00000000:00000000 02:0000 00000000     0        0 {number}{at} 1 0000\n"
            for at, remote in enumerate(connections)
            if len(remote) == width
        ]
        (directory / "net" / name).write_text(head + "".join(rows))
    for at, _ in enumerate(connections):
        os.symlink(f"socket:[{number}{at}]", directory / "fd" / str(at + 3))
    os.symlink("/dev/null", directory / "fd" / "0")


def hexed(text):
    packed = address(text).packed
    return b"".join(packed[at : at + 4][::-1] for at in range(0, len(packed), 4)).hex().upper()


def by_processes(proc):
    return {str(each) for each in sessions.by_processes(str(proc))}


@pytest.mark.parametrize(
    "title",
    [
        "sshd: alice@pts/0",
        "sshd: alice@notty",
        "sshd: alice",
        "sshd: root@pts/0,pts/1",
        "sshd-session: alice@pts/0",
        "sshd: o'brien x@pts/2",
    ],
)
def test_the_connection_of_a_process_that_serves_somebody_is_a_session(tmp_path, title):
    process(
        tmp_path,
        100,
        "sshd",
        title,
        connections=[hexed("192.0.2.7"), hexed("2001:db8::7"), hexed("::1")[:24] + hexed("192.0.2.8")],
    )
    assert {"192.0.2.7", "2001:db8::7"} <= by_processes(tmp_path)


@pytest.mark.parametrize(
    "title",
    [
        "sshd: alice [preauth]",
        "sshd: alice [priv]",
        "sshd: unknown [net]",
        "sshd: [accepted]",
        "sshd: [net]",
        "sshd-session: alice [preauth]",
        "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
        "/usr/sbin/sshd\0-D",
        "sshd",
    ],
)
def test_the_connection_of_a_process_that_nobody_came_through_yet_is_not(tmp_path, title):
    process(tmp_path, 100, "sshd", title, connections=[hexed("192.0.2.7")])
    assert by_processes(tmp_path) == set()


def test_only_programs_of_that_name_count_only_established_connections_and_not_those_of_containers(tmp_path):
    process(tmp_path, 100, "python3", "sshd: alice@pts/0", connections=[hexed("192.0.2.7")])
    process(tmp_path, 101, "sshd", "sshd: alice@pts/0", connections=[hexed("192.0.2.8")], state="08")
    process(tmp_path, 102, "sshd", "sshd: alice@pts/0", connections=[hexed("192.0.2.9")], network="net:[2]")
    assert by_processes(tmp_path) == set()


def test_where_there_is_nothing_to_be_seen_nobody_is(tmp_path):
    assert sessions.peers(str(tmp_path / "proc"), str(tmp_path / "sessions"), str(tmp_path / "utmp")) == frozenset()


def test_dropbear_serves_somebody_if_it_has_a_child_that_is_not_dropbear(tmp_path):
    process(tmp_path, 200, "dropbear", "dropbear", children="201 202")
    process(tmp_path, 201, "dropbear", "dropbear", connections=[hexed("192.0.2.7")], children="203")
    process(tmp_path, 202, "dropbear", "dropbear", connections=[hexed("192.0.2.8")])
    process(tmp_path, 203, "ash", "-ash")
    assert by_processes(tmp_path) == {"192.0.2.7"}


def test_sessions_of_logind_count_if_they_are_remote_and_alive(tmp_path):
    (tmp_path / "10").mkdir()
    logind = tmp_path / "sessions"
    logind.mkdir()
    facts = "# private\nUID=0\nUSER=alice\nACTIVE=1\nSTATE=active\nSERVICE=sshd\n"
    (logind / "1").write_text(facts + "REMOTE=1\nREMOTE_HOST=192.0.2.7\nLEADER=10\n")
    (logind / "2").write_text(facts + "REMOTE=1\nREMOTE_HOST=192.0.2.8\nLEADER=11\n")
    (logind / "3").write_text(facts + "REMOTE=0\nREMOTE_HOST=192.0.2.9\nLEADER=10\n")
    (logind / "4").write_text(facts + "REMOTE=1\nREMOTE_HOST=fe80::1%eth0\nLEADER=10\n")
    (logind / "5").write_text(facts + "REMOTE=1\nREMOTE_HOST=client.example.org\nLEADER=10\n")
    (logind / "6").write_bytes(b"REMOTE=1\nREMOTE_HOST=\xff\xff\nnonsense\n")
    assert {str(each) for each in sessions.by_logind(str(tmp_path), str(logind))} == {"192.0.2.7", "fe80::1"}
    assert list(sessions.by_logind(str(tmp_path), str(tmp_path / "none"))) == []


def test_logins_in_utmp_count_if_they_are_alive(tmp_path):
    (tmp_path / "10").mkdir()

    def record(kind, pid, host, packed=b""):
        return struct.pack("=hxxi32s4s32s256s16x16s20x", kind, pid, b"pts/0", b"ts/0", b"alice", host, packed)

    file = tmp_path / "utmp"
    six = address("2001:db8::7").packed
    file.write_bytes(
        record(7, 10, b"192.0.2.7", address("192.0.2.7").packed)
        + record(7, 10, b"", six)
        + record(7, 10, b"192.0.2.9")
        + record(7, 10, b"client.example.org")
        + record(7, 10, b":0")
        + record(8, 10, b"", address("192.0.2.10").packed)
        + record(7, 11, b"", address("192.0.2.11").packed)
        + b"cut off"
    )
    assert {str(each) for each in sessions.by_utmp(str(tmp_path), str(file))} == {"192.0.2.7", "2001:db8::7", "192.0.2.9"}
    assert len(record(7, 10, b"")) == 384


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("192.0.2.7 50022 192.0.2.1 22", {"192.0.2.7"}),
        ("fe80::1%eth0 1 fe80::2%eth0 22", {"fe80::1"}),
        ("UNKNOWN 1 2 3", set()),
        ("", set()),
        ("192.0.2.7;x 1", set()),
    ],
)
def test_the_session_that_vigilog_was_started_in_counts(value, found):
    assert {str(each) for each in sessions.here({"SSH_CONNECTION": value})} == found
    assert sessions.here({}) == frozenset()


@pytest.mark.peer
def test_a_real_sshd_with_one_who_is_in_and_one_who_is_not(need, tmp_path):
    need("sshd", "ssh", "ssh-keygen", "ip")
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    os.chmod(tmp_path, 0o755)
    sshd = subprocess.run(["sh", "-c", "command -v sshd || echo /usr/sbin/sshd"], capture_output=True, text=True, check=True)
    options = [
        f"HostKey={tmp_path}/host",
        f"AuthorizedKeysFile={tmp_path}/user.pub",
        "StrictModes=no",
        "UsePAM=no",
        "PidFile=none",
    ]
    with namespaces() as (server, client):
        server.start(
            sshd.stdout.strip(),
            "-D",
            "-e",
            "-f",
            "/dev/null",
            "-p",
            "22",
            *[f"-o{each}" for each in options],
            stderr=subprocess.DEVNULL,
        )
        wait(lambda: answers(client, server))
        ssh = [
            "ssh",
            "-i",
            f"{tmp_path}/user",
            "-oStrictHostKeyChecking=no",
            "-oUserKnownHostsFile=/dev/null",
            "-oBatchMode=yes",
            "-F",
            "/dev/null",
        ]
        with client.own_socket(server.ipv4) as attacker:
            attacker.bind(("10.77.0.3", 0))
            attacker.connect((server.ipv4, 22))
            assert attacker.recv(100).startswith(b"SSH-2.0")
            admin = client.start(
                *ssh, "-b", "10.77.0.2", f"root@{server.ipv4}", "sleep 60", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            with server.entered():
                wait(lambda: address("10.77.0.2") in sessions.peers())
                assert address("10.77.0.3") not in sessions.peers()
                helper = start_helper(Choice())
                assert helper.peers() == sessions.peers()
                helper.close()
            admin.kill()
            admin.wait()
            with server.entered():
                wait(lambda: address("10.77.0.2") not in sessions.peers())


def answers(client, server):
    try:
        return client.connects(server.ipv4, 22)
    except ConnectionRefusedError:
        return False


def wait(condition, seconds=10):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.mark.peer
def test_the_addresses_of_all_interfaces_are_ours_and_the_far_end_of_a_tunnel_is_not(need):
    need("ip")
    with namespaces() as (server, _):
        server.run("ip", "link", "add", "spare", "type", "veth", "peer", "name", "spare-end")
        server.run("ip", "addr", "add", "192.0.2.77/24", "dev", "spare")
        server.run("ip", "addr", "add", "198.51.100.1", "peer", "198.51.100.2", "dev", "spare")
        with server.entered():
            found = {str(each) for each in own_addresses()}
    assert {"192.0.2.77", "198.51.100.1", "10.77.0.1", "fd00:77:0:1::1", "127.0.0.1", "::1"} <= found
    assert not {"198.51.100.2", "10.77.0.2", "192.0.2.0"} & found


@pytest.mark.peer
def test_many_addresses_are_all_listed(need):
    need("ip")
    with namespaces() as (server, _):
        batch = "".join(f"addr add 10.1.{number // 250}.{number % 250 + 1}/32 dev lo\n" for number in range(1000))
        server.run("ip", "-batch", "-", input=batch)
        with server.entered():
            assert len(own_addresses()) >= 1000 + 3
