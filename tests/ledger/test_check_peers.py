"""Apache's own check_forensic, and Apache's own logs."""

from __future__ import annotations

import os
import random
import signal
import string
import subprocess

import pytest

from tests.ledger.apache import Apache
from tests.ledger.inputs import ledger
from vigilog.ledger import ApacheIdentifiers, Ledger, UniqueIdentifiers
from vigilog.ledger.check import by_id, unfinished
from vigilog.ledger.examine import examine
from vigilog.parse.forensic_id import made
from vigilog.parse.forensic_line import forensic_line, request_of

pytestmark = pytest.mark.peer


@pytest.fixture
def check_forensic(need):
    """A function that gives what Apache's script prints, and its messages."""
    need("check_forensic")

    def run(path):
        environment = {**os.environ, "LC_ALL": "C"}
        done = subprocess.run(["check_forensic", str(path)], capture_output=True, env=environment, check=True, timeout=120)
        return done.stdout, done.stderr

    return run


def ours(content):
    return b"".join(line.text + b"\n" for line in by_id(unfinished(ledger(content, size=4096))))


def without_closed(printed, content):
    """What was printed, each line once, without those whose very ID was closed."""
    closed = {line[1:].partition(b"|")[0] for line in content.split(b"\n") if line.startswith(b"-")}
    lines = dict.fromkeys(printed.splitlines())
    kept = [line for line in lines if line[1:].partition(b"|")[0] not in closed]
    return b"".join(line + b"\n" for line in sorted(kept, key=lambda line: line[1:].partition(b"|")[0]))


TABLE = {
    "a clean log": (b"+1|x\n-1\n", b"", b""),
    "other IDs begin like an open one": (
        b"+10:5f:1|x\n+10:5f:10|y\n+10:5f:11|z\n-10:5f:10\n-10:5f:11\n",
        b"+10:5f:1|x\n+10:5f:10|y\n+10:5f:11|z\n",
        b"+10:5f:1|x\n",
    ),
    "one open ID begins like another": (b"+1|x\n+10|y\n", b"+1|x\n+10|y\n+10|y\n", b"+1|x\n+10|y\n"),
    "opened twice, never closed": (b"+1|x\n+1|y\n", b"+1|x\n+1|y\n+1|x\n+1|y\n", b"+1|x\n+1|y\n"),
    "opened twice, closed once": (b"+1|x\n+1|y\n-1\n", b"", b""),
    "used again after its end": (b"+1|x\n-1\n+1|y\n", b"", b""),
    "closed before it is opened": (b"-1\n+1|x\n", b"", b""),
    "closed and never opened": (b"-1\n", b"", b""),
    "cut before the request": (b"+1", b"+1\n", b"+1\n"),
    "cut in the request": (b"+1|GET / HT", b"+1|GET / HT\n", b"+1|GET / HT\n"),
    "text behind the end": (b"+1|x\n-1|extra\n", b"", b""),
    "lines of another system": (b"+1|x\r\n-1\r\n", b"+1|x\r\n", b""),
    "a dot in an ID": (b"+a.c|x\n+abc|y\n-abc\n", b"+a.c|x\n+abc|y\n", b"+a.c|x\n"),
    "a star in an ID": (b"+a*c|x\n", b"", b"+a*c|x\n"),
    "a parenthesis in an ID": (b"+a(|x\n", b"", b"+a(|x\n"),
    "a quote in an ID": (b"+a'|x\n+b|y\n", b"", b"+a'|x\n+b|y\n"),
    "a blank in an ID": (b"+a b|x\n+a c|y\n-a c\n", b"", b"+a b|x\n"),
    "empty IDs": (b"+\n-\n+|x\n", b"", b""),
    "a byte that is no text": (b"+\x00|x\n", b"", b"+\x00|x\n"),
}


@pytest.mark.parametrize("case", TABLE)
def test_where_the_two_agree_and_where_the_script_is_mistaken(case, check_forensic, tmp_path):
    content, theirs, expected = TABLE[case]
    (tmp_path / "l").write_bytes(content)
    assert check_forensic(tmp_path / "l")[0] == theirs
    assert ours(content) == expected


def odd_ledger(rng, identity, requests):
    """A ledger of so many requests, some of them lost, mixed as those of several processes are; some of it out of order."""
    lines, pending = [], []
    for number in range(requests):
        name = identity(number)
        lines.append(b"+%s|GET /%d?a%%3ab HTTP/1.1|Host:h%d" % (name, number, number % 7))
        if rng.random() < 0.9:
            pending.append(b"-" + name)
        if rng.random() < 0.03:
            lines.append(b"-" + identity(requests + number))
        while pending and rng.random() < 0.5:
            lines.append(pending.pop(rng.randrange(len(pending))))
    lines += pending
    for _ in range(requests // 20):
        first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines) + (b"\n" if rng.random() < 0.7 else b"")


@pytest.mark.parametrize("seed", range(8))
def test_any_ledger_with_ids_of_mod_unique_id(seed, check_forensic, tmp_path):
    rng = random.Random(seed)
    letters = string.ascii_letters + string.digits + "-_"
    names = ["".join(rng.choices(letters, k=27)).encode() for _ in range(800)]
    content = odd_ledger(rng, names.__getitem__, 400)
    (tmp_path / "l").write_bytes(content)
    assert check_forensic(tmp_path / "l") == (ours(content), b"")


@pytest.mark.parametrize("seed", range(8))
def test_any_ledger_with_ids_of_processes_once_closed_ones_are_taken_out(seed, check_forensic, tmp_path):
    rng = random.Random(seed)
    content = odd_ledger(rng, lambda number: b"%d:6b0001%02x:%x" % (20 + number % 4, number % 8, number // 4), 400)
    (tmp_path / "l").write_bytes(content)
    assert without_closed(check_forensic(tmp_path / "l")[0], content) == ours(content)


@pytest.mark.parametrize("identifiers", [ApacheIdentifiers, UniqueIdentifiers])
def test_vigilogs_own_ledgers(identifiers, check_forensic, tmp_path):
    rng = random.Random(4)
    written = Ledger(str(tmp_path / "l"), identifiers=identifiers())
    entries = [written.begin(b"GET /%d HTTP/1.1" % number, [(b"X-Odd", b"|%:\xff\t")]) for number in range(300)]
    alive = [entry for entry in entries if rng.random() < 0.9]
    rng.shuffle(alive)
    for entry in alive:
        entry.end()
    written.close()
    content = (tmp_path / "l").read_bytes()
    lost = sorted(entry.identifier.encode() for entry in entries if entry not in alive)
    assert [line.id for line in by_id(unfinished(ledger(content)))] == lost
    assert without_closed(check_forensic(tmp_path / "l")[0], content) == ours(content)
    assert [found.kind for found in examine(ledger(content))] == ["open"] * len(lost)


REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: localhost:80\r\nConnection: close\r\n\r\n",
    b"GET /a%20b|c?x=%7c HTTP/1.0\r\n\r\n",
    b"GET /x HTTP/1.0\r\nX-A: 1\r\nX-B: mid\r\nx-a: 2\r\nX-Bar: a|b%c:d\xff\x80\r\nX-Empty:\r\n\r\n",
    b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    b"HEAD /nothing HTTP/1.1\r\nHost: h\r\nUser-Agent: peer/1.0 (a; b)\r\nConnection: close\r\n\r\n",
    b"BREW /pot HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
]


@pytest.fixture
def apache(need):
    """A function that starts Apache."""
    need("apache2", "curl")
    started = []

    def start(*modules):
        started.append(Apache(modules))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.mark.parametrize("modules", [(), ("unique_id",)], ids=["process numbers", "mod_unique_id"])
def test_requests_of_a_child_that_was_killed_are_named_and_no_others(modules, apache, check_forensic):
    server = apache(*modules)
    for request in REQUESTS * 5:
        server.ask(request)
    for protocol, path in (("--http2-prior-knowledge", "two"), ("--http2", "upgraded")):
        program = ["curl", "-s", "-o", "/dev/null", protocol, f"http://127.0.0.1:{server.port}/{path}"]
        subprocess.run(program, check=True, timeout=60)
    for number in range(12):
        server.begin(b"/%d" % number)
    server.until(lambda: len(server.backend.waiting) == 12, "not all requests reached the backend")
    slow = [line for line in server.lines() if b"|GET /slow/" in line]
    assert len(slow) == 12
    if modules:
        killed, lost = server.children(), slow
    else:
        killed = [int(slow[0][1:].partition(b":")[0])]
        lost = [line for line in slow if line.startswith(b"+%d:" % killed[0])]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    server.until(lambda: not set(killed) & set(server.children()), "the killed child is still there")
    server.backend.answer()
    ended = {line[1:].partition(b"|")[0] for line in slow if line not in lost}
    server.until(lambda: ended <= {line[1:] for line in server.lines() if line[:1] == b"-"}, "the others do not end")
    server.stop()
    content = server.log.read_bytes()
    assert ours(content) == b"".join(line + b"\n" for line in sorted(lost))
    printed, said = check_forensic(server.log)
    assert said == b""
    assert without_closed(printed, content) == ours(content)
    if modules:
        assert printed == ours(content)
    assert {found.kind for found in examine(ledger(content))} == {"open"}
    lines = [line for line in map(forensic_line, content.splitlines()) if line and not line.damaged]
    assert len(lines) == len(content.splitlines())
    words = {request_of(line.request) for line in lines if line.sign == "+"}
    assert (b"CONNECT", b"localhost:1", b"HTTP/1.1") in words
    assert {(b"GET", b"/two", b"HTTP/2.0"), (b"GET", b"/upgraded", b"HTTP/1.1"), (b"GET", b"/upgraded", b"HTTP/2.0")} <= words
    assert (b"GET", b"/a%20b|c?x=%7c", b"HTTP/1.0") in words
    headers = {pair for line in lines for pair in line.headers}
    assert {(b"X-Bar", b"a|b%c:d\xff\x80"), (b"X-A", b"1, 2"), (b"X-Empty", b""), (b"X-Odd", b"a|b%c:d\xff")} <= headers
    times = [made(line.id) for line in lines]
    assert all(found and found.time > 0x60000000 for found in times)
