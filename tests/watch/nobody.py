"""Doing something as a user without rights, in a child process; only root can."""

from __future__ import annotations

import os
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
