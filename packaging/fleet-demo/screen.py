"""What the audience sees: the story, and beside it what each machine says, line by line as it comes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from vigilog.core.visible import visible_line

_COLOURS = {"alpha": "36", "beta": "32", "gamma": "35", "attacker": "31"}


class Screen:
    """Prints whole lines, from several threads. With colours on a terminal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def tell(self, text: str) -> None:
        """A step of the story."""
        self._print(self._dyed(f"\n{text}", "1"))

    def quote(self, *lines: str) -> None:
        """Lines that belong to the story: a configuration, a command, what it answers."""
        for line in lines:
            self._print(f"      {visible_line(line)}")

    def say(self, who: str, text: str) -> None:
        """A line that a machine or a program said. It may come from a log, hence from the attacker."""
        self._print(f"  {self._dyed(f'{who:>9}', _COLOURS.get(who, '33'))} | {visible_line(text)}")

    def follow(self, who: str, log: Path, worth: Callable[[str], object]) -> None:
        """Shows the lines of a file that are worth it, as they are written."""
        words = ["tail", "--follow=name", "--retry", "--lines=+1", "--sleep-interval=0.1", str(log)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

        def relay() -> None:
            assert process.stdout
            for line in process.stdout:
                if worth(text := line.decode(errors="replace").rstrip()):
                    self.say(who, text)

        threading.Thread(target=relay, daemon=True).start()

    def _dyed(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text

    def _print(self, text: str) -> None:
        with self._lock:
            print(text, flush=True)


def wait_for(what: str, holds: Callable[[], object], seconds: float = 90.0) -> None:
    """Waits until something holds. Exits with a sentence if it never does."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            sys.exit(f"\nThis did not happen within {seconds:g} s: {what}.")
        time.sleep(0.05)
