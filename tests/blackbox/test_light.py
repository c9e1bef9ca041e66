"""What a program takes into itself by importing the black box."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "hyperscan",
    "re2",
    "msgspec",
    "rich",
    "asyncio",
    "json",
    "sqlite3",
    "structlog",
    "loguru",
    "starlette",
    "confluent_kafka",
)


def imported(code: str) -> set[str]:
    command = [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_black_box_imports_nothing_heavy():
    found = imported("import vigilog.blackbox")
    assert not found & set(HEAVY)
    assert {name.split(".")[1] for name in found if name.startswith("vigilog.")} == {"blackbox", "core", "parse"}


def test_what_only_a_directory_needs_is_imported_only_with_one():
    crash = {"vigilog.blackbox.crash_ring", "vigilog.blackbox.page_writer", "vigilog.blackbox.recovery", "mmap"}
    assert not imported("import vigilog.blackbox; vigilog.blackbox.BlackBox(None)") & crash


def test_everything_that_is_public_is_there():
    import vigilog.blackbox

    for name in vigilog.blackbox.__all__:
        assert getattr(vigilog.blackbox, name) is not None
    assert not hasattr(vigilog.blackbox, "nonsense")
