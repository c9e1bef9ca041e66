"""A request ledger as a source: what comes out are the requests that will never end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time

import pytest

from vigilog.core.nouns import Chunk, Position
from vigilog.watch import ledger as module
from vigilog.watch.ledger_requests import MOST, OLD, Requests
from vigilog.watch.live import Live
from vigilog.watch.options import Options
from vigilog.watch.processes import lives
from vigilog.watch.sources import open_source

NOW = time.time()
ALIVE = os.getpid()


def identity(pid, counter=0, age=0):
    return b"%d:%x:%x" % (pid, int(time.time()) - age, counter)


@pytest.fixture
def dead():
    """The number of a process that is gone."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def ids(data):
    return re.findall(rb'why=(\w+) id="([^"]*)"', data)


def read(source, since):
    """What a source gives, and its position then."""
    chunks = [item for item in source.read(since) if isinstance(item, Chunk)]
    position = chunks[-1].position if chunks else since
    return b"".join(chunk.data for chunk in chunks), position and Position(
        position.source, json.loads(json.dumps(position.state))
    )


def source(path):
    return open_source(f"ledger:{path}", Options(time.time))


def test_this_process_lives_and_a_dead_one_does_not(dead):
    assert lives(ALIVE, time.time())
    assert not lives(dead, time.time())
    assert not lives(ALIVE, 1e9)  # whoever had the number then
    assert not lives(2, time.time())  # the kernel's


def test_a_request_whose_process_is_gone_is_told_once(tmp_path, dead):
    log = tmp_path / "l"
    lost, busy = identity(dead), identity(ALIVE)
    log.write_bytes(b"+%s|GET /lost HTTP/1.1|Host:h\n+%s|GET /busy HTTP/1.1\n+q|GET / HTTP/1.1\n-q\n" % (lost, busy))
    data, position = read(source(log), None)
    assert ids(data) == [(b"gone", lost)]
    assert b'path="/lost"' in data
    assert position.source == f"ledger:{log}"
    data, position = read(source(log), position)
    assert data == b""
    with log.open("ab") as file:
        file.write(b"-%s\n" % busy)
    data, position = read(source(log), position)
    assert data == b""
    assert position.state["open"] == ""


def test_an_end_that_was_written_by_a_dying_process_counts(tmp_path, dead, monkeypatch):
    log = tmp_path / "l"
    lost = identity(dead)
    log.write_bytes(b"+%s|GET / HTTP/1.1\n+%s|GET / HTTP/1.1\n" % (lost, identity(ALIVE)))
    look = Requests.look

    def late(requests, now):
        found = look(requests, now)
        if requests.suspected:
            with log.open("ab") as file:
                file.write(b"-%s\n" % lost)
        return found

    monkeypatch.setattr(Requests, "look", late)
    assert read(source(log), None)[0] == b""


def test_where_no_writer_is_seen_here_only_age_counts(tmp_path, dead):
    log = tmp_path / "l"
    log.write_bytes(b"+%s|x\n+%s|x\n" % (identity(dead), identity(dead, 1, age=int(OLD) + 5)))
    assert [reason for reason, _ in ids(read(source(log), None)[0])] == [b"old"]


def test_ids_that_name_no_process_go_by_their_age():
    requests = Requests(alive=lambda *_: True)
    requests.see(b"+x|GET / HTTP/1.1\n", NOW)
    assert requests.look(NOW + OLD - 1) == b""
    assert ids(requests.look(NOW + OLD)) == [(b"old", b"x")]
    assert requests.open == 0


def test_a_living_process_may_take_as_long_as_it_likes():
    requests = Requests(alive=lambda *_: True)
    requests.see(b"+%s|GET / HTTP/1.1\n" % identity(7), NOW)
    assert requests.look(NOW + 10 * OLD) == b""
    assert requests.open == 1


def test_more_than_can_be_remembered_are_told_and_dropped():
    requests = Requests(alive=lambda *_: True)
    found = requests.see(b"".join(b"+%d|x\n" % number for number in range(MOST + 3)), NOW)
    assert ids(found) == [(b"many", b"0"), (b"many", b"1"), (b"many", b"2")]
    assert requests.open == MOST


def test_what_is_open_is_remembered_whatever_bytes_it_has():
    requests = Requests(alive=lambda *_: True)
    requests.see(b"+\xff\x00|GET /\xfe\n+b|y\n", NOW)
    again = Requests(json.loads(json.dumps(requests.state)), alive=lambda *_: True)
    again.see(b"-b\n", NOW)
    assert [(begun.id, begun.line) for begun in again._pairs.open()] == [(b"\xff\x00", b"+\xff\x00|GET /\xfe")]


def test_a_rotation_between_two_readings_loses_nothing(tmp_path, dead):
    log = tmp_path / "l"
    first, second, ended = identity(ALIVE), identity(dead), identity(ALIVE, 1)
    log.write_bytes(b"+%s|x\n+%s|x\n" % (first, ended))
    _, position = read(source(log), None)
    with log.open("ab") as file:
        file.write(b"+%s|late\n" % second)
    log.rename(tmp_path / "l.1")
    log.write_bytes(b"-%s\n" % ended)
    data, position = read(source(log), position)
    assert ids(data) == [(b"gone", second)]
    assert [kept[0] for kept in json.loads(position.state["open"])] == [first.decode()]


def test_a_missing_log_is_told_as_with_any_file(tmp_path):
    items = list(source(tmp_path / "none").read(None))
    assert [(item.kind, item.source) for item in items] == [("missing", f"ledger:{tmp_path}/none")]


class Watched:
    """A live source, read as the daemon reads it."""

    def __init__(self, path):
        self.live = Live([f"ledger:{path}"], Options(time.time))
        self.position = None
        self.found = b""

    def read(self):
        for each in self.live.ready():
            for item in each.read(self.position):
                if isinstance(item, Chunk):
                    self.position = item.position
                    self.found += item.data

    def until(self, wanted):
        deadline = time.monotonic() + 60
        while len(ids(self.found)) < wanted:
            assert time.monotonic() < deadline, self.found
            self.read()
            time.sleep(min(0.05, self.live.timeout() or 0.05))
        return ids(self.found)


def test_a_process_that_dies_is_noticed_though_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOK", 0.2)
    log = tmp_path / "l"
    worker = subprocess.Popen(["sleep", "1000"])
    lost = identity(worker.pid)
    log.write_bytes(b"+%s|x\n" % identity(ALIVE))
    watched = Watched(log)
    try:
        with log.open("ab", buffering=0) as file:
            file.write(b"+%s|GET /lost HTTP/1.1\n" % lost)
            watched.read()
            worker.kill()
            worker.wait()
            assert watched.until(1) == [(b"gone", lost)]
            file.write(b"+%s|x\n+q|x\n-q\n" % identity(ALIVE, 7))
    finally:
        watched.live.close()
    data, position = read(source(log), watched.position)
    assert data == b""
    assert [kept[0].split(":")[2] for kept in json.loads(position.state["open"])] == ["0", "7"]
