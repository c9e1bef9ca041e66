"""The tables as text, and the page docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from textwrap import dedent

from benchmarks.figure import Benchmark, Figure

HEAD = ("", "Vigilog", "beside", "compared", "wanted", "reached")
REACHED = {None: "", True: "yes", False: "NO"}
OPENING = """\
# Benchmarks

Made by `{command}` on {date}. Every number was measured in that run, together with what it is held against, on the same
machine and the same input.

{machine}
"""


def table(figures: Iterable[Figure]) -> str:
    """A table in Markdown, readable as it stands."""
    rows = [HEAD, *((row.what, row.ours, row.other, row.compared, row.wanted, REACHED[row.reached]) for row in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def section(benchmark: Benchmark, figures: Sequence[Figure]) -> str:
    """A benchmark with its table."""
    return f"## {benchmark.title}\n\n{dedent(benchmark.method).strip()}\n\n{table(figures)}\n"


def page(command: str, machine: str, sections: Iterable[str]) -> str:
    """docs/benchmarks.md. `machine` is what the function of that name gave before the first benchmark."""
    date = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return "\n".join([OPENING.format(command=command, date=date, machine=machine), *sections])


def machine() -> str:
    """On what and with what was measured, as a list in Markdown."""
    system = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    facts = {
        "Machine": f"{len(os.sched_getaffinity(0))} cores, {processor()}, {memory()} GB of memory",
        "System": f"{system.get('PRETTY_NAME', 'unknown').strip(chr(34))}, Linux {platform.release()}",
        "Load when it began": f"{os.getloadavg()[1]:.1f} (average of five minutes)",
        "Python": platform.python_version(),
        "Packages": ", ".join(f"{name} {version(name)}" for name in ("hyperscan", "google-re2", "msgspec")),
        "logcheck": ", ".join(f"{name} {package(name)}" for name in ("logcheck", "logtail", "grep")),
    }
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items())


def processor() -> str:
    """The model of the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def memory() -> int:
    """How much memory there is, in GB."""
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9)


def package(name: str) -> str:
    """The version of a Debian package."""
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=False)
    return shown.stdout or "not installed"
