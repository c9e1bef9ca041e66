"""The installed `vigilog run`, driven as an administrator does: started, asked, killed, in a network namespace or not.

    with running(tmp_path, TRIGGERS, host=server) as daemon:
        daemon.log("Nov 20 08:30:00 host sshd[7]: Failed password for root from 192.0.2.7 port 22 ssh2")
        daemon.until(lambda: daemon.bans())
        daemon.vigilog("unban", "192.0.2.7")
        daemon.kill()
        daemon.start()

Everything lies in the directory: vigilog.toml, state, control, `log` (the only source, unless the text says otherwise), and
`said`, what the daemon wrote to its standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.act.namespaces import Namespace
from tests.conftest import absent
from vigilog.run.control_client import NotRunning, Refused, ask

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def installed() -> Path:
    """The command `vigilog` beside the interpreter of the tests."""
    command = Path(sysconfig.get_path("scripts")) / "vigilog"
    if not os.access(command, os.X_OK):
        absent(f"Vigilog is not installed: there is no {command}")
    return command


class Running:
    """One daemon, which may be ended and started again on the same files. `text` is what vigilog.toml has besides where things
    are; `[run]` and `[state]` are there already, so it may begin with more keys of `[run]`."""

    def __init__(
        self,
        directory: Path,
        text: str,
        host: Namespace | None = None,
        options: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.directory, self.host, self.options = directory, host, options
        self._more = environment or {}
        self.control = directory / "run" / "control"
        self.configuration = directory / "vigilog.toml"
        self.process: subprocess.Popen[bytes] | None = None
        (directory / "log").touch()
        self.configure(text)

    def configure(self, text: str) -> None:
        """Writes vigilog.toml."""
        sources = "" if text.lstrip().startswith("sources") else f'sources = ["{self.directory}/log"]\n'
        state = f'[state]\ndirectory = "{self.directory}/state"\n'
        self.configuration.write_text(f'{state}[run]\ncontrol = "{self.control}"\n{sources}{text}')

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self.begin()
        self.until(lambda: self.answers() or self.process.poll() is not None)  # type: ignore[union-attr]
        assert self.process
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.said()}"

    def begin(self) -> None:
        """Starts it and does not wait."""
        words = [str(installed()), "run", "--config", str(self.configuration), *self.options]
        with open(self.directory / "said", "ab") as said:
            self.process = subprocess.Popen(
                self.host.command(*words) if self.host else words,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=self.environment(),
            )

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Sends it a signal that ends it, and gives its status."""
        self.signal(number)
        return self.ended()

    def signal(self, *numbers: signal.Signals) -> None:
        """Sends it signals."""
        assert self.process
        for number in numbers:
            self.process.send_signal(number)

    def ended(self) -> int:
        """Waits for its end and gives its status."""
        assert self.process
        return self.process.wait(30)

    def log(self, *lines: str | bytes, to: str = "log") -> None:
        """Writes lines to a file of the directory."""
        data = [line.encode() if isinstance(line, str) else line for line in lines]
        with open(self.directory / to, "ab") as file:
            file.write(b"".join(line + b"\n" for line in data))

    def status(self) -> dict[str, Any]:
        """What it answers to `vigilog status`."""
        return ask(str(self.control), "status")

    def vigilog(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs another command of the installed program on the same configuration."""
        command = [str(installed()), words[0], "--config", str(self.configuration), *words[1:]]
        whole = self.host.command(*command) if self.host else command
        done = subprocess.run(whole, capture_output=True, text=True, check=False, timeout=60, env=self.environment())
        assert not check or done.returncode == 0, done.stderr
        return done

    def bans(self) -> dict[str, dict[str, Any]]:
        """What `vigilog bans` says, by target."""
        return {ban["target"]: ban for ban in json.loads(self.vigilog("bans", "--format", "json").stdout)}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What its store answers to a query."""
        with closing(sqlite3.connect(f"file:{self.directory}/state/vigilog.db?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(query).fetchall()

    def said(self) -> str:
        """What it has written to its log so far."""
        return (self.directory / "said").read_text()

    def resident(self, what: str = "VmRSS") -> int:
        """Its resident memory now (VmHWM: at most so far), in bytes, without its helper's."""
        assert self.process
        facts = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) << 10 for line in facts.splitlines() if line.startswith(f"{what}:"))

    def until(self, holds: Callable[[], object], seconds: float = 20.0) -> float:
        """Waits until something holds, and gives how many seconds that took. It not holding in time is a failure."""
        begun = time.monotonic()
        while not holds():
            assert time.monotonic() - begun < seconds, f"not in {seconds:g} s; the daemon said: {self.said()[-4000:]}"
            time.sleep(0.02)
        return time.monotonic() - begun

    def answers(self) -> bool:
        """Whether it is there, and answers."""
        with suppress(NotRunning, Refused):
            return bool(self.status())
        return False

    def environment(self) -> Mapping[str, str]:
        """As a service has it: with a PATH where the installed command is found, and no word of who is logged in here."""
        path = f"{installed().parent}:{SYSTEM_PATH}"
        return {"PATH": path, "LANG": "C.UTF-8", "HOME": "/root", "TZ": "UTC", **self._more}


@contextmanager
def running(
    directory: Path,
    text: str,
    *,
    host: Namespace | None = None,
    options: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """A daemon that watches, in the network namespace `host` if there is one, with more in its `environment`; it is ended with
    the block."""
    made = Running(directory, text, host, options, environment)
    try:
        made.start()
        yield made
    finally:
        if made.process and made.process.poll() is None:
            made.kill()
