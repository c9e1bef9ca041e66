"""`vigilog report --follow`: what stands in a log and what comes is counted, over rotations, until it is interrupted."""

from __future__ import annotations

import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pyte
import pytest

from tests.dnscache_world import until
from vigilog.parse.tai64n import label
from vigilog.parse.tai64n_spans import within
from vigilog.reporting.following import since
from vigilog.reporting.log_files import once

INSTALLED = Path(sys.executable).with_name("vigilog")
COLUMNS, ROWS = 120, 50


def stamped(text, before=0.0):
    """A line of now, or of so many seconds before."""
    return label(int(time.time() - before), 0) + b" " + text.encode() + b"\n"


@pytest.fixture
def log(tmp_path):
    """The log directory of a dnscache, as multilog writes it."""
    folder = tmp_path / "service" / "log" / "main"
    folder.mkdir(parents=True)
    (folder / "lock").touch()
    (folder / "state").touch()
    conf = tmp_path / "etc" / "conf"
    for name, text in (
        ("services", 'Title = "dnscache"\nLogFile = dnscache\n'),
        ("logfiles", f"LogFile = {folder}/@*.s\nLogFile = {folder}/current\n*applytaidate\n"),
    ):
        (conf / name).mkdir(parents=True)
        (conf / name / "dnscache.conf").write_text(text)
    return folder


def command(log, *options):
    etc = log.parent.parent.parent / "etc"
    return [
        str(INSTALLED),
        "report",
        "--service",
        "dnscache",
        "--follow",
        "--detail",
        "5",
        "--logwatch-conf",
        str(etc),
        *options,
    ]


def query(number, name="www.test."):
    return f"query {number} 7f000001:b1e3:1001 1 {name}"


def append(path, *lines):
    with path.open("ab") as file:
        file.write(b"".join(lines))


def catches(process, number):
    """Whether the process has a handler for the signal."""
    status = Path(f"/proc/{process}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


class Terminal:
    """A process on a terminal, and what stands on its screen."""

    def __init__(self, words):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.process, self.descriptor = pty.fork()
        if not self.process:
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.execve(words[0], words, {"TERM": "xterm-256color", "PATH": os.environ["PATH"]})
        os.set_blocking(self.descriptor, False)

    def text(self):
        try:
            while data := os.read(self.descriptor, 65536):
                self.raw += data
                self.stream.feed(data)
        except (BlockingIOError, OSError):
            pass
        return "\n".join(self.screen.display)

    def shows(self, *words):
        try:
            until(lambda: all(word in self.text() for word in words), 20)
        except AssertionError:
            pytest.fail(f"not all of {words} came:\n{self.text()}")

    def end(self):
        os.kill(self.process, signal.SIGINT)
        until(lambda: self.text() and os.waitpid(self.process, os.WNOHANG)[0], 30)
        return self.text()


def test_a_terminal_shows_totals_that_run(log):
    append(log / "current", stamped(query(1)), stamped("sent 1 40"), stamped(query(9, "old.test."), 3 * 86_400))
    terminal = Terminal(command(log))
    terminal.shows("dnscache: 2 lines", "www.test.", "127.0.0.1", "Query types")
    append(log / "current", stamped(query(2, "\x1b[31mred.test.")), stamped("servfail a.test. input/output error"))
    terminal.shows("dnscache: 4 lines", "input/output error", "Unmatched", "\\x1b[31mred.test.")
    (log / "current").rename(log / ("@" + "4" * 24 + ".s"))
    append(log / "current", stamped(query(3, "after.test.")), stamped("dnscache: fatal: gone"))
    terminal.shows("dnscache: 6 lines", "after.test.", "Unmatched", "dnscache: fatal: gone")
    last = terminal.end()
    assert "old.test." not in last
    assert "**Unmatched Entries**" in last  # the totals as text, where the screen was
    assert b"\x1b[31mred" not in terminal.raw


def test_without_a_terminal_the_totals_come_at_the_end(log):
    append(log / "current", stamped(query(1)))
    process = subprocess.Popen(command(log), stdout=subprocess.PIPE, text=True)
    until(lambda: catches(process.pid, signal.SIGTERM), 60)
    append(log / "current", stamped("sent 1 40"))
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "query  1\n   sent   1\n" in out


def test_a_service_without_a_log_is_one_clear_error(tmp_path):
    words = [str(INSTALLED), "report", "--service", "dnscache", "--follow", "--logwatch-conf", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no log of dnscache" in done.stderr
    assert "Traceback" not in done.stderr


def test_lines_from_before_the_range_are_left_out_wherever_they_stand():
    moments = {b"old": 5.0, b"new": 15.0}
    kept = since(10.0, lambda line: moments.get(line[:3]))
    assert kept(b"old a\n  more\nnew b\n  more\nold c\n") == b"new b\n  more\n"
    assert kept(b"  more\nold\n") == b"  more\n"
    inside = label(20) + b" query\n"
    assert since(10.0, lambda _: pytest.fail("stamps of multilog are compared as text"))(inside) == inside
    assert within([(10, 2**61)])(inside)


def test_a_log_that_two_names_lead_to_is_read_once(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "current").touch()
    (tmp_path / "other").touch()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    paths = [str(tmp_path / name) for name in ("a/current", "b/current", "other")]
    assert once(paths) == [paths[0], paths[2]]
