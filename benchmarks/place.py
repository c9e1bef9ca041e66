"""Where benchmarks work: data, corpora, rules and the files that they write."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
RULES = "logcheck/debian-1.4.2+deb12u1"
LINES_OF_100_MB = 772_000
PIECES = 10
LEFT_OUT = re.compile(rb"message repeated \d+ times|PAM: .* for illegal user ")
"""What fail2ban 1.0.2 does not count (repeated lines), or takes for two users of one session (FreeBSD's words)."""
AUTHENTICATION = re.compile(rb"\w{3} [ \d]\d [\d:]{8} [\w.-]+ (?:sshd|sudo|su|CRON|systemd-logind)(?:\[\d+\])?: ")


@dataclass(frozen=True)
class Place:
    """`data` is the folder of sample data, `cache` keeps corpora for the next time, `work` is emptied before each run.

    `scale` divides all sizes, for a quick look whether everything works.
    """

    data: Path
    cache: Path
    work: Path
    scale: int = 1

    @property
    def stock_rules(self) -> Path:
        """The rule directory of Debian's package."""
        return self.data / RULES

    def lines(self, count: int) -> int:
        """`count` lines at full size; fewer when only a quick look is wanted."""
        return count // self.scale

    def corpus(self, lines: int, *, dirty: bool, seed: int = 1, start: str = "2026-02-20T00:00:00") -> Path:
        """A corpus of exactly so many lines; one in a thousand is odd if `dirty`."""
        made = self.cache / f"{lines}-{'dirty' if dirty else 'clean'}-{seed}.log"
        if not made.is_file():
            maker = self.data.parent / "tools" / "make_corpus.py"
            unfinished = made.with_suffix(".part")
            size = ["--lines", str(lines), "--seed", str(seed), "--start", start, "--dirty", "0.001" if dirty else "0"]
            command = [sys.executable, str(maker), str(unfinished), "--data", str(self.data), *size]
            subprocess.run(command, check=True, capture_output=True)
            unfinished.rename(made)
        return made

    def auth_log(self, lines: int) -> Path:
        """So many lines that authentication writes to a log, out of a corpus, without those in LEFT_OUT."""
        made = self.cache / f"{lines}-auth.log"
        if not made.is_file():
            unfinished = made.with_suffix(".part")
            left = lines
            with self.corpus(lines * 5 // 2, dirty=False).open("rb") as corpus, unfinished.open("wb") as file:
                for line in corpus:
                    if left and AUTHENTICATION.match(line) and not LEFT_OUT.search(line):
                        file.write(line)
                        left -= 1
            unfinished.rename(made)
        return made

    def large_corpora(self, *, dirty: bool) -> tuple[Path, Path]:
        """A corpus of 100 MB, and one of 1 GB that begins with it and goes on with nine others made like it, each of which
        starts eight days after the one before."""
        lines = self.lines(LINES_OF_100_MB)

        def piece(number: int) -> Path:
            start = date(2026, 2, 20) + number * timedelta(days=8)
            return self.corpus(lines, dirty=dirty, seed=100 + number, start=f"{start}T00:00:00")

        made = self.cache / f"{lines}x{PIECES}-{'dirty' if dirty else 'clean'}.log"
        if not made.is_file():
            unfinished = made.with_suffix(".part")
            with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as makers:
                pieces = list(makers.map(piece, range(PIECES)))
            with unfinished.open("wb") as whole:
                for part in pieces:
                    with part.open("rb") as file:
                        shutil.copyfileobj(file, whole, 1 << 20)
            for part in pieces[1:]:
                part.unlink()
            unfinished.rename(made)
        return piece(0), made


def copy_rules(rules: Path, copy: Path) -> None:
    """Copies the files of a rule directory; the copy can be changed and removed even if the original is read-only."""
    for file in rules.glob("*/*"):
        folder = copy / file.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / file.name)


def place(scale: int) -> Place:
    """The place of this checkout, its `work` empty. Exits with a sentence where there are no sample data."""
    data = Path(os.environ.get("VIGILOG_DATA", CHECKOUT.parent / "shared" / "data"))
    if not (data / RULES).is_dir():
        sys.exit(f"no sample data in {data}: set VIGILOG_DATA")
    cache = CHECKOUT / ".cache" / "benchmarks"
    shutil.rmtree(cache / "work", ignore_errors=True)
    (cache / "work").mkdir(parents=True)
    return Place(data, cache, cache / "work", scale)
