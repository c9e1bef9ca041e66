"""Passwords that are compared beside the loop."""

from __future__ import annotations

import os
import select
import threading

import pytest

from tests.ftpd.world import HASH
from vigilog.ftpd import comparisons
from vigilog.ftpd.comparisons import AT_ONCE, Comparisons


def answers(asked: Comparisons, found: list[object], count: int) -> None:
    while len(found) < count:
        assert select.select([asked.descriptor], [], [], 30)[0]
        asked.answer()


def test_each_is_answered_once_in_the_thread_that_asks_for_answers():
    asked, found = Comparisons(), []
    for number in range(3 * AT_ONCE):
        password = "secret" if number % 2 else "wrong"
        asked.ask(password, HASH, lambda fits, number=number: found.append((number, fits, threading.current_thread())))
    assert found == []
    answers(asked, found, 3 * AT_ONCE)
    assert sorted(found, key=lambda each: each[0]) == [
        (number, bool(number % 2), threading.main_thread()) for number in range(3 * AT_ONCE)
    ]
    os.close(asked.descriptor)


def test_no_thread_to_be_had_is_no_reason_to_refuse(monkeypatch):
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(comparisons, "Thread", NoThread)
    asked, found = Comparisons(), []
    nice = os.nice(0)
    asked.ask("secret", HASH, found.append)
    answers(asked, found, 1)
    assert found == [True]
    assert os.nice(0) == nice
    os.close(asked.descriptor)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_in_a_comparison_fits_nothing(monkeypatch):
    def broken(_password: str, _hashed: str) -> bool:
        raise MemoryError

    monkeypatch.setattr(comparisons, "same", broken)
    asked, found = Comparisons(), []
    asked.ask("secret", HASH, found.append)
    answers(asked, found, 1)
    assert found == [False]
    os.close(asked.descriptor)
