"""Several servers in one process, and the HOST command between them."""

from __future__ import annotations

import socket
import time

import pytest

from tests.ftpd.world import WAIT, Client, free_port
from vigilog.parse.forensics import blocks

pytestmark = pytest.mark.usefixtures("as_root")


def virtual(world, port, name, *more, address="127.0.0.1"):
    lines = [
        f"<VirtualHost {address}>",
        f"Port {port}",
        f'ServerName "{name}"',
        f'ServerIdent on "{name} here"',
        f"ServerAlias {name}.example",
        f"AuthUserFile {world.root}/passwd",
        "AuthOrder mod_auth_file.c",
        "RequireValidShell off",
        *more,
        "</VirtualHost>",
    ]
    return "\n".join(lines)


def test_each_server_listens_at_its_port_and_greets_with_its_name(world, serve):
    other = free_port()
    server = serve(virtual(world, other, "second"))
    assert server.client().greeting == "220 FTP ready"
    assert Client(other).greeting == "220 second here"


def test_the_address_chooses_among_servers_of_one_port(world, serve):
    port = free_port()
    serve(virtual(world, port, "second", address="127.0.0.2"), port=port)
    assert Client(port).greeting == "220 FTP ready"
    with socket.create_connection(("127.0.0.2", port), timeout=WAIT) as sock:
        assert sock.recv(100) == b"220 second here\r\n"


def test_each_server_has_its_own_forensic_file(world, serve):
    other, third = free_port(), free_port()
    mine = [f"ForensicLogEngine on\nForensicLogFile {world.logs}/second"]
    server = serve(virtual(world, other, "second", *mine), virtual(world, third, "third"))
    for client in (server.client(), Client(other), Client(third)):
        client.says("USER anna", "PASS wrong")
    assert [len(world.blocks(name)) for name in ("forensic", "second")] == [1, 1]
    assert dict(world.blocks("second")[0].header)["Server-Address"] == f"127.0.0.1:{other}"


def test_host_drops_what_was_kept_and_goes_on_with_the_other_ones_file(world, serve):
    port = free_port()
    own = f"ForensicLogEngine on\nForensicLogFile {world.logs}/second"
    server = serve("DefaultServer off", virtual(world, port, "second", own), port=port)
    client = server.client()
    client.says("USER anna", "PASS first")
    assert client.say("HOST second.example") == "220 second here"
    client.says("USER anna", "PASS second")
    (first,), (second,) = world.blocks(), world.blocks("second")
    assert any(b"USER anna" in message.text for message in first.messages)
    texts = [message.text for message in second.messages]
    assert not any(b"FTP session opened" in text for text in texts)
    assert any(b"Incorrect password" in text for text in texts)
    # The counts go on from the connect: they are of the connection.
    assert int(dict(second.header)["Raw-Bytes-In"]) > int(dict(first.header)["Raw-Bytes-In"])


def test_host_to_a_server_without_a_file_leaves_nothing(world, serve):
    port = free_port()
    client = serve("DefaultServer off", virtual(world, port, "second"), port=port).client()
    client.say("HOST second.example")
    client.says("USER anna", "PASS wrong")
    assert list(blocks(world.read("forensic").splitlines(keepends=True))) == []


def test_host_knows_no_other_names_and_nothing_after_a_login(world, serve):
    port = free_port()
    client = serve("DefaultServer off", virtual(world, port, "second"), port=port).client()
    assert client.say("HOST nowhere.example") == "504 nowhere.example: Unknown hostname provided"
    client.login()
    assert client.say("HOST second.example") == "503 Bad sequence of commands"


def test_a_reload_opens_what_is_new_and_leaves_sessions_alone(world, serve):
    server = serve()
    client = server.client().login()
    other = free_port()
    path = next(world.root.glob("vigilog-*.conf"))
    path.write_text(path.read_text() + virtual(world, other, "second") + "\n")
    server.process.send_signal(1)
    world.wait_for("system", b"SIGHUP")
    assert Client(other).greeting == "220 second here"
    assert client.say("NOOP").startswith("200")
    assert client.data("STOR f", b"x")[0].startswith("226")


def test_a_reload_with_a_mistake_changes_nothing_and_says_so(world, serve):
    server = serve()
    path = next(world.root.glob("vigilog-*.conf"))
    path.write_text(path.read_text() + "Nonsense on\n")
    server.process.send_signal(1)
    said = next(world.root.glob("*.said"))
    until = time.monotonic() + WAIT
    while "not reloaded" not in said.read_text():
        assert time.monotonic() < until
    assert "Nonsense" in said.read_text()
    assert server.client().login().say("NOOP").startswith("200")


def test_a_taken_port_is_told(world, serve, need):
    import subprocess

    from tests.ftpd.world import VIGILOG

    server = serve()
    path = world.written("second.conf", world.configuration(server.port))
    command = [str(VIGILOG), "ftpd", "-c", str(path), "--ring-directory", str(world.root / "rings")]
    process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT)
    assert process.returncode == 78
    assert f"cannot listen at 127.0.0.1, port {server.port} (Address already in use)" in process.stderr
