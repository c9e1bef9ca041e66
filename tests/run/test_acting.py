"""Actions at work: none holds up another, none is silenced by its own fault, and all of them end in time."""

import fcntl
import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import pytest

from vigilog.core.errors import DeliveryError
from vigilog.core.nouns import Alert, Order, Outcome
from vigilog.run import acting
from vigilog.run.acting import ROOM, Acting

LONG = 10.0
"""Seconds that are enough on any machine for what takes none."""


def order(number: int, action: str = "one") -> Order:
    return Order(number, action, Alert("rule", (f"192.0.2.{number}",), 0.0, (), 0))


def orders(*numbers: int, action: str = "one") -> list[Order]:
    return [order(number, action) for number in numbers]


class Prompt:
    """Does everything at once, and remembers who called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[int]]] = []
        self.threads: set[str] = set()
        self.closed = 0

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        self.threads.add(threading.current_thread().name)
        self.calls.append(("perform", [each.number for each in orders]))
        for each in orders:
            yield Outcome(each, done=True, reason="well")

    def close(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.closed += 1


class Stuck(Prompt):
    """Does nothing until it is released; `close` releases it if it is `kind`."""

    def __init__(self, *, kind: bool = True) -> None:
        super().__init__()
        self.kind = kind
        self.under_way = threading.Event()
        self.released = threading.Event()

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        self.under_way.set()
        self.released.wait(60)
        yield from super().perform(orders)

    def close(self) -> None:
        super().close()
        if self.kind:
            self.released.set()


class Faulty(Prompt):
    """Raises at the orders whose numbers are `bad`; does the others."""

    def __init__(self, *bad: int, error: Exception | None = None) -> None:
        super().__init__()
        self.bad = bad
        self.error = error or ZeroDivisionError("a\x1b[2J\nb")

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        for each in orders:
            if each.number in self.bad:
                raise self.error
            yield Outcome(each, done=True, reason="well")


class Later(Prompt):
    """Keeps orders until it is time, as a digest does."""

    def __init__(self, after: float) -> None:
        super().__init__()
        self.after = after
        self.kept: list[Order] = []
        self.ready_at: float | None = None

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        self.threads.add(threading.current_thread().name)
        self.kept += orders
        self.ready_at = self.ready_at or time.monotonic() + self.after
        yield from ()

    def due(self) -> float | None:
        return None if self.ready_at is None else max(0.0, self.ready_at - time.monotonic())

    def tick(self) -> Iterator[Outcome]:
        self.threads.add(threading.current_thread().name)
        if self.closed or (self.ready_at is not None and time.monotonic() >= self.ready_at):
            self.ready_at = None
            kept, self.kept = self.kept, []
            for each in kept:
                yield Outcome(each, done=True, reason="in a digest")


@pytest.fixture(autouse=True)
def no_thread_is_left(monkeypatch):
    monkeypatch.setattr(acting, "PAUSE", 0.01)
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(LONG)
    assert [thread.name for thread in left if thread.is_alive()] == []


@pytest.fixture
def made():
    made = Acting()
    yield made
    if made.fileno() >= 0:
        made.close(LONG)


def collected(made: Acting, count: int, seconds: float = LONG) -> list[Outcome]:
    """The next `count` outcomes, each waited for as the daemon does."""
    found: list[Outcome] = []
    until = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < until:
        select.select([made.fileno()], [], [], max(0.0, until - time.monotonic()))
        found += made.outcomes()
    assert len(found) == count, found
    return found


def brief(outcomes: Sequence[Outcome]) -> list[tuple[int, bool]]:
    return [(outcome.order.number, outcome.done) for outcome in outcomes]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_orders_have_their_outcomes_in_order_and_are_accounted_for(made) -> None:
    made.replace({"one": Prompt()}, LONG)
    assert made.waiting() == {"one": 0}
    made.order(orders(1, 2, 3))
    assert brief(collected(made, 3)) == [(1, True), (2, True), (3, True)]
    assert (made.waiting(), made.room()) == ({"one": 0}, {"one": ROOM})
    assert made.outcomes() == []


def test_the_descriptor_is_readable_as_long_as_outcomes_wait(made) -> None:
    made.replace({"one": Prompt()}, LONG)
    assert select.select([made.fileno()], [], [], 0)[0] == []
    made.order(orders(1))
    assert select.select([made.fileno()], [], [], LONG)[0]
    collected(made, 1)
    assert select.select([made.fileno()], [], [], 0)[0] == []


def test_a_slow_action_holds_up_nobody(made) -> None:
    slow = Stuck()
    made.replace({"slow": slow, "one": Prompt()}, LONG)
    made.order([order(1, "slow"), order(2)])
    assert slow.under_way.wait(LONG)
    started = time.monotonic()
    assert brief(collected(made, 1)) == [(2, True)]
    made.order(orders(3, 4))
    assert brief(collected(made, 2)) == [(3, True), (4, True)]
    assert made.waiting() == {"slow": 1, "one": 0}
    assert time.monotonic() - started < LONG
    slow.released.set()
    assert brief(collected(made, 1)) == [(1, True)]


def test_what_comes_while_an_action_is_busy_is_its_next_call(made) -> None:
    slow = Stuck()
    made.replace({"one": slow}, LONG)
    made.order(orders(1))
    slow.under_way.wait(LONG)
    made.order(orders(2))
    made.order(orders(3, 4))
    slow.released.set()
    collected(made, 4)
    assert slow.calls == [("perform", [1]), ("perform", [2, 3, 4])]


def test_an_action_is_called_in_one_thread_of_its_own(made) -> None:
    one, other = Prompt(), Later(0.01)
    made.replace({"one": one, "other": other}, LONG)
    made.order([*orders(1), order(2, "other")])
    collected(made, 2)
    made.close(LONG)
    assert (one.threads, other.threads) == ({"action one"}, {"action other"})
    assert (one.closed, other.closed) == (1, 1)


def test_room_is_what_is_not_yet_ended(made) -> None:
    slow, small = Stuck(), Prompt()
    small.room = 3  # type: ignore[attr-defined]
    made.replace({"one": slow, "small": small}, LONG)
    assert made.room() == {"one": ROOM, "small": 3}
    made.order(orders(*range(1, ROOM + 11)))
    assert made.room()["one"] == 0
    slow.released.set()
    collected(made, ROOM + 10)
    assert made.room()["one"] == ROOM


def test_a_digest_is_ticked_when_it_is_due(made) -> None:
    later = Later(0.05)
    made.replace({"one": later}, LONG)
    made.order(orders(1, 2))
    wait_for(lambda: later.kept != [])
    assert made.waiting() == {"one": 2}
    outcomes = collected(made, 2)
    assert [outcome.reason for outcome in outcomes] == ["in a digest"] * 2


def test_what_a_digest_does_while_it_is_closed_counts_too(made) -> None:
    made.replace({"one": Later(1000.0)}, LONG)
    made.order(orders(1, 2))
    assert brief(made.close(LONG)) == [(1, True), (2, True)]


def test_an_action_that_is_the_same_object_goes_on_undisturbed(made) -> None:
    same, former = Stuck(), Prompt()
    made.replace({"same": same, "former": former}, LONG)
    made.order([order(1, "same")])
    same.under_way.wait(LONG)
    new = Prompt()
    made.replace({"same": same, "former": new, "another": Prompt()}, LONG)
    assert (same.closed, former.closed, new.closed) == (0, 1, 0)
    assert made.waiting() == {"same": 1, "former": 0, "another": 0}
    same.released.set()
    assert brief(collected(made, 1)) == [(1, True)]
    made.order([order(2, "former")])
    collected(made, 1)
    assert new.calls == [("perform", [2])]


def test_one_object_under_two_names_has_one_thread_and_one_account(made) -> None:
    both = Prompt()
    made.replace({"one": both, "two": both}, LONG)
    made.order([order(1, "one"), order(2, "two")])
    assert {number for number, _ in brief(collected(made, 2))} == {1, 2}
    assert len(both.threads) == 1
    made.close(LONG)
    assert both.closed == 1


def test_an_action_that_leaves_does_what_it_has_before_it_is_closed_and_nobody_waits_for_it(made) -> None:
    slow = Stuck()
    made.replace({"one": slow}, LONG)
    made.order(orders(1))
    slow.under_way.wait(LONG)
    made.order(orders(2, 3))
    new = Prompt()
    started = time.monotonic()
    made.replace({"one": new}, LONG)
    assert time.monotonic() - started < LONG / 2
    made.order(orders(4))
    assert brief(collected(made, 1)) == [(4, True)]
    assert made.waiting() == {"one": 0}, "what the former one has is not the new one's"
    slow.released.set()
    assert brief(collected(made, 3)) == [(1, True), (2, True), (3, True)]
    wait_for(lambda: slow.closed == 1)
    assert made.left() == []


def test_what_an_action_left_undone_when_its_time_was_over_is_told(made) -> None:
    slow = Stuck()
    made.replace({"one": slow, "other": Prompt()}, LONG)
    made.order([*orders(1), order(2, "other")])
    slow.under_way.wait(LONG)
    made.order(orders(3, 4))
    made.replace({}, 0.2)
    assert sorted(brief(collected(made, 2))) == [(1, True), (2, True)]
    left: list[int] = []

    def told() -> bool:
        select.select([made.fileno()], [], [], 0.1)
        assert made.outcomes() == []
        left.extend(made.left())
        return bool(left)

    wait_for(told)
    assert left == [3, 4]
    assert made.left() == []


def test_an_action_that_does_not_return_is_closed_from_outside_when_its_time_is_over(made) -> None:
    slow = Stuck()
    made.replace({"one": slow, "other": Prompt()}, LONG)
    made.order([*orders(1), order(2, "other")])
    slow.under_way.wait(LONG)
    made.order(orders(3))
    started = time.monotonic()
    last = made.close(0.2)
    assert time.monotonic() - started < LONG
    assert sorted(brief(last)) == [(1, True), (2, True)], "what had not begun stays in the outbox"
    assert slow.threads >= {"end of one", "action one"}


def test_at_the_end_what_a_digest_has_due_soon_is_waited_for(made) -> None:
    later = Later(0.2)
    made.replace({"one": later}, LONG)
    made.order(orders(1))
    wait_for(lambda: later.kept != [])
    started = time.monotonic()
    [outcome] = made.close(acting.LAST + 1)
    assert outcome.done
    assert time.monotonic() - started < LONG


def test_several_that_do_not_return_are_waited_for_together(made) -> None:
    slow = {f"slow{number}": Stuck() for number in range(5)}
    made.replace(slow, LONG)
    made.order([order(number, name) for number, name in enumerate(slow, 1)])
    for each in slow.values():
        each.under_way.wait(LONG)
    started = time.monotonic()
    made.close(0.5)
    assert time.monotonic() - started < 4


def test_an_action_that_never_returns_keeps_nobody_and_its_late_outcome_harms_nobody(monkeypatch) -> None:
    monkeypatch.setattr(acting, "LAST", 0.1)
    made, never = Acting(), Stuck(kind=False)
    made.replace({"one": never, "other": Prompt()}, LONG)
    made.order([*orders(1), order(2, "other")])
    never.under_way.wait(LONG)
    bell = made.fileno()
    collected(made, 1)
    started = time.monotonic()
    assert made.close(0.1) == []
    assert time.monotonic() - started < LONG
    ends = os.pipe()
    reader, writer = (fcntl.fcntl(end, fcntl.F_DUPFD, 500) for end in ends)
    os.dup2(writer, bell)  # what was the bell is another file's descriptor now
    os.set_blocking(reader, False)
    try:
        never.released.set()
        wait_for(lambda: not any(thread.name == "action one" for thread in threading.enumerate()))
        with pytest.raises(BlockingIOError):
            os.read(reader, 100)
    finally:
        for descriptor in {reader, writer, bell, *ends}:
            os.close(descriptor)


def test_a_fault_in_an_action_is_the_outcome_of_its_orders_and_it_goes_on(made) -> None:
    """The orders before it have their own outcome, those behind it have none: nobody knows what became of them."""
    slow, faulty = Stuck(), Faulty(3)
    made.replace({"one": faulty, "slow": slow}, LONG)
    made.order(orders(1, 2, 3, 4))
    outcomes = collected(made, 4)
    assert brief(outcomes) == [(1, True), (2, True), (3, False), (4, False)]
    made.order(orders(5))
    assert brief(collected(made, 1)) == [(5, True)]
    assert made.waiting()["one"] == 0


def test_the_reason_of_a_fault_says_what_and_where_on_one_harmless_line(made) -> None:
    made.replace({"one": Faulty(1)}, LONG)
    made.order(orders(1))
    [outcome] = collected(made, 1)
    line = Faulty.perform.__code__.co_firstlineno + 3
    assert outcome.reason == rf"a fault in the action, at test_acting.py:{line}: ZeroDivisionError: a\x1b[2J\x0ab"


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left"), DeliveryError("not taken"), KeyError("x"), RecursionError(), MemoryError()]
)
def test_no_kind_of_error_silences_an_action(made, error: Exception) -> None:
    made.replace({"one": Faulty(1, error=error)}, LONG)
    for number in (1, 2, 1):
        made.order(orders(number))
        assert brief(collected(made, 1)) == [(number, number == 2)]


class Untimely(Later):
    """A digest with a fault in one of its methods."""

    def __init__(self, faulty: str) -> None:
        super().__init__(0.0)
        self.faulty: str | None = faulty
        self.raised = 0

    def fail(self, name: str) -> None:
        if self.faulty == name:
            self.raised += 1
            raise ZeroDivisionError(name)

    def due(self) -> float | None:
        if self.kept:
            self.fail("due")
        return super().due()

    def tick(self) -> Iterator[Outcome]:
        self.fail("tick")
        yield from super().tick()

    def close(self) -> None:
        super().close()
        self.fail("close")


@pytest.mark.parametrize("faulty", ["due", "tick"])
def test_a_fault_of_a_digest_is_the_outcome_of_what_it_had_kept(made, faulty: str) -> None:
    digest = Untimely(faulty)
    made.replace({"one": digest}, LONG)
    made.order(orders(1, 2))
    assert brief(collected(made, 2)) == [(1, False), (2, False)]
    digest.faulty, digest.kept = None, []
    made.order(orders(3))
    assert brief(collected(made, 1)) == [(3, True)]


def test_a_fault_that_stays_does_not_keep_the_processor_busy(made, monkeypatch) -> None:
    monkeypatch.setattr(acting, "PAUSE", 0.05)
    digest = Untimely("tick")
    made.replace({"one": digest}, LONG)
    made.order(orders(1))
    collected(made, 1)
    time.sleep(0.5)
    assert 1 <= digest.raised <= 15
    digest.faulty = None


def test_a_fault_at_the_end_is_not_repeated_until_the_time_is_over(made) -> None:
    digest = Untimely("tick")
    digest.after = 0.3
    made.replace({"one": digest}, LONG)
    made.order(orders(1))
    wait_for(lambda: digest.kept != [])
    started = time.monotonic()
    assert brief(made.close(LONG)) == [(1, False)]
    assert time.monotonic() - started < LONG / 2
    assert digest.raised <= 3


def test_a_fault_at_the_end_does_not_keep_the_end_from_coming(made) -> None:
    made.replace({"one": Untimely("close")}, LONG)
    made.order(orders(1))
    collected(made, 1)
    started = time.monotonic()
    made.close(LONG)
    assert time.monotonic() - started < LONG


def test_after_the_end_there_is_nothing_left_to_wait_for(made) -> None:
    made.replace({"one": Prompt()}, LONG)
    made.order(orders(*range(1, 101)))
    assert len(made.close(LONG)) == 100
    assert made.fileno() == -1


def test_fifty_thousand_orders_in_rooms_of_two_thousand_all_have_their_outcome(made) -> None:
    made.replace({"one": Prompt()}, LONG)
    left, ended, most = iter(range(1, 50_001)), 0, 0
    while True:
        made.order(orders(*islice(left, made.room()["one"])))
        most = max(most, made.waiting()["one"])
        if not made.waiting()["one"]:
            break
        select.select([made.fileno()], [], [], LONG)
        ended += len(made.outcomes())
    assert most <= ROOM
    assert ended == 50_000
