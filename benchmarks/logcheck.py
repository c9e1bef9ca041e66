"""Debian's own logcheck, as user logcheck if root runs the benchmarks: it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.checks import SETTINGS
from benchmarks.measure import Ran, ran
from benchmarks.place import copy_rules

PROGRAM = "/usr/sbin/logcheck"


@dataclass(frozen=True)
class Logcheck:
    """Runs of logcheck on a copy of a log with a copy of rules, both in `root`, as `user` (arguments of subprocess)."""

    root: Path
    user: dict[str, Any]

    @property
    def log(self) -> Path:
        """The log."""
        return self.root / "test.log"

    def run(self, *options: str, locale: str = "C", report: str = "report") -> Ran:
        """One run that reads all of the log."""
        for left in (self.root / "state").iterdir():
            left.unlink()
        return self.go_on(*options, locale=locale, report=report)

    def go_on(self, *options: str, locale: str = "C", report: str = "report") -> Ran:
        """One run that reads what is new; its report is the file of that name in `root`."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": locale, "HOME": str(self.root)}
        where = ["-c", self.root / "conf", "-r", self.root / "rules", "-S", self.root / "state", "-l", self.log]
        return ran([PROGRAM, *map(str, where), "-o", *options], self.root / report, environment, self.user)


@contextmanager
def logcheck(log: Path, rules: Path) -> Iterator[Logcheck]:
    """A place where logcheck finds `log` and `rules`. Exits with a sentence where there is no logcheck."""
    if not os.access(PROGRAM, os.X_OK):
        sys.exit("Debian's logcheck is not installed: apt-get install --no-install-recommends logcheck")
    root = Path(tempfile.mkdtemp(prefix="vigilog-benchmark-"))
    try:
        root.chmod(0o755)
        for folder in ("state", "lock", "tmp"):
            (root / folder).mkdir()
        private = f"LOCKDIR={root}/lock\nLOCKFILE={root}/lock/logcheck\nTMP={root}/tmp\n"
        (root / "conf").write_text(private + SETTINGS)
        shutil.copyfile(log, root / "test.log")
        copy_rules(rules, root / "rules")
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("logcheck")
            user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            for path in (root, *root.rglob("*")):
                shutil.chown(path, account.pw_uid, account.pw_gid)
        yield Logcheck(root, user)
    finally:
        shutil.rmtree(root)
