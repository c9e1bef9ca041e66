"""What most runs do not need is not loaded at the start."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import vigilog

# without site (-S), which may load some of these by itself, and so without what an editable install adds to the path
ENVIRONMENT = {"PYTHONPATH": f"{Path(vigilog.__file__).parent.parent}:{sysconfig.get_paths()['platlib']}"}
HEAVY = ("email", "smtplib", "subprocess", "tempfile", "json", "rich", "ssl", "base64", "secrets", "sqlite3")


def test_what_is_imported_at_the_start_loads_nothing_heavy():
    program = f"""
import sys
before = set(sys.modules)
from vigilog.report import document, order, progress, renderers, runs, subjects, visible
print(*sorted(set({HEAVY!r}) & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, check=True, text=True, env=ENVIRONMENT)
    assert done.stdout.split() == []


def test_the_store_loads_only_what_every_run_uses():
    program = f"""
import sys
before = set(sys.modules)
from vigilog.store import database, lock, positions, reports
print(*sorted(set({HEAVY!r}) & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, check=True, text=True, env=ENVIRONMENT)
    assert done.stdout.split() == ["json", "sqlite3"]
