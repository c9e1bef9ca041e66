"""Kafka's own programs: fetched once, by Maven."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cluster import prepare
from processes import run, stop

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("VIGILOG_KAFKA_CACHE", HERE.parent.parent / ".cache" / "kafka"))
LIBRARY = CACHE / "lib"


def fetched() -> list[str]:
    """What Java is told to find Kafka: its jars, fetched if they are not there, and an archive of their classes, which halves a
    broker's start. Exits with a sentence where that is not possible."""
    needed = {"java": "openjdk-17-jre-headless", "openssl": "openssl"} | ({} if LIBRARY.is_dir() else {"mvn": "maven"})
    for program, package in needed.items():
        if not shutil.which(program):
            sys.exit(f"{program} is not installed (Debian: {package})")
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked():
        if not LIBRARY.is_dir():
            fetch()
        if not archive().is_file():
            train()
    return [f"-XX:SharedArchiveFile={archive()}", *jars()]


def fetch() -> None:
    """Has Maven copy what pom.xml names."""
    partial = CACHE / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    command = ["mvn", "--quiet", "--batch-mode", "--file", str(HERE / "pom.xml"), "dependency:copy-dependencies",
               "-DincludeScope=runtime", f"-DoutputDirectory={partial}"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"Maven could not fetch Kafka:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    partial.rename(LIBRARY)


def train() -> None:
    """Runs a broker once so that Java writes down which classes it loads. Without the archive all works, but slower."""
    directory = CACHE / f"training-{os.getpid()}"
    arguments = argparse.Namespace(brokers=1, address="127.0.0.1", tls=True, heap="256m", property=[], thorough=False)
    temporary = directory / "classes.jsa"
    try:
        prepare(directory, arguments, [f"-XX:ArchiveClassesAtExit={temporary}", *jars()])
        run(directory, [1])
        stop(directory, [1], signal.SIGTERM, 60.0)
        temporary.rename(archive())
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def archive() -> Path:
    """The archive of classes for the Java that is installed."""
    return CACHE / f"classes-{os.stat(shutil.which('java') or '/').st_mtime_ns}.jsa"


def jars() -> list[str]:
    """Where Java finds Kafka: the same words each time, or it does not take the archive."""
    return ["-cp", ":".join(sorted(map(str, LIBRARY.glob("*.jar"))))]


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Only one process fetches; the others wait for it."""
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
