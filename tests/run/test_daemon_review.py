"""The daemon under review: what it must not do, whatever happens. Each fault that was found stands here as a test."""

from __future__ import annotations

import fcntl
import os
import select
import sqlite3
import threading
import time
from contextlib import closing

import pytest

import vigilog.run.reading
from vigilog.config.host import look
from vigilog.config.layer import settled
from vigilog.config.toml import read_text
from vigilog.core.clock import wall
from vigilog.core.errors import StoreError, VigilogError
from vigilog.core.nouns import Alert, Order, Outcome
from vigilog.run.acting import Acting
from vigilog.run.actions import Actions
from vigilog.run.answers import answer, status
from vigilog.run.control import Deferred
from vigilog.run.daemon import Daemon
from vigilog.run.errands import Done
from vigilog.run.plan import planned
from vigilog.run.reloading import attempt
from vigilog.shipping.outgoing import Outgoing
from vigilog.shipping.targets import opened
from vigilog.store.bans import Lifted
from vigilog.store.database import open_store
from vigilog.watch.live import Live
from vigilog.watch.live_kinds import name_of
from vigilog.watch.options import Options

FAILED = "Nov 20 08:30:00 host sshd[7]: Failed password for root from 192.0.2.7 port 22 ssh2"
TRIGGER = """
[[trigger]]
name = "failed"
pattern = '%s: Failed password for %s from %s port %d ssh2'
language = "scanf"
fields = ["program", "user", "address", "port"]
key = ["address"]
"""


class Running:
    stopped = False

    """A daemon in this process, whose loop is turned by hand. `configure` gives it another configuration at the next reload."""

    def __init__(self, directory, text):
        self.directory = directory
        self.said: list[str] = []
        self.options = Options(wall, first="none")
        self.configure(text)
        settings, plan = self.again()
        self.store = open_store(settings.state.directory)
        self.live = Live(plan.sources, self.options)
        actions = Actions(settings, None, trial=False, host="host", clock=wall, say=self.said.append)
        self.daemon = Daemon(
            settings,
            plan,
            self.again,
            store=self.store,
            live=self.live,
            actions=actions,
            shutting=None,
            outgoing=Outgoing(settings, self.store, self.target, lambda spec: name_of(spec, self.options), wall),
            clock=wall,
            steady=time.monotonic,
            say=self.said.append,
        )
        self.daemon.desk.open(actions.all)
        self.until(lambda: True)

    def target(self, settings, committed):
        return opened(settings, committed, say=self.said.append, clock=wall)

    def configure(self, text):
        head = f"[state]\ndirectory = '{self.directory}/state'\n[run]\ncontrol = '{self.directory}/run/control'\n"
        self.text = head + f"sources = ['{self.directory}/log']\n" + text

    def again(self):
        layer = read_text(self.text, "vigilog.toml")
        if layer.errors:
            raise ExceptionGroup("mistakes", list(layer.errors))
        settings = settled(layer)
        return settings, planned(settings, look(), lambda spec: name_of(spec, self.options))

    def until(self, condition, seconds=10.0):
        """Turns until the condition holds; gives whether it came to hold."""
        deadline = time.monotonic() + seconds
        while True:
            self.daemon.turn()
            if condition():
                return True
            if time.monotonic() > deadline:
                return False
            self.wait(0.02)

    def wait(self, seconds):
        """Waits as the daemon does, but no longer than so many seconds; gives whether it was woken."""
        poll = select.poll()
        for descriptor in self.daemon.doors():
            poll.register(descriptor, select.POLLIN)
        timeout = self.daemon.timeout()
        return bool(poll.poll(1000 * min(seconds, seconds if timeout is None else timeout)))

    def log(self, *lines):
        with open(f"{self.directory}/log", "a") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def rows(self, query):
        with closing(sqlite3.connect(f"{self.directory}/state/vigilog.db")) as connection:
            return connection.execute(query).fetchall()

    def alerts(self):
        return self.rows("SELECT count(*) FROM alerts")[0][0]

    def close(self):
        if not self.stopped:
            self.daemon.stop()
        self.store.close()


@pytest.fixture
def running(tmp_path):
    """A function that starts a daemon with a configuration, on the log `log`, which is there and empty."""
    started = []

    def start(text=TRIGGER):
        (tmp_path / "log").touch()
        started.append(Running(tmp_path, text))
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_a_line_is_an_alert_at_once(running):
    """The harness itself: what the faults below are measured against."""
    one = running()
    one.log(FAILED, "something else", FAILED)
    assert one.until(lambda: one.alerts() == 2)
    assert status(one.daemon).triggers[0].events == 2


# --- forged lines


def test_the_middle_of_a_long_line_is_never_taken_for_a_line(running):
    """Somebody who may log a megabyte could otherwise have anybody banned."""
    one = running(TRIGGER.replace('language = "scanf"', 'language = "regex"').replace(
        "'%s: Failed password for %s from %s port %d ssh2'", "'^(\\S+): Failed password for (\\S+) from (\\S+) port (\\d+)'"
    ))  # fmt: skip
    long = b"GET /" + b"x" * (1 << 20)
    forged = b"sshd: Failed password for root from 198.51.100.9 port 1 ssh2"
    for shift in range(-8, 9):
        # wherever the cut is exactly, one of these begins there
        with open(f"{one.directory}/log", "ab") as file:
            file.write(long[: (1 << 20) + shift] + forged + b"\n")
    assert one.until(lambda: status(one.daemon).sources[0].lines >= 17)
    assert one.alerts() == 0


def test_what_vigilog_says_itself_raises_no_alert(running):
    """A script that writes $LT_message to standard error is enough for an endless loop through the journal or syslog."""
    one = running()
    one.log(
        "Nov 20 08:30:00 host vigilog[77]: /usr/local/bin/logit.sh: sshd[7]: Failed password for root from 192.0.2.7 port 22 ssh2"
    )
    one.log(FAILED)
    assert one.until(lambda: one.alerts() >= 1)
    assert one.alerts() == 1


# --- reload

SCRIPT = """
[action.slow]
type = "script"
script = "{path}"
parallel = 1
time_limit = {limit}
"""


def test_orders_that_a_replaced_action_did_not_begin_are_given_to_the_new_one(running, tmp_path):
    path = tmp_path / "slow.sh"
    path.write_text(f"#!/bin/sh\nsleep 0.5\necho >> {tmp_path}/done\n")
    path.chmod(0o755)
    text = TRIGGER + 'actions = ["slow"]\n'
    one = running(text + SCRIPT.format(path=path, limit=20))
    one.log(*[FAILED] * 5)
    assert one.until(lambda: one.alerts() == 5)
    one.configure(text + SCRIPT.format(path=path, limit=21))
    attempt(one.daemon)()
    assert one.until(lambda: one.rows("SELECT count(*) FROM outbox WHERE status = 'done'")[0][0] == 5, 15)


def test_orders_of_an_action_that_is_gone_are_ended_and_said(running, tmp_path, monkeypatch):
    """Months later they would ban whoever has the address by then. Their alerts could never be forgotten either."""
    path = tmp_path / "slow.sh"
    monkeypatch.setattr("vigilog.run.desk.DRAIN", 0.1)
    path.write_text("#!/bin/sh\nsleep 0.3\n")
    path.chmod(0o755)
    one = running(TRIGGER + 'actions = ["slow"]\n' + SCRIPT.format(path=path, limit=20))
    one.log(*[FAILED] * 5)
    assert one.until(lambda: one.alerts() == 5)
    one.configure(TRIGGER)
    assert not attempt(one.daemon)().errors
    assert one.until(lambda: not one.rows("SELECT number FROM outbox WHERE status IN ('waiting', 'begun')"), 3)
    assert any("slow" in reason for (reason,) in one.rows("SELECT reason FROM outbox WHERE status = 'failed'"))


def test_a_reload_while_the_disk_is_full_loses_no_line(running):
    one = running()
    pages = one.store.execute("PRAGMA page_count").fetchone()[0]
    one.store.execute(f"PRAGMA max_page_count = {pages}")
    one.log(*[FAILED + " x" * 2000] * 40)
    one.log(*[FAILED] * 400)
    assert one.until(lambda: one.daemon.stalled is not None)
    one.configure(TRIGGER.replace("[[trigger]]", '[[trigger]]\ndescription = "another"\nwithin = 60'))
    attempt(one.daemon)()
    one.store.execute("PRAGMA max_page_count = 1000000")
    assert one.until(lambda: one.daemon.stalled is None)
    assert one.alerts() == 400


def test_a_bad_pattern_changes_nothing(running):
    one = running()
    one.configure(TRIGGER.replace("%s: Failed", "%q: Failed"))
    before = one.daemon.watchman
    assert attempt(one.daemon)().errors
    assert one.daemon.watchman is before
    one.log(FAILED)
    assert one.until(lambda: one.alerts() == 1)


# --- a store that cannot be written


def test_a_full_disk_costs_no_processor_time(running):
    one = running()
    pages = one.store.execute("PRAGMA page_count").fetchone()[0]
    one.store.execute(f"PRAGMA max_page_count = {pages}")
    one.log(*[FAILED] * 1000)
    assert one.until(lambda: one.daemon.stalled is not None)
    one.log(FAILED)
    turns, until = 0, time.monotonic() + 0.5
    while time.monotonic() < until:
        one.wait(0.5)
        one.daemon.turn()
        turns += 1
    one.store.execute("PRAGMA max_page_count = 1000000")
    assert turns < 20


def test_after_a_full_disk_every_line_is_counted_once(running):
    one = running()
    pages = one.store.execute("PRAGMA page_count").fetchone()[0]
    one.store.execute(f"PRAGMA max_page_count = {pages}")
    one.log(*[FAILED] * 400)
    assert one.until(lambda: one.daemon.stalled is not None)
    one.log(*[FAILED] * 10)
    one.store.execute("PRAGMA max_page_count = 1000000")
    assert one.until(lambda: one.alerts() >= 410)
    assert one.alerts() == 410


@pytest.mark.parametrize("is_full", [False, True])
def test_what_a_full_disk_kept_from_being_stored_is_stored_at_the_end_or_said(running, is_full):
    one = running()
    pages = one.store.execute("PRAGMA page_count").fetchone()[0]
    one.store.execute(f"PRAGMA max_page_count = {pages}")
    one.log(*[FAILED] * 400)
    assert one.until(lambda: one.daemon.stalled is not None)
    one.stopped = True
    if is_full:
        with pytest.raises(StoreError):
            one.daemon.stop()
    else:
        one.store.execute("PRAGMA max_page_count = 1000000")
        one.daemon.stop()
    assert one.alerts() == (0 if is_full else 400)


def test_after_a_reload_nothing_is_read_of_a_source_that_is_gone(running, monkeypatch):
    monkeypatch.setattr(vigilog.run.reading, "TURN", 1000)
    one = running()
    one.log(*[FAILED + "x" * 1000] * 2000)
    one.daemon.turn()
    assert one.daemon.reading.unread
    (one.directory / "log2").touch()
    one.text = one.text.replace("/log']", "/log2']")
    one.daemon.reloading = True
    assert one.until(lambda: one.daemon.accounts.reloads == 1)
    before = one.alerts()
    assert not one.until(lambda: one.alerts() != before, 0.3)
    assert not one.daemon.reading.unread
    assert before < 2000


# --- numbers of events


def test_after_a_trigger_is_gone_the_others_go_on_counting(running, tmp_path):
    """The new event had the number of one of the trigger that is gone: the store refused it, again and again."""
    other = TRIGGER.replace('"failed"', '"other"').replace("Failed", "Wrong")
    counted = (TRIGGER + "count = 3\n", other + "count = 3\n")
    first = running("".join(counted))
    for number, word in enumerate(["Failed", "Wrong", "Wrong"], 1):
        first.log(FAILED.replace("Failed", word))
        assert first.until(lambda: sum(each.events for each in status(first.daemon).triggers) == number)  # noqa: B023
    first.daemon.control.close()
    second = running(counted[0])
    second.log(FAILED, FAILED)
    assert second.until(lambda: second.alerts() == 1, 4)


# --- threads


def test_an_action_that_breaks_is_not_broken_in_silence(running):
    one = running(TRIGGER + 'actions = ["null"]\n')

    def broken(orders):
        raise ZeroDivisionError

    one.daemon.actions.all["null"].perform = broken
    try:
        one.log(FAILED)
        heard = one.until(lambda: any("ZeroDivisionError" in line or "null" in line for line in one.said), 2)
    except (ZeroDivisionError, VigilogError):
        heard = True
    assert heard


def test_an_outcome_that_comes_after_the_end_harms_nothing():
    """A program that could not be killed in time ends later: by then the descriptor is somebody else's, the store's for example."""
    release = threading.Event()

    class Late:
        def perform(self, orders):
            release.wait(10)
            yield from (Outcome(order, done=True, reason="") for order in orders)

        def close(self):
            pass

    acting = Acting()
    acting.replace({"late": Late()}, 1.0)
    acting.order([Order(1, "late", Alert("rule", (), 0.0, (), 0))])
    bell = acting.fileno()
    acting.close(0.1)
    threads = [thread for thread in threading.enumerate() if thread.name == "action late"]
    ours, theirs = (fcntl.fcntl(end, fcntl.F_DUPFD, 500) for end in os.pipe())
    os.dup2(theirs, bell)
    os.set_blocking(ours, False)
    release.set()
    for thread in threads:
        thread.join()
    try:
        written = os.read(ours, 100)
    except BlockingIOError:
        written = b""
    for descriptor in {ours, theirs, bell}:
        os.close(descriptor)
    assert written == b""


# --- what is told


def test_the_first_status_tells_the_rates(running):
    one = running()
    one.log(*[FAILED] * 50)
    assert one.until(lambda: one.alerts() == 50)
    assert status(one.daemon).lines_per_second > 0


def test_the_status_tells_how_far_behind_a_source_is(running):
    one = running()
    one.log(*[FAILED] * 50)
    assert one.until(lambda: one.alerts() == 50)
    assert status(one.daemon).sources[0].behind == 0


def test_a_metrics_file_that_cannot_be_written_is_said_once_and_stops_nothing(running, tmp_path):
    one = running("metrics_file = '/proc/none/x.prom'\nmetrics_interval = 0.01\n" + TRIGGER)
    for _ in range(20):
        time.sleep(0.011)
        one.daemon.turn()
    assert sum("metrics" in line for line in one.said) == 1


def test_a_command_with_nonsense_is_answered_not_raised(running):
    one = running()
    for command in ("status", "reload", "flushlogs", "nonsense"):
        assert isinstance(answer(one.daemon, command, {"x": [None], "y": {}}), dict | Deferred)


def test_what_somebody_asked_for_is_stored_also_if_the_end_comes_before_it_is_done(running):
    """An address that was let in in the firewall and not in the store would be shut out again by the next start."""
    one = running()
    lifted = Lifted(("192.0.2.7",), 5.0)

    def slowly():
        time.sleep(0.3)
        return Done({"ok": True}, (lifted,))

    one.daemon.errands.add(slowly)
    one.daemon.stop()
    one.stopped = True
    assert one.rows("SELECT target, moment FROM ban_lifts") == [("192.0.2.7", 5.0)]


# --- lines that no time is enough for


def test_a_line_that_could_not_be_decided_is_said(running):
    """A pattern with a back-reference may be kept busy by a line made for that. It would be a way past the watch, were it not said."""
    one = running(
        "[[trigger]]\nname = 'twice'\npattern = '(?P<word>(?:a|aa)+)\\1\\1\\1b'\nlanguage = 'regex'\nkey = ['word']\n"
    )
    one.log("aaaab", "a" * 5000 + "b")
    assert one.until(lambda: one.alerts() == 1)
    one.daemon.tidy()
    assert [line for line in one.said if "trigger twice: 1 lines were not counted" in line]
