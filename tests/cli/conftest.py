"""What tests of the commands may ask for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent.parent / "src"


@pytest.fixture
def vigilog(tmp_path):
    """A function that runs a command line of Vigilog as a process of its own and gives what came of it."""

    def run(*arguments, environment=None, **options):
        variables = {**os.environ, "PYTHONPATH": str(SOURCE), "HOME": str(tmp_path), **(environment or {})}
        program = [sys.executable, "-c", "from vigilog.cli.main import run; run()", *arguments]
        options = {"capture_output": True, "text": True, "timeout": 60, "cwd": tmp_path, **options}
        return subprocess.run(program, check=False, env=variables, **options)

    return run
