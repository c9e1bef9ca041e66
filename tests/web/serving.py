"""The installed `vigilog web`, as an administrator starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager

from tests.watchman.running import SYSTEM_PATH, installed

ENVIRONMENT = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent", "PYTHONUNBUFFERED": "1"}


class Serving:
    """One of them: where it is (`address`), and what it said."""

    def __init__(self, process, said, address):
        self.process, self.said, self.address = process, said, address

    @property
    def port(self):
        return int(re.findall(r":(\d+)/", self.address)[0])


def vigilog_web(*options, host=None, **more):
    """Runs it to its end."""
    words = [str(installed()), "web", *options]
    whole = host.command(*words) if host else words
    return subprocess.run(whole, capture_output=True, text=True, check=False, timeout=60, env=ENVIRONMENT, **more)


@contextmanager
def serving(directory, configuration, *options, host=None):
    """Starts it with a vigilog.toml, waits until it serves, and ends it. `host` is a namespace that it runs in."""
    file = directory / "web.toml"
    file.write_text(configuration)
    words = [str(installed()), "web", "--config", str(file), *options]
    said = directory / "web.said"
    with open(said, "wb") as output:
        command = host.command(*words) if host else words
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=ENVIRONMENT)
    try:
        end = time.monotonic() + 60
        while not (found := re.findall(r"serving (\S+)", said.read_text())):
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < end, said.read_text()
            time.sleep(0.05)
        yield Serving(process, said, found[-1])
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        process.wait(30)
