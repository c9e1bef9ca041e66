"""Every PASS that is answered with an error leaves a FAILED LOGIN block, and nothing else does."""

from __future__ import annotations

import pytest

from vigilog.parse.forensics import Block

pytestmark = pytest.mark.usefixtures("as_root")

SERVER = ("65534", "65534")
PERSON = ("1001", "1001")


def ids(block: Block) -> tuple[str | None, str | None]:
    header = dict(block.header)
    return header.get("UID"), header.get("GID")


@pytest.mark.parametrize(
    ("lines", "kinds", "tried"),
    [
        (["USER anna", "PASS wrong"], ["FAILED LOGIN"], "anna"),
        (["USER nobody-there", "PASS secret"], ["FAILED LOGIN"], "nobody-there"),
        (["USER anna", "PASS a", "USER bob", "PASS b"], ["FAILED LOGIN"] * 2, "bob"),
        (["USER anna", "PASS a", "USER anna", "PASS b", "USER anna", "PASS c"], ["FAILED LOGIN"] * 3, "anna"),
        (["PASS secret"], ["FAILED LOGIN"], None),
        (["USER anna", "PASS secret", "QUIT"], [], None),
        (["USER anna", "QUIT"], [], None),
        (["USER anna"], [], None),
        (["NOOP", "PWD", "FOO", "QUIT"], [], None),
    ],
)
def test_what_leaves_a_block(world, serve, lines, kinds, tried):
    server = serve()
    client = server.client()
    client.says(*lines)
    client.close()
    server.stop()
    found = world.blocks()
    assert [block.kind for block in found] == kinds
    assert all(block.complete for block in found)
    assert [ids(block) for block in found] == [SERVER] * len(kinds)
    assert all("User" not in dict(block.header) for block in found)
    if found:
        assert dict(found[-1].header).get("Attempted-User") == tried


def test_a_second_pass_after_a_good_login_is_one_with_the_user_that_is_logged_in(world, serve):
    server = serve()
    assert server.client().login().say("PASS again") == "503 You are already logged in"
    (block,) = world.blocks()
    header = dict(block.header)
    assert (block.kind, header["User"], ids(block)) == ("FAILED LOGIN", "anna", PERSON)
    assert "Attempted-User" not in header


def test_one_that_finds_no_room_has_the_user_that_proved_to_be_one(world, serve):
    server = serve('MaxClients 1 "no room for %m"')
    first = server.client().login()
    assert server.client().says("USER bob", "PASS secret", "NOOP") == ["331 Password required for bob", "530 no room for 1", ""]
    (block,) = world.blocks()
    assert (block.kind, dict(block.header)["User"], ids(block)) == ("FAILED LOGIN", "bob", PERSON)
    first.close()


def test_the_last_attempt_ends_the_session_with_one_block_and_not_two(world, serve):
    server = serve("MaxLoginAttempts 2")
    assert server.client().says("USER a", "PASS a", "USER a", "PASS a", "NOOP")[-2:] == ["530 Login incorrect.", ""]
    assert [block.kind for block in world.blocks()] == ["FAILED LOGIN"] * 2
    assert b"Maximum login attempts (2) exceeded, connection refused" in world.read("system")


@pytest.mark.parametrize(
    ("line", "more", "logged"),
    [
        ("anna:!{hash}:1001:1001::{home}:/bin/sh", [], "USER anna (Login failed): Incorrect password"),
        ("anna::1001:1001::{home}:/bin/sh", [], "USER anna (Login failed): Incorrect password"),
        ("anna:{hash}:1001:1001::{home}:/no", ["RequireValidShell on"], "USER anna (Login failed): Invalid shell: '/no'"),
        ("anna:{hash}:0:0::{home}:/bin/sh", [], "SECURITY VIOLATION: Root login attempted"),
        (
            "anna:{hash}:1001:1001::{home}:/bin/sh",
            ["<Limit LOGIN>\nDenyUser anna\n</Limit>"],
            "USER anna (Login failed): Limit access denies login",
        ),
        ("anna:{hash}:1001:1001::{home}/none:/bin/sh", [], "error: unable to set DefaultRoot directory"),
    ],
)
def test_why_a_right_password_is_not_enough(world, serve, line, more, logged):
    world.users(line)
    server = serve(*more)
    assert server.client().says("USER anna", "PASS secret", "QUIT")[1] == "530 Login incorrect."
    (block,) = world.blocks()
    assert block.kind == "FAILED LOGIN"
    assert any(message.text.endswith(logged.encode()) for message in block.messages)
    assert logged.encode() in world.read("system")


def test_a_block_holds_what_no_log_was_told(world, serve):
    server = serve()
    server.client().says("USER anna", "PASS wrong")
    (block,) = world.blocks()
    assert {message.log_type for message in block.messages} >= {"SystemLog", "TraceLog"}
    assert any(b"dispatching CMD command 'PASS (hidden)'" in message.text for message in block.messages)
    assert b"dispatching" not in world.read("system")
    assert world.read("trace") == b""
    assert b"wrong" not in world.read("forensic")


def test_without_the_criterion_there_is_none(world, serve):
    serve("ForensicLogCriteria UntimelyDeath").client().says("USER anna", "PASS wrong")
    assert world.blocks() == []


def test_without_the_engine_there_is_not_even_a_file(world, serve):
    serve("ForensicLogEngine off").client().says("USER anna", "PASS wrong")
    assert not (world.logs / "forensic").exists()


def test_only_the_types_that_are_captured_are_kept_and_only_so_many(world, serve):
    serve("ForensicLogCapture TraceLog", "ForensicLogBufferSize 3").client().says("USER anna", "PASS wrong")
    (block,) = world.blocks()
    assert [message.log_type for message in block.messages] == ["TraceLog"] * 3
    assert b"login of 'anna' refused" in block.messages[-1].text  # the newest is there, which it is not in ProFTPD


def test_without_a_system_log_they_are_syslogs_messages(world, serve):
    serve("SystemLog none").client().says("USER anna", "PASS wrong")
    (block,) = world.blocks()
    found = [message for message in block.messages if message.log_type == "syslog"]
    assert b"USER anna (Login failed): Incorrect password" in {message.text for message in found}
    assert all(message.pid for message in found)
    assert "SystemLog" not in {message.log_type for message in block.messages}
