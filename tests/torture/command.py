"""`vigilog check` as a process of its own, with rules that ignore nothing, untouched by how this host is set up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import vigilog
from tests.torture import peak

RULE_FOLDERS = ("cracking.d", "violations.d", "violations.ignore.d", "ignore.d.paranoid", "ignore.d.server")
PROGRAM = (sys.executable, "-c", "from vigilog.cli.main import run; run()")
KEPT = ("TZ", "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


def check_arguments(root: Path, state: Path) -> list[str]:
    """Makes a configuration and empty rule directories below `root`, and gives the arguments of a check that uses them."""
    for folder in RULE_FOLDERS:
        (root / "rules" / folder).mkdir(parents=True)
    (root / "logcheck.conf").write_text("INTRO=0\n")
    (root / "vigilog.toml").touch()
    named = ("--config", root / "vigilog.toml", "-c", root / "logcheck.conf", "-r", root / "rules", "-S", state)
    return ["check", "--standard-output", *map(str, named)]


def environment() -> dict[str, str]:
    """What a run may know of the world: where the code under test is, and nothing that would change what it does."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"PYTHONPATH": str(Path(vigilog.__file__).parent.parent)}


def measured(arguments: Sequence[str], output: Path) -> int:
    """Runs Vigilog to its end, which must be a good one, its report to `output`; gives its peak of memory in bytes."""
    command = [sys.executable, peak.__file__, *PROGRAM, *arguments]
    with output.open("wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stderr)
