"""`vigilog check`, as a user runs it: a process of its own that reads, commits and prints."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Ran, ran
from benchmarks.place import CHECKOUT, Place

INSTALLED = Path(sys.executable).with_name("vigilog")
PROGRAM = [str(INSTALLED)] if INSTALLED.is_file() else [sys.executable, "-c", "from vigilog.cli.main import run; run()"]
SOURCE = str(CHECKOUT / "src")
SETTINGS = "INTRO=0\nFQDN=0\n"
"""What both programs find in their logcheck.conf."""


@dataclass(frozen=True)
class Check:
    """Checks of `log` with `rules`, each as if nothing of it had been read before. What they leave is in `root`."""

    root: Path
    rules: Path
    log: Path

    def run(self, *options: str, locale: str = "C", report: str = "report") -> Ran:
        """One run that reads all of the log. It finds the rules compiled if it is not the first."""
        self.forget()
        return self.go_on(*options, locale=locale, report=report)

    def go_on(self, *options: str, locale: str = "C", report: str = "report") -> Ran:
        """One run that reads what is new; its report is the file of that name in `root`."""
        environment = {"PATH": os.environ["PATH"], "LC_ALL": locale, "PYTHONPATH": SOURCE}
        settings = ["--config", str(self.root / "vigilog.toml"), "-c", str(self.root / "logcheck.conf")]
        where = ["-r", str(self.rules), "-S", str(self.state), "-l", str(self.log)]
        return ran([*PROGRAM, "check", *settings, *where, "-o", *options], self.root / report, environment)

    def forget(self) -> None:
        """Positions and reports are gone, the compiled rules stay."""
        for path in self.state.glob("vigilog.db*"):
            path.unlink()

    def forget_rules(self) -> None:
        """The compiled rules are gone, too."""
        shutil.rmtree(self.compiled)

    @property
    def compiled(self) -> Path:
        """Where the compiled rules are."""
        return self.state / "cache"

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.root / "state"


def check_of(place: Place, name: str, rules: Path, log: Path, *options: str) -> Check:
    """A check in a directory of its own, called `name`, with its rules compiled: by a check with `options` of an empty log,
    unless another check had the same rules."""
    root = place.work / name
    (root / "state").mkdir(parents=True, mode=0o700)
    (root / "vigilog.toml").touch()
    (root / "logcheck.conf").write_text(SETTINGS)
    (root / "empty.log").touch()
    check = Check(root, rules, log)
    known = place.work / "compiled"
    if known.is_dir():
        shutil.copytree(known, check.compiled)
    Check(root, rules, root / "empty.log").run(*options)
    shutil.copytree(check.compiled, known, dirs_exist_ok=True)
    return check
