"""Logs: which messages go where, rotation, syslog, channels, classes, LogFormat."""

from __future__ import annotations

import os
import re
import signal
import socket

import pytest

from vigilog.ftpd.syslog_socket import SyslogSocket

pytestmark = pytest.mark.usefixtures("as_root")


def test_the_server_log_has_proftpds_lines(world, serve):
    serve().client("127.0.0.9").says("USER anna", "PASS wrong")
    line = world.read("system").splitlines()[-1]
    expected = rb"[0-9-]{10} [0-9:]{8},[0-9]{3} \S+ proftpd\[[0-9]+\] 127\.0\.0\.1 \(127\.0\.0\.9\[127\.0\.0\.9\]\): "
    assert re.fullmatch(expected + rb"USER anna \(Login failed\): Incorrect password", line)


def test_debug_messages_are_in_it_from_their_level_on(world, serve):
    serve("DebugLevel 3").client().login().says("QUIT", "")
    assert b"authenticated by mod_auth_file.c" in world.read("system")
    assert b"dispatching" not in world.read("system")


def test_the_option_is_stronger_than_the_directive(world, serve):
    serve("DebugLevel 0", options=("-d", "9")).client().login()
    assert b"dispatching CMD command 'PASS (hidden)'" in world.read("system")


def test_syslog_level_lets_information_in(world, serve):
    serve("SyslogLevel info").client().login()
    assert b"USER anna: Login successful." in world.read("system")
    assert b"dispatching" not in world.read("system")


def test_trace_channels_have_levels(world, serve):
    serve("Trace command:10 response:1").client().login()
    text = world.read("trace")
    assert b"<command:7>: dispatching CMD command 'USER anna'" in text
    assert b"<response:" not in text


def test_a_rotated_log_is_opened_anew_at_the_next_connection_and_on_sighup(world, serve):
    server = serve()
    server.client().says("USER anna", "PASS wrong")
    os.rename(world.logs / "system", world.logs / "system.1")
    server.process.send_signal(signal.SIGHUP)
    world.wait_for("system", b"SIGHUP")
    server.client().says("USER anna", "PASS wrong")
    assert world.read("system").count(b"Incorrect password") == 1
    assert world.read("system.1").count(b"Incorrect password") == 1


def test_logs_are_for_their_owner_alone(world, serve):
    serve().client().login().data("STOR f", b"x")
    for name in ("system", "xferlog", "forensic", "trace"):
        assert (world.logs / name).stat().st_mode & 0o777 == 0o600, name


@pytest.mark.parametrize("name", ["SystemLog", "TransferLog", "TraceLog", "ForensicLogFile"])
def test_no_log_follows_a_link_and_the_server_says_so(world, serve, name):
    (world.root / "target").write_text("")
    (world.logs / "link").symlink_to(world.root / "target")
    server = serve(f"{name} {world.logs}/link")
    assert "cannot log to a symlink" in next(world.root.glob("*.said")).read_text()
    client = server.client()
    client.says("USER anna", "PASS wrong")
    client.login().data("STOR f", b"x")
    assert (world.root / "target").read_text() == ""


def test_a_directory_that_others_may_write_is_no_place_for_a_log(world, serve):
    (world.logs / "open").mkdir()
    (world.logs / "open").chmod(0o777)
    server = serve(f"SystemLog {world.logs}/open/system", f"ForensicLogFile {world.logs}/open/forensic")
    assert next(world.root.glob("*.said")).read_text().count("world-writable") == 2
    assert server.client().login().say("NOOP").startswith("200")
    assert list((world.logs / "open").iterdir()) == []


def test_extended_logs_take_the_classes_that_they_name(world, serve):
    form = 'LogFormat short "%m %s"'
    names = {"auth": "AUTH", "read": "READ,WRITE", "most": "ALL,!MISC", "exit": "EXIT", "every": "ALL"}
    server = serve(form, *(f"ExtendedLog {world.logs}/{name} {classes} short" for name, classes in names.items()))
    for name in names:
        os.truncate(world.logs / name, 0)  # what the one said who looked whether the server is there
    client = server.client()
    client.login()
    client.data("STOR f", b"x")
    client.data("RETR f")
    client.say("NOOP")
    client.says("QUIT", "")
    text = {name: world.read(name).decode().splitlines() for name in names}
    assert text["auth"] == ["USER 331", "PASS 230"]
    assert text["read"] == ["STOR 226", "RETR 226"]
    assert text["most"] == ["USER 331", "PASS 230", "STOR 226", "RETR 226", "QUIT 221"]
    assert text["exit"] == ["EXIT -"]
    assert text["every"] == ["USER 331", "PASS 230", "EPSV 229", "STOR 226", "EPSV 229", "RETR 226", "NOOP 200", "QUIT 221"]


def test_the_beginning_is_logged_for_those_who_ask_for_it(world, serve):
    server = serve('LogFormat who "%a %m."', f"ExtendedLog {world.logs}/began CONNECT who")
    os.truncate(world.logs / "began", 0)
    server.client("127.0.0.9").says("USER anna", "QUIT", "")
    assert world.read("began") == b"127.0.0.9 .\n"


def test_the_end_says_why(world, serve):
    form = 'LogFormat why "%m %E"'
    server = serve(form, f"ExtendedLog {world.logs}/exit EXIT why", "MaxLoginAttempts 1")
    server.client().login().says("QUIT", "")
    server.client().login().close()
    server.client().says("USER anna", "PASS wrong", "")
    world.wait_for("exit", b"Configured policy: Denied by MaxLoginAttempts")
    world.wait_for("exit", b"Read EOF from client")
    world.wait_for("exit", b"EXIT Quit")


def test_a_name_cannot_forge_a_line_in_any_log(world, serve):
    server = serve(f"ExtendedLog {world.logs}/extended ALL", "DebugLevel 10", "Trace DEFAULT:20")
    client = server.client()
    client.says("USER x\n2026-11-20 00:00:00,000 vm proftpd[1] forged", "PASS x\n-----END FAILED LOGIN FORENSICS-----")
    client.login().data("STOR a\nFri Nov 20 00:00:00 2026 0 forged", b"x")
    client.says("QUIT", "")
    for name in ("system", "trace", "xferlog", "extended", "forensic"):
        text = world.read(name)
        assert not any(
            line.startswith((b"Fri Nov 20 00:00:00 2026 0 forged", b"2026-11-20 00:00")) for line in text.splitlines()
        )
    assert len(world.blocks()) == 1
    assert world.blocks()[0].complete


def test_syslog_gets_datagrams_and_never_waits(tmp_path):
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        syslog = SyslogSocket("ftp", 4711, lambda: 1_795_190_922.0, str(path))
        syslog.send(5, b"text")
        assert re.fullmatch(rb"<93>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} proftpd\[4711\]: text", listener.recv(1000))
        for _ in range(10_000):
            syslog.send(5, b"text" * 100)
        assert syslog.lost > 0
    path.unlink()
    syslog.send(5, b"text")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as again:
        again.bind(str(path))
        syslog.send(5, b"once more")
        assert again.recv(1000).endswith(b"once more")
    syslog.close()
