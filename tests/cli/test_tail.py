"""`vigilog tail` beside the real logtail and logtail2: same output, same messages, same statuses, same offset files."""

from __future__ import annotations

import gzip
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.watch.nobody import NOBODY, let_in, only_root

SOURCE = Path(__file__).resolve().parent.parent.parent / "src"
OURS = [sys.executable, "-c", "from vigilog.cli.main import run; run()", "tail"]
LOGTAIL, LOGTAIL2 = ["/usr/sbin/logtail"], ["/usr/sbin/logtail2"]


def call(program, directory, *arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "LC_ALL": "C.UTF-8"}
    settings = {"capture_output": True, "cwd": directory, "env": environment, "timeout": 60, **options}
    return subprocess.run([*program, *arguments], check=False, **settings)


def call_as_nobody(program, directory, *arguments):
    """The output, messages and status of a call without rights. Python is loaded before they are given up."""
    let_in(directory)
    if program is LOGTAIL2:
        done = call(program, directory, *arguments, user=NOBODY, group=NOBODY, extra_groups=[])
    else:
        load = "import os, argparse, locale, gettext, shutil; import vigilog.cli.tail; from vigilog.cli.main import run"
        drop = f"os.setgroups([]); os.setresgid(*[{NOBODY}] * 3); os.setresuid(*[{NOBODY}] * 3)"
        done = call([sys.executable, "-c", f"{load}; {drop}; run()", "tail"], directory, *arguments)
    return done.stdout, done.stderr, done.returncode


def result(program, directory, *arguments):
    """What a call printed and gave, and what is in the directory then; inodes of the logs by their names."""
    done = call(program, directory, *arguments)
    inodes = {str(path.stat().st_ino): path.name for path in directory.iterdir() if path.is_file()}
    offsets = {}
    for path in sorted(directory.iterdir()):
        if path.is_file() and path.name.endswith(("offset", "o")):
            inode, offset = (*path.read_text().split("\n"), "")[:2]
            offsets[path.name] = (inodes.get(inode, "?"), offset)
    errors = b"".join(line for line in done.stderr.splitlines(keepends=True) if b"isn't numeric" not in line)  # Perl's own
    return done.stdout, errors, done.returncode, offsets


@pytest.fixture
def same(tmp_path, need):
    """Checks that logtail2 and we do the same after the same story. A story is a list of functions of a directory, and of
    argument lists: those are called."""

    def check(*story):
        need("logtail2")
        for number, program in enumerate((LOGTAIL2, OURS)):
            directory = tmp_path / str(number)
            directory.mkdir()
            told = [act(directory) if callable(act) else result(program, directory, *act) for act in story]
            results = [each for each in told if isinstance(each, tuple | bool)]
            if program is LOGTAIL2:
                expected = results
        assert results == expected
        return expected

    return check


def write(name, data):
    return lambda directory: (directory / name).write_bytes(data) and None


def append(name, data):
    def act(directory):
        with (directory / name).open("ab") as file:
            file.write(data)

    return act


def move(old, new):
    return lambda directory: (directory / old).rename(directory / new) and None


def old(name):
    return lambda directory: os.utime(directory / name, (1, 1))


def left(content, name="L.offset", log="L"):
    """An offset file; INODE stands for the log's."""

    def act(directory):
        inode = b"%d" % (directory / log).stat().st_ino
        (directory / name).write_bytes(content.replace(b"INODE", inode))

    return act


THREE = write("L", b"one\ntwo\nthree\n")

pytestmark = pytest.mark.peer


@pytest.mark.parametrize(
    "arguments",
    [
        ["L"], ["-f", "L"], ["-fL"], ["-f", "L", "-o", "o"], ["-fL", "-oo"], ["L", "o"], ["-f", "L", "-t"], ["-tfL"],
        ["-o", "o", "L"], ["-f", "none", "-o", "o", "L"], ["-f", "L", "-o", "x", "L", "o"], ["-t", "-o", "o", "--", "L"],
        [], ["-o", "o"], ["L", "o", "third"], ["-f", ""], ["none"], ["-f", "none"], ["none/none"], [""], ["."], ["-f", "/dev/null"],
        ["-f", "L", "-o", "none/o"], ["-f", "L", "-o", "."], ["-f", "L", "-o", ""],
    ],
    ids=" ".join,
)  # fmt: skip
def test_arguments_messages_and_statuses(same, arguments):
    same(THREE, arguments, arguments, append("L", b"four\n"), arguments)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"garbage\n", b"INODE", b"INODE\n", b"INODE\n4", b"INODE\n4\n", b" INODE\n 4\n", b"INODE\r\n4\r\n", b"INODE.0\n4.9\n",
        b"INODE\n4e0\n", b"INODE\n0x4\n", b"INODE\n-4\n", b"INODEabc\n4abc\n", b"\n4\n", b"INODE\n+4\n", b"INODE\n.8e1\n",
        b"INODE\ninf\n", b"INODE\nnan\n", b"INODE\n-inf\n", b"INODE\n8\n9\n", b"INODE\n14\n", b"INODE\n14.5", b"INODE\n15\n",
        b"INODE\n1e400\n", b"INODE\n99999999999999999999\n", b"INODE\n13.999", b"0\n4\n", b"INODE.5\n4\n", b"nan\n4\n",
    ],
    ids=repr,
)  # fmt: skip
def test_offset_files_are_read_as_perl_reads_numbers(same, content):
    (expected,) = same(THREE, left(content), ["-t", "L"])
    assert expected[2] == 0


def test_the_rest_is_printed_and_nothing_new_changes_nothing(same):
    def untouched(directory):
        return (directory / "L.offset").stat().st_mtime == 1

    results = same(THREE, ["L"], append("L", b"four\n"), ["L"], old("L.offset"), ["L"], untouched)
    assert [each[0] for each in results[:3]] == [b"one\ntwo\nthree\n", b"four\n", b""]
    assert results[3] is True


def test_a_file_that_shrank_is_warned_of_on_standard_output(same):
    results = same(THREE, ["L"], write("L", b"one\n"), ["L"], ["L"])
    assert results[1][0].startswith(b"***************\n*** WARNING ***: Log file L is smaller than last time checked!\n")
    assert results[2][0] == b""


def test_a_partial_last_line_is_printed_at_once(same):
    results = same(write("L", b"one\ntw"), ["L"], append("L", b"o\n"), ["L"])
    assert [each[0] for each in results] == [b"one\ntw", b"o\n"]


def test_nul_carriage_return_and_high_bytes_pass_through(same):
    results = same(write("L", b"a\0b\r\n\xff\xfe\n\x1b[31m\n"), ["L"])
    assert results[0][0] == b"a\0b\r\n\xff\xfe\n\x1b[31m\n"


def test_an_empty_log_is_remembered(same):
    same(write("L", b""), ["L"], append("L", b"x\n"), ["L"])


def test_an_offset_file_is_the_owners_alone(tmp_path):
    (tmp_path / "L").write_bytes(b"one\n")
    (tmp_path / "L.offset").touch(0o644)
    call(OURS, tmp_path, "L")
    assert stat.S_IMODE((tmp_path / "L.offset").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "rotate",
    [
        [move("L", "L.1")],
        [write("L.1.gz", b""), old("L.1.gz"), move("L", "L.0")],
        [move("L", "L-20261120")],
        [write("L-20261119", b"other\n"), move("L", "L-20261120")],
    ],
    ids=["logrotate", "savelog", "dateext", "dateext, several"],
)
def test_a_rotated_file_that_logtail2_finds(same, rotate):
    story = [THREE, ["L"], append("L", b"rest\npart"), *rotate, write("L", b"new\n"), ["L"], append("L", b"x\n"), ["L"]]
    assert same(*story)[1][0] == b"rest\npartnew\n"


def test_a_rotated_file_that_became_shorter_is_passed_over(same):
    same(THREE, ["L"], move("L", "L.1"), write("L.1", b"x\n"), write("L", b"new\n"), ["L"])


def test_a_rotated_log_without_a_successor_is_a_log_that_is_not_there(same):
    results = same(THREE, ["L"], append("L", b"rest\n"), move("L", "L.1"), ["L"])
    assert results[1][2] == 66


@only_root
def test_a_log_that_may_not_be_read(tmp_path, need):
    need("logtail2")
    (tmp_path / "L").write_bytes(b"secret\n")
    (tmp_path / "L").chmod(0o600)
    expected = (b"", b"File L cannot be read: Permission denied\n", 66)
    assert [call_as_nobody(program, tmp_path, "-t", "L") for program in (LOGTAIL2, OURS)] == [expected] * 2


@only_root
def test_where_the_directory_cannot_be_listed_no_rotated_file_is_found(tmp_path, need):
    need("logtail2")
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "L").write_bytes(b"one\n")
    (tmp_path / "o").write_bytes(b"1\n1\n")
    for path in (folder / "L", tmp_path / "o"):
        path.chmod(0o644)
    folder.chmod(0o711)
    expected = (b"one\n", b"", 0)
    arguments = ("-t", "-f", "logs/L", "-o", "o")
    assert [call_as_nobody(program, tmp_path, *arguments) for program in (LOGTAIL2, OURS)] == [expected] * 2


def test_all_three_take_turns_on_one_offset_file(tmp_path, need):
    need("logtail", "logtail2")
    (tmp_path / "L").touch()
    for number, program in enumerate([OURS, LOGTAIL2, LOGTAIL, OURS, LOGTAIL, LOGTAIL2, OURS, OURS]):
        append("L", b"line %d\n" % number)(tmp_path)
        assert call(program, tmp_path, "L").stdout == b"line %d\n" % number


def test_an_offset_file_of_1996_without_its_last_newline_is_read(tmp_path):
    (tmp_path / "L").write_bytes(b"one\ntwo\n")
    left(b"INODE\n4")(tmp_path)
    assert call(OURS, tmp_path, "L").stdout == b"two\n"


# --- better than logtail2


@pytest.mark.parametrize(
    "rotate",
    [
        [move("L", "L.2"), write("L.1", b"between\n")],
        [move("L", "L.3"), write("L.2.gz", gzip.compress(b"betw")), write("L.1", b"een\n")],
        [move("L", "L.0")],
        [move("L", "L-20261119"), write("L-20261120", b"between\n")],
        [move("L", "L-20261119-083000"), write("L-20261119-093000.gz", gzip.compress(b"between\n"))],
    ],
    ids=["twice", "three times, one packed", "LOG.0 alone", "not the last date", "hourly"],
)  # fmt: skip
def test_rotations_that_logtail2_loses_the_rest_of(tmp_path, rotate):
    for act in (THREE, left(b"INODE\n4\n"), *rotate, write("L", b"new\n")):
        act(tmp_path)
    between = b"" if len(rotate) == 1 else b"between\n"
    assert call(OURS, tmp_path, "L").stdout == b"two\nthree\n" + between + b"new\n"
    assert call(OURS, tmp_path, "L").stdout == b""


def test_a_closed_pipe_is_no_success_and_the_lines_come_again(tmp_path):
    (tmp_path / "L").write_bytes(b"x" * 3_000_000)
    with subprocess.Popen(
        [*OURS, "L"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    ) as process:
        assert process.stdout
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait() == 141
    assert not (tmp_path / "L.offset").exists()


def test_a_full_disk_is_no_success_and_the_lines_come_again(tmp_path):
    (tmp_path / "L").write_bytes(b"one\n")
    with open("/dev/full", "wb") as full:
        done = call(OURS, tmp_path, "L", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (74, b"Unable to flush stdout: No space left on device\n")
    assert call(OURS, tmp_path, "L").stdout == b"one\n"


def test_the_output_is_out_before_the_offset_is_written(tmp_path):
    (tmp_path / "L").write_bytes(b"x" * 200_000)
    with subprocess.Popen(
        [*OURS, "L"], cwd=tmp_path, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(SOURCE)}
    ) as process:
        assert process.stdout
        process.stdout.read(1_000)  # more than the pipe holds is still to come
        assert not (tmp_path / "L.offset").exists()
        process.stdout.read()
    assert (tmp_path / "L.offset").exists()


def test_a_large_log_is_printed_in_flat_memory(tmp_path):
    with (tmp_path / "L").open("wb") as file:
        file.truncate(300_000_000)
    code = (
        "import re, sys\nfrom vigilog.cli.main import main\nmain(['tail', 'L'])\n"
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1], file=sys.stderr)\n"
    )
    done = call([sys.executable, "-c", code], tmp_path, capture_output=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert int(done.stderr) < 40_000


def test_it_starts_without_what_it_does_not_need(tmp_path):
    (tmp_path / "L").write_bytes(b"one\n")
    shown = call([sys.executable, "-X", "importtime", *OURS[1:]], tmp_path, "L").stderr.decode()
    for module in ("hyperscan", "re2", "rich", "msgspec", "sqlite3", "subprocess", "gzip"):
        assert f" {module}\n" not in shown
