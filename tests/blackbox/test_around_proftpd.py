"""blackbox run around the real ProFTPD: interleaved sessions are kept apart, and the header is filled by patterns."""

from __future__ import annotations

import ftplib
import os
import re
import signal
import subprocess

import pytest

from tests.blackbox.around import around, free_port, listens

pytestmark = pytest.mark.peer

CONFIGURATION = """
ServerName "test"
ServerType standalone
Port {port}
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
UseReverseDNS off
User nobody
Group nogroup
PidFile {directory}/pid
ScoreboardFile {directory}/scoreboard
DelayTable none
DelayEngine off
AuthUserFile {directory}/passwd
AuthOrder mod_auth_file.c
RequireValidShell off
WtmpLog off
TransferLog none
MaxLoginAttempts 5
"""


@pytest.fixture
def server(tmp_path, need):
    """A ProFTPD under `vigilog blackbox run`, and a function that connects to it."""
    need("proftpd", "openssl")
    if os.geteuid():
        pytest.skip("ProFTPD changes users only as root")
    port = free_port()
    secret = subprocess.run(["openssl", "passwd", "-1", "secret"], capture_output=True, check=True, text=True).stdout.strip()
    (tmp_path / "passwd").write_text(f"anna:{secret}:65534:65534::/:/bin/false\n")
    (tmp_path / "passwd").chmod(0o600)
    (tmp_path / "conf").write_text(CONFIGURATION.format(port=port, directory=tmp_path))

    def connect():
        client = ftplib.FTP()
        client.connect("127.0.0.1", port, timeout=30)
        return client

    with around(tmp_path, "--as", "proftpd", "--", "proftpd", "-n", "-d", "10", "-c", tmp_path / "conf") as run:
        run.until(lambda: "standalone mode STARTUP" in run.said() and listens(port))
        yield run, connect, port


def refused(client, user, password):
    with pytest.raises(ftplib.error_perm):
        client.login(user, password)


def processes(block):
    """The processes that the messages of a block are of."""
    return {found[1] for message in block.messages for found in [re.search(rb" proftpd\[(\d+)\]", message.text)] if found}


def test_two_interleaved_sessions_are_kept_apart_and_the_header_is_filled(server):
    run, connect, port = server
    first, second = connect(), connect()
    refused(first, "anna", "wrong")
    second.login("anna", "secret")
    second.pwd()
    refused(first, "no body", "x")
    second.sendcmd("NOOP")
    with pytest.raises(ftplib.error_perm):
        second.sendcmd("PASS again")  # after a good login that is an error, too
    first.quit()
    second.quit()
    run.until(lambda: len(run.blocks()) == 3)
    run.process.terminate()
    assert run.ended() == 0
    blocks = run.blocks()
    assert [block.kind for block in blocks] == ["FAILED LOGIN"] * 3
    assert [(block.value("User"), block.value("Attempted-User")) for block in blocks] == [
        (None, "anna"),
        (None, "no body"),
        ("anna", None),
    ]
    for block in blocks:
        assert processes(block) == {block.value("Process").encode()}
        assert (block.value("Client-Address"), block.value("Server-Address")) == ("127.0.0.1", f"127.0.0.1:{port}")
        assert block.value("Protocol") == "ftp"
        assert block.messages[-1].text.endswith(b"dispatching LOG_CMD_ERR command 'PASS (hidden)' to mod_log")
    assert blocks[0].value("Process") == blocks[1].value("Process") != blocks[2].value("Process")
    text = [b"\n".join(message.text for message in block.messages) for block in blocks]
    assert b"'NOOP'" in text[2]
    assert b"NOOP" not in text[0] + text[1]
    # What the first block held is not in the second one again.
    assert b"FTP session opened" in text[0]
    assert b"FTP session opened" not in text[1]


def test_the_ordinary_log_is_what_proftpd_logs_without_its_details(server):
    run, connect, _ = server
    client = connect()
    client.login("anna", "secret")
    client.quit()
    run.until(lambda: "USER anna" in run.said() and run.said().count("FTP session closed") == 2)  # the first was a probe
    lines = [line for line in run.said().splitlines() if "): " in line]
    (process,) = re.findall(r"proftpd\[(\d+)\].*USER anna", run.said())
    assert [line.rpartition("): ")[2] for line in lines if f"proftpd[{process}]" in line] == [
        "FTP session opened.",
        "USER anna: Login successful.",
        "FTP session closed.",
    ]
    assert len(lines) == 5


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_session_that_dies_leaves_its_block(server, number):
    run, connect, _ = server
    client, other = connect(), connect()
    client.login("anna", "secret")
    other.login("anna", "secret")
    run.until(lambda: run.said().count("USER anna: Login successful") == 2)
    victim = int(re.findall(r"proftpd\[(\d+)\].*USER anna: Login successful", run.said())[0])
    os.kill(victim, number)
    run.until(run.blocks)
    other.quit()
    run.process.terminate()
    assert run.ended() == 0
    (block,) = run.blocks()
    assert (block.kind, block.value("User"), block.value("Process")) == ("UNTIMELY DEATH", "anna", str(victim))
    assert block.value("Signal") in (str(int(number)), number.name) or number == signal.SIGKILL
    if number != signal.SIGKILL:
        assert b"FTP session closed" in block.messages[-1].text


def test_a_stop_with_open_sessions_is_no_mass_death(server):
    """The real mod_log_forensic writes a block for every session then."""
    run, connect, _ = server
    clients = [connect() for _ in range(3)]
    for client in clients:
        client.login("anna", "secret")
    run.process.terminate()
    assert run.ended() == 0
    assert run.blocks() == []
