"""Logs that are written and rotated while `vigilog check` reads them, dies, finds its disk full, and is started again."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.torture import dying, printed
from tests.torture.account import printed_marked, said_losses, stored_once, strays, undelivered
from tests.torture.command import PROGRAM, check_arguments, environment
from tests.torture.disk import Disk
from tests.torture.logs import logs

SMALL_PIPE = 4096
STEPS = {
    "log": 60,
    "outgrow": 3,
    "vanish": 1,
    "tidy": 1,
    "check": 18,
    "check while written": 8,
    "killed": 9,
    "killed at a call": 9,
    "killed while it prints": 4,
    "reader leaves": 2,
    "full disk": 4,
    "two at once": 2,
    "worker killed": 2,
}


class World:
    """Everything that is tortured. `history` tells what was done, `faults` what was wrong with single runs."""

    def __init__(self, root: Path, disk: Disk, chance: random.Random) -> None:
        self.chance = chance
        self.disk = disk
        self.history: list[str] = []
        self.faults: list[str] = []
        self.printed: list[printed.Printed] = []
        self._root = root
        self._state = disk.path / "state"
        self._vanished = 0
        self._duration = 0.5
        self._runs = 0
        self._options = check_arguments(root, self._state)
        (root / "log").mkdir()
        self.logs = logs(root / "log", chance)
        self.check()

    @property
    def database(self) -> Path:
        """The store."""
        return self._state / "vigilog.db"

    def step(self) -> None:
        """Does one thing by chance."""
        kind = self.chance.choices(list(STEPS), list(STEPS.values()))[0]
        self.history.append(kind)
        match kind:
            case "log":
                self.history.append(self.step_of_a_log())
            case "outgrow":
                self.logs["numbered[1]"].cut_and_outgrow()
            case "vanish":
                self.vanish()
            case "tidy":
                self.tidy()
            case "check":
                self.check()
            case "check while written":
                self.check_while_written()
            case "killed":
                self.killed()
            case "killed at a call":
                self.killed_at_a_call()
            case "killed while it prints":
                self.stopped_while_it_prints(kill=True)
            case "reader leaves":
                self.stopped_while_it_prints(kill=False)
            case "full disk":
                self.full_disk()
            case "two at once":
                self.two_at_once()
            case "worker killed":
                self.worker_killed()

    def step_of_a_log(self) -> str:
        """Something happens to one of the logs; says what."""
        log = self.chance.choice(list(self.logs.values()))
        return f"    {log.path.name}: {log.step()}"

    def check(self) -> bool:
        """Runs to the end, undisturbed. True if everything was read and printed."""
        begun = time.monotonic()
        process, output = self._started(self._command())
        status = process.wait()
        self._duration = time.monotonic() - begun
        self._done(status, output, expected=(0, 1))
        return status == 0

    def check_while_written(self) -> None:
        """Runs to the end while the logs are written and rotated."""
        process, output = self._started(self._command())
        while process.poll() is None:
            self.history.append(self.step_of_a_log())
            time.sleep(self.chance.random() * self._duration / 4)
        self._done(process.wait(), output, expected=(0, 1))

    def killed(self) -> None:
        """`kill -9` at a random moment."""
        process, output = self._started(self._command())
        time.sleep(self._duration * self.chance.choice([self.chance.random(), 0.5 + 0.7 * self.chance.random()]))
        process.kill()
        self._done(process.wait(), output, expected=(-9, 0, 1))

    def killed_at_a_call(self) -> None:
        """`kill -9` at a random place in the work."""
        place, most = self.chance.choice(dying.SPANS)
        calls = str(self.chance.randrange(most))
        self.history.append(f"    {calls} after {place}")
        process, output = self._started([sys.executable, dying.__file__, place, calls, *self._arguments()])
        self._done(process.wait(), output, expected=(-9, 0, 1))

    def stopped_while_it_prints(self, *, kill: bool) -> None:
        """`kill -9` while it waits for a slow reader of its output, or the reader goes away."""
        self.logs["numbered[1]"].write(60)
        errors = self._file("errors")
        with errors.open("wb") as file:
            process = subprocess.Popen(self._command(), stdout=subprocess.PIPE, stderr=file, env=environment())
        assert process.stdout
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, SMALL_PIPE)
        output = process.stdout.read(self.chance.choice([1, 100, 3000, 5000, 9000]))
        if kill:
            process.kill()
            output += process.stdout.read()
            process.stdout.close()
        else:  # what is in the pipe was handed over: it is taken out while nothing can be added
            os.kill(process.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            os.set_blocking(process.stdout.fileno(), False)
            output += process.stdout.read() or b""
            process.stdout.close()
            os.kill(process.pid, signal.SIGCONT)
        self._taken(process.wait(), output, errors, expected=(-9, 0, 1, 141))

    def full_disk(self) -> None:
        """Runs with a full disk."""
        with self.disk.full(self.chance) as prefix:
            process, output = self._started([*prefix, *self._command()])
            status = process.wait()
        self._done(status, output, expected=(0, 1))

    def two_at_once(self) -> None:
        """Two runs at the same time."""
        started = [self._started(self._command()) for _ in range(2)]
        for process, output in started:
            self._done(process.wait(), output, expected=(0, 1))

    def worker_killed(self) -> None:
        """`kill -9` for a process that matches lines for the run; the run itself must say so, or not have needed it any more."""
        self.logs["numbered[1]"].write(60)
        process, output = self._started([*self._command(), "--jobs", "2"])
        while process.poll() is None and not children(process.pid):
            time.sleep(0.001)
        time.sleep(self.chance.random() * 0.02)
        for worker in children(process.pid)[:1]:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        self._done(process.wait(), output, expected=(0, 1))

    def read_all(self) -> bool:
        """Runs until a run says that it has done all. Nobody may write meanwhile."""
        return any(self.check() for _ in range(5))

    def vanish(self) -> None:
        """A log that was read to its end is deleted, with all its past, and made anew."""
        log = self.chance.choice(list(self.logs.values()))
        self.history.append(f"    {log.path.name}")
        log.reopen()
        if self.read_all():
            self._vanished += 1
            log.vanish()
            if self.chance.random() < 0.5:
                self.check()
            log.reopen()

    def tidy(self) -> None:
        """Old files are dropped when everything was read and the new ones are in use, as rotation does in the end."""
        for log in self.logs.values():
            log.reopen()
            log.write(1)
        if self.read_all():
            for log in self.logs.values():
                log.drop(self.chance.choice([1, 2, 5]))

    def finish(self) -> list[str]:
        """Lets everything come to its end, and gives all that is wrong."""
        for log in self.logs.values():
            log.reopen()
            log.close()
        if not self.read_all() or not self.read_all():
            self.faults.append("the last run did not succeed")
        written = {word: log.lines for word, log in self.logs.items()}
        faults = [*self.faults, *stored_once(self.database, written), *printed_marked(self.printed, written)]
        faults += strays(self.database)
        if waiting := undelivered(self.database):
            faults.append(f"{waiting} reports were not delivered")
        losses = said_losses(self.database)
        if len(losses) > self._vanished:
            faults.append(f"{self._vanished} logs vanished, and these losses are said: {losses}")
        return faults

    def told(self, faults: Sequence[str]) -> str:
        """The faults, and where to find what led to them; a copy of the store lies beside it."""
        history = self._root / "history"
        history.write_text("\n".join(self.history))
        shutil.copytree(self._state, self._root / "state")
        return "\n".join([*faults, f"{self._runs} runs; everything that was done is in {history}"])

    def _arguments(self) -> list[str]:
        jobs = ["--jobs", "2"] if self.chance.random() < 0.1 else []
        return [*self._options, *jobs, *(str(log.path) for log in self.logs.values())]

    def _command(self) -> list[str]:
        return [*PROGRAM, *self._arguments()]

    def _file(self, kind: str) -> Path:
        self._runs += 1
        return self._root / f"{self._runs:05}.{kind}"

    def _started(self, command: Sequence[str]) -> tuple[subprocess.Popen[bytes], Path]:
        output = self._file("output")
        with output.open("wb") as out, output.with_suffix(".errors").open("wb") as errors:
            return subprocess.Popen(command, stdout=out, stderr=errors, env=environment()), output

    def _done(self, status: int, output: Path, expected: Sequence[int]) -> None:
        self._taken(status, output.read_bytes(), output.with_suffix(".errors"), expected)
        output.unlink()

    def _taken(self, status: int, output: bytes, errors: Path, expected: Sequence[int]) -> None:
        """Keeps what a run printed, and its complaint if there is one that it should not have."""
        said = errors.read_text(errors="replace")
        errors.unlink()
        self.history.append(f"    status {status}, {len(output)} bytes {said}")
        self.printed += printed.reports(output, cut=status != 0)
        if status not in expected or (status == 1 and not said.startswith("Error: ")) or "Traceback" in said:
            self.faults.append(f"step {len(self.history)}: status {status}: {said}")


def children(process: int) -> list[int]:
    """The children of a process; none if it is not there any more."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []
