"""When the helper looks after the firewall: soon after others changed it, not after its own changes, never for nothing."""

import pytest

from vigilog.act.ban.changes import PAUSE, SETTLE, SHARE, Changes


class Kernel:
    """The number of the rule set, and the time."""

    def __init__(self, interval=300.0, *, exact=True):
        self.number, self.now, self.ahead = 10, 1000.0, 5000.0
        self.changes = Changes(
            interval, exact=exact, generation=lambda: self.number, steady=lambda: self.now, clock=lambda: self.now + self.ahead
        )

    def foreign(self):
        self.number += 1
        self.changes.announced()

    def own(self, meanwhile=0):
        self.changes.begin()
        self.number += 1 + meanwhile
        self.changes.done()
        self.changes.announced()

    def due(self):
        due = self.changes.due()
        assert due is not None
        return due

    def sleep(self):
        """As the helper does: until something is due. Gives what it did then."""
        self.now += self.due()
        checked = self.changes.to_check()
        if checked:
            self.changes.intact()
        return checked, self.changes.to_look()


def test_a_foreign_change_is_checked_a_moment_later_and_then_compared():
    kernel = Kernel()
    kernel.foreign()
    assert kernel.changes.due() == pytest.approx(SETTLE)
    assert kernel.sleep() == (True, True)
    assert kernel.changes.due() == pytest.approx(300 - SETTLE)


def test_many_foreign_changes_in_a_row_are_checked_once():
    kernel = Kernel()
    for _ in range(50):
        kernel.foreign()
        kernel.now += 0.0001
    assert kernel.sleep() == (True, True)
    assert kernel.due() > 290


def test_our_own_changes_are_no_reason_to_look_before_the_interval_is_over():
    kernel = Kernel()
    for _ in range(50):
        kernel.own()
    assert kernel.changes.due() == 300
    assert kernel.sleep() == (False, True)


def test_a_foreign_change_beside_our_own_is_seen():
    kernel = Kernel()
    kernel.own(meanwhile=1)
    assert kernel.sleep() == (True, True)


def test_where_our_own_changes_are_several_steps_they_are_not_taken_for_foreign_ones():
    kernel = Kernel(exact=False)
    kernel.own(meanwhile=3)
    assert kernel.changes.due() == 300


def test_comparing_takes_only_a_share_of_the_time_however_often_others_change_something():
    kernel = Kernel()
    looked = 0
    begun = kernel.now
    while kernel.now < begun + 200:
        kernel.foreign()
        if kernel.sleep()[1]:
            looked += 1
            kernel.changes.looked(1.0)
    assert 2 <= looked <= 200 / SHARE + 1
    quick = Kernel()
    quick.foreign()
    quick.sleep()
    quick.changes.looked(0.001)
    quick.foreign()
    assert quick.sleep() == (True, False)
    assert quick.changes.due() == pytest.approx(PAUSE - SETTLE)
    assert quick.sleep() == (False, True)


def test_at_the_interval_nothing_is_compared_if_nothing_changed_since_the_last_time():
    kernel = Kernel()
    kernel.own()
    assert kernel.sleep() == (False, True)
    kernel.changes.looked(0.1)
    for _ in range(5):
        assert kernel.sleep() == (False, False)


def test_firewalls_that_announce_nothing_are_compared_at_each_interval():
    kernel = Kernel(exact=False)
    assert [kernel.sleep() for _ in range(3)] == [(False, True)] * 3


@pytest.mark.parametrize("ahead", [5010.0, 4990.0])
def test_a_clock_that_was_set_is_a_reason_to_compare(ahead):
    """Bans in the kernel end after so many seconds, in the store at a time of the clock."""
    kernel = Kernel()
    kernel.sleep()
    kernel.changes.looked(0.1)
    kernel.ahead = ahead
    assert kernel.sleep() == (False, True)
    kernel.changes.looked(0.1)
    assert kernel.sleep() == (False, False)


def test_without_an_interval_it_waits_for_the_kernel_alone():
    kernel = Kernel(interval=0)
    assert kernel.changes.due() is None
    kernel.foreign()
    assert kernel.sleep() == (True, True)
    assert kernel.changes.due() is None
