"""The ledger as a program that takes the lines."""

from __future__ import annotations

import os
import pwd
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import absent
from vigilog.core.errors import ConfigurationError
from vigilog.ledger.failure import Count
from vigilog.ledger.program import program
from vigilog.ledger.target import target
from vigilog.ledger.target_program import ProgramTarget

TAKER = """#!/bin/sh
echo $$ >> pids
exec cat >> "$1"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with the program bin/take, which appends what it gets to the file named by its argument."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "take").write_text(TAKER)
    (tmp_path / "bin" / "take").chmod(0o755)
    return tmp_path


@contextmanager
def running(root: Path, command: str = "bin/take lines", **options: object) -> Iterator[ProgramTarget]:
    made = target(f"|{command}", root=str(root), **options)  # type: ignore[arg-type]
    assert isinstance(made, ProgramTarget)
    try:
        yield made
    finally:
        made.close()


def until(path: Path, content: bytes) -> None:
    """Waits until the file has that content."""
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes() != content:
        assert time.monotonic() < deadline, path.read_bytes()[-200:] if path.exists() else "no file"
        time.sleep(0.01)


def test_a_program_is_found_under_the_root_and_gets_the_lines(root: Path) -> None:
    with running(root) as made:
        made.write(b"+1|x\n")
        made.write(b"-1\n")
        until(root / "lines", b"+1|x\n-1\n")


def test_no_shell_looks_at_the_words(root: Path) -> None:
    with running(root, "bin/take '$HOME > a b'") as made:
        made.write(b"+1|x\n")
        until(root / "$HOME > a b", b"+1|x\n")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("", "the path of a program"),
        ("bin/nothing", "a program that may be executed at .*/bin/nothing"),
        ("bin", "a program that may be executed"),
        ("lines", "a program that may be executed"),
        ("|bin/take lines", "are not forms of a forensic log"),
        ("$bin/take lines", "are not forms of a forensic log"),
        ("bin/take 'lines", "closed quotes"),
    ],
)
def test_a_program_that_cannot_be_started_is_said_at_once(root: Path, command: str, expected: str) -> None:
    (root / "lines").touch()
    with pytest.raises(ConfigurationError, match=expected):
        target(f"|{command}", root=str(root))


def test_a_program_without_a_root_begins_with_a_slash() -> None:
    with pytest.raises(ConfigurationError, match="expected a path that begins with /"):
        target("|bin/take")


def test_a_program_that_is_no_program_is_said_at_once(root: Path) -> None:
    (root / "bin" / "take").write_bytes(b"\x7fELF nonsense")
    with pytest.raises(ConfigurationError, match="cannot be started: Exec format error"):
        target("|bin/take", root=str(root))


def test_a_program_runs_as_the_user_that_is_named(root: Path) -> None:
    if os.geteuid():
        absent("not root: cannot become another user")
    (root / "bin" / "who").write_text("#!/bin/sh\nid -u; id -g; id -G; exec cat > /dev/null\n")
    (root / "bin" / "who").chmod(0o755)
    nobody = pwd.getpwnam("nobody")
    code = (
        "import sys\nfrom vigilog.ledger.target import target\n"
        "made = target('|' + sys.argv[1], user=sys.argv[2])\nmade.write(b'x\\n')\nmade.close()\n"
    )
    # Directories above may be closed to others.
    program = Path("/tmp") / f"vigilog-who-{os.getpid()}"
    program.write_bytes((root / "bin" / "who").read_bytes())
    program.chmod(0o755)
    try:
        for user, expected in {
            "nobody": [nobody.pw_uid, nobody.pw_gid, nobody.pw_gid],
            "nobody:daemon": [nobody.pw_uid, 1, 1],
            f"{nobody.pw_uid}:1": [nobody.pw_uid, 1, 1],
        }.items():
            done = subprocess.run([sys.executable, "-c", code, str(program), user], capture_output=True, check=True, timeout=60)
            assert [int(line) for line in done.stdout.split()] == expected
    finally:
        program.unlink()


@pytest.mark.parametrize("user", ["no-such-user", "nobody:no-such-group", "4294967"])
def test_a_user_who_does_not_exist_is_said_at_once(root: Path, user: str) -> None:
    with pytest.raises(ConfigurationError, match="expected NAME or NAME:GROUP"):
        target("|bin/take lines", root=str(root), user=user)


def test_a_program_that_dies_is_started_again_and_no_line_is_lost(root: Path) -> None:
    with running(root) as made:
        expected = b""
        pids = set()
        for number in range(400):
            line = b"+%d|%s\n" % (number, b"x" * (number % 7 * 1000))
            made.write(line)
            expected += line
            if number % 100 == 50:
                # Only what it has read may be gone with a program: it has written that, and reads no more when the next comes.
                until(root / "lines", expected)
                assert made.pid
                pids.add(made.pid)
                ended = os.pidfd_open(made.pid)
                os.kill(made.pid, signal.SIGKILL)
                select.select([ended], [], [])
                os.close(ended)
        until(root / "lines", expected)
        assert len(pids) == 4
        assert made.lost == 0


def test_closing_gives_the_program_the_end_of_its_input(root: Path) -> None:
    with running(root) as made:
        made.write(b"+1|x\n")
        pid = made.pid
        assert pid
        ended = os.pidfd_open(pid)
    assert select.select([ended], [], [], 60)[0]
    os.close(ended)
    until(root / "lines", b"+1|x\n")


FORKING = """
import os, sys
from vigilog.ledger.target import target
made = target("|bin/take lines", root=sys.argv[1])
children = []
for which in range(4):
    if not (child := os.fork()):
        for number in range(300):
            made.write(b"%d %d %s\\n" % (which, number, b"abcdefgh" * (number * 31 % 2500)))
        os._exit(0)
    children.append(child)
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
made.close()
"""


def test_long_lines_of_forked_processes_stay_whole(root: Path) -> None:
    subprocess.run([sys.executable, "-c", FORKING, str(root)], check=True, timeout=120)
    deadline = time.monotonic() + 60
    while (root / "lines").read_bytes().count(b"\n") < 1200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    seen: dict[int, list[int]] = {}
    for line in (root / "lines").read_bytes().split(b"\n")[:-1]:
        which, number, rest = line.split(b" ")
        assert rest == b"abcdefgh" * (int(number) * 31 % 2500)
        seen.setdefault(int(which), []).append(int(number))
    assert seen == {which: list(range(300)) for which in range(4)}
    assert len((root / "pids").read_text().split()) == 1


KILLED = """
import os, signal, sys, time
from vigilog.ledger.target import target
made = target("|bin/slow", root=sys.argv[1])
if not (child := os.fork()):
    made.write(b"+long|" + b"x" * 4000000 + b"\\n")
    os._exit(1)
while not made._unfinished[0]:
    time.sleep(0.01)
time.sleep(0.2)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
open(sys.argv[1] + "/go", "w").close()
made.write(b"+short|y\\n")
made.close()
"""


def test_half_a_long_line_of_a_process_that_was_killed_is_ended_before_the_next(root: Path) -> None:
    (root / "bin" / "slow").write_text("#!/bin/sh\nwhile ! [ -e go ]; do sleep 0.05; done\nexec cat > lines\n")
    (root / "bin" / "slow").chmod(0o755)
    subprocess.run([sys.executable, "-c", KILLED, str(root)], check=True, timeout=120)
    deadline = time.monotonic() + 60
    while not (lines := (root / "lines").read_bytes() if (root / "lines").exists() else b"").endswith(b"+short|y\n"):
        assert time.monotonic() < deadline, lines[-50:]
        time.sleep(0.05)
    first, second, rest = lines.split(b"\n")
    assert first == b"+long|" + b"x" * (len(first) - 6)
    assert len(first) < 4000006
    assert (second, rest) == (b"+short|y", b"")


def stuck(root: Path) -> str:
    (root / "bin" / "stuck").write_text("#!/bin/sh\nexec sleep 1000\n")
    (root / "bin" / "stuck").chmod(0o755)
    return str(root / "bin" / "stuck")


def test_a_program_that_does_not_read_loses_lines_if_not_strict_and_holds_nothing_up(root: Path) -> None:
    count = Count()
    made = ProgramTarget(program(stuck(root), str(root)), count)
    try:
        while not count.lost:
            made.write(b"x" * 4095 + b"\n")
        made.write(b"-1\n" * 2000)
        assert count.lost == 2
    finally:
        assert made.pid
        pid = made.pid
        made.close()
        os.kill(pid, signal.SIGKILL)


STUCK = """
import os, sys
from vigilog.ledger.failure import Abort
from vigilog.ledger.program import program
from vigilog.ledger.target_program import ProgramTarget
made = ProgramTarget(program(sys.argv[1], "/"), Abort(), patience=0.3)
print(made.pid, flush=True)
while True:
    made.write(b"x" * 999 + b"\\n")
"""


def test_a_program_that_does_not_read_ends_the_process_if_strict(root: Path) -> None:
    with (root / "said").open("wb") as said:
        done = subprocess.run([sys.executable, "-c", STUCK, stuck(root)], stdout=said, stderr=said, check=False, timeout=60)
    words = (root / "said").read_bytes()
    os.kill(int(words.split()[0]), signal.SIGKILL)
    assert done.returncode == -signal.SIGABRT
    assert b"the program does not take its lines, and the pipe is full; the ledger is strict" in words
