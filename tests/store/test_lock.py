"""One instance at a time, decided at once, and never by a stale file."""

import os
import signal
import subprocess
import sys
import time

import pytest

from vigilog.core.errors import AlreadyRunning, StoreError
from vigilog.store.lock import NAME, alone

HOLDER = """
import sys, time
from vigilog.store.lock import alone
with alone(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def directory(tmp_path):
    return str(tmp_path / "state")


@pytest.fixture
def holder(directory):
    with subprocess.Popen([sys.executable, "-c", HOLDER, directory], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_the_second_instance_is_told_at_once_who_runs(directory, holder):
    before = time.monotonic()
    with pytest.raises(AlreadyRunning) as raised, alone(directory):
        pass
    assert time.monotonic() - before < 1
    assert raised.value.found == "Another vigilog process is still running"
    assert raised.value.remedy == f"wait for process {holder.pid}"


def test_in_the_place_of_logcheck_it_says_so_in_logchecks_words(directory, holder):
    with pytest.raises(AlreadyRunning) as raised, alone(directory, "logcheck"):
        pass
    assert raised.value.found == "Another logcheck process is still running"


def test_the_lock_of_a_killed_instance_is_free(directory, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with alone(directory):
        pass


def test_the_lock_is_free_after_the_block_even_after_an_error(directory):
    with pytest.raises(ZeroDivisionError), alone(directory):
        raise ZeroDivisionError
    with alone(directory):
        pass


def test_the_lock_file_is_private_and_stays(directory):
    with alone(directory):
        assert os.lstat(os.path.join(directory, NAME)).st_mode & 0o777 == 0o600
    assert os.path.exists(os.path.join(directory, NAME))


def test_a_symbolic_link_in_place_of_the_lock_file_is_refused(directory, tmp_path):
    os.mkdir(directory, 0o700)
    (tmp_path / "target").write_bytes(b"precious")
    os.symlink(tmp_path / "target", os.path.join(directory, NAME))
    with pytest.raises(StoreError, match="a symbolic link"), alone(directory):
        pass
    assert (tmp_path / "target").read_bytes() == b"precious"


def test_a_program_started_under_the_lock_does_not_inherit_it(directory):
    with alone(directory):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with alone(directory):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_disk_too_full_for_the_process_number_does_not_stop_the_run(directory, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with alone(directory), pytest.raises(AlreadyRunning, match="wait for it"), alone(directory):
        pass
