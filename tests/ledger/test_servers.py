"""The ledger in real servers, with several workers, under load, and killed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ledger.servers import COMMANDS, Client, Served, query_of, serving

pytestmark = pytest.mark.peer

ASGI = [kind for kind in COMMANDS if "wsgi" not in COMMANDS[kind].rpartition(":")[2]]
WSGI = [kind for kind in COMMANDS if kind not in ASGI]


def hanging(served: Served, name: str, count: int) -> list[object]:
    """Begins so many requests that are never answered."""
    return [served.begin(f"GET /hang?{name}-{number} HTTP/1.1\r\nHost: h\r\n\r\n".encode()) for number in range(count)]


def check_forensic(path: Path) -> set[bytes]:
    """The IDs that Apache's script names. It also names those that begin like one of them, so closed ones are taken out."""
    done = subprocess.run(
        ["check_forensic", str(path)], capture_output=True, check=True, env={**os.environ, "LC_ALL": "C"}, timeout=120
    )
    assert done.stderr == b""
    closed = {line[1:] for line in path.read_bytes().split(b"\n") if line.startswith(b"-")}
    return {line[1:].partition(b"|")[0] for line in done.stdout.split(b"\n") if line} - closed


def ledger_check(path: Path) -> set[bytes]:
    """The IDs that the installed command names."""
    command = [str(Path(sys.executable).with_name("vigilog")), "ledger", "check", str(path)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    return {line[1:].partition(b"|")[0] for line in done.stdout.split(b"\n") if line}


@pytest.mark.parametrize("kind", COMMANDS)
def test_when_a_worker_is_killed_exactly_its_requests_are_open(kind: str, tmp_path: Path, need) -> None:
    need("check_forensic")
    # A synchronous worker does one thing at a time, so some of them are left for the load.
    workers, hangs = (5, 2) if kind == "gunicorn" else (3, 6)
    with serving(kind, tmp_path, workers=workers) as served:
        load = [Client(served.port, f"load{number}") for number in range(4)]
        kept = hanging(served, "hang", hangs)
        served.until(lambda: len(served.begun()) == hangs, served.begun)
        served.until(lambda: sum(len(client.answered) for client in load) > 300, lambda: [len(c.answered) for c in load])
        for client in load:
            client.stop()
        assert not any(client.unanswered for client in load)
        # A client may have its answer a moment before its request is over.
        served.until(lambda: {query_of(line) for line in served.open().values()} == set(served.begun()), served.open)
        victim = served.begun()["hang-0"]
        os.kill(victim, signal.SIGKILL)
        # All that hang: those of the dead one for ever, the others as long as their workers live.
        served.until(lambda: not Path(f"/proc/{victim}/stat").exists() or dead(victim))
        assert {query_of(line) for line in served.open().values()} == set(served.begun())
        answered = {query for client in load for query in client.answered}
        asked = {query_of(line.request) for line in served.lines() if line.sign == "+"} - {""}
        assert asked == answered | set(served.begun())
        assert check_forensic(served.log) == ledger_check(served.log) == set(served.open())
        of_victim = {query for query, process in served.begun().items() if process == victim}
        assert {query_of(line) for name, line in served.open().items() if name.startswith(b"%d:" % victim)} == of_victim
        assert len(kept) == hangs


def dead(process: int) -> bool:
    """Whether it has ended, and only waits to be noticed."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


@pytest.mark.parametrize("kind", ["uvicorn", "gunicorn-threads", "gunicorn-uvicorn-preload"])
def test_when_a_worker_is_killed_at_work_no_request_without_an_answer_is_missing(kind: str, tmp_path: Path, need) -> None:
    need("check_forensic")
    with serving(kind, tmp_path, identifiers="unique") as served:
        load = [Client(served.port, f"load{number}") for number in range(12)]
        hanging(served, "hang", 3)
        served.until(lambda: len(served.begun()) == 3)
        for _ in range(3):
            before = sum(len(client.answered) for client in load)
            served.until(lambda before=before: sum(len(client.answered) for client in load) > before + 300)
            # Any of the workers: all of them are busy.
            worker = workers_of(served)[-1]
            os.kill(worker, signal.SIGKILL)
            served.until(lambda worker=worker: dead(worker))
        for client in load:
            client.stop()
        answered = {query for client in load for query in client.answered}
        unanswered = {query for client in load for query in client.unanswered}
        hung = set(served.begun())
        served.until(lambda: hung <= {query_of(line) for line in served.open().values()})
        asked = {query_of(line.request) for line in served.lines() if line.sign == "+"} - {""}
        named = {query_of(line) for line in served.open().values()} - {""}
        assert answered <= asked
        # What began and was not answered is open; nothing else is, but for what was answered in the very moment of the death
        # and is missing its second line: one at most for each thread that was killed.
        assert (asked & unanswered) - named == set()
        assert named - unanswered - hung <= answered
        assert len(named - unanswered - hung) <= (24 if kind == "gunicorn-threads" else 3)
        assert check_forensic(served.log) == ledger_check(served.log) == set(served.open())


def workers_of(served: Served) -> list[int]:
    """Processes whose parent is the server and that have the ledger open."""
    found = []
    for line in subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(served.process.pid)], capture_output=True, text=True, check=True
    ).stdout.split():
        with contextlib.suppress(OSError):
            links = [os.readlink(f"/proc/{line}/fd/{number}") for number in os.listdir(f"/proc/{line}/fd")]
            if str(served.log) in links and not dead(int(line)):
                found.append(int(line))
    return found


@pytest.mark.parametrize("kind", COMMANDS)
def test_each_way_to_end_is_an_end(kind: str, tmp_path: Path) -> None:
    with serving(kind, tmp_path, workers=1) as served:
        served.ask(b"GET /boom?boom HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        head = served.ask(b"HEAD /?head HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert b"\r\n\r\nhello" not in head
        name = re.search(rb"(?i)x-forensic-id: *([^\r]+)", head)
        assert name
        served.ask(b"GET /stream?stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        served.ask(b"POST /body?body HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
        # The body never comes whole, and the client goes away.
        client = served.begin(b"POST /body?torn HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + b"x" * 1000)
        if kind in ASGI:
            served.until(lambda: any(b"torn" in line.request for line in served.lines()))
        client.close()
        if kind in WSGI and "thread" in COMMANDS[kind]:
            served.ask(b"GET /file?file HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        served.until(lambda: not served.open(), served.open)
        lines = served.lines()
        assert {line.id for line in lines if line.request.startswith(b"HEAD /?head ")} == {name[1]}
        asked = [query_of(line.request) for line in lines if line.sign == "+"]
        assert {"boom", "head", "stream", "body", "torn"} <= {*asked, "torn"}
        assert len(asked) == len(set(asked)) + asked.count("") - 1


@pytest.mark.parametrize("kind", COMMANDS)
def test_the_line_is_there_before_the_client_is_told_to_go_on(kind: str, tmp_path: Path) -> None:
    with serving(kind, tmp_path, workers=1) as served:
        request = (
            b"POST /body?expect HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        client = served.begin(request)
        assert client.recv(65536).startswith(b"HTTP/1.1 100")
        if kind in ("uvicorn", "gunicorn-uvicorn", "gunicorn-uvicorn-preload"):
            # The others tell the client to go on before they call the application.
            assert [query_of(line) for line in served.open().values()] == ["expect"]
        client.sendall(b"abc")
        assert b"hello" in b"".join(iter(lambda: client.recv(65536), b""))
        served.until(lambda: not served.open(), served.open)


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_graceful_end_leaves_nothing_open_but_what_was_killed(kind: str, tmp_path: Path) -> None:
    with serving(kind, tmp_path, workers=2) as served:
        for number in range(20):
            served.ask(b"GET /?%d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" % number)
        served.process.terminate()
        served.process.wait(60)
        assert served.open() == {}


@pytest.mark.parametrize("kind", ["uvicorn", "gunicorn", "gunicorn-preload"])
def test_a_full_disk_ends_the_process_that_has_the_request(kind: str, tmp_path: Path) -> None:
    with serving(kind, tmp_path, workers=2, ledger="/dev/full", ready=False) as served:

        def ended() -> bool:
            with contextlib.suppress(OSError):
                assert b"hello" not in served.ask(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            return re.search(rb"strict, so process \d+ ends", (tmp_path / "server.log").read_bytes()) is not None

        served.until(ended)


def alive(pids: Path) -> list[int]:
    """The processes that live of those that wrote their numbers into a file."""
    return [pid for pid in sorted({int(pid) for pid in pids.read_text().split()}) if not dead(pid)]


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn", "gunicorn-preload", "gunicorn-uvicorn-preload"])
def test_a_program_gets_the_lines_of_all_workers_and_is_started_again(kind: str, tmp_path: Path, need) -> None:
    need("check_forensic")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "take").write_text('#!/bin/sh\necho $$ >> pids\nexec cat >> "$1"\n')
    (tmp_path / "bin" / "take").chmod(0o755)
    with serving(kind, tmp_path, ledger="|bin/take forensic.log") as served:
        answered: set[str] = set()
        hanging(served, "hang", 4)
        served.until(lambda: len(served.begun()) == 4)
        for number in range(3):
            load = [Client(served.port, f"load{number}{client}") for client in range(4)]
            served.until(lambda load=load: sum(len(client.answered) for client in load) > 100)
            for client in load:
                client.stop()
                answered |= client.answered
            # What the program has read, and not written when it is killed, is lost.
            served.until(
                lambda answered=frozenset(answered): (
                    answered <= {query_of(line.request) for line in served.lines() if line.sign == "+"}
                )
            )
            served.until(lambda: len(served.open()) == 4)
            # Workers that share a process which made the ledger share its program. One that was killed may not be back yet.
            served.until(lambda: len(alive(tmp_path / "pids")) == (1 if "preload" in kind else 3))
            program = alive(tmp_path / "pids")[0]
            os.kill(program, signal.SIGKILL)
            served.until(lambda pid=program: dead(pid))
        victim = served.begun()["hang-0"]
        os.kill(victim, signal.SIGKILL)
        served.until(lambda: dead(victim))
        assert {query_of(line) for line in served.open().values()} == set(served.begun())
        assert {query_of(line.request) for line in served.lines() if line.sign == "+"} - {""} == answered | set(served.begun())
        assert check_forensic(served.log) == set(served.open())


def test_logrotate_loses_no_line_of_several_workers(tmp_path: Path, need) -> None:
    need("logrotate")
    rule = tmp_path / "rule"
    with serving("uvicorn", tmp_path) as served:
        rule.write_text(f"{served.log} {{\n rotate 100\n create 0600\n missingok\n}}\n")
        rule.chmod(0o600)
        load = [Client(served.port, f"load{number}") for number in range(6)]
        for number in range(8):
            before = sum(len(client.answered) for client in load)
            served.until(lambda before=before: sum(len(client.answered) for client in load) > before + 60)
            rotated(rule, tmp_path / "state")
            assert len(list(tmp_path.glob("forensic.log*"))) == number + 2
        for client in load:
            client.stop()
        parts = sorted(tmp_path.glob("forensic.log.*"), key=lambda part: -int(part.suffix[1:]))
        whole = b"".join(part.read_bytes() for part in [*parts, served.log])
        served.log.write_bytes(whole)
        assert all(part.stat().st_size for part in parts)
        answered = {query for client in load for query in client.answered}
        assert {query_of(line.request) for line in served.lines() if line.sign == "+"} - {""} == answered
        assert served.open() == {}


def test_copytruncate_splits_no_line_and_loses_none_while_nobody_writes(tmp_path: Path, need) -> None:
    need("logrotate")
    rule = tmp_path / "rule"
    with serving("uvicorn", tmp_path) as served:
        rule.write_text(f"{served.log} {{\n rotate 100\n copytruncate\n missingok\n}}\n")
        rule.chmod(0o600)
        answered = set()
        for number in range(4):
            load = [Client(served.port, f"load{number}{client}") for client in range(6)]
            served.until(lambda load=load: sum(len(client.answered) for client in load) > 60)
            for client in load:
                client.stop()
                answered |= client.answered
            rotated(rule, tmp_path / "state")
        # What logrotate loses, it loses between its copying and its cutting; what is written then is whole all the same.
        load = [Client(served.port, f"more{client}") for client in range(6)]
        for _ in range(5):
            rotated(rule, tmp_path / "state")
            time.sleep(0.05)
        for client in load:
            client.stop()
        parts = sorted(tmp_path.glob("forensic.log.*"), key=lambda part: -int(part.suffix[1:]))
        texts = [part.read_bytes() for part in [*parts, served.log]]
        assert not any(b"\0" in text for text in texts)
        assert all(line[:1] in b"+-" and line for text in texts for line in text.split(b"\n")[:-1])
        asked = set(re.findall(rb"\?(load[^ ]+) ", b"".join(texts)))
        assert {query.decode() for query in asked} == answered


def rotated(rule: Path, state: Path) -> None:
    """Runs logrotate once."""
    subprocess.run(["/usr/sbin/logrotate", "--force", "--state", str(state), str(rule)], check=True, timeout=60)
