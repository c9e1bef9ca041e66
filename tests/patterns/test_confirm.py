"""What the scan could only suspect is decided on the line itself, in bounded time whatever the line."""

import os
import signal
import threading
import time
from contextlib import suppress

import pytest

from tests.patterns.verdicts import rule, stopped, verdicts
from vigilog.patterns import confirm
from vigilog.patterns.block import frame
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.confirm import LONGEST_LINE, MOST_KILLS, KillableSearch, confirmation, linear, needs_killable_search

CATASTROPHIC = rb"^(aa+)+b\1c\1x$"
HOSTILE = b"a" * 60 + b"baacaaaax"
"""To find out that this line does not match, backtracking takes 2^30 steps."""


@pytest.fixture
def search():
    made = KillableSearch(CATASTROPHIC)
    yield made
    if made.worker:
        made.worker[0].kill()
        made.worker[0].join()
        made.worker[1].close()


def process_of(search: KillableSearch) -> int:
    assert search.worker is not None
    pid = search.worker[0].pid
    assert pid is not None
    return pid


def test_a_back_reference_is_suspected_by_the_scan_and_decided_on_the_line() -> None:
    lines = [b"ab=ab", b"ab=ba", b"aab=ab", b"=", b"ab=abab", b"abc=bcx"]
    database = compile_rules([rule(rb"^([ab]+)=\1$")])
    assert database.doubtful == database.rules
    assert verdicts(rb"^([ab]+)=\1$", lines, "stripped") == {0}
    assert verdicts(rb"([ab]+)=\1", lines, "stripped") == {0, 1, 2, 4}


def test_what_is_decided_is_what_the_view_shows() -> None:
    assert verdicts(rb"^(a+)=\1$", [b"a=a  ", b"a=a"], "stripped") == {0, 1}
    assert verdicts(rb"^(a+)=\1$", [b"a=a  ", b"a=a"], "raw") == {1}


def test_a_hostile_line_is_given_up_and_the_next_line_is_decided_again(search: KillableSearch) -> None:
    assert search.search(b"aabaacaax") is True
    assert search.search(HOSTILE) is None
    assert search.kills == 1
    assert search.search(b"aabaacaax") is True
    assert search.search(b"aabaacaaax") is False


def test_after_three_hostile_lines_the_pattern_is_not_asked_again(search: KillableSearch) -> None:
    for _ in range(MOST_KILLS):
        assert search.search(HOSTILE) is None
    assert search.search(b"aabaacaax") is None
    assert search.worker is None


def test_lines_up_to_4_kib_are_decided_and_longer_ones_are_not(search: KillableSearch) -> None:
    line = b"aabaacaax"
    other = b"b" * (LONGEST_LINE - len(line)) + line
    assert search.search(other) is False
    assert search.search(b"b" + other) is None
    assert search.kills == 0


def test_an_undecided_line_counts_as_the_layer_wants_it() -> None:
    database = compile_rules([rule(CATASTROPHIC), rule(b"^plain$")], "raw")
    block = frame(b"plain\naabaacaax\n" + HOSTILE + b"\nother\n")
    with stopped(database):
        hostile = len(b"\nplain\naabaacaax\n" + HOSTILE + b"\n")
        assert database.line_ends(block) == {7, 17}
        assert database.line_ends(block, undecided=True) == {7, 17, hostile}
        assert database.hits(block, undecided=False) == [(7, 1), (17, 0)]
        # the third hostile line was the last that was tried: the pattern is out of use, so its own line is open, too
        assert database.hits(block) == [(7, 1), (17, 0), (hostile, 0)]
        assert database.hits(block) == [(7, 1), (17, 0), (hostile, 0)]


def test_no_line_outside_of_the_block_is_asked_about() -> None:
    """The newline in front and those of the padding look like empty lines to a pattern that the scan knows nothing of."""
    database = compile_rules([rule(rb"(?!x)", "regex")], "raw")
    asked: list[bytes] = []

    def remember(line: bytes) -> bool:
        asked.append(line)
        return True

    database.confirmations[0] = remember
    assert len(database.line_ends(frame(b"a\nb\n"))) == len(database.hits(frame(b"a\nb\n"))) == 2
    assert asked == [b"a", b"b"] * 2


def test_a_line_that_is_found_already_is_not_asked_about_again() -> None:
    database = compile_rules([rule(rb"(a)\1"), rule(rb"(a)\1b*"), rule(b"sure")], "raw")
    asked: list[bytes] = []

    def remember(line: bytes) -> bool:
        asked.append(line)
        return True

    database.confirmations.update(dict.fromkeys(range(3), remember))
    assert database.line_ends(frame(b"aa\naa sure\n")) == {4, 12}
    assert asked == [b"aa"]


def test_a_search_that_died_leaves_its_line_undecided_and_no_more(search: KillableSearch) -> None:
    assert search.search(b"aabaacaax") is True
    os.kill(process_of(search), signal.SIGKILL)
    while search.worker is not None and search.worker[0].is_alive():
        time.sleep(0.01)
    assert search.search(b"aabaacaax") is None
    assert search.search(b"aabaacaax") is True


def test_a_machine_that_is_busy_makes_no_line_undecided(search: KillableSearch) -> None:
    """The limit is processor time: a process that stands still for longer than that is waited for."""
    assert search.search(b"x") is False
    pid = process_of(search)
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(3 * confirm.SECONDS_PER_LINE, os.kill, (pid, signal.SIGCONT)).start()
    assert search.search(b"aabaacaax") is True


def test_a_forked_process_has_a_search_of_its_own(search: KillableSearch) -> None:
    assert search.search(b"x") is False
    before = process_of(search)
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(BaseException):
            right = search.search(b"aabaacaax") is True and process_of(search) != before
            status = 0 if right else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert search.search(b"aabaacaax") is True
    assert process_of(search) == before


def test_a_search_does_not_outlive_the_process_that_asked() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            search = KillableSearch(CATASTROPHIC)
            search.start()
            os.write(writer, f"{process_of(search)}\n".encode())
            search.search(HOSTILE)
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="ascii") as pipe:
        searcher = int(pipe.readline())
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for _ in range(1000):
        if not alive(searcher):
            return
        time.sleep(0.02)
    os.kill(searcher, signal.SIGKILL)
    pytest.fail("the search goes on")


def alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(") ")[2][0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (rb"(a)\1", "ere"),
        (rb"\<[^ ]", "ere"),
        (rb"a(?=b)", "regex"),
        (rb"(?<!a)b", "regex"),
        (rb"(?P<x>a)(?P=x)", "regex"),
        (rb"(?>a+)b", "regex"),
        (rb"a++b", "regex"),
        (rb"(a)?(?(1)b|c)", "regex"),
    ],
)
def test_what_only_a_backtracking_engine_can_decide_is_named(text: bytes, language: str) -> None:
    assert needs_killable_search(rule(text, language))
    assert compile_rules([rule(text, language)]).doubtful


@pytest.mark.parametrize("text", [rb"(a+)+(b*c+)*$", rb"\<foo\>", rb"\bfoo\B", rb"(^|x)+a{3,900}($|y)", rb"(x+x+)+y"])
def test_what_re2_can_hold_is_decided_in_linear_time_on_lines_of_any_length(text: bytes) -> None:
    compiled = linear(rule(text))
    if compiled is None:  # word starts have no word in RE2; the scan itself is exact here
        assert not compile_rules([rule(text)]).doubtful
        return
    decide = confirmation(rule(text))
    assert decide(b"x" * 1_000_000) in (True, False)


def test_where_no_process_is_to_be_had_lines_are_undecided_and_it_is_not_asked_for_ever(monkeypatch):
    asked = []

    def refused():
        asked.append(True)
        raise BlockingIOError(11, "Resource temporarily unavailable")

    search = KillableSearch(rb"(a)\1")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fork", refused)
        assert [search.search(b"aa") for _ in range(MOST_KILLS + 2)] == [None] * (MOST_KILLS + 2)
    assert len(asked) == MOST_KILLS
