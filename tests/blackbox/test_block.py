"""A block: ProFTPD's bytes, which no text from outside can forge."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.blackbox import BlackBox, Facts
from vigilog.blackbox.block import block
from vigilog.blackbox.criteria import Criterion, FailedLogin, ModuleConfig, UntimelyDeath
from vigilog.core.errors import ConfigurationError
from vigilog.parse.forensics import ABOVE, LOG_TYPES, Message, blocks

STANDARD = (FailedLogin, UntimelyDeath, ModuleConfig)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "forensic.log"


def box(file, **options):
    return BlackBox(str(file), clock=lambda: 1_763_626_669.5, notice=pytest.fail, **options)


def test_a_block_is_proftpds_own_but_for_the_fields_after_the_known_ones(file):
    facts = Facts("127.0.0.1", "::1:2121", "ftp", uid=104, gid=65534, attempted_user="tester", began=1_763_626_669.498)
    facts.raw_bytes_in, facts.raw_bytes_out, facts.total_files_out = 25, 78, 3
    session = box(file, buffer_size=2).begin(facts)
    session.keep("SystemLog", 5, b"too old")
    session.keep("TraceLog", 7, b"2026-11-20 08:17:49,032 [11277] <command:7>: dispatching")
    session.keep("syslog", 6, b"bare", None, 11277)
    assert session.dump("FAILED LOGIN")
    written = file.read_bytes()
    own = rb"Time: 2025-11-2\d[^\n]*\nPID: \d+\nAttempted-User: tester\nEvicted-Messages: 1\n"
    head, tail = re.split(own, written)
    assert head == (
        b"-----BEGIN FAILED LOGIN FORENSICS-----\n"
        b"Client-Address: 127.0.0.1\nServer-Address: ::1:2121\nElapsed: 2\nProtocol: ftp\nUID: 104\nGID: 65534\n"
        b"Raw-Bytes-In: 25\nRaw-Bytes-Out: 78\nTotal-Bytes-In: 0\nTotal-Bytes-Out: 0\nTotal-Files-In: 0\nTotal-Files-Out: 3\n"
    )
    assert tail == (
        b"\n[TraceLog:7] 2026-11-20 08:17:49,032 [11277] <command:7>: dispatching\n"
        b"[syslog:6, PID 11277] bare\n-----END FAILED LOGIN FORENSICS-----\n"
    )


def test_the_blocks_of_the_real_proftpd_are_written_as_they_were_read_but_for_line_ends(sample_data):
    with (sample_data / "ftp/proftpd-1.3.8/forensic.log").open("rb") as real:
        found = list(blocks(real))
        real.seek(0)
        data = real.read()
    for text in {message.text for each in found for message in each.messages if {10, 13} & {*message.text}}:
        data = data.replace(text, text.replace(b"\n", b"#012").replace(b"\r", b"#015"))
    assert b"".join(block(each.kind, each.header, each.messages) for each in found) == data


def test_the_newest_message_is_written_too(file):
    # The real module leaves it in its ring, and with a ring of one never writes any.
    session = box(file, buffer_size=1).begin()
    session.keep("SystemLog", 7, b"only")
    session.dump("FAILED LOGIN")
    (found,) = blocks(file.open("rb"))
    assert [message.text for message in found.messages] == [b"only"]


def test_what_was_written_is_not_written_again(file):
    session = box(file).begin()
    for text in (b"first", b"second"):
        session.keep("SystemLog", 7, text)
        session.dump("FAILED LOGIN")
    assert [[message.text for message in each.messages] for each in blocks(file.open("rb"))] == [[b"first"], [b"second"]]


def test_extended_log_is_captured(file):
    # The real module listens for an event that nobody raises.
    session = box(file, capture=("ExtendedLog",)).begin()
    session.keep("ExtendedLog", -1, b"a line")
    session.keep("SystemLog", 7, b"not wanted")
    session.dump("FAILED LOGIN")
    (found,) = blocks(file.open("rb"))
    assert found.messages == (Message("ExtendedLog", 0, b"a line"),)


def test_no_nul_follows_unique_id(file):
    session = box(file).begin(Facts(unique_id="abc"))
    session.dump("FAILED LOGIN")
    assert b"UNIQUE_ID: abc\n" in file.read_bytes()


def test_a_user_is_named_once_logged_in_and_before_that_as_an_attempt(file):
    session = box(file).begin(Facts(attempted_user="tried"))
    session.dump("FAILED LOGIN")
    session.facts.user, session.facts.uid, session.facts.gid = "real", 1000, 1001
    session.dump("FAILED LOGIN")
    before, after = blocks(file.open("rb"))
    assert (before.value("User"), before.value("Attempted-User")) == (None, "tried")
    assert (after.value("User"), after.value("UID"), after.value("GID")) == ("real", "1000", "1001")
    assert after.value("Attempted-User") is None


def test_a_normal_stop_writes_nothing(file):
    # The real daemon writes a block for each session that is open.
    stopped = box(file, criteria=STANDARD)
    for _ in range(3):
        stopped.begin().keep("SystemLog", 7, b"text")
    stopped.close()
    assert file.read_bytes() == b""


@pytest.mark.parametrize("criterion", STANDARD)
def test_a_criterion_that_is_off_writes_nothing(file, criterion):
    others = tuple(each for each in STANDARD if each is not criterion)
    off, on = box(file, criteria=others).begin(), box(file, criteria=(criterion,)).begin()
    assert not off.dump(criterion.kind)
    assert file.read_bytes() == b""
    assert off.dump(criterion.kind, on_demand=True)
    assert on.dump(criterion.kind)


def test_a_criterion_of_the_users_own_is_asked_about_each_message(file):
    secret = Criterion("Disk", "DISK FULL", lambda message: b"No space left" in message.text)
    broken = Criterion("Broken", "BROKEN", lambda message: 1 / 0 > 0)
    session = box(file, criteria=(broken, secret)).begin()
    session.keep("SystemLog", 7, b"before")
    assert file.read_bytes() == b""
    session.keep("SystemLog", 3, b"No space left on device")
    (found,) = blocks(file.open("rb"))
    assert found.kind == "DISK FULL"
    assert [message.text for message in found.messages] == [b"before", b"No space left on device"]


def test_blocks_that_nobody_asked_for_are_bounded_and_what_was_withheld_is_said(file):
    now = [1000.0]
    limited = BlackBox(str(file), dumps_per_minute=2, clock=lambda: now[0], notice=pytest.fail)
    session = limited.begin()
    assert [session.dump("FAILED LOGIN") for _ in range(5)] == [True, True, False, False, False]
    assert session.dump("ASKED FOR", on_demand=True)
    assert limited.rate.withheld == 3
    session.keep("SystemLog", 7, b"kept on while withheld")
    assert not session.dump("FAILED LOGIN")
    now[0] += 61
    assert session.dump("FAILED LOGIN")
    found = list(blocks(file.open("rb")))
    assert [each.value("Withheld-Blocks") for each in found] == [None, None, "3", "1"]
    assert [message.text for message in found[-1].messages] == [b"kept on while withheld"]


def test_a_clock_that_is_set_back_withholds_nothing(file):
    now = [1000.0]
    session = BlackBox(str(file), dumps_per_minute=1, clock=lambda: now[0], notice=pytest.fail).begin()
    assert session.dump("FAILED LOGIN")
    now[0] = 10.0
    assert session.dump("FAILED LOGIN")


def test_an_exception_that_escapes_a_session_is_its_untimely_death(file):
    session = box(file).begin()

    def work():
        with session:
            session.keep("SystemLog", 7, b"before")
            raise KeyError

    with pytest.raises(KeyError):
        work()
    (found,) = blocks(file.open("rb"))
    assert found.kind == "UNTIMELY DEATH"
    assert session.over


def test_a_redacting_hook_sees_every_text(file):
    session = box(file, redact=lambda text: text.replace(b"hunter2", b"***")).begin()
    session.keep("SystemLog", 7, b"password hunter2")
    session.dump("FAILED LOGIN")
    assert b"hunter2" not in file.read_bytes()
    assert b"password ***" in file.read_bytes()


def test_blocks_that_cannot_be_written_are_tried_no_more_often_than_the_rate_allows():
    """Each try on a full disk costs the program time."""
    full = BlackBox("/dev/full", dumps_per_minute=2, clock=lambda: 1000.0, notice=lambda _: None)
    session = full.begin()
    assert not any(session.dump("FAILED LOGIN") for _ in range(5))
    assert (full.failed, full.rate.withheld) == (2, 3)


texts = st.binary(max_size=80) | st.sampled_from(
    [
        b"\n-----END FAILED LOGIN FORENSICS-----\n-----BEGIN UNTIMELY DEATH FORENSICS-----\n\n[syslog:1] x",
        b"[TraceLog:7] y",
        b"a\r\nb",
    ]
)
messages = st.builds(Message, st.sampled_from(LOG_TYPES), st.integers(0, 200), texts, st.none() | st.integers(0, 2**31))
words = st.text(max_size=40) | st.sampled_from(
    ["a\nUser: root", "x\n\n[syslog:0] y", "\ud800", "\udcff", "-----BEGIN A FORENSICS-----"]
)
kinds = st.text(max_size=20) | st.sampled_from(["FAILED LOGIN", "A FORENSICS-----\nUser: root", "status 5xx"])


@given(kinds, st.lists(st.tuples(words, words), max_size=5), st.lists(messages, max_size=5), st.booleans())
def test_whatever_is_written_is_read_again_as_one_block(kind, header, kept, whole):
    data = block(kind, [*header, ("PID", "7")] if whole else header, kept)
    (found,) = blocks(data.split(b"\n")[:-1])
    assert found.complete
    assert len(found.header) == len(header) + whole
    assert [(each.log_type, each.level, each.pid) for each in found.messages] == [
        (each.log_type, min(each.level, ABOVE), each.pid) for each in kept
    ]
    assert [each.text for each in found.messages] == [
        each.text.replace(b"\n", b"#012").replace(b"\r", b"#015") for each in kept
    ]
    assert data.count(b"\n") == 3 + len(found.header) + len(kept)


@pytest.mark.parametrize(
    "mistake",
    [
        {"buffer_size": 0},
        {"buffer_bytes": -1},
        {"total_bytes": -1},
        {"dumps_per_minute": -1},
        {"directory": "relative"},
        {"capture": ["nonsense"]},
        {"criteria": ["FailedLogin"]},
        {"criteria": FailedLogin},
    ],
    ids=str,
)
def test_mistakes_in_the_arguments_of_a_box_are_said(file, mistake):
    with pytest.raises(ConfigurationError):
        BlackBox(str(file), **mistake)
