"""Lines that belong to a process whose key is known."""

from __future__ import annotations

import tracemalloc

import pytest

from vigilog.core.nouns import Place, Rule
from vigilog.detect.sessions import LASTING, MOST, Sessions, process
from vigilog.detect.triggers import Trigger, TriggerSet


def rule(text: bytes) -> Rule:
    return Rule("t", "attack", "regex", text, Place("t"))


def found(lines: list[bytes], *, step: float = 1.0) -> list[tuple[bytes, ...]]:
    trigger = Trigger(
        "t", "attack", (rule(rb"sshd\[\d+\]: failed from (?P<address>\S+)$"),), follows=(rule(rb": too many failures$"),)
    )
    clock = iter(range(10_000))
    occurrences = TriggerSet([trigger]).occurrences("s", b"".join(line + b"\n" for line in lines), lambda _: next(clock) * step)
    return [key for _, _, key, _, _, _ in occurrences]


def test_a_line_that_follows_is_one_more_event_of_the_key_of_its_process():
    lines = [b"h sshd[1]: failed from 192.0.2.1", b"h sshd[2]: failed from 192.0.2.2", b"h sshd[1]: too many failures"]
    assert found(lines) == [(b"192.0.2.1",), (b"192.0.2.2",), (b"192.0.2.1",)]


@pytest.mark.parametrize("other", [b"h sshd[3]", b"other sshd[1]", b"h su[1]", b"sshd"])
def test_another_process_has_no_key(other):
    assert found([b"h sshd[1]: failed from 192.0.2.1", other + b": too many failures"]) == [(b"192.0.2.1",)]


def test_a_process_is_forgotten_after_a_while():
    lines = [b"h sshd[1]: failed from 192.0.2.1", b"h sshd[1]: too many failures"]
    assert len(found(lines, step=LASTING)) == 2
    assert len(found(lines, step=LASTING + 1)) == 1


def test_the_last_events_are_known_and_no_more_than_so_many():
    sessions = Sessions()
    for number in range(MOST + 5):
        sessions.remember(0, b"h p[%d]: x" % number, 0.0, (b"%d" % number,))
    assert sessions.key(0, b"h p[4]: y", 1.0) is None
    assert sessions.key(0, b"h p[5]: y", 1.0) == (b"5",)
    assert sessions.key(1, b"h p[5]: y", 1.0) is None


def test_a_name_within_somebody_elses_line_is_not_taken_for_its_process():
    sessions = Sessions()
    sessions.remember(0, b"h sshd[1]: failed from 192.0.2.1", 0.0, (b"192.0.2.1",))
    sessions.remember(0, b"h sshd[2]: failed for h sshd[1]: from 192.0.2.2", 1.0, (b"192.0.2.2",))
    assert sessions.key(0, b"h sshd[1]: too many failures", 2.0) == (b"192.0.2.1",)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Feb 24 09:49:55 db1 sshd[29506]: x", b"db1 sshd[29506"),
        (b"2026-02-24T09:49:55+01:00 db1 sshd[29506]: x [7]: y", b"db1 sshd[29506"),
        (b"sshd[1]: x", b"sshd[1"),
        (b"db1 sshd: x", b""),
        (b"", b""),
    ],
)
def test_a_process_is_named_by_host_program_and_number(line, expected):
    assert process(line) == expected


def test_long_lines_are_remembered_by_their_beginning():
    sessions = Sessions()
    tracemalloc.start()
    for number in range(MOST):
        sessions.remember(0, b"h p[%d]: " % number + b"x" * 100_000, 0.0, (b"%d" % number,))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < MOST * 1000
    assert sessions.key(0, b"h p[7]: y", 1.0) == (b"7",)
