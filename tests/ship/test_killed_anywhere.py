"""The process dies in the middle of any call that touches the disk: what was promised before is kept."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ship.files import bounded, directory
from tests.ship.test_spool import died, offer, spool, taken, taken_all
from vigilog.ship.settings import SMALLEST

CALLS = ("pwrite", "fdatasync", "ftruncate")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.integers(1, 300)),
        st.tuples(st.sampled_from(["settle", "tend", "acknowledge"]), st.just(0)),
        st.tuples(st.just("take"), st.integers(1, 400)),
    ),
    min_size=5,
    max_size=40,
)


class Killed(BaseException):
    """The end of a process."""


@settings(bounded, max_examples=300)
@given(steps=STEPS, deadly=st.integers(0, 60), part=st.integers(0, 3000))
def test_a_kill_within_any_call_loses_nothing_that_was_safe_and_counts_what_comes_again(steps, deadly, part):
    with directory() as path:
        it = spool(path, size=SMALLEST)
        left = [deadly]

        def dying(name):
            real = getattr(os, name)

            def call(*given):
                left[0] -= 1
                if left[0] < 0:
                    if name == "pwrite":
                        real(given[0], bytes(given[1])[:part], given[2])
                    raise Killed
                return real(*given)

            return call

        done = noted = safe = given_away = 0
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, dying(name))
            try:
                for what, number in steps:
                    match what:
                        case "offer":
                            if it.room():
                                offer(it, number, 1000)
                        case "settle":
                            if it.settle(0):
                                safe = it.stock.last
                        case "tend":
                            it.tend()
                        case "take":
                            found = taken(it, number)
                            given_away = max([given_away, *found])
                        case _:
                            done = it.stock.given  # brokers have it, whatever becomes of the note of that
                            it.acknowledge()
                            noted = done
            except Killed:
                pass
        offered = it.stock.last
        died(it)
        again = spool(path, size=SMALLEST)
        counted = again.stock.repeated
        found = taken_all(again)
        assert found == list(range(found[0], found[0] + len(found))) if found else True
        assert set(range(done + 1, safe + 1)) <= set(found)
        assert set(found) <= set(range(noted + 1, offered + 1))
        assert len([number for number in found if number <= given_away]) <= counted
        assert offer(again) > max(safe, given_away)
        again.close()
