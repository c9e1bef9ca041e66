"""What a server that runs for long must not do: keep descriptors, stop at a shortage, mix sessions up."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from tests.ftpd.world import WAIT, Client

pytestmark = pytest.mark.usefixtures("as_root")


def descriptors(server):
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def test_sessions_leave_no_descriptors(serve):
    server = serve()

    def session():
        client = server.client().login()
        client.data("STOR f", b"x")
        client.data("LIST")
        client.say("PASV")
        client.say("EPSV")
        client.close()
        server.client().close()
        server.client().says("USER anna", "PASS wrong", "PASV")

    session()
    server.client().says("QUIT", "")
    before = descriptors(server)
    for _ in range(20):
        session()
    # Those whose client went without a word are seen to be gone in the order in which they went.
    server.client().login().says("NOOP", "QUIT", "")
    assert descriptors(server) <= before + 3


def test_a_shortage_of_descriptors_ends_with_it(serve):
    server = serve(descriptors=40)
    held = server.client()
    many = [socket.create_connection(("127.0.0.1", server.port), timeout=WAIT) for _ in range(60)]
    assert held.say("NOOP").startswith("200")
    greeted = 0
    for sock in many:
        # Each one that goes makes room for one that waits.
        with sock:
            greeted += sock.recv(100).startswith(b"220")
    assert greeted == 60
    assert held.say("NOOP").startswith("200")
    assert server.client().login()


def test_sessions_at_the_same_time_keep_their_messages_apart(world, serve):
    server = serve("MaxLoginAttempts 5")
    trouble: list[AssertionError] = []

    def fail(number):
        try:
            client = Client(server.port, f"127.0.1.{number}")
            for _ in range(3):
                assert client.says(f"USER user{number}", "PASS wrong")[1] == "530 Login incorrect."
            client.close()
        except AssertionError as error:
            trouble.append(error)

    threads = [threading.Thread(target=fail, args=(number,)) for number in range(1, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble
    server.stop()
    found = world.blocks()
    assert len(found) == 17 * 3
    for block in found:
        header = dict(block.header)
        number = header["Client-Address"].rpartition(".")[2]
        assert header["Attempted-User"] == f"user{number}"
        mine, others = f"user{number}: no such user".encode(), b": no such user found from"
        texts = [each.text for each in block.messages if each.log_type == "SystemLog" and others in each.text]
        assert len(texts) == 1
        assert mine in texts[0]


@pytest.mark.parametrize("name", ["\xff\xfe", "x" * 1900, "a\x01b\x7f", "-----BEGIN FAILED LOGIN FORENSICS-----"])
def test_whoever_is_tried_is_in_the_header_as_one_line(world, serve, name):
    assert serve().client().says(f"USER {name}", "PASS wrong")[1] == "530 Login incorrect."
    (block,) = world.blocks()
    assert block.complete
    tried = dict(block.header)["Attempted-User"]
    assert name.startswith(tried) or tried.encode("utf-8", "surrogateescape") == name.encode("latin-1") or "#001" in tried


def test_active_mode(world, serve):
    (world.home / "f").write_bytes(b"content")
    client = serve().client().login()
    for form in ("PORT 127,0,0,1,{high},{low}", "EPRT |1|127.0.0.1|{port}|"):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            answer = client.say(form.format(port=port, high=port >> 8, low=port & 255))
            assert answer == f"200 {form[:4]} command successful"
            assert client.say("RETR f").startswith("150")
            with listener.accept()[0] as data:
                assert data.recv(100) == b"content"
            assert client.answer() == "226 Transfer complete"
    assert client.say("PORT 192,0,2,7,200,1").startswith("501")


def test_abor_during_a_transfer(world, serve):
    (world.home / "big").write_bytes(b"x" * 30_000_000)
    client = serve().client().login()
    client.say("TYPE I")
    port = int(client.say("EPSV").split("|")[3])
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as data:
        assert client.say("RETR big").startswith("150")
        data.recv(1000)
        client.socket.sendall(b"\xff\xf4\xf2ABOR\r\n")
        assert client.answer().startswith("426")
        assert client.answer() == "226 Abort successful"
    assert client.say("NOOP").startswith("200")
    assert world.read("xferlog").split()[-1] == b"i"


def test_ipv6(world, serve):
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    server = serve("-DefaultAddress", "UseIPv6 on")
    for address, client, shown in (("::1", "::1", "::1"), ("127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1")):
        with socket.create_connection((address, server.port), timeout=WAIT) as sock:
            file = sock.makefile("rb")
            file.readline()
            sock.sendall(b"PASS x\r\n")
            assert file.readline().startswith(b"503")
        header = dict(world.blocks()[-1].header)
        assert (header["Client-Address"], header["Server-Address"]) == (client, f"{shown}:{server.port}")


def test_passive_ports_and_the_address_that_clients_are_told(serve):
    client = serve("PassivePorts 45000 45050", "MasqueradeAddress 192.0.2.1").client().login()
    assert 45000 <= int(client.say("EPSV").split("|")[3]) <= 45050
    assert client.say("PASV").startswith("227 Entering Passive Mode (192,0,2,1,175,")
