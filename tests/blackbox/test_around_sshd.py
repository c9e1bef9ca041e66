"""blackbox run around a real sshd, with the real ssh client: each connection's debug messages are kept apart, and only those of bad
logins reach the disk. sshd lives on without Vigilog."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import contextmanager

import pytest

from tests.blackbox.around import alive, around, children, free_port, listens

pytestmark = pytest.mark.peer

CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {directory}/key
PidFile none
UsePAM no
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
AuthorizedKeysFile {directory}/known.pub
StrictModes no
UseDNS no
MaxStartups 100
Subsystem sftp internal-sftp
"""


class Door:
    """An sshd under `vigilog blackbox run`, and clients for it."""

    def __init__(self, directory, port, run):
        self.directory, self.port, self.run = directory, port, run

    def client(self, user, *options):
        words = ["-F", "none", "-p", str(self.port), "-o", "LogLevel=ERROR", "-o", "StrictHostKeyChecking=no"]
        words += ["-o", "UserKnownHostsFile=/dev/null", *options, f"{user}@127.0.0.1"]
        return words

    def good(self, **options):
        """A login with the right key: a session of sftp, which needs no shell."""
        identity = ("-i", f"{self.directory}/known", "-o", "BatchMode=yes", "-s")
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(["ssh", *self.client("root", *identity), "sftp"], **pipes)

    def bad(self, user):
        """A login with a wrong password."""
        options = ("-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1")
        words = ["sshpass", "-p", "wrong", "ssh", *self.client(user, *options), "true"]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.fixture
def door(tmp_path, need):
    """A function that opens a door."""
    need("sshd", "ssh", "ssh-keygen", "sshpass")
    if os.geteuid():
        pytest.skip("sshd lets in other users only as root")
    os.makedirs("/run/sshd", exist_ok=True)
    for name in ("key", "known"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)

    @contextmanager
    def opened(*options):
        port = free_port()
        (tmp_path / "sshd_config").write_text(CONFIGURATION.format(port=port, directory=tmp_path))
        sshd = ["/usr/sbin/sshd", "-D", "-e", "-o", "LogLevel=DEBUG3", "-f", tmp_path / "sshd_config"]
        with around(tmp_path, "--as", "sshd", *options, "--", *sshd) as run:
            run.until(lambda: "Server listening on" in run.said())
            yield Door(tmp_path, port, run)

    return opened


def process_of(block):
    return block.value("Process")


def test_of_twenty_good_logins_and_three_bad_ones_there_are_three_blocks_each_of_its_own_connection(door, tmp_path):
    before = set(os.listdir(tmp_path)) | {"blocks", "log", "sshd_config"}
    with door() as it:
        names = {f"user{number}" for number in range(3)}
        clients = []
        for number in range(20):  # all at once, the bad ones among the good ones
            clients.append((0, it.good()))
            if number % 7 == 3:
                clients.append((255, it.bad(f"user{number // 7}")))
        ended = [(wanted, client.communicate()[1], client.returncode) for wanted, client in clients]
        assert [(status == wanted) for wanted, _, status in ended] == [True] * 23, ended
        it.run.until(lambda: len(it.run.blocks()) == 3)
        it.run.process.terminate()
        assert it.run.ended() in (0, 255)
        blocks = it.run.blocks()
    assert [block.kind for block in blocks] == ["FAILED LOGIN"] * 3
    assert all(block.complete for block in blocks)
    assert {block.value("Attempted-User") for block in blocks} == names
    assert len({process_of(block) for block in blocks}) == 3
    for block in blocks:
        assert block.value("Client-Address") == "127.0.0.1"
        assert block.value("Server-Address") == f"127.0.0.1:{it.port}"
        assert block.value("User") is None
        port = block.value("Client-Port")
        text = b"\n".join(message.text for message in block.messages).decode()
        # Every line that says whose connection it is about says so of this one; there are details from its beginning on.
        assert set(re.findall(r"127\.0\.0\.1 port (\d+)", text)) == {port, str(it.port)}
        assert set(re.findall(r"\buser(?:auth-request for user)? (user\d)", text)) == {block.value("Attempted-User")}
        assert text.count(": Connection from ") + text.count(" Connection from ") == 1
        assert text.count("SSH2_MSG_KEXINIT sent") == 1
        assert text.count("Failed password for invalid user") == 1
        assert "rexec start in" in text
        assert sum(message.level == 7 for message in block.messages) > 80
        assert block.messages[-1].text.decode().rpartition(": ")[2] != ""
    assert set(os.listdir(tmp_path)) <= before
    log = it.run.said()
    assert "debug" not in log
    assert log.count("Failed password for") == 3
    assert log.count("Accepted publickey for root") == 20


def test_a_session_whose_process_is_killed_leaves_a_block_and_one_that_ends_as_it_should_does_not(door):
    with door() as it:
        client = it.good(stdin=subprocess.PIPE)
        it.run.until(lambda: "subsystem 'sftp'" in it.run.said())
        victim = children(it.run.child())[0]
        it.good().communicate()
        os.kill(victim, signal.SIGSEGV)
        client.communicate()
        it.run.until(it.run.blocks)
        it.run.process.terminate()
        it.run.ended()
        (block,) = it.run.blocks()
    assert block.kind == "UNTIMELY DEATH"
    assert (process_of(block), block.value("User")) == (str(victim), "root")
    assert block.value("Signal") in ("11", None)  # where the kernel does not tell (before Linux 6.15), its silence does
    assert any(b"Starting session: subsystem 'sftp'" in message.text for message in block.messages)


def test_a_stop_with_open_sessions_is_no_death(door):
    with door() as it:
        client = it.good(stdin=subprocess.PIPE)
        it.run.until(lambda: "subsystem 'sftp'" in it.run.said())
        it.run.process.terminate()
        it.run.ended()
        client.kill()
        client.communicate()
        assert it.run.blocks() == []


def test_when_vigilog_is_killed_sshd_takes_another_login(door):
    with door() as it:
        assert it.good().wait() == 0
        sshd, drain = it.run.child(), it.run.drain()
        it.run.process.kill()
        it.run.process.wait()
        try:
            for _ in range(3):
                client = it.good()
                assert client.communicate()[1] == b""
                assert client.returncode == 0
            assert alive(sshd)
            assert alive(drain)
        finally:
            os.kill(sshd, signal.SIGTERM)
        it.run.until(lambda: not alive(sshd) and not alive(drain))


def test_when_all_of_vigilog_is_killed_sshd_takes_another_login(door):
    with door() as it:
        sshd = it.run.child()
        os.kill(it.run.drain(), signal.SIGSTOP)  # so that Vigilog does not see it die first
        for process in (it.run.process.pid, it.run.drain()):
            os.kill(process, signal.SIGKILL)
        it.run.process.wait()
        try:
            client = it.good()
            assert client.communicate()[1] == b""
            assert client.returncode == 0
        finally:
            os.kill(sshd, signal.SIGTERM)
        it.run.until(lambda: not listens(it.port))
