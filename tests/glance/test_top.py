"""`vigilog top`: a screen of a terminal, with logs that try to steer it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from contextlib import suppress

import pyte
import pytest

from tests.watchman.running import installed
from tests.web import stored
from tests.web.serving import ENVIRONMENT


@pytest.fixture
def configuration(tmp_path):
    stored.fill(tmp_path / "state", time.time(), alerts=20, counted=60)
    file = tmp_path / "top.toml"
    file.write_text(f'[state]\ndirectory = "{tmp_path}/state"\n[run]\ncontrol = "{tmp_path}/control"\n')
    return str(file)


def test_one_screen_into_a_pipe_has_no_control_character(configuration):
    words = [str(installed()), "top", "--once", "--config", configuration]
    done = subprocess.run(
        words, capture_output=True, check=False, timeout=60, env={**ENVIRONMENT, "COLUMNS": "200", "LINES": "60"}
    )
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", text)
    assert "<script>alert(1)</script>" in text
    assert "\\x1b[31mred" in text
    assert "denied 198.51.100.5" in text
    assert "the daemon is not heard" in text


def test_it_fills_a_terminal_and_leaves_it_as_it_was(configuration):
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    screen = pyte.Screen(120, 40)
    stream = pyte.ByteStream(screen)
    words = [str(installed()), "top", "--interval", "0.2", "--config", configuration]
    environment = {**ENVIRONMENT, "TERM": "xterm-256color"}
    process = subprocess.Popen(words, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    data = b""
    end = time.monotonic() + 60
    while not ("Alerts" in (text := "\n".join(screen.display)) and "denied" in text and text.count("╯") >= 7):
        assert time.monotonic() < end, text
        if select.select([leader], [], [], 1)[0]:
            data += (piece := os.read(leader, 65536))
            stream.feed(piece)
    assert "203.0.113.1" in text
    assert screen.title != "title"
    process.send_signal(signal.SIGTERM)
    while process.poll() is None:
        assert time.monotonic() < end
        if select.select([leader], [], [], 0.2)[0]:
            try:
                data += os.read(leader, 65536)
            except OSError:
                break
    assert process.wait(30) == 0
    if select.select([leader], [], [], 0)[0]:
        with suppress(OSError):
            data += os.read(leader, 65536)
    os.close(leader)
    assert data.count(b"\x1b[?1049h") == data.count(b"\x1b[?1049l") == 1
