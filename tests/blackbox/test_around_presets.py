"""The rules that are shipped for sshd, ProFTPD and nginx: what they find in real lines, and what nobody can make them find."""

from __future__ import annotations

import pytest

from vigilog.around_matching import Passing, matchers
from vigilog.config import around
from vigilog.patterns.confirm import tree_of
from vigilog.patterns.gentle import gentle

MATCHERS = {name: matchers(around.known(name), Passing(around.known(name).passed)) for name in around.shipped()}
FTP = "2026-11-20 16:24:45,910 vm proftpd[795] 127.0.0.1 (client.example[203.0.113.7]): "
NGINX = "2026/11/20 16:24:43 "


def said(name, line):
    """What the rules say of a line: (what, kind, fields)."""
    found = MATCHERS[name]
    data = line.encode()
    hits = found.hits(data + b"\n")
    return [
        (
            found.says[index].what,
            found.says[index].kind,
            {key: value.decode() for key, value in found.takes[index](data).items()},
        )
        for _, index in hits
    ]


def key(name, line):
    return MATCHERS[name].keys([line.encode()])[0]


SSHD = [
    (
        'Connection from 203.0.113.7 port 40022 on 192.0.2.1 port 22 rdomain ""',
        "fields",
        {"client_address": "203.0.113.7", "client_port": "40022", "server_address": "192.0.2.1", "server_port": "22"},
    ),
    (
        "Connection from 2001:db8::7 port 40022 on fe80::1%eth0 port 22",
        "fields",
        {"client_address": "2001:db8::7", "client_port": "40022", "server_address": "fe80::1", "server_port": "22"},
    ),
    (
        "debug1: userauth-request for user anna service ssh-connection method none [preauth]",
        "fields",
        {"attempted_user": "anna"},
    ),
    (
        "debug1: userauth-request for user a service ssh-connection method none b service ssh-connection method none [preauth]",
        "fields",
        {"attempted_user": "a service ssh-connection method none b"},
    ),
    ("Accepted publickey for anna from 203.0.113.7 port 40022 ssh2: ED25519 SHA256:q9w8e7", "fields", {"user": "anna"}),
    ("User child is on pid 4711", "same", {"process": "4711"}),
    ("debug1: do_cleanup", "end", {}),
    ("Failed password for anna from 203.0.113.7 port 40022 ssh2", "criterion", {}),
    ("Failed password for invalid user x y from 203.0.113.7 port 40022 ssh2", "criterion", {}),
    ("Failed keyboard-interactive/pam for anna from 2001:db8::7 port 40022 ssh2", "criterion", {}),
    ("fatal: mm_request_receive: read: Connection reset by peer", "criterion", {}),
    ("error: maximum authentication attempts exceeded for root from 203.0.113.7 port 40022 ssh2 [preauth]", "criterion", {}),
]


@pytest.mark.parametrize(("line", "what", "fields"), SSHD)
def test_lines_of_sshd(line, what, fields):
    ((found, _, taken),) = said("sshd", line)
    assert (found, taken) == (what, fields)


@pytest.mark.parametrize(
    "line",
    [
        "Failed publickey for anna from 203.0.113.7 port 40022 ssh2: ED25519 SHA256:q9w8e7",  # clients try all they have
        "Failed none for anna from 203.0.113.7 port 40022 ssh2",
        "fatal: Timeout before authentication for 203.0.113.7 port 40022",
        "Invalid user Failed password for anna from 203.0.113.7 port 1 ssh2 from 203.0.113.9 port 40022",
        "debug1: do_cleanup [preauth]",  # the network child's, which always goes first
        "Received disconnect from 203.0.113.7 port 40022:11: debug1: do_cleanup",
        "debug3: /etc/ssh/sshd_config:1 setting Port 22",
    ],
)
def test_lines_of_sshd_that_say_nothing(line):
    assert said("sshd", line) == []


PROFTPD = [
    (
        FTP + "connected - local  : 192.0.2.1:21",
        "fields",
        {"client_address": "203.0.113.7", "server_address": "192.0.2.1", "server_port": "21"},
    ),
    (FTP + "dispatching PRE_CMD command 'USER anna' to mod_core", "fields", {"attempted_user": "anna"}),
    (
        FTP + "dispatching PRE_CMD command 'USER x' to mod_core' to mod_core",
        "fields",
        {"attempted_user": "x' to mod_core"},
    ),
    (FTP + "USER anna: Login successful.", "fields", {"user": "anna"}),
    (FTP + "dispatching LOG_CMD_ERR command 'PASS (hidden)' to mod_log", "criterion", {}),
    (FTP + "ProFTPD terminating (signal 11)", "criterion", {"signal": "11"}),
    (FTP + "ProFTPD received SIGABRT signal, no core dump", "criterion", {"signal": "SIGABRT"}),
    (FTP + "FTP session closed.", "end", {}),
]


@pytest.mark.parametrize(("line", "what", "fields"), PROFTPD)
def test_lines_of_proftpd(line, what, fields):
    ((found, _, taken),) = said("proftpd", line)
    assert (found, taken) == (what, fields)
    assert key("proftpd", line) == (b"795", 795)


@pytest.mark.parametrize(
    "command",
    [
        "USER dispatching LOG_CMD_ERR command 'PASS (hidden)' to mod_log",
        "CWD ): ProFTPD terminating (signal 11)",
        "STOR FTP session closed.",
    ],
)
def test_no_command_is_taken_for_a_line_of_proftpd(command):
    for phase in ("PRE_CMD", "CMD", "LOG_CMD_ERR"):
        line = FTP + f"dispatching {phase} command '{command}' to mod_log"
        assert all(what == "fields" for what, _, _ in said("proftpd", line))


REQUEST = NGINX + '[debug] 702#702: *5 http request line: "{}"'
CLIENT = ', client: 203.0.113.7, server: , request: "GET / HTTP/1.1", host: "www.example"'
NGINX_LINES = [
    (
        NGINX + "[debug] 702#702: *5 accept: 203.0.113.7:38212 fd:8",
        "begin",
        {"client_address": "203.0.113.7", "client_port": "38212"},
    ),
    (
        NGINX + "[debug] 702#702: *5 accept: [2001:db8::7]:38212 fd:8",
        "begin",
        {"client_address": "2001:db8::7", "client_port": "38212"},
    ),
    (REQUEST.format("GET /x HTTP/1.1"), "fields", {"request": "GET /x HTTP/1.1"}),
    (
        NGINX + "[error] 702#702: *5 connect() failed (111: Connection refused) while connecting to upstream" + CLIENT,
        "criterion",
        {},
    ),
    (NGINX + "[debug] 702#702: *5 close http connection: 8", "end", {}),
]


@pytest.mark.parametrize(("line", "what", "fields"), NGINX_LINES)
def test_lines_of_nginx(line, what, fields):
    ((found, _, taken),) = said("nginx", line)
    assert (found, taken) == (what, fields)
    assert key("nginx", line) == (b"5", 702)


def test_a_bad_login_of_nginx_tells_the_name_and_is_a_criterion():
    line = NGINX + '[error] 702#702: *5 user "an"na": password mismatch' + CLIENT
    assert [(what, kind) for what, kind, _ in said("nginx", line)] == [("fields", ""), ("criterion", "FAILED LOGIN")]
    assert said("nginx", line)[0][2] == {"attempted_user": 'an"na'}


def test_the_death_of_a_worker():
    line = NGINX + "[alert] 700#700: worker process 702 exited on signal 11 (core dumped)"
    assert said("nginx", line) == [("died", "", {"process": "702", "signal": "11"})]
    assert key("nginx", line) is None


@pytest.mark.parametrize(
    "text",
    [
        NGINX + "[alert] 700#700: worker process 702 exited on signal 11",
        '*5 user "x": password mismatch, client: ',
        "2026/11/20 16:24:43 [error] 1#1: *6 access forbidden by rule",
    ],
)
def test_no_request_is_taken_for_a_line_of_nginx(text):
    assert {what for what, _, _ in said("nginx", REQUEST.format(text))} <= {"fields"}
    assert key("nginx", REQUEST.format(text)) == (b"5", 702)


def test_what_follows_a_line_of_nginx_without_a_head_goes_on_with_it():
    lines = [REQUEST.format("GET / HTTP/1.1"), "Server: nginx", "", NGINX + "[debug] 702#702: worker cycle", "more of it"]
    keys = MATCHERS["nginx"].keys([line.encode() for line in lines])
    assert list(keys) == [(b"5", 702)] * 3 + [None] * 2
    assert list(MATCHERS["nginx"].keys([b"and more"])) == [None]


def test_secrets_of_nginx():
    redact = MATCHERS["nginx"].redact
    head = NGINX + "[debug] 702#702: *5 http header: "
    assert redact((head + '"Authorization: Basic Ym8="').encode()) == (head + '"Authorization: (hidden)"').encode()
    assert redact((head + '"cookie: a=b; c=d"').encode()) == (head + '"cookie: (hidden)"').encode()
    assert redact(b"Set-Cookie: a=b") == b"Set-Cookie: (hidden)"
    assert redact((head + '"Host: x"').encode()) == (head + '"Host: x"').encode()


@pytest.mark.parametrize(
    ("name", "lines", "passed"),
    [
        ("sshd", ["debug1: x", "debug3: y", "Server listening on :: port 22.", "error: z"], [2, 3]),
        (
            "nginx",
            [
                NGINX + "[debug] 1#1: x",
                NGINX + "[info] 1#1: x",
                NGINX + "[notice] 1#1: x",
                NGINX + "[crit] 1#1: x",
                "HTTP/1.1 200",
            ],
            [2, 3],
        ),
        (
            "proftpd",
            [FTP + "ROOT PRIVS at main.c:1", FTP + "FTP session opened.", FTP, FTP + "USER x: no such user found from"],
            [1, 3],
        ),
    ],
)
def test_what_passes_into_the_ordinary_log(name, lines, passed):
    data = [line.encode() + b"\r\n" for line in lines]
    passes = MATCHERS[name].passes
    assert passes
    assert passes(b"".join(data)) == b"".join(data[number] for number in passed)


def test_levels_of_sshd():
    level = MATCHERS["sshd"].level
    assert [level(line) for line in (b"debug2: x\r", b"x", b"error: x", b"fatal: x")] == [7, 6, 3, 2]


@pytest.mark.parametrize("name", around.shipped())
def test_the_patterns_that_every_line_meets_are_quick_on_any_line(name):
    """Those for sessions are matched against each line; a line cannot make them slow, and the quick engine can be used."""
    for rule in around.known(name).session:
        assert gentle(tree_of(rule, caseless=False))


@pytest.mark.parametrize("name", around.shipped())
def test_what_is_shipped_says_what_it_is_for(name):
    known = around.known(name)
    assert known.description
    assert any(each.what == "criterion" and each.kind == "FAILED LOGIN" for each in known.says)


MISTAKEN = """
sesions = "line"
sessions = "lines"
idle = "soon"
end = 7
pass = "some"

[levels]
noise = ['x']

[criteria]
"A" = ['(']
"""


def test_every_mistake_in_a_rule_file_is_told_with_its_line():
    with pytest.raises(ExceptionGroup) as caught:
        around.text(MISTAKEN, "my.toml")
    told = [str(error) for error in caught.value.exceptions]
    assert [message.partition(": ")[0] for message in told] == [f"my.toml:{line}" for line in (2, 3, 4, 5, 6, 9)]
    assert 'did you mean "sessions"?' in told[0]


def test_a_pattern_that_is_none_is_told_with_its_line():
    known = around.text("[criteria]\n'A' = [\n 'x',\n '(']\n", "my.toml")
    with pytest.raises(Exception, match=r"my\.toml:4:"):
        matchers(known, Passing())


@pytest.mark.parametrize("text", ['sessions = "line"', "session = ['(?P<session>x)']", "[[session]]\nx = 1\n[sessions]"])
def test_patterns_for_sessions_belong_to_sessions_by_line(text):
    with pytest.raises(ExceptionGroup):
        around.text(text, "my.toml")
