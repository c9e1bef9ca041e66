"""Passwords that are compared beside the loop."""

from __future__ import annotations

import os
import select
import threading
from functools import partial
from typing import Any

import pytest

from tests.ftpd.world import HASH
from vigilog.ftpd import comparisons
from vigilog.ftpd.comparisons import AT_ONCE, Comparisons


def answers(asked: Comparisons, found: list[Any], count: int) -> None:
    while len(found) < count:
        assert select.select([asked.descriptor], [], [], 30)[0]
        asked.answer()


def test_each_is_answered_once_in_the_thread_that_asks_for_answers():
    asked, found = Comparisons(), list[Any]()
    for number in range(3 * AT_ONCE):
        password = "secret" if number % 2 else "wrong"
        asked.ask(
            password, HASH, partial(lambda number, fits: found.append((number, fits, threading.current_thread())), number)
        )
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
    asked, found = Comparisons(), list[Any]()
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
    before = threading.enumerate()
    asked, found = Comparisons(), list[Any]()
    asked.ask("secret", HASH, found.append)
    for thread in set(threading.enumerate()) - set(before):
        thread.join()
    answers(asked, found, 1)
    assert found == [False]
    os.close(asked.descriptor)
