"""The store's file is safe, at a known version, and changes in whole transactions or not at all."""

import os
import sqlite3
import subprocess
import sys
from itertools import repeat

import pytest

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Position
from vigilog.store.database import NAME, open_store, transaction
from vigilog.store.positions import positions, save_positions
from vigilog.store.schema import STEPS


@pytest.fixture
def directory(tmp_path):
    return str(tmp_path / "state")


@pytest.fixture
def connection(directory):
    connection = open_store(directory)
    yield connection
    connection.close()


def mode(path: str) -> int:
    return os.lstat(path).st_mode & 0o777


def test_directory_and_file_are_made_for_their_owner_alone_whatever_the_umask(directory):
    before = os.umask(0)
    try:
        connection = open_store(directory)
        save_positions(connection, "check", [Position("s", {})])
    finally:
        os.umask(before)
    assert mode(directory) == 0o700
    assert {name: mode(os.path.join(directory, name)) for name in os.listdir(directory)} == {
        NAME: 0o600,
        NAME + "-wal": 0o600,
        NAME + "-shm": 0o600,
    }
    connection.close()


def test_a_readable_file_of_ours_is_made_private_again(directory):
    open_store(directory).close()
    os.chmod(os.path.join(directory, NAME), 0o644)
    open_store(directory).close()
    assert mode(os.path.join(directory, NAME)) == 0o600


def test_wal_normal_sync_and_foreign_keys_are_on(connection):
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (10000,)
    assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)


@pytest.mark.parametrize("name", [NAME, NAME + "-wal", NAME + "-shm"])
def test_a_symbolic_link_is_refused_and_its_target_left_alone(directory, tmp_path, name):
    os.mkdir(directory, 0o700)
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    os.symlink(target, os.path.join(directory, name))
    with pytest.raises(StoreError, match="a symbolic link; expected a file"):
        open_store(directory)
    assert target.read_bytes() == b"precious"


def test_a_dangling_symbolic_link_is_not_created_through(directory, tmp_path):
    os.mkdir(directory, 0o700)
    os.symlink(tmp_path / "new", os.path.join(directory, NAME))
    with pytest.raises(StoreError, match="a symbolic link"):
        open_store(directory)
    assert not (tmp_path / "new").exists()


def test_a_symbolic_link_in_place_of_the_directory_is_refused(directory, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    os.symlink(tmp_path / "elsewhere", directory)
    with pytest.raises(StoreError, match="a symbolic link; expected a directory"):
        open_store(directory)


def test_a_fifo_in_place_of_the_file_is_refused_without_waiting(directory):
    os.mkdir(directory, 0o700)
    os.mkfifo(os.path.join(directory, NAME))
    with pytest.raises(StoreError, match="not a file"):
        open_store(directory)


@pytest.mark.parametrize("bits", [0o770, 0o707, 0o1777])
def test_a_directory_that_others_may_write_is_refused(directory, bits):
    os.mkdir(directory)
    os.chmod(directory, bits)
    with pytest.raises(StoreError, match=r"others may write in it.*chmod go-w"):
        open_store(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_or_directory_of_somebody_else_is_refused(directory):
    open_store(directory).close()
    os.chown(os.path.join(directory, NAME), 12345, 12345)
    with pytest.raises(StoreError, match="it belongs to user 12345; expected user 0"):
        open_store(directory)
    os.chown(directory, 12345, 12345)
    with pytest.raises(StoreError, match="state: it belongs to user 12345"):
        open_store(directory)


def test_a_directory_that_cannot_be_made_is_an_error_with_its_path(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="/file/state: the directory cannot be used: Not a directory"):
        open_store(str(tmp_path / "file" / "state"))


def test_a_new_store_is_at_the_newest_version_and_is_vigilogs(connection):
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    assert connection.execute("PRAGMA application_id").fetchone() == (0x56676C67,)


def test_an_older_store_takes_the_missing_steps_and_keeps_its_rows(directory, monkeypatch):
    with open_store(directory) as connection:
        save_positions(connection, "check", [Position("s", {"offset": 1})])
    connection.close()
    monkeypatch.setattr("vigilog.store.database.STEPS", (*STEPS, "CREATE TABLE later (x); ALTER TABLE positions ADD COLUMN y;"))
    connection = open_store(directory)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)
    assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)
    assert positions(connection, "check") == {"s": Position("s", {"offset": 1})}
    connection.close()


def test_a_step_that_fails_leaves_the_version_it_found(directory, monkeypatch):
    open_store(directory).close()
    monkeypatch.setattr("vigilog.store.database.STEPS", (*STEPS, "CREATE TABLE later (x); CREATE TABLE positions (x);"))
    with pytest.raises(StoreError, match="already exists"):
        open_store(directory)
    monkeypatch.undo()
    connection = open_store(directory)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'later'").fetchone() == (0,)
    connection.close()


def test_a_newer_store_is_refused_with_what_to_do(directory):
    connection = open_store(directory)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match=r"newer Vigilog \(version 99.*expected at most version.*install"):
        open_store(directory)


def test_another_programs_database_is_refused(directory):
    os.mkdir(directory, 0o700)
    other = sqlite3.connect(os.path.join(directory, NAME))
    other.execute("CREATE TABLE bookmarks (x)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        open_store(directory)


def test_what_is_no_database_is_refused_with_a_remedy(directory):
    os.mkdir(directory, 0o700)
    with open(os.path.join(directory, NAME), "wb") as file:
        file.write(b"inode\noffset\n" * 100)
    with pytest.raises(StoreError, match="not a database; move it away"):
        open_store(directory)


def test_what_is_written_in_a_transaction_is_there_after_it_and_not_before_for_others(directory, connection):
    other = open_store(directory)
    with transaction(connection):
        save_positions(connection, "check", [Position("s", {"offset": 1})])
        assert positions(other, "check") == {}
    assert positions(other, "check") == {"s": Position("s", {"offset": 1})}
    other.close()


def test_an_error_within_a_transaction_leaves_nothing_and_passes_on(connection):

    def fail_within() -> None:
        with transaction(connection):
            save_positions(connection, "check", [Position("s", {"offset": 1})])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_within()
    assert positions(connection, "check") == {}
    with transaction(connection):
        save_positions(connection, "check", [Position("s", {"offset": 2})])
    assert positions(connection, "check")["s"].state == {"offset": 2}


def test_an_sql_error_is_a_store_error_that_names_the_file(connection, directory):
    with pytest.raises(StoreError) as raised, transaction(connection):
        connection.execute("INSERT INTO nowhere VALUES (1)")
    assert str(raised.value).startswith(os.path.join(directory, NAME) + ": the store cannot be used: no such table")
    assert not connection.in_transaction


def test_a_store_that_another_process_writes_to_is_an_error_after_the_wait(connection, directory):
    other = open_store(directory)
    connection.execute("PRAGMA busy_timeout = 10")
    with transaction(other), pytest.raises(StoreError, match="locked; another process is writing"), transaction(connection):
        pass
    other.close()


def test_a_full_store_is_a_store_error_with_a_remedy_and_nothing_is_half_written(connection):
    with transaction(connection):
        save_positions(connection, "check", [Position("s", {"offset": 1})])
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    larger = [Position("s", {"offset": 2}), *(Position(f"t{number}", {"text": "x" * 10000}) for number in range(100))]
    with pytest.raises(StoreError, match="disk is full; make room on its disk"), transaction(connection):
        save_positions(connection, "check", larger)
    assert positions(connection, "check") == {"s": Position("s", {"offset": 1})}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_really_full_disk_changes_nothing_and_the_store_goes_on_when_there_is_room(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "vigilog-test", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        connection = open_store(str(tmp_path / "state"))
        save_positions(connection, "check", [Position("s", {"offset": 1})])
        filler = tmp_path / "filler"
        with open(filler, "wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            file.writelines(repeat(b"x" * 4096))
        larger = [Position("s", {"offset": 2}), Position("t", {"text": "x" * 500_000})]
        with pytest.raises(StoreError, match="full; make room on its disk"), transaction(connection):
            save_positions(connection, "check", larger)
        assert positions(connection, "check") == {"s": Position("s", {"offset": 1})}
        filler.unlink()
        with transaction(connection):
            save_positions(connection, "check", [Position("s", {"offset": 3})])
        connection.close()
        connection = open_store(str(tmp_path / "state"))
        assert positions(connection, "check")["s"].state == {"offset": 3}
        connection.close()
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_two_first_starts_at_the_same_moment_both_succeed(directory):
    program = f"from vigilog.store.database import open_store; open_store({directory!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(4)]
    assert [(process.communicate()[1], process.returncode) for process in started] == [(b"", 0)] * 4
