"""Nobody waits for another client: not for its slow password, not for the answers that it does not fetch."""

from __future__ import annotations

import os
import select
import signal
import socket
import ssl
import time

import pytest

from tests.ftpd.world import WAIT

pytestmark = pytest.mark.usefixtures("as_root")

ENDLESS = "$6$rounds=999999999$saltsalt$" + "z" * 86
"""A hash that takes many minutes to compare."""


@pytest.fixture
def with_endless(world):
    world.users("anna", f"slow:{ENDLESS}:1001:1001::{world.home}:/bin/sh")


def test_while_a_slow_password_is_compared_others_log_in_and_work(world, serve, with_endless):
    server = serve()
    there, slow, new = server.client().login(), server.client(), server.client()
    assert slow.say("USER slow").startswith("331")
    slow.socket.sendall(b"PASS secret\r\nNOOP\r\n")
    assert there.data("STOR f", b"x" * 100_000)[0].startswith("226")
    assert new.login().say("PWD").startswith("257")
    assert select.select([slow.socket], [], [], 0)[0] == []


def test_who_waits_for_his_password_may_be_timed_out(world, serve, with_endless):
    client = serve("TimeoutLogin 1").client()
    client.say("USER slow")
    assert client.say("PASS secret").startswith("421 Login timeout")
    assert client.answer() == ""
    assert world.blocks() == []


def test_who_waits_for_his_password_may_go(world, serve, with_endless):
    server = serve()
    client = server.client()
    client.say("USER slow")
    client.socket.sendall(b"PASS secret\r\n")
    client.close()
    assert server.client().login().say("QUIT").startswith("221")


def test_a_server_that_compares_ends_when_it_is_told_to(serve, with_endless):
    server = serve()
    client = server.client()
    client.say("USER slow")
    client.socket.sendall(b"PASS secret\r\n")
    assert server.client().login()
    assert server.stop(signal.SIGTERM) == 0


def test_commands_that_came_together_are_answered_one_after_the_other(world, serve):
    client = serve().client()
    lines = [b"USER anna", b"PASS wrong", b"NOOP", b"USER anna", b"PASS secret", b"PASS again", b"PWD", b"QUIT"]
    client.socket.sendall(b"".join(line + b"\r\n" for line in lines))
    assert [client.answer()[:3] for _ in lines] == ["331", "530", "200", "331", "230", "503", "257", "221"]
    assert client.answer() == ""
    assert [block.kind for block in world.blocks()] == ["FAILED LOGIN", "FAILED LOGIN"]


def deaf(server, most):
    """A client that sends and does not read, until nobody takes in what it sends."""
    client = server.client()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    sent = 0
    while select.select([], [client.socket], [], 1)[1]:
        sent += client.socket.send(b"HELP\r\n" * 100, socket.MSG_DONTWAIT)
        assert sent < most, "the server takes in whatever comes"
    return client


def test_who_does_not_fetch_his_answers_is_heard_again_when_he_does(serve):
    server = serve()
    client = deaf(server, 400_000)
    assert server.client().login().say("PWD").startswith("257")
    for _ in range(400_000 // 6):
        assert client.answer().startswith("214 ")
        if select.select([], [client.socket], [], 0)[1]:
            return
    pytest.fail("it is not heard")


def test_who_never_fetches_them_is_gone_after_his_time(serve):
    server = serve("TimeoutIdle 2")
    descriptors = f"/proc/{server.pid}/fd"
    before = len(os.listdir(descriptors))
    client = deaf(server, 400_000)
    until = time.monotonic() + WAIT
    while len(os.listdir(descriptors)) > before:
        assert time.monotonic() < until
        time.sleep(0.05)
    client.close()


def test_what_came_in_the_clear_behind_auth_is_no_command(serve, certified):
    client = serve(*certified).client()
    client.socket.sendall(b"AUTH TLS\r\nUSER mallory\r\nNOOP\r\n")
    assert client.answer().startswith("234")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(client.socket) as secured:
        secured.sendall(b"PASS x\r\n")
        assert secured.recv(1000) == b"503 Login with USER first\r\n"
