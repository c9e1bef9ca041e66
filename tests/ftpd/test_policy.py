"""Who may do what: <Limit>, tables, room, attempts, time."""

from __future__ import annotations

import socket

import pytest

from tests.ftpd.world import WAIT

pytestmark = pytest.mark.usefixtures("as_root")

MODULE_CONFIG = "ForensicLogCriteria FailedLogin UntimelyDeath ModuleConfig"


def kinds(world):
    return [block.kind for block in world.blocks()]


def test_limit_write_leaves_reading(world, serve):
    (world.home / "f").write_text("here")
    client = serve("<Limit WRITE>\nDenyAll\n</Limit>").client().login()
    assert client.data("STOR g", b"x")[0] == "550 g: Operation not permitted"
    assert client.says("MKD d", "DELE f", "RNFR f") == [
        "550 d: Permission denied",
        "550 f: Operation not permitted",
        "550 f: Operation not permitted",
    ]
    assert client.data("RETR f")[1] == b"here"
    assert sorted(each.name for each in world.home.iterdir()) == ["f"]


def test_a_directory_has_limits_of_its_own(world, serve):
    (world.home / "in").mkdir()
    (world.home / "in").chmod(0o777)
    section = "<Directory ~/in>\n<Limit READ>\nDenyAll\n</Limit>\n</Directory>"
    client = serve(section).client().login()
    assert client.data("STOR in/f", b"x")[0].startswith("226")
    assert client.data("RETR in/f")[0] == "550 in/f: Operation not permitted"
    client.data("STOR g", b"x")
    assert client.data("RETR g")[0].startswith("226")


def test_who_may_not_even_connect_is_a_matter_of_policy(world, serve):
    server = serve_refused(world, serve, MODULE_CONFIG)
    assert kinds(world) == ["MODULE CONFIG"]
    header = dict(world.blocks()[0].header)
    assert (header["Client-Address"], header["UID"]) == ("127.0.0.6", "65534")
    assert b"denied" in world.read("system")
    assert server.client("127.0.0.7").login()


def test_and_none_without_the_criterion(world, serve):
    serve_refused(world, serve, "ForensicLogCriteria FailedLogin UntimelyDeath")
    assert kinds(world) == []


def serve_refused(world, serve, criteria):
    server = serve(
        criteria,
        "<Limit LOGIN>\nOrder allow,deny\nDeny from 127.0.0.6\nAllow from all\n</Limit>".replace(
            "Order allow,deny", "Order deny,allow"
        ),
    )
    assert server.client("127.0.0.6").greeting == ""
    return server


@pytest.mark.parametrize(
    ("more", "expected"),
    [([], ["FAILED LOGIN"]), ([MODULE_CONFIG], ["FAILED LOGIN"]), (["ForensicLogCriteria ModuleConfig"], ["MODULE CONFIG"])],
)
def test_a_refusal_for_want_of_room_is_one_block(world, serve, more, expected):
    server = serve("MaxClients 1", *more)
    first = server.client().login()
    assert server.client().says("USER bob", "PASS secret", "NOOP")[1:] == [
        "530 Sorry, the maximum number of allowed clients (1) are already connected.",
        "",
    ]
    assert kinds(world) == expected
    first.says("QUIT", "")
    assert server.client().login("bob")


def test_room_for_a_host_and_for_a_user(serve):
    server = serve("MaxClientsPerHost 2", 'MaxClientsPerUser 1 "one %m"')
    first = server.client("127.0.0.2").login()
    second = server.client("127.0.0.2").login("bob")
    assert server.client("127.0.0.2").says("USER anna", "PASS secret")[1].startswith("530 Sorry")
    assert server.client("127.0.0.3").says("USER bob", "PASS secret")[1] == "530 one 1"
    first.close()
    second.close()


def test_max_instances_closes_the_door(world, serve):
    server = serve("MaxInstances 1")
    first = server.client()
    assert server.client().greeting == ""
    first.says("QUIT", "")
    assert server.client().greeting == "220 FTP ready"
    assert b"MaxInstances (1) reached, new connection denied" in world.read("system")


def test_tables_at_connect(world, serve):
    (world.root / "allow").write_text("")
    (world.root / "deny").write_text("proftpd: 127.0.0.6 EXCEPT 127.0.0.7\n")
    tables = f"WrapTables file:{world.root}/allow file:{world.root}/deny"
    server = serve("WrapEngine on", tables, "WrapOptions CheckOnConnect", MODULE_CONFIG)
    assert server.client("127.0.0.6").greeting == ""
    assert kinds(world) == ["MODULE CONFIG"]
    assert server.client("127.0.0.7").login()


@pytest.mark.parametrize(
    ("directive", "words", "login"),
    [
        ("TimeoutLogin", "Login timeout", False),
        ("TimeoutIdle", "Idle timeout", True),
        ("TimeoutNoTransfer", "No transfer", True),
    ],
)
def test_who_takes_too_long_is_told_so_and_leaves_no_block(world, serve, directive, words, login):
    client = serve(f"{directive} 1").client()
    if login:
        client.login()
    answer = client.answer()
    assert answer.startswith("421 ")
    assert words in answer
    assert client.answer() == ""
    assert kinds(world) == []


def test_data_that_does_not_move_ends_the_session(world, serve):
    client = serve("TimeoutStalled 1").client().login()
    port = int(client.say("EPSV").split("|")[3])
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT):
        assert client.say("STOR f").startswith("150")
        assert client.answer().startswith("426")
        assert client.answer().startswith("421 Data transfer stall timeout")
        assert client.answer() == ""
    assert world.read("xferlog").split()[-1] == b"i"
    assert kinds(world) == []


def test_a_session_may_have_a_longest_time(world, serve):
    client = serve("TimeoutSession 1 user anna").client().login()
    assert client.answer().startswith("421 Session timeout (1 second)")
    assert client.answer() == ""
    assert kinds(world) == []


def anonymous(world, *more):
    lines = [f"<Anonymous {world.root}/anon>", "User nobody", "Group nogroup", "UserAlias anonymous nobody"]
    return "\n".join([*lines, *more, "</Anonymous>"])


def test_anonymous_clients_are_put_where_they_belong(world, serve):
    world.users("anna", "nobody:*:65534:65534::/nonexistent:/bin/none")
    (world.root / "anon" / "f").write_text("public")
    server = serve("UseFtpUsers off", anonymous(world, "RequireValidShell off", "<Limit WRITE>\nDenyAll\n</Limit>"))
    client = server.client()
    assert client.says("USER anonymous", "PASS me@example.org", "PWD") == [
        "331 Anonymous login ok, send your complete email address as your password",
        "230 Anonymous access granted, restrictions apply",
        '257 "/" is the current directory',
    ]
    assert client.data("RETR f")[1] == b"public"
    assert client.say("MKD d") == "550 d: Permission denied"
    line = world.read("xferlog").split()
    assert (line[12], line[13]) == (b"a", b"me@example.org")
    client.say("PASS again")
    header = dict(world.blocks()[0].header)
    assert (header["User"], header["UID"]) == ("nobody", "65534")


def test_a_hostile_anonymous_password_cannot_forge_a_line(world, serve):
    world.users("anna", "nobody:*:65534:65534::/nonexistent:/bin/none")
    (world.root / "anon" / "f").write_text("public")
    client = serve("UseFtpUsers off", anonymous(world, "RequireValidShell off")).client()
    client.says("USER anonymous", "PASS x\nMon Jan  1 00:00:00 2026 0 ::1 0 /etc/shadow b _ o r root ftp 0 * c")
    client.data("RETR f")
    assert world.read("xferlog").count(b"\n") == 1
    assert len(world.read("xferlog").split()) == 18


def test_hosts_own_users(world, serve):
    """A user of /etc/passwd whose password is unknown: what is answered does not tell that he is there."""
    client = serve("AuthOrder mod_auth_unix.c").client()
    assert client.says("USER daemon", "PASS x") == ["331 Password required for daemon", "530 Login incorrect."]
    assert client.says("USER no-such", "PASS x") == ["331 Password required for no-such", "530 Login incorrect."]
