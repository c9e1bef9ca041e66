"""The same client drives the real ProFTPD and Vigilog's server: their forensic files agree, but for what a test names here."""

from __future__ import annotations

import ftplib
import io
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import absent
from tests.ftpd.world import WAIT, Server, World, free_port, proftpd, secured, vigilog
from vigilog.parse.forensics import Block

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("as_root", "real")]

OWN = {"Time", "Service", "PID", "Attempted-User"}
"""Fields that only Vigilog has, behind the others."""


@pytest.fixture
def real(need):
    need("proftpd")


class Both:
    """Both servers side by side; the logs of the real one have `real-` before their names. In further lines, OWN- stands for that,
    and PORT for the server's."""

    def __init__(self, world: World, stack: ExitStack, *more: str, modules: tuple[str, ...] = ()) -> None:
        self.world, self.stack = world, stack
        first, second = free_port(), free_port()
        loads = [f"LoadModule {name}" for name in modules]

        def lines(port: int, prefix: str) -> list[str]:
            return [line.replace("OWN-", prefix).replace("PORT", str(port)) for line in more]

        text = "\n".join([*loads, world.configuration(first, *lines(first, "real-"), prefix="real-")])
        self.real = stack.enter_context(proftpd(world, text, first))
        self.own_configuration, self.own_port = world.configuration(second, *lines(second, "")), second
        self.mine = self.start()

    def start(self) -> Server:
        return self.stack.enter_context(vigilog(self.world, self.own_configuration, self.own_port))

    def blocks(self, name: str = "forensic") -> tuple[list[Block], list[Block]]:
        return self.world.blocks(f"real-{name}"), self.world.blocks(name)

    def fields(self, block: Block, server: Server) -> dict[str, str]:
        """A block's header, comparable: without what only Vigilog has, and without the port and the time."""
        header = {key: value for key, value in block.header if key not in OWN}
        assert re.fullmatch("[0-9]+", header.pop("Elapsed"))
        header["Server-Address"] = header["Server-Address"].replace(str(server.port), "PORT")
        return header

    def settled(self, count: int, name: str = "forensic") -> tuple[list[Block], list[Block]]:
        """The blocks of both, as soon as each has written `count`."""
        until = time.monotonic() + WAIT
        while True:
            found = self.blocks(name)
            if all(len(each) >= count and all(block.complete for block in each) for each in found):
                return found
            assert time.monotonic() < until, [[(block.kind, block.header) for block in each] for each in found]
            time.sleep(0.05)

    def agree(self, count: int, name: str = "forensic") -> tuple[list[Block], list[Block]]:
        """All blocks of both agree, field by field and in their order."""
        real, mine = self.settled(count, name)
        assert [block.kind for block in mine] == [block.kind for block in real]
        assert len(real) == count
        for one, other in zip(real, mine, strict=True):
            keys = [key for key, _ in other.header]
            assert keys[: len(one.header)] == [key for key, _ in one.header]
            assert set(keys[len(one.header) :]) <= OWN
            assert self.fields(other, self.mine) == self.fields(one, self.real)
        return real, mine


@pytest.fixture
def both(world):
    with ExitStack() as stack:
        yield lambda *more, modules=(): Both(world, stack, *more, modules=modules)


def words(block: Block) -> set[bytes]:
    """What the messages for the server log say, without stamp and names."""
    found = {message.text.partition(b"]): ")[2] for message in block.messages if message.log_type == "SystemLog"}
    return {re.sub(rb":[0-9]{4,5}$", b":PORT", text) for text in found if text}


SAID = (b"USER ", b"SECURITY", b"Maximum", b"FTP session opened")
FAILURES = [
    ["USER anna", "PASS wrong", "QUIT"],
    ["USER nobody-there", "PASS secret", "QUIT"],
    ["USER anna", "PASS wrong", "USER bob", "PASS wrong", "QUIT"],
    ["PASS secret", "QUIT"],
    ["USER anna", "PASS secret", "PASS again", "QUIT"],
    ["USER anna", "PASS a", "USER anna", "PASS b", "USER anna", "PASS c"],
    ["USER anna", "PASS a", "PASS b", "NOOP", "USER anna", "PASS secret", "PWD", "PASS c", "QUIT"],
    ["USER shell-less", "PASS secret", "QUIT"],
    ["USER rooted", "PASS secret", "QUIT"],
    ["USER locked", "PASS secret", "QUIT"],
    ["USER denied", "PASS secret", "QUIT"],
    ["USER anna", "PASS", "QUIT"],
    ["USER anna", "QUIT"],
    ["USER anna", "PASS secret", "QUIT"],
    ["NOOP", "PWD", "CWD /", "FOO", "QUIT"],
]
USERS = (
    *("anna", "bob", "denied"),
    "shell-less:{hash}:1001:1001::{home}:/bin/none",
    "rooted:{hash}:0:0::{home}:/bin/sh",
    "locked:!{hash}:1001:1001::{home}:/bin/sh",
)


@pytest.mark.parametrize("lines", FAILURES, ids=" ".join)
def test_failed_logins_of_every_kind(world, both, lines):
    world.users(*USERS)
    servers = both("RequireValidShell on", "<Limit LOGIN>\nDenyUser denied\n</Limit>")
    said = []
    for server in (servers.real, servers.mine):
        client = server.client("127.0.0.9")
        said.append((client.greeting, client.says(*lines)))
        client.close()
    assert said[1] == said[0]
    errors = sum(line.startswith("PASS") and answer[:1] == "5" for line, answer in zip(lines, said[0][1], strict=True))
    real, mine = servers.agree(errors)
    for one, other in zip(real, mine, strict=True):
        # What is said of the login itself is said in the same words.
        told = {text for text in words(one) if text.startswith(SAID) and b" PRIVS " not in text}
        assert told <= words(other)
    servers.real.stop()
    servers.mine.stop()
    assert [len(each) for each in servers.blocks()] == [errors, errors]


def test_logins_refused_for_want_of_room(both):
    servers = both('MaxClients 1 "no room for %m"')
    for server in (servers.real, servers.mine):
        first = server.client().login()
        assert server.client().says("USER bob", "PASS secret", "NOOP")[1:] == ["530 no room for 1", ""]
        first.close()
    real, _ = servers.agree(1)
    assert dict(real[0].header)["User"] == "bob"


def session(pid: int) -> int:
    """The process of ProFTPD's only session."""
    return int(subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, check=True).stdout.split()[0])


def transfers(server: Server) -> list[str]:
    """What a client does after its login, and what it was answered; data ports are taken out."""
    client = server.client("127.0.0.8").login()
    said = client.says("TYPE I", "PWD", "CWD nowhere", "MKD d", "RNFR d", "RNTO e", "RMD e", "NOOP", "SYST")
    for command, payload in (
        ("STOR a.bin", b"x" * 70000),
        ("RETR a.bin", None),
        ("RETR nothing", None),
        ("LIST", None),
        ("NLST", None),
    ):
        said.append(client.data(command, payload)[0])
    said += client.says("TYPE A")
    said.append(client.data("STOR t.txt", b"1\r\n2\r\n")[0])
    said.append(client.data("RETR t.txt")[0])
    said += client.says("DELE t.txt", "DELE t.txt")
    server.last = client
    return said


def test_death_by_sigabrt(both):
    # Data ports of five digits, so that answers are of the same length.
    servers = both("PassivePorts 40000 60000", "AllowOverwrite on")
    said = [transfers(server) for server in (servers.real, servers.mine)]
    assert said[1] == said[0]
    os.kill(session(servers.real.pid), signal.SIGABRT)
    os.kill(servers.mine.pid, signal.SIGABRT)
    assert servers.mine.stop() == -signal.SIGABRT
    servers.start()  # the block of Vigilog's session is written by the next start: one process serves all
    real, mine = servers.agree(1)
    assert [block.kind for block in mine] == ["UNTIMELY DEATH"]
    header = dict(real[0].header)
    assert header["Total-Files-In"] == "2"
    assert header["Total-Files-Out"] == "2"
    assert int(header["Raw-Bytes-In"]) > 70000
    assert servers.world.read("xferlog").count(b"\n") == servers.world.read("real-xferlog").count(b"\n")


def test_transfer_logs_are_the_same_byte_for_byte(both, world):
    servers = both("AllowOverwrite on")
    for server in (servers.real, servers.mine):
        transfers(server)
        client = server.last
        assert client is not None
        for name in ("with blank.txt", "\x01control\x7f", "latin-\xe4.txt", "utf-\xc3\xa4.txt", "tab\there", "semi;colon"):
            client.data(f"STOR {name}", b"x")
            client.data(f"RETR {name}")
            client.say(f"DELE {name}")
        client.say("QUIT")

    def lines(name: str) -> list[bytes]:
        return [re.sub(rb"^.{24} [0-9]+", b"WHEN", line) for line in world.read(name).splitlines()]

    assert len(lines("xferlog")) == 5 + 18
    assert lines("xferlog") == lines("real-xferlog")


def test_extended_logs_are_the_same(both, world):
    form = 'LogFormat all "%h %l %u %U %a %L %p %v %m \\"%r\\" %J %s %S %b %F %w %{protocol} %{uid} %{gid} %{transfer-status}"'
    servers = both(form, f"ExtendedLog {world.logs}/extended ALL all", "AllowOverwrite on", "PassivePorts 40000 60000")
    # Each has its own file: the line above is the same for both, so one after the other writes there.
    found = []
    for server in (servers.real, servers.mine):
        (world.logs / "extended").write_bytes(b"")
        transfers(server)
        server.last.says("QUIT")
        text = world.wait_for("extended", b'"QUIT"').replace(str(server.port).encode(), b"PORT")
        found.append([re.sub(rb"\|\|\|[0-9]+\|", b"|||P|", line) for line in text.splitlines()])
    assert len(found[0]) == len(found[1])
    for one, other in zip(*found, strict=True):
        assert one == other


def test_mod_wrap2_refuses(both, world):
    """ProFTPD's header names a user who never proved to be that one; Vigilog's names him as tried."""
    (world.root / "allow").write_text("ALL: 127.0.0.5\n")
    (world.root / "deny").write_text("ALL: 127.0.0.6\n")
    wrap = ["WrapEngine on", f"WrapTables file:{world.root}/allow file:{world.root}/deny", f"WrapLog {world.logs}/wrap"]
    criteria = "ForensicLogCriteria FailedLogin UntimelyDeath ModuleConfig"
    servers = both(*wrap, criteria, modules=("mod_wrap2.c", "mod_wrap2_file.c"))
    for server in (servers.real, servers.mine):
        for source, answer in (("127.0.0.5", "230"), ("127.0.0.6", "530"), ("127.0.0.7", "230")):
            client = server.client(source)
            assert client.says("USER anna", "PASS secret")[1].startswith(answer)
            if answer == "530":
                assert client.answer() == ""
            client.close()
    real, mine = servers.settled(1)
    assert [block.kind for block in (*real, *mine)] == ["MODULE CONFIG"] * 2
    theirs, ours = servers.fields(real[0], servers.real), servers.fields(mine[0], servers.mine)
    assert theirs.pop("User") == "anna"
    assert ours == theirs
    assert dict(mine[0].header)["Attempted-User"] == "anna"
    for block in (*real, *mine):
        texts = [message.text for message in block.messages if message.log_type == "Unspec"]
        assert any(text.endswith(b"refused connection from anna@127.0.0.6") for text in texts)


def test_a_refusal_by_mod_wrap2_is_a_failed_login_to_vigilog_alone_if_module_config_is_not_asked_for(both, world):
    (world.root / "deny").write_text("ALL: ALL\n")
    (world.root / "allow").write_text("")
    wrap = ["WrapEngine on", f"WrapTables file:{world.root}/allow file:{world.root}/deny"]
    servers = both(*wrap, modules=("mod_wrap2.c", "mod_wrap2_file.c"))
    for server in (servers.real, servers.mine):
        assert server.client().says("USER anna", "PASS secret", "NOOP")[1:] == ["530 Access denied", ""]
    servers.real.stop()
    servers.mine.stop()
    real, mine = servers.blocks()
    assert real == []
    assert [block.kind for block in mine] == ["FAILED LOGIN"]


def test_a_normal_stop_is_a_mass_death_to_proftpd_alone(both):
    servers = both()
    for server in (servers.real, servers.mine):
        server.held = server.client().login()
    assert servers.mine.stop() == 0
    servers.real.stop()
    until = time.monotonic() + WAIT
    while not servers.blocks()[0] and time.monotonic() < until:
        time.sleep(0.05)
    real, mine = servers.blocks()
    assert [block.kind for block in real] == ["UNTIMELY DEATH"]
    assert mine == []


def test_the_newest_message_is_in_vigilogs_block_alone(both):
    servers = both("ForensicLogBufferSize 5")
    for server in (servers.real, servers.mine):
        server.client().says("USER anna", "PASS wrong", "QUIT")
    real, mine = servers.settled(1)
    assert len(real[0].messages) == 4
    assert len(mine[0].messages) == 5


def test_extended_log_lines_are_in_vigilogs_block_alone(both, world):
    servers = both(f"ExtendedLog {world.logs}/extended ALL")
    for server in (servers.real, servers.mine):
        server.client().says("USER anna", "PASS wrong", "QUIT")
    real, mine = servers.settled(1)
    assert "ExtendedLog" not in {message.log_type for message in real[0].messages}
    assert "ExtendedLog" in {message.log_type for message in mine[0].messages}


def test_traces_are_kept_without_a_trace_log_by_vigilog_alone(both):
    servers = both("-Trace", "-TraceLog")
    for server in (servers.real, servers.mine):
        server.client().says("USER anna", "PASS wrong", "QUIT")
    real, mine = servers.settled(1)
    assert "TraceLog" not in {message.log_type for message in real[0].messages}
    assert "TraceLog" in {message.log_type for message in mine[0].messages}


def test_system_logs_are_the_same_words(both, world):
    servers = both("MaxLoginAttempts 2")
    for server in (servers.real, servers.mine):
        server.client().says("USER anna", "PASS wrong", "USER who", "PASS who", "NOOP")

    def lines(name: str) -> list[bytes]:
        text = re.sub(rb"^[-0-9]+ [0-9:,]+ ([^ ]+ proftpd)\[[0-9]+\]", rb"\1", world.read(name), flags=re.MULTILINE)
        text = re.sub(rb":[0-9]{4,5}$", b":PORT", text, flags=re.MULTILINE)
        return [line for line in text.splitlines() if b"STARTUP" not in line]

    world.wait_for("real-system", b"Maximum")
    assert len(lines("system")) == 3
    assert lines("system") == lines("real-system")


def test_addresses_over_ipv6(world, both):
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    servers = both("DefaultAddress ::1 127.0.0.1", "UseIPv6 on")
    for server in (servers.real, servers.mine):
        for address in ("127.0.0.1", "::1"):
            with socket.create_connection((address, server.port), timeout=WAIT) as sock:
                file = sock.makefile("rb")
                file.readline()
                sock.sendall(b"PASS x\r\n")
                assert file.readline().startswith(b"503")
    real, mine = servers.settled(2)
    # On which kind of socket an IPv4 client arrives is the server's own affair: ::ffff: may stand before the address.
    for one, other in zip(real, mine, strict=True):
        theirs, ours = servers.fields(one, servers.real), servers.fields(other, servers.mine)
        assert ours.pop("Server-Address").removeprefix("::ffff:") == theirs.pop("Server-Address").removeprefix("::ffff:")
        assert ours == theirs


def test_mod_wrap_refuses(world, both):
    """The older module: a failed login in both."""
    (world.root / "allow").write_text("ALL: 127.0.0.5\n")
    (world.root / "deny").write_text("ALL: 127.0.0.6\n")
    servers = both(f"TCPAccessFiles {world.root}/allow {world.root}/deny", modules=("mod_wrap.c",))
    said = []
    for server in (servers.real, servers.mine):
        client = server.client("127.0.0.6")
        said.append([*client.says("USER anna", "PASS secret")])
        client.close()
        server.client("127.0.0.5").login().close()
        server.client("127.0.0.7").login().close()
    assert said[1] == said[0]
    real, mine = servers.settled(1)
    assert [block.kind for block in (*real, *mine)] == ["FAILED LOGIN"] * 2
    assert servers.fields(mine[0], servers.mine) == servers.fields(real[0], servers.real)


def test_host_drops_what_was_kept_and_counts_on(world, both):
    virtual = f"""<VirtualHost 127.0.0.1>
Port PORT
ServerName "second"
ServerIdent on "second here"
ServerAlias second.example
AuthUserFile {world.root}/passwd
AuthOrder mod_auth_file.c
RequireValidShell off
ForensicLogEngine on
ForensicLogFile {world.logs}/OWN-second
</VirtualHost>"""
    servers = both("DefaultServer off", virtual)
    said = []
    for server in (servers.real, servers.mine):
        client = server.client()
        lines = ["USER anna", "PASS wrong", "HOST nowhere.example", "HOST second.example", "USER anna", "PASS wrong", "QUIT"]
        said.append(client.says(*lines))
        client.close()
    assert said[1] == said[0]
    servers.agree(1)
    real, mine = servers.agree(1, "second")
    for block in (real[0], mine[0]):
        assert not any(b"FTP session opened" in message.text for message in block.messages)


@pytest.mark.parametrize("more", [[], ["DefaultServer off"], ["DefaultAddress 127.0.0.2"]], ids=str)
def test_which_server_of_an_address_a_connection_is_for(both, more):
    virtual = "<VirtualHost 127.0.0.1>\nPort PORT\nServerIdent on {0}\nServerAlias {0}.example\n</VirtualHost>"
    servers = both(*more, virtual.format("second"), virtual.format("third"))
    assert servers.mine.client().greeting == servers.real.client().greeting


def test_anonymous_sessions(world, both):
    world.users("anna", "nobody:*:65534:65534::/nonexistent:/bin/none")
    (world.root / "anon" / "f").write_text("public")
    section = f"""<Anonymous {world.root}/anon>
User nobody
Group nogroup
UserAlias anonymous nobody
RequireValidShell off
<Limit WRITE>
DenyAll
</Limit>
</Anonymous>"""
    servers = both("UseFtpUsers off", "PassivePorts 40000 60000", section)
    said = []
    for server in (servers.real, servers.mine):
        client = server.client()
        answers = client.says("USER anonymous", "PASS me@example.org", "PWD", "MKD d", "DELE f", "RNFR f", "CWD ..", "PWD")
        answers.append(client.data("STOR g", b"x")[0])
        answers.append(client.data("RETR f")[0])
        said.append([*answers, *client.says("PASS again", "QUIT")])
    assert said[1] == said[0]
    real, _ = servers.settled(1)
    assert dict(real[0].header)["User"] == "nobody"
    servers.agree(1)
    lines = [re.sub(rb"^.{24}", b"WHEN", world.read(name)) for name in ("real-xferlog", "xferlog")]
    assert lines[0] == lines[1]


def test_sessions_over_tls(world, both, certified):
    """But for how many bytes TLS itself takes: handshakes are as long as a library makes them."""
    if not Path("/usr/lib/proftpd/mod_tls.so").exists():
        absent("needs mod_tls (proftpd-mod-crypto)")
    lines = [line.replace(f"{world.logs}/tls", f"{world.logs}/OWN-tls") for line in certified]
    servers = both(*lines, "TLSRequired on", modules=("mod_tls.c",))
    said = []
    for server in (servers.real, servers.mine):
        answers = server.client().says("USER anna", "PASS secret")
        client = secured(server)
        for command in ("USER anna", "PASS wrong", "USER anna", "PASS secret"):
            answers.append(said_to(client, command))
        answers.append(client.prot_p())
        client.storbinary("STOR f", io.BytesIO(b"x" * 100_000))
        found = io.BytesIO()
        client.retrbinary("RETR f", found.write)
        assert found.getvalue() == b"x" * 100_000
        client.delete("f")
        said.append([*answers, *(said_to(client, command) for command in ("PASS again", "QUIT"))])
    assert said[1] == said[0]
    real, mine = servers.settled(3)
    assert [block.kind for block in mine] == [block.kind for block in real] == ["FAILED LOGIN"] * 3
    protocols = []
    for one, other in zip(real, mine, strict=True):
        fields = [servers.fields(other, servers.mine), servers.fields(one, servers.real)]
        counts = [{key: int(each.pop(key)) for key in ("Raw-Bytes-In", "Raw-Bytes-Out")} for each in fields]
        assert fields[0] == fields[1]
        protocols.append(fields[0]["Protocol"])
        for key, count in counts[0].items():
            assert abs(count - counts[1][key]) < 2_000
    assert protocols == ["ftp", "ftps", "ftps"]


def said_to(client, command):
    try:
        return client.sendcmd(command)
    except ftplib.Error as error:
        return str(error)


def test_filters_of_a_server_hold_for_all_commands_but_pass(world, both):
    servers = both(r"DenyFilter \*.*/", r"""AllowFilter "^[a-z0-9*/ ]*$" [NC]""")
    lines = [
        *("CWD a*b/", "USER *x/", "USER a-b", "USER anna", "PASS *a/", "USER anna", "PASS secret", "CWD a*b/", "MKD x9"),
        *("SITE CHMOD 7-7 x", "NOOP", "HELP *//", "SITE HELP */", "TYPE I", "STAT */", "RETR A-", "FOO A-", "QUIT"),
    ]
    said = []
    for server in (servers.real, servers.mine):
        said.append(server.client().says(*lines))
        (world.home / "x9").rmdir()
    assert said[1] == said[0]
    servers.agree(1)


OTHERS_DOOR = "<Limit LOGIN>\nAllowUser anna\nDenyAll\n</Limit>"


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("", ""),
        ("Group games", ""),
        ("", OTHERS_DOOR),
        ("<Limit LOGIN>\nAllowAll\n</Limit>", OTHERS_DOOR),
        ("<Limit LOGIN>\nDenyAll\n</Limit>", ""),
    ],
    ids=["nothing", "a group", "a door outside", "both doors", "a door inside"],
)
def test_what_an_anonymous_section_does_not_say_the_server_says(world, both, inside, outside):
    """Who may log in, and the group that he acts in."""
    world.users("anna", "games:*:5:12::/nonexistent:/bin/none")
    section = (
        f"<Anonymous {world.root}/anon>\nUser games\nUserAlias anonymous games\nRequireValidShell off\n{inside}\n</Anonymous>"
    )
    order = "AuthOrder mod_auth_file.c mod_auth_unix.c"
    servers = both("UseFtpUsers off", order, *filter(None, [outside]), section)
    said = [server.client().says("USER anonymous", "PASS me", "PASS again", "QUIT") for server in (servers.real, servers.mine)]
    assert said[1] == said[0]
    servers.agree(1 if said[0][1].startswith("230") else 2)


def test_what_limits_refuse_is_refused_in_the_same_words(both, world):
    (world.home / "f").write_text("x")
    (world.home / "d").mkdir()
    servers = both("<Limit READ WRITE SIZE MDTM>\nDenyAll\n</Limit>")
    said = []
    for server in (servers.real, servers.mine):
        client = server.client().login()
        lines = [
            "TYPE I",
            "SIZE f",
            "MDTM f",
            "MKD e",
            "RMD d",
            "DELE f",
            "RNFR f",
            "RNTO g",
            "SITE CHMOD 600 f",
            "CWD d",
            "PWD",
        ]
        answers = client.says(*lines)
        answers.append(client.data("RETR f")[0])
        said.append([*answers, client.data("STOR g", b"x")[0], client.data("APPE f", b"x")[0]])
    assert said[1] == said[0]
