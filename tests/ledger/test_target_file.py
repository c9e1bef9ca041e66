"""The ledger as a file."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vigilog.core.errors import ConfigurationError
from vigilog.ledger import Ledger
from vigilog.ledger.failure import Abort, Count
from vigilog.ledger.target import target
from vigilog.ledger.target_file import FileTarget


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def in_a_process(code: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """A Python process that works on a ledger."""
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, check=False, timeout=60)


def test_lines_are_appended_to_a_file_of_its_own(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        file = target("logs/forensic.log", root=str(make(tmp_path / "logs").parent))
    finally:
        os.umask(old)
    file.write(b"+1|x\n")
    file.write(b"-1\n")
    path = tmp_path / "logs" / "forensic.log"
    assert path.read_bytes() == b"+1|x\n-1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"+0|old\n")
    path.chmod(0o640)
    target(str(path)).write(b"+1|x\n")
    assert path.read_bytes() == b"+0|old\n+1|x\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("text", "root", "expected"),
    [
        ("", "/tmp", "expected a path"),
        ("/tmp/a\0b", "", "expected a path"),
        ("|/bin/cat \0", "", "expected a path"),
        ("log", "", "expected a path that begins with /"),
        ("log", "relative", "expected a path that begins with /"),
        ("/nowhere/at/all/log", "", "cannot be opened: No such file or directory"),
        ("/", "", "cannot be opened: Is a directory"),
        ("/etc", "", "cannot be opened: Is a directory"),
    ],
)
def test_a_ledger_that_cannot_be_opened_is_said_at_once(text: str, root: str, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        target(text, root=root)


def test_no_link_is_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"kept")
    (tmp_path / "log").symlink_to(victim)
    with pytest.raises(ConfigurationError, match="cannot be opened: Too many levels of symbolic links"):
        target(str(tmp_path / "log"))
    assert victim.read_bytes() == b"kept"


def test_a_link_on_the_way_counts_only_where_nobody_else_could_have_made_it(tmp_path: Path) -> None:
    real = make(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    target(str(tmp_path / "link" / "log")).write(b"+1|x\n")
    assert (real / "log").read_bytes() == b"+1|x\n"
    shared = make(tmp_path / "shared")
    shared.chmod(0o777)
    (shared / "link").symlink_to(real)
    with pytest.raises(ConfigurationError, match="where others may write"):
        target(str(shared / "link" / "log"))


def test_a_file_with_a_second_name_is_refused_where_others_may_write(tmp_path: Path) -> None:
    shared = make(tmp_path / "shared")
    (tmp_path / "victim").write_bytes(b"")
    os.link(tmp_path / "victim", shared / "log")
    shared.chmod(0o777)
    with pytest.raises(ConfigurationError):
        target(str(shared / "log"))
    target(str(shared / "own")).write(b"+1|x\n")


def test_a_pipe_by_name_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        target(str(tmp_path / "pipe"))


def test_after_a_rename_the_old_file_is_used_until_there_is_a_new_one(tmp_path: Path, clock: Clock) -> None:
    path, old = tmp_path / "log", tmp_path / "log.1"
    file = FileTarget(str(path), Count(), clock=clock)
    file.write(b"1\n")
    path.rename(old)
    clock.now = 1
    file.write(b"2\n")
    # logrotate makes the new file; if one were there already, it would put it aside.
    assert not path.exists()
    path.touch(0o640)
    clock.now = 1.02
    file.write(b"3\n")
    assert old.read_bytes() == b"1\n2\n"
    assert path.read_bytes() == b"3\n"


def test_without_a_new_file_it_makes_one_soon(tmp_path: Path, clock: Clock) -> None:
    path, old = tmp_path / "log", tmp_path / "log.1"
    file = FileTarget(str(path), Count(), clock=clock)
    file.write(b"1\n")
    path.rename(old)
    clock.now = 1
    file.write(b"2\n")
    clock.now = 1.03
    file.write(b"3\n")
    assert old.read_bytes() == b"1\n2\n"
    assert path.read_bytes() == b"3\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_whoever_is_told_of_a_rotation_can_have_the_new_file_at_once(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "log"
    file = FileTarget(str(path), Count(), clock=clock)
    file.write(b"1\n")
    path.rename(tmp_path / "log.1")
    file.reopen()
    file.write(b"2\n")
    assert path.read_bytes() == b"2\n"


def test_after_copytruncate_lines_begin_at_the_new_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = target(str(path))
    file.write(b"1\n")
    os.truncate(path, 0)
    file.write(b"2\n")
    assert path.read_bytes() == b"2\n"


def test_a_file_that_cannot_be_opened_again_is_used_as_long_as_it_has_a_name(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path, old = tmp_path / "log", tmp_path / "log.1"
    count = Count()
    file = FileTarget(str(path), count, clock=clock)
    path.rename(old)
    path.mkdir()
    for number in range(3):
        clock.now += 1
        file.write(b"%d\n" % number)
    assert old.read_bytes() == b"0\n1\n2\n"
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: cannot be opened again: Is a directory; the file that was opened first is used"
    ]
    old.unlink()
    for _ in range(2):
        clock.now += 1
        file.write(b"3\n")
    assert count.lost == 2
    path.rmdir()
    clock.now += 1
    file.write(b"4\n")
    assert path.read_bytes() == b"4\n"
    assert count.lost == 2
    path.unlink()
    clock.now += 1
    file.write(b"5\n")
    assert path.read_bytes() == b"5\n"


def test_half_a_line_at_the_end_is_ended_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"+1|x\n+2|GET /ha")
    file = target(str(path))
    file.write(b"+3|x\n")
    assert path.read_bytes() == b"+1|x\n+2|GET /ha\n+3|x\n"


def test_half_a_line_of_another_worker_that_was_killed_is_ended_before_the_next(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "log"
    file = FileTarget(str(path), Count(), clock=clock)
    file.write(b"+1|x\n")
    with path.open("ab") as other:
        other.write(b"+2|GET /ha")
    clock.now += 1
    file.write(b"+3|x\n")
    clock.now += 1
    file.write(b"-3\n")
    assert path.read_bytes() == b"+1|x\n+2|GET /ha\n+3|x\n-3\n"


STILL_TORN = """
import resource, sys
from vigilog.ledger.failure import Count
from vigilog.ledger.target_file import FileTarget
file = FileTarget(sys.argv[1], Count(), clock=lambda: 1.0)
resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8192))
for number in range(2):
    file.write(b"+%d|x\\n" % number)
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
file.write(b"+2|x\\n")
print(file.lost)
"""


def test_half_a_line_that_could_not_be_ended_is_ended_once_there_is_room(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"+1|GET /")
    assert in_a_process(STILL_TORN, tmp_path / "log").stdout == b"2\n"
    assert (tmp_path / "log").read_bytes() == b"+1|GET /\n+2|x\n"


def test_a_ledger_that_was_closed_counts_what_comes_too_late(tmp_path: Path, clock: Clock) -> None:
    file = FileTarget(str(tmp_path / "log"), Count(), clock=clock)
    file.close()
    clock.now += 1
    file.write(b"-1\n")
    assert file.lost == 1


LIMITED = """
import resource, signal, sys
from vigilog.ledger.target import target
file = target(sys.argv[1], strict=sys.argv[2] == "strict")
for number in range(3):
    if number == 1:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8192))
    if number == 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
    file.write(b"+%d|x\\n" % number)
print(file.lost)
"""


def test_half_a_line_that_found_room_is_counted_and_ended(tmp_path: Path) -> None:
    done = in_a_process(LIMITED, tmp_path / "log", "lenient")
    assert done.stdout == b"1\n", done
    assert (tmp_path / "log").read_bytes() == b"+0|x\n+1|\n+2|x\n"


def test_half_a_line_that_found_room_ends_the_process_if_strict(tmp_path: Path) -> None:
    done = in_a_process(LIMITED, tmp_path / "log", "strict")
    assert done.returncode == -signal.SIGABRT
    assert b"only 3 of a line's 5 bytes were written; the ledger is strict" in done.stderr
    assert done.stdout == b""


def test_a_ledger_says_how_many_lines_it_lost(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger("/dev/full", hosts={"a": "/dev/null"}, strict=False)
    for host in (b"a", b"b"):
        ledger.begin(b"GET / HTTP/1.1", [(b"Host", host)]).end()
    assert ledger.lost == 2
    assert len(caplog.records) == 1


FULL = """
import sys
from vigilog.ledger.target import target
file = target("/dev/full", strict=sys.argv[1] == "strict")
for number in range(3):
    file.write(b"+1|x\\n")
print(file.lost)
"""


def test_a_full_disk_ends_the_process_at_once_if_strict() -> None:
    done = in_a_process(FULL, "strict")
    assert done.returncode == -signal.SIGABRT
    assert b"/dev/full: a line cannot be written: No space left on device; the ledger is strict, so process" in done.stderr


def test_a_full_disk_is_counted_and_said_once_if_not_strict() -> None:
    done = in_a_process(FULL, "lenient")
    assert (done.returncode, done.stdout) == (0, b"3\n")
    assert done.stderr.count(b"lines are lost, which is said only once") == 1


WRITER = """
import os, sys
from vigilog.ledger.target import target
file = target(sys.argv[1])
for number in range(2000):
    file.write(b"%d %d %s\\n" % (os.getpid(), number, b"x" * (number * 37 % 9000)))
"""


def test_lines_of_many_processes_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, str(path)]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    seen: dict[bytes, list[int]] = {}
    for line in path.read_bytes().split(b"\n")[:-1]:
        process, number, rest = line.split(b" ")
        assert rest == b"x" * (int(number) * 37 % 9000)
        seen.setdefault(process, []).append(int(number))
    assert sorted(seen) == sorted(b"%d" % process.pid for process in processes)
    assert all(numbers == list(range(2000)) for numbers in seen.values())


@pytest.mark.parametrize("way", ["create", "nocreate"])
def test_no_line_is_lost_while_threads_write_and_the_file_is_renamed(tmp_path: Path, way: str) -> None:
    path = tmp_path / "log"
    file = target(str(path))
    going = threading.Event()
    going.set()
    written = [0] * 4

    def work(which: int) -> None:
        while going.is_set():
            file.write(b"%d %d\n" % (which, written[which]))
            written[which] += 1

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 21):
        path.rename(tmp_path / f"log.{number}")
        if way == "create":
            path.touch(0o600)
        while not path.exists() or not path.stat().st_size:
            pass
    going.clear()
    for thread in threads:
        thread.join()
    parts = [tmp_path / f"log.{number}" for number in range(1, 21)] + [path]
    lines = b"".join(part.read_bytes() for part in parts).split(b"\n")[:-1]
    assert len(lines) == sum(written)
    for which in range(4):
        mine = [int(line.split()[1]) for line in lines if line.startswith(b"%d " % which)]
        assert sorted(mine) == list(range(written[which]))


def test_rotation_uses_up_no_descriptors(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "log"
    file = FileTarget(str(path), Abort(), clock=clock)
    before = set(os.listdir("/proc/self/fd"))
    for number in range(5):
        path.rename(tmp_path / f"log.{number}")
        file.reopen()
        file.write(b"x\n")
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert path.read_bytes() == b"x\n"
