"""Doing something as a user without rights, in a child process; only root can."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

NOBODY = 65534

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without rights")


def let_in(directory: Path) -> None:
    """Everybody may enter `directory`, which lies in the directory for temporary files."""
    top = Path(tempfile.gettempdir()).resolve()
    for folder in (directory, *directory.parents):
        if folder == top or top not in folder.parents:
            return
        folder.chmod(folder.stat().st_mode | 0o055)


def may_use_checkout() -> bool:
    """Whether a user without rights may read this checkout and run its Python: in somebody's closed directory nobody can."""
    command = ["setpriv", "--reuid", str(NOBODY), "--clear-groups", sys.executable, "-c", "import vigilog.run.launch"]
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(command, env={"PYTHONPATH": paths}, check=False, capture_output=True, cwd="/").returncode == 0


def as_nobody(act: Callable[[], object]) -> None:
    """Calls `act` without rights and fails if it raises. What it changes in memory is lost."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            act()
            status = 0
        except BaseException:  # noqa: BLE001  the child must never come back as a second test run
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
