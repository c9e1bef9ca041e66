"""A journal in a case's tree, and a journalctl that reads it: both the real ones of systemd."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import absent
from tests.e2e.harness import Tree, run

REMOTE = "/lib/systemd/systemd-journal-remote"
JOURNALCTL = """#!/bin/sh
exec /usr/bin/journalctl --directory={tree}/journal "$@"
"""
FILES = {"bin/journalctl": JOURNALCTL, "journal/": None}
"""What a case needs among its files."""


def need_journal() -> None:
    """Skip, loudly, where no journal can be written or read."""
    if not Path(REMOTE).exists() or not Path("/usr/bin/journalctl").exists():
        absent("no systemd-journal-remote to write a journal with: apt-get install systemd-journal-remote")


def entry(first: int, number: int, boot: int, message: bytes) -> bytes:
    """An entry in the journal's export format; a message may hold newlines."""
    stamps = f"__REALTIME_TIMESTAMP={first + number}\n__MONOTONIC_TIMESTAMP={first + number - boot}\n"
    names = f"_BOOT_ID={'0' * 31}1\n_MACHINE_ID={'0' * 31}2\n_HOSTNAME=host\nSYSLOG_IDENTIFIER=daemon\n_PID=77\n"
    return f"{stamps}{names}MESSAGE\n".encode() + len(message).to_bytes(8, "little") + message + b"\n\n"


def write_journal(tree: Tree, name: str, moment: float, *messages: str) -> None:
    """Write a file of the tree's journal that holds `messages`, at `moment` (seconds since the epoch) and the microseconds after."""
    first = int(moment * 1_000_000)
    boot = int(tree.root.stat().st_ctime - 86_400) * 1_000_000
    export = tree.root / "export"
    export.write_bytes(b"".join(entry(first, number, boot, message.encode()) for number, message in enumerate(messages)))
    done = run(tree, [REMOTE, "-o", f"{tree.root}/journal/{name}.journal", str(export)], {"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
