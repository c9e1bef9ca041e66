"""The journal: real journal files through the real journalctl, and a journalctl of our own where the real one cannot be made to."""

from __future__ import annotations

import os
import struct
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import absent
from tests.watch.reader import NOON, Reader, check_resuming, chunks, noon, records
from vigilog.core.errors import SourceError
from vigilog.core.nouns import Position
from vigilog.watch.options import Options
from vigilog.watch.records import LIMIT
from vigilog.watch.sources import open_source

REMOTE = [Path(folder, "systemd-journal-remote") for folder in ("/usr/lib/systemd", "/lib/systemd", "/usr/bin")]


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Written:
    """A directory with one journal file, to which entries can be added."""

    def __init__(self, directory, program):
        self.directory = directory
        self.count = 0
        self._program = program

    def add(self, *messages, at=NOON - 3600, **fields):
        """Adds an entry for each message (None: an entry without one), a second apart, first at `at`."""
        out = b""
        for message in messages:
            self.count += 1
            moment = int(at * 1e6) + self.count * 1_000_000
            out += b"__CURSOR=x\n__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n" % (moment, self.count * 1_000_000)
            out += b"_BOOT_ID=0123456789abcdef0123456789abcdef\n"
            whole = {"_HOSTNAME": "gate", "SYSLOG_IDENTIFIER": "app", "_PID": "7", **fields}
            for name, value in whole.items():
                if value is not None:
                    out += name.encode() + b"\n" + struct.pack("<Q", len(value.encode())) + value.encode() + b"\n"
            for part in message if isinstance(message, list) else [message]:
                if part is not None:
                    out += b"MESSAGE\n" + struct.pack("<Q", len(part)) + part + b"\n"
            out += b"\n"
        subprocess.run([self._program, "-o", self.directory / "a.journal", "-"], input=out, check=True, capture_output=True)


@pytest.fixture
def journal(tmp_path, need):
    need("journalctl")
    program = next((path for path in REMOTE if path.exists()), None)
    if program is None:
        absent("not installed: systemd-journal-remote")
    directory = tmp_path / "journal"
    directory.mkdir()
    return Written(directory, program)


def reader(directory="", **options):
    spec = f"journal:{directory}" if directory else "journal"
    return Reader(open_source(spec, Options(clock=noon, **options)))


@pytest.mark.peer
def test_an_entry_is_a_line_as_journalctl_prints_it(journal):
    journal.add(b"plain", b"caf\xc3\xa9", b"")
    journal.add(b"no pid", _PID=None)
    journal.add(b"said pid", _PID=None, SYSLOG_PID="99")
    journal.add(b"program", SYSLOG_IDENTIFIER=None, _COMM="comm")
    journal.add(b"nobody", SYSLOG_IDENTIFIER=None, _PID=None)
    journal.add(b"no host", _HOSTNAME=None)
    journal.add(b"sent earlier", _SOURCE_REALTIME_TIMESTAMP="1795100000123456")
    short = ["journalctl", "--quiet", "--no-pager", f"--directory={journal.directory}"]
    printed = subprocess.run(short, capture_output=True, check=True).stdout
    assert b"Nov 20 11:00:01 gate app[7]: plain\n" in printed
    assert reader(journal.directory).read() == printed.splitlines()


@pytest.mark.peer
def test_nobody_forges_a_line_and_other_control_characters_stay(journal):
    journal.add(b"one\nNov 20 11:00:00 gate sshd[1]: forged", b"\x1b[31m\t\r \0 \xff\xfe", SYSLOG_IDENTIFIER="a\nb")
    assert reader(journal.directory).read() == [
        b"Nov 20 11:00:01 gate a#012b[7]: one#012Nov 20 11:00:00 gate sshd[1]: forged",
        b"Nov 20 11:00:02 gate a#012b[7]: \x1b[31m\t\r \0 \xff\xfe",
    ]


@pytest.mark.peer
def test_an_entry_without_a_message_is_no_record_and_one_with_two_hides_none(journal):
    journal.add(None, [b"first", b"second \xff"], None)
    seen = reader(journal.directory)
    (record,) = seen.read()
    assert record in {b"Nov 20 11:00:02 gate app[7]: " + both for both in (b"first#012second \xff", b"second \xff#012first")}
    assert seen.read() == []


@pytest.mark.peer
def test_reading_goes_on_behind_the_cursor(journal):
    journal.add(b"one")
    seen = reader(journal.directory)
    seen.read()
    assert seen.read() == []
    journal.add(b"two", b"three")
    assert [record[29:] for record in seen.read()] == [b"two", b"three"]
    assert seen.notices == []


@pytest.mark.peer
def test_reading_resumes_after_any_chunk_also_within_a_long_entry(journal, monkeypatch):
    monkeypatch.setattr("vigilog.watch.journal.BLOCK", 300)
    journal.add(*(b"entry %d" % n for n in range(40)), b"y" * 50_000, b"z\n" * 1_500_000, None, b"last")
    seen = check_resuming(open_source(f"journal:{journal.directory}", Options(clock=noon)))
    assert [record[29:][:20] for record in seen[-3:]] == [b"y" * 20, b"z#012" * 4, b"last"]
    assert len(seen[-2]) == 29 + 5 * 1_500_000


@pytest.mark.peer
@pytest.mark.parametrize("message", [b"x" * (12 * LIMIT), b"\n\xff" * (2 * LIMIT)])
def test_an_entry_of_many_mebibytes_travels_in_pieces(journal, message):
    journal.add(b"before", message, b"after")
    seen = reader(journal.directory)
    seen.read()
    whole = message.replace(b"\n", b"#012")
    assert [record[29:] for record in seen.records] == [b"before", whole, b"after"]
    assert seen.kinds() == ["long"]
    items = list(open_source(f"journal:{journal.directory}", Options(clock=noon)).read(None))
    assert max(len(chunk.data) for chunk in chunks(items)) <= LIMIT + 1
    third = [chunk for chunk in chunks(items) if chunk.piece][2]
    assert records(seen.source.read(third.position)) == records(items[items.index(third) + 1 :])


@pytest.mark.peer
def test_when_the_entry_read_last_is_gone_that_is_a_loss(journal):
    journal.add(b"one")
    seen = reader(journal.directory)
    seen.read()
    (journal.directory / "a.journal").unlink()
    journal.add(b"two")
    assert [record[29:] for record in seen.read()] == [b"two"]
    assert seen.kinds() == ["lost"]
    assert seen.read() == []
    assert seen.kinds() == ["lost"]


@pytest.mark.peer
@pytest.mark.parametrize(
    ("first", "expected"), [("all", [b"4h", b"1h", b"10s"]), ("today", [b"6h", b"4h", b"1h", b"10s"]), ("none", [])]
)
def test_the_first_time_all_is_five_hours_as_with_logcheck(journal, first, expected):
    for name, age in (("13h", 13), ("6h", 6), ("4h", 4), ("1h", 1)):
        journal.add(name.encode(), at=NOON - age * 3600 - journal.count)
    journal.add(b"10s", at=NOON - 10 - journal.count)
    seen = reader(journal.directory, first=first)
    assert [record[29:] for record in seen.read()] == expected
    journal.add(b"new", at=NOON + 10)
    assert [record[29:] for record in seen.read()] == [b"new"]


@pytest.mark.peer
def test_a_directory_without_a_journal_is_empty_and_one_that_is_not_there_is_missing(tmp_path, need):
    need("journalctl")
    seen = reader(tmp_path)
    assert (seen.read(), seen.kinds()) == ([], [])
    assert seen.position is not None
    gone = reader(tmp_path / "gone")
    gone.read()
    assert [(notice.kind, notice.text) for notice in gone.notices] == [("missing", f"File could not be read: {tmp_path}/gone")]


@pytest.mark.peer
def test_what_journalctl_says_when_it_fails_is_in_the_error(tmp_path, need):
    need("journalctl")
    source = open_source(f"journal:{tmp_path}", Options(clock=noon))
    with pytest.raises(SourceError, match="journalctl failed: Failed to seek to cursor"):
        list(source.read(Position(source.name, {"cursor": "nonsense", "since": 0.0, "skip": 0})))


# --- a journalctl of our own


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Puts a journalctl on the path that notes its arguments and does what a line of shell says."""
    programs = tmp_path / "bin"
    programs.mkdir()

    def make(shell):
        program = programs / "journalctl"
        program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/called\n{shell}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        return tmp_path / "called"

    return make


def test_logchecks_own_time_is_taken_over(fake, tmp_path):
    called = fake(":")
    state = tmp_path / "state"
    state.mkdir()
    (state / "offset.journal").touch()
    os.utime(state / "offset.journal", (1_795_000_000, 1_795_000_000))
    reader(takeover=(str(state),)).read()
    assert "--since=@1795000000.000000" in called.read_text()


def test_no_journalctl_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    seen = reader()
    assert seen.read() == []
    assert seen.kinds() == ["missing"]


def test_no_pager_no_colour_no_hint_is_asked_for(fake):
    called = fake(":")
    reader().read()
    assert {"--no-pager", "--quiet", "--output=json", "--all"} <= set(called.read_text().split())


def test_what_is_not_json_is_an_error(fake):
    fake("echo '{nonsense'")
    with pytest.raises(SourceError, match="journalctl printed"):
        reader().read()


def test_an_entry_that_journalctl_dies_of_is_read_in_another_way(fake):
    head = '{"__CURSOR":"c%s","__REALTIME_TIMESTAMP":"1795172400000000","_HOSTNAME":"gate","SYSLOG_IDENTIFIER":"app"'
    fake(f"""case "$*" in
*output=export*) printf '__CURSOR=c2\\nMESSAGE=big\\n\\n' ;;
*after-cursor=c2*) echo '{head % 3},"MESSAGE":"three"}}' ;;
*--all*) echo '{head % 1},"MESSAGE":"one"}}'; kill -9 $$ ;;
*) echo '{head % 2}}}' ;;
esac""")
    assert [record[26:] for record in reader().read()] == [b"one", b"big", b"three"]


def test_journalctl_is_ended_when_nobody_reads_on(fake, tmp_path):
    fake(f"""echo $$ > {tmp_path}/pid
while :; do echo '{{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1795172400000000","MESSAGE":"x"}}'; done""")
    reading = open_source("journal", Options(clock=noon)).read(None)
    next(reading)
    del reading
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize("state", [{}, {"cursor": 5, "since": 0.0, "skip": 0}, {"inode": 5}])
def test_a_position_that_is_not_one_is_an_error(state):
    with pytest.raises(SourceError, match="the stored position of journal"):
        list(open_source("journal", Options(clock=noon)).read(Position("journal", state)))
