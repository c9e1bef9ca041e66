"""What is promised when the daemon says that it is ready."""

from __future__ import annotations

import os
import socket
import subprocess

from tests.watchman.running import Running, installed

TRIGGER = """
[[trigger]]
name = "failed"
pattern = 'Failed password'
actions = ["null"]
"""


def test_what_is_written_once_it_is_ready_is_never_taken_for_what_was_there_before(tmp_path):
    """At its first start a log is read from its end: the end at the moment of READY=1 at the latest."""
    names = [f"log{number}" for number in range(200)]
    sources = ", ".join(f'"{tmp_path}/{name}"' for name in names)
    daemon = Running(tmp_path, f"sources = [{sources}]\n{TRIGGER}", None, ())
    for name in names:
        daemon.log("Failed password, long ago", to=name)
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notices.bind(f"{tmp_path}/notify")
    notices.settimeout(20)
    words = [str(installed()), "run", "--config", str(daemon.configuration)]
    process = daemon.process = subprocess.Popen(words, env={**os.environ, "NOTIFY_SOCKET": f"{tmp_path}/notify"})
    try:
        while b"READY=1" not in notices.recv(4096):
            pass
        daemon.log("Failed password", to=names[-1])
        daemon.until(lambda: daemon.status()["triggers"][0]["alerts"] == 1, 5)
    finally:
        process.kill()
        process.wait()
        notices.close()
