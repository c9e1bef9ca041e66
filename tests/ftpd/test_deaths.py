"""What dies leaves a block, however it dies; what ends well leaves none."""

from __future__ import annotations

import os
import signal
import socket
import subprocess

import pytest

from tests.ftpd.world import WAIT, free_port

pytestmark = pytest.mark.usefixtures("as_root")


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV, signal.SIGKILL, signal.SIGBUS], ids=lambda each: each.name)
def test_every_open_session_of_a_process_that_is_killed_has_its_block(world, serve, number):
    port = free_port()
    server = serve(port=port)
    first = server.client("127.0.0.2").login()
    assert first.data("STOR a", b"x" * 1000)[0].startswith("226")
    second = server.client("127.0.0.3")
    second.say("USER bob")
    third = server.client("127.0.0.4").login()
    assert third.says("QUIT", "")[1] == ""
    assert server.stop(number) == -number
    assert world.blocks() == []
    serve(port=port)
    found = {dict(block.header)["Client-Address"]: block for block in world.blocks()}
    assert {block.kind for block in found.values()} == {"UNTIMELY DEATH"}
    assert set(found) == {"127.0.0.2", "127.0.0.3"}
    assert all(block.complete for block in found.values())
    one, other = dict(found["127.0.0.2"].header), dict(found["127.0.0.3"].header)
    assert (one["User"], one["UID"], one["Total-Bytes-In"], one["Total-Files-In"]) == ("anna", "1001", "1000", "1")
    assert ("User" in other, other["Attempted-User"], other["UID"]) == (False, "bob", "65534")
    texts = [message.text for message in found["127.0.0.3"].messages]
    assert any(b"Password required for bob" in text for text in texts)
    if number in {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS}:
        assert any(b"Fatal Python error" in text for text in texts)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
def test_a_normal_stop_writes_nothing_and_a_later_start_neither(world, serve, number):
    port = free_port()
    server = serve(port=port)
    client = server.client().login()
    assert server.stop(number) == 0
    assert client.answer() == ""
    serve(port=port)
    assert world.blocks() == []
    assert b"SHUTDOWN" in world.read("system")


def test_a_death_is_written_once(world, serve):
    port = free_port()
    server = serve(port=port)
    client = server.client()
    server.stop(signal.SIGKILL)
    client.close()
    serve(port=port).stop()
    serve(port=port).stop()
    assert [block.kind for block in world.blocks()] == ["UNTIMELY DEATH"]


def test_a_transfer_that_was_under_way_is_counted_as_far_as_it_came(world, serve):
    port = free_port()
    server = serve("AllowOverwrite on", port=port)
    client = server.client().login()
    data_port = int(client.say("EPSV").split("|")[3])
    with socket.create_connection(("127.0.0.1", data_port), timeout=WAIT) as data:
        assert client.say("STOR big").startswith("150")
        data.sendall(b"x" * 5000)
        path = world.home / "big"
        for _ in range(3000):
            if path.exists() and path.stat().st_size == 5000:
                break
            client.say("NOOP")
        client.say("NOOP")
        server.stop(signal.SIGKILL)
    serve("AllowOverwrite on", port=port)
    (block,) = world.blocks()
    header = dict(block.header)
    assert (header["Total-Bytes-In"], header["Total-Files-In"]) == ("5000", "0")
    assert int(header["Raw-Bytes-In"]) > 5000


def test_without_untimely_death_among_the_criteria_there_is_none(world, serve):
    port = free_port()
    server = serve("ForensicLogCriteria FailedLogin", port=port)
    client = server.client().login()
    server.stop(signal.SIGKILL)
    client.close()
    serve("ForensicLogCriteria FailedLogin", port=port)
    assert world.blocks() == []


CRASHING = """
import sys
from vigilog.ftpd import connection
def crash(self, line):
    raise RuntimeError("a fault in a handler")
connection.Connection.ftp_CLNT = crash
from vigilog.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_an_exception_in_a_handler_ends_that_session_with_a_block_and_no_other(world):
    import sys

    from tests.ftpd.world import Server, ready

    port = free_port()
    path = world.written("crash.conf", world.configuration(port))
    said = world.root / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", CRASHING, "ftpd", "-c", str(path), "--ring-directory", str(world.root / "rings")],
            stdout=out,
            stderr=out,
        )
    try:
        ready(port, process, said)
        server = Server(port, process.pid, process)
        other, client = server.client().login("bob"), server.client().login()
        assert client.say("CLNT me") == ""
        (block,) = world.blocks()
        assert (block.kind, dict(block.header)["User"]) == ("UNTIMELY DEATH", "anna")
        assert any(b"RuntimeError: a fault in a handler" in message.text for message in block.messages)
        assert other.say("NOOP").startswith("200")
        other.close()
    finally:
        process.terminate()
        assert process.wait(WAIT) == 0
    assert len(world.blocks()) == 1


def test_a_full_disk_does_not_hold_anybody_up(world, serve):
    os.symlink("/dev/full", world.logs / "full")
    server = serve(f"ForensicLogFile {world.logs}/full", "AllowLogSymlinks on", f"SystemLog {world.logs}/full")
    assert server.client().says("USER anna", "PASS wrong", "NOOP") == [
        "331 Password required for anna",
        "530 Login incorrect.",
        "200 NOOP command successful",
    ]
    assert server.client().login().data("STOR a", b"x")[0] == "226 Transfer complete"
    assert server.stop() == 0


def test_a_pipe_that_nobody_reads_does_not_hold_anybody_up(world, serve):
    os.mkfifo(world.logs / "pipe")
    descriptor = os.open(world.logs / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        server = serve(f"TraceLog {world.logs}/pipe", "Trace DEFAULT:20")
        client = server.client().login()
        for _ in range(1000):
            assert client.say("NOOP") == "200 NOOP command successful"
    finally:
        os.close(descriptor)
