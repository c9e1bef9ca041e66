"""The file of blocks: opened as ProFTPD opens it, written whole or not at all."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.conftest import absent
from vigilog.blackbox import BlackBox, forensic_file
from vigilog.blackbox.forensic_file import ForensicFile, opened
from vigilog.core.errors import ConfigurationError, DeliveryError
from vigilog.parse.forensics import blocks


@pytest.fixture
def told():
    return []


@pytest.fixture
def path(tmp_path):
    return tmp_path / "forensic.log"


def test_a_new_file_is_the_owners_and_an_old_one_keeps_its_mode(path, told):
    ForensicFile(str(path), told.append)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    assert ForensicFile(str(path), told.append).append(b"x\n")
    assert path.stat().st_mode & 0o777 == 0o640
    assert told == []


@pytest.mark.parametrize("relative", ["forensic.log", "", "none", "~/x"])
def test_a_path_has_to_be_absolute(relative):
    with pytest.raises(ConfigurationError, match="must be an absolute path"):
        BlackBox(relative)


def test_a_directory_that_others_may_write_to_is_refused_in_the_real_modules_words(path, told):
    path.parent.chmod(0o777)
    file = ForensicFile(str(path), told.append)
    assert not file.append(b"x\n")
    assert told[0] == f"unable to open ForensicLogFile '{path}': parent directory is world-writable"
    assert not path.exists()


def test_a_symbolic_link_is_followed_only_if_that_is_allowed(path, told):
    target = path.with_name("target")
    path.symlink_to(target)
    with pytest.raises(DeliveryError, match=f"unable to open ForensicLogFile '{path}': cannot log to a symlink"):
        opened(str(path))
    assert not target.exists()
    assert ForensicFile(str(path), told.append, allow_links=True).append(b"x\n")
    assert target.read_bytes() == b"x\n"


def test_the_systems_own_words_are_used_for_the_rest(path, told):
    path.mkdir()
    ForensicFile(str(path), told.append)
    ForensicFile(str(path.parent / "missing" / "x"), told.append)
    assert [each.rpartition(": ")[2] for each in told] == ["Is a directory", "No such file or directory"]


def test_a_pipe_that_nobody_reads_does_not_stop_the_program(path, told):
    os.mkfifo(path)
    assert not ForensicFile(str(path), told.append).append(b"x\n")
    assert "No such device or address" in told[0]


def test_a_file_that_was_rotated_away_is_made_anew(path, told):
    file = ForensicFile(str(path), told.append)
    file.append(b"old\n")
    path.rename(path.with_name("forensic.log.1"))
    file.append(b"new\n")
    assert path.read_bytes() == b"new\n"
    assert path.with_name("forensic.log.1").read_bytes() == b"old\n"


def test_a_file_that_cannot_be_made_anew_goes_on_where_it_is(path, told):
    file = ForensicFile(str(path), told.append)
    path.rename(path.with_name("forensic.log.1"))
    path.mkdir()
    assert file.append(b"x\n")
    assert path.with_name("forensic.log.1").read_bytes() == b"x\n"
    assert len(told) == 1


def test_a_full_disk_is_given_up_and_said_and_the_program_goes_on(told):
    # The real module makes the session spin for ever.
    full = BlackBox("/dev/full", notice=told.append)
    session = full.begin()
    session.keep("SystemLog", 7, b"text")
    assert not session.dump("FAILED LOGIN")
    assert full.failed == 1
    assert told == [f"a block of {told[0].split()[3]} bytes is not written to /dev/full: No space left on device"]
    assert [message.text for message in session.ring.take().messages] == [b"text"]


def test_a_block_that_found_room_only_for_a_part_is_taken_back(path, told):
    path.write_bytes(b"before\n")
    code = (
        "import resource, sys; from vigilog.blackbox.forensic_file import ForensicFile;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "file = ForensicFile(sys.argv[1], print);"
        "print(file.append(b'x' * 5000), file.append(b'y' * 100 + b'\\n'))"
    )
    said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "False True"
    assert path.read_bytes() == b"before\n" + b"y" * 100 + b"\n"


def test_blocks_of_many_processes_do_not_run_into_each_other(path):
    code = (
        "import sys; from vigilog.blackbox import BlackBox\n"
        "box = BlackBox(sys.argv[1], dumps_per_minute=1000)\n"
        "for number in range(30):\n"
        "    session = box.begin()\n"
        "    for message in range(300): session.keep('SystemLog', 7, b'%d %d' % (number, message) + b'x' * 100)\n"
        "    session.end('FAILED LOGIN')\n"
    )
    programs = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(4)]
    assert [program.wait() for program in programs] == [0] * 4
    found = list(blocks(path.open("rb")))
    assert len(found) == 120
    for block in found:
        assert block.complete
        assert [int(message.text.split(b"x")[0].split()[1]) for message in block.messages] == list(range(300))


def test_blocks_of_many_threads_do_not_run_into_each_other(path):
    box = BlackBox(str(path), dumps_per_minute=1000)

    def work():
        for _ in range(20):
            with_many = box.begin()
            for number in range(50):
                with_many.keep("SystemLog", 7, b"%d" % number)
            with_many.end("FAILED LOGIN")

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = list(blocks(path.open("rb")))
    assert len(found) == 100
    assert all([int(message.text) for message in each.messages] == list(range(50)) for each in found)


def test_somebody_who_never_gives_up_the_lock_delays_a_block_but_does_not_stop_it(path, told, monkeypatch):
    monkeypatch.setattr(forensic_file, "LOCK", 0.05)
    file = ForensicFile(str(path), told.append)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert file.append(b"x\n")
    assert path.read_bytes() == b"x\n"


def test_somebody_who_never_gives_up_the_lock_delays_one_block_only(path, told, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(forensic_file, "LOCK", 0.02)
    monkeypatch.setattr("vigilog.blackbox.forensic_file.time.sleep", waited.append)
    file = ForensicFile(str(path), told.append)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert file.append(b"x\n")
        assert waited
        waited.clear()
        assert file.append(b"x\n")
        assert not waited
        fcntl.flock(other, fcntl.LOCK_UN)
        assert file.append(b"x\n")
        fcntl.flock(other, fcntl.LOCK_EX)
        assert file.append(b"x\n")
        assert waited, "it could be had meanwhile"


def test_a_process_that_gave_up_its_rights_goes_on_writing(tmp_path):
    if os.geteuid() != 0:
        absent("only root has rights to give up")
    place = Path("/run") / f"vigilog-test-{os.getpid()}"
    place.mkdir(mode=0o700)
    try:
        code = (
            "import os, sys; from vigilog.blackbox import BlackBox\n"
            "box = BlackBox(sys.argv[1], directory=sys.argv[2])\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "session = box.begin(); session.keep('SystemLog', 7, b'text'); print(session.dump('FAILED LOGIN'))\n"
        )
        command = [sys.executable, "-c", code, str(place / "forensic.log"), str(place / "rings")]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"
        (found,) = blocks((place / "forensic.log").open("rb"))
        assert (found.value("UID"), found.messages[0].text) == ("65534", b"text")
    finally:
        subprocess.run(["rm", "-rf", str(place)], check=True)


def test_a_block_after_one_whose_writer_was_killed_begins_a_line(path, told):
    path.write_bytes(b"-----BEGIN FAILED LOGIN FORENSICS-----\nPID: 1\n\n[SystemLog:7] to")
    box = BlackBox(str(path), notice=told.append)
    for _ in range(2):
        box.begin().end("FAILED LOGIN")
    found = list(blocks(path.open("rb")))
    assert [each.complete for each in found] == [True, True, False]
    assert path.read_bytes().count(b"\n-----BEGIN") == 2
