"""A journalctl that runs beside, and what it prints, without waiting for it."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Sequence
from contextlib import suppress

_STEP = 64 * 1024
_AT_ONCE = 1024 * 1024
_MOMENT = 0.05
"""A program that has closed its output is given so long (seconds) to end by itself."""


class Journalctl:
    """One process at a time, or none."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._output = bytearray()
        self._searched = 0
        self._poll = select.epoll()

    def fileno(self) -> int:
        """A descriptor that is readable when it has printed something, or ended; the same for all processes."""
        return self._poll.fileno()

    @property
    def runs(self) -> bool:
        """There is one."""
        return self._process is not None

    @property
    def held(self) -> int:
        """How many bytes of an unfinished line are kept."""
        return len(self._output)

    def start(self, arguments: Sequence[str]) -> None:
        """Starts one. Raises OSError."""
        nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
        self._process = subprocess.Popen(arguments, stdin=nothing, stdout=pipe, stderr=pipe, bufsize=0)
        assert self._process.stdout
        assert self._process.stderr
        os.set_blocking(self._process.stdout.fileno(), False)
        os.set_blocking(self._process.stderr.fileno(), False)
        self._poll.register(self._process.stdout, select.EPOLLIN)

    def lines(self) -> tuple[list[bytes], bool]:
        """The whole lines that it has printed since the last call, about 1 MiB, without newlines; and whether that was all."""
        assert self._process
        assert self._process.stdout
        data = b"-"
        left = _AT_ONCE
        while data and left > 0:
            try:
                data = os.read(self._process.stdout.fileno(), _STEP)
            except BlockingIOError:
                break
            left -= len(data)
            self._output += data
        edge = self._output.rfind(b"\n", self._searched) + 1
        self._searched = 0 if edge else len(self._output)
        lines = bytes(self._output[: edge - 1]).split(b"\n") if edge else []
        del self._output[:edge]
        return lines, not data

    def end(self) -> tuple[int, str]:
        """Ends it; gives its status (negative: the signal that ended it) and what it said."""
        assert self._process
        assert self._process.stderr
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_MOMENT)
        process = self._process
        said = (self._process.stderr.read() or b"").decode(errors="replace").strip()
        self.stop()
        return process.returncode, said

    def stop(self) -> None:
        """Ends it, if there is one, at once."""
        self._output.clear()
        self._searched = 0
        if self._process:
            assert self._process.stdout
            assert self._process.stderr
            self._poll.unregister(self._process.stdout)
            self._process.stdout.close()
            self._process.stderr.close()
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Ends it, and lets go of the descriptor."""
        self.stop()
        self._poll.close()
