"""FTPS: AUTH TLS, protected data, and what the black box says of it."""

from __future__ import annotations

import ftplib
import io
import subprocess

import pytest

from tests.ftpd.world import secured

pytestmark = pytest.mark.usefixtures("as_root")


def test_control_and_data_are_protected(world, serve, certified):
    ftp = secured(serve(*certified))
    ftp.login("anna", "secret")
    ftp.prot_p()
    ftp.storbinary("STOR f", io.BytesIO(b"x" * 100_000))
    found = io.BytesIO()
    ftp.retrbinary("RETR f", found.write)
    assert found.getvalue() == b"x" * 100_000
    assert ftp.nlst() == ["f"]
    assert ftp.quit().startswith("221")
    assert world.read("xferlog").count(b"\n") == 2
    assert b"connection accepted, using cipher" in world.read("tls")


def test_the_block_says_ftps_and_counts_what_tls_takes(world, serve, certified):
    ftp = secured(serve(*certified))
    with pytest.raises(ftplib.error_perm):
        ftp.login("anna", "wrong")
    (block,) = world.blocks()
    header = dict(block.header)
    assert header["Protocol"] == "ftps"
    # A handshake takes hundreds of bytes at least, the commands fewer than a hundred.
    assert int(header["Raw-Bytes-In"]) > 300
    assert int(header["Raw-Bytes-Out"]) > 800
    assert any(message.log_type == "Unspec" and b"mod_tls" in message.text for message in block.messages)


def test_bytes_over_protected_data_connections_count_too(world, serve, certified):
    ftp = secured(serve(*certified))
    ftp.login("anna", "secret")
    ftp.prot_p()
    ftp.storbinary("STOR f", io.BytesIO(b"x" * 100_000))
    with pytest.raises(ftplib.error_perm):
        ftp.sendcmd("PASS again")
    header = dict(world.blocks()[0].header)
    assert header["Total-Bytes-In"] == "100000"
    assert 100_000 < int(header["Raw-Bytes-In"]) < 110_000


def test_where_tls_is_required_a_password_in_the_clear_is_refused_unread(world, serve, certified):
    client = serve(*certified, "TLSRequired on").client()
    assert client.says("USER anna", "PASS secret")[1].startswith("5")
    assert [block.kind for block in world.blocks()] == ["FAILED LOGIN"]


def test_without_tls_there_is_no_auth(serve):
    assert serve().client().say("AUTH TLS") == "500 AUTH not understood"


def test_nonsense_instead_of_tls_is_no_death(world, serve, certified):
    server = serve(*certified)
    client = server.client()
    assert client.say("AUTH TLS").startswith("234")
    client.socket.sendall(b"\x16\x03nonsense" * 50)
    assert client.answer() == ""
    secure = secured(server)
    secure.login("anna", "secret")
    secure.quit()
    assert world.blocks() == []


def test_a_key_that_cannot_be_used_is_told(world, certified):
    from tests.ftpd.world import VIGILOG, free_port

    (world.root / "key.pem").write_text("no key")
    path = world.written("p.conf", world.configuration(free_port(), *certified))
    command = [str(VIGILOG), "ftpd", "-c", str(path), "--ring-directory", str(world.root / "rings")]
    process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert process.returncode == 78
    assert "key.pem" in process.stderr
    assert "Traceback" not in process.stderr
