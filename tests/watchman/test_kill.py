"""`kill -9` at random points while a log is written and rotated; and a disk without any room. Nothing is lost or done too often."""

import json
import random
import signal
import threading
import time
from collections import Counter, defaultdict

import pytest

from tests.conftest import absent
from tests.torture.disk import fill, small_disk
from tests.watch.rotations import DATED, NUMBERED, SAVELOG, LogWriter
from tests.watchman.facts import alerts_of, lines, open_orders, rows
from tests.watchman.running import running

TRIGGER = r"""
sources = ["{log}"]
[[trigger]]
name = "threes"
pattern = '^record (?P<number>\d{5})(?P<key>\d)'
key = ["key"]
count = 3
after = "count-anew"
actions = ["out"]
[action.out]
type = "append"
file = "{directory}/out"
template = "{key} {number}{key}"
"""


class Writing:
    """Somebody who writes and rotates a log, and waits for nobody. `records` are all lines so far, without their newlines."""

    def __init__(self, directory, seed, rotations):
        self._writer = LogWriter(directory, random.Random(seed), rotations)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write)

    @property
    def records(self):
        return self._writer.lines

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Lets it end the line that is begun."""
        if not self._over.is_set():
            self._over.set()
            self._thread.join()
            self._writer.close()

    def _write(self):
        while not self._over.wait(0.01):
            self._writer.step()


def should_be(records):
    """The alerts for all lines that were written, in the order of their last lines: the key, and the three lines."""
    waiting = defaultdict(list)
    found = []
    for record in records:
        key = record[12:13].decode()
        waiting[key].append(record.rstrip(b" \r"))
        if len(waiting[key]) == 3:
            found.append((key, tuple(waiting.pop(key))))
    return found


def raised(directory):
    """The alerts that are stored, in the same form."""
    return [(alert.key[0], tuple(event.line for event in alert.events)) for alert in alerts_of(directory)]


def positions(directory):
    """How far was read, without the times at which the files were last changed then."""
    found = rows(directory, "SELECT consumer, source, state FROM positions")
    states = [json.loads(state) for _, _, state in found]
    return [{name: value for name, value in state.items() if not name.endswith("modified")} for state in states]


def torture(directory, seed, kills, rotations):
    """Kills one of two daemons that watch the same log, again and again; in the end they must agree, with each other and with
    what was written."""
    chance = random.Random(seed)
    killed, left, logs = (directory / name for name in ("killed", "left", "logs"))
    for each in (killed, left, logs):
        each.mkdir()
    (logs / "app.log").touch()
    texts = [TRIGGER.replace("{log}", str(logs / "app.log")).replace("{directory}", str(each)) for each in (killed, left)]
    with (
        running(killed, texts[0]) as one,
        running(left, texts[1]) as other,
        Writing(logs, seed, rotations) as writing,
    ):
        for _ in range(kills):
            time.sleep(chance.random() * 0.6)
            one.kill()
            one.begin()
            if chance.random() < 0.7:  # the next kill may come while it starts
                one.until(one.answers)
        writing.stop()
        expected = should_be(writing.records)
        for daemon in (one, other):
            daemon.until(lambda: len(raised(daemon.directory)) >= len(expected), 30)  # noqa: B023
            daemon.until(lambda: not open_orders(daemon.directory))  # noqa: B023
    print(f"\n{len(writing.records)} lines, {len(expected)} alerts, {kills} kills, seed {seed}")
    assert raised(left) == expected
    assert raised(killed) == expected
    assert positions(killed) == positions(left)
    check_done(left, expected, again=0)
    check_done(killed, expected, again=kills * 1000)


def check_done(directory, expected, *, again):
    """Each alert has its line in the file at least once, and no more often than its order was begun; `again` is how many may
    have been begun twice."""
    written = Counter(lines(directory / "out"))
    orders = rows(directory, "SELECT alert, status, attempts FROM outbox ORDER BY alert")
    assert {status for _, status, _ in orders} == {"done"}
    assert len(orders) == len(expected) == len(written)
    for (_, _, attempts), (key, three) in zip(orders, expected, strict=True):
        assert 1 <= written[f"{key} {three[-1][7:13].decode()}"] <= attempts
    assert sum(attempts - 1 for _, _, attempts in orders) <= again


@pytest.mark.parametrize("rotations", [NUMBERED, SAVELOG], ids=["numbered", "savelog"])
def test_killed_ten_times_while_the_log_is_rotated_it_raises_what_one_raises_that_was_left_alone(tmp_path, rotations):
    torture(tmp_path, 1, 10, rotations)


@pytest.mark.torture
@pytest.mark.parametrize("rotations", [NUMBERED, DATED, SAVELOG], ids=["numbered", "dated", "savelog"])
@pytest.mark.parametrize("seed", [101, 102, 103])
def test_killed_a_hundred_times(tmp_path, seed, rotations):
    torture(tmp_path, seed, 100, rotations)


# --- a full disk

EACH = r"""
[[trigger]]
name = "each"
pattern = '^record (?P<number>\d+) end'
actions = ["out"]
[action.out]
type = "append"
file = "{directory}/out"
template = "{number}"
"""


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "state", 4 << 20) as made:
        if not made.mounted:
            absent("no tmpfs can be mounted here")
        yield made


def numbered(first, last):
    return [f"record {number} end" for number in range(first, last)]


def test_a_full_disk_is_said_and_costs_no_line(tmp_path, disk):
    with running(tmp_path, EACH.replace("{directory}", str(tmp_path))) as daemon:
        daemon.log(*numbered(0, 20))
        daemon.until(lambda: len(lines(tmp_path / "out")) == 20)
        fill(disk.path / "filler", 0)
        for first in range(20, 4000, 100):
            daemon.log(*numbered(first, first + 100))
            time.sleep(0.01)
        daemon.until(lambda: any(notice["kind"] == "store" for notice in daemon.status()["notices"]))
        before = daemon.status()["cpu_seconds"]
        time.sleep(1.0)
        assert daemon.status()["cpu_seconds"] - before < 0.3
        assert "database or disk is full; until it can be written, no more is read or done" in daemon.said()
        assert len(lines(tmp_path / "out")) < 4020
        (disk.path / "filler").unlink()
        took = daemon.until(lambda: len(lines(tmp_path / "out")) >= 4020)
        print(f"\nread on {took:.1f} s after there was room")
        assert "the store can be written again" in daemon.said()
        assert lines(tmp_path / "out") == [str(number) for number in range(4020)]
        assert daemon.kill(signal.SIGTERM) == 0
    assert len(alerts_of(tmp_path)) == 4020


def test_killed_on_a_full_disk_the_next_one_says_so_and_goes_on_where_it_was(tmp_path, disk):
    with running(tmp_path, EACH.replace("{directory}", str(tmp_path))) as daemon:
        daemon.log(*numbered(0, 20))
        daemon.until(lambda: len(lines(tmp_path / "out")) == 20)
        fill(disk.path / "filler", 0)
        daemon.log(*numbered(20, 2000))
        daemon.until(lambda: "full" in daemon.said())
        daemon.kill()
        daemon.begin()
        # it ends, or it waits, if what it writes at its start has room just so
        daemon.until(lambda: daemon.said().count("full") >= 2)
        time.sleep(0.5)
        waits = daemon.answers()
        daemon.log(*numbered(2000, 2020))
        (disk.path / "filler").unlink()
        if not waits:
            assert daemon.ended() == 74
            daemon.start()
        daemon.until(lambda: not open_orders(tmp_path) and len(alerts_of(tmp_path)) >= 2020)
    assert set(lines(tmp_path / "out")) == {str(number) for number in range(2020)}
    assert len(alerts_of(tmp_path)) == 2020
