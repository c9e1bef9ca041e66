"""blackbox run around the real nginx with its debug log: connections are kept apart by their numbers, secrets are left out."""

from __future__ import annotations

import base64
import http.client
import os
import re
import signal
import subprocess

import pytest

from tests.blackbox.around import around, children, free_port, listens

pytestmark = pytest.mark.peer

CONFIGURATION = """
error_log stderr debug;
pid {directory}/pid;
worker_processes 2;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
    uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 200 "fine"; }}
        location /private {{ auth_basic "private"; auth_basic_user_file {directory}/htpasswd; }}
        location /dead {{ proxy_pass http://127.0.0.1:{closed}/; }}
    }}
}}
"""


@pytest.fixture
def site(tmp_path, need):
    """An nginx under `vigilog blackbox run`, and a function that connects to it."""
    need("nginx", "openssl")
    built = subprocess.run(
        ["nginx", "-V"], capture_output=True, check=True, text=True, env={"PATH": "/usr/sbin:/usr/bin"}
    ).stderr
    if "--with-debug" not in built:
        pytest.skip("this nginx has no debug log")
    port, closed = free_port(), free_port()
    secret = subprocess.run(["openssl", "passwd", "-apr1", "secret"], capture_output=True, check=True, text=True).stdout
    (tmp_path / "htpasswd").write_text(f"anna:{secret}")
    for folder in (tmp_path, *tmp_path.parents):  # nginx's workers are somebody else, and must get there
        if folder.stat().st_uid == os.geteuid() and folder.parts[1:2] == ("tmp",):
            folder.chmod(folder.stat().st_mode | 0o011)
    (tmp_path / "conf").write_text(CONFIGURATION.format(port=port, closed=closed, directory=tmp_path))
    with around(tmp_path, "--as", "nginx", "--", "nginx", "-p", tmp_path, "-c", tmp_path / "conf", "-g", "daemon off;") as run:
        run.until(lambda: listens(port) and run.said().count("start worker process ") == 2)
        yield run, lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=30)


def asked(client, path, user=None, **headers):
    """The status of an answer."""
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    client.request("GET", path, headers=headers)
    answer = client.getresponse()
    answer.read()
    return answer.status


def numbers(block):
    """The numbers of the connections that the messages of a block are of."""
    return {found for message in block.messages for found in re.findall(rb"^\S+ \S+ \[\w+\] \d+#\d+: \*(\d+) ", message.text)}


def text(block):
    return b"\n".join(message.text for message in block.messages).decode(errors="replace")


def test_bad_logins_leave_blocks_of_their_own_connection_without_passwords(site):
    run, connect = site
    good, bad, worse = connect(), connect(), connect()
    assert asked(good, "/", "anna:secret", Cookie="session=4711") == 200
    assert asked(bad, "/private", "anna:wrong") == 401
    assert asked(good, "/again") == 200
    assert asked(worse, "/private", 'bo"b:hush') == 401
    assert asked(good, "/private", "anna:secret") in (404, 403)
    run.until(lambda: len(run.blocks()) == 2)
    for client in (good, bad, worse):
        client.close()
    run.process.send_signal(signal.SIGQUIT)
    assert run.ended() == 0
    blocks = run.blocks()
    assert [block.kind for block in blocks] == ["FAILED LOGIN"] * 2
    assert [block.value("Attempted-User") for block in blocks] == ["anna", 'bo"b']
    assert [block.value("Request") for block in blocks] == ["GET /private HTTP/1.1"] * 2
    assert all(len(numbers(block)) == 1 for block in blocks)
    assert numbers(blocks[0]) != numbers(blocks[1])
    for block in blocks:
        assert block.value("Client-Address") == "127.0.0.1"
        assert '"Authorization: (hidden)"' in text(block)
        assert "http process request header line" in text(block)
    written = run.file.read_bytes()
    for secret in (b"wrong", b"hush", b"4711", base64.b64encode(b"anna:wrong"), base64.b64encode(b'bo"b:hush')):
        assert secret not in written
    assert "[debug]" not in run.said()
    assert "password mismatch" in run.said()


def test_an_upstream_that_is_not_there(site):
    run, connect = site
    assert asked(connect(), "/dead") == 502
    run.until(run.blocks)
    (block,) = run.blocks()
    assert block.kind == "UPSTREAM FAILED"
    assert "Connection refused" in text(block)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_worker_that_dies_leaves_a_block_for_each_of_its_connections(site, number):
    run, connect = site
    clients = [connect() for _ in range(8)]
    for client in clients:
        assert asked(client, "/") == 200
    victim = children(run.child())[0]
    os.kill(victim, number)
    run.until(lambda: run.said().count("start worker process ") == 3)
    asked(connect(), "/")
    run.process.send_signal(signal.SIGQUIT)
    for client in clients:
        client.close()
    assert run.ended() == 0
    blocks = run.blocks()
    assert {block.kind for block in blocks} <= {"UNTIMELY DEATH"}
    assert all(block.value("Process") == str(victim) for block in blocks)
    assert all(len(numbers(block)) == 1 for block in blocks)
    assert len({tuple(numbers(block)) for block in blocks}) == len(blocks)
