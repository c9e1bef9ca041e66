"""Keys are looked at when their time has come: who is over is forgotten, and nobody else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from vigilog.fleet.timers import INDEX, MOST, PREFIX, Name, settle


class Store(dict[tuple[bytes, bytes], bytes]):
    """The state of a partition."""

    def get_bytes(self, key: bytes, prefix: bytes) -> bytes | None:
        return self.get((prefix, key))

    def set_bytes(self, key: bytes, value: bytes, prefix: bytes) -> None:
        self[prefix, key] = value

    def delete(self, key: bytes, prefix: bytes) -> None:
        self.pop((prefix, key), None)

    def names(self) -> set[bytes]:
        return {prefix for prefix, _ in self if prefix != PREFIX}


def until(slot: bytes, value: bytes) -> int:
    assert slot == b"a slot"
    return int(value)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20)), max_size=40))
def test_a_value_is_there_until_its_time_and_not_longer(steps):
    """Each step: a key is set, new or not, to be kept for so long; and time goes on by one."""
    store, ends = Store(), {}
    for now, (number, length) in enumerate(steps):
        key, end = b"%d" % number, now + length + 1
        fresh = (key, b"a slot") not in store
        store.set_bytes(b"a slot", b"%d" % end, key)
        ends[key] = end
        settle(store, {end: [Name(key, b"a slot")]} if fresh else {}, now, until)
        kept = store.names()
        assert {key for key, end in ends.items() if end > now} <= kept
    settle(store, {}, 100, until)
    assert store.names() == set()
    assert {key for _, key in store} <= {INDEX}


def test_many_whose_time_comes_at_once_go_little_by_little():
    store = Store()
    names = [Name(b"%d" % number, b"a slot") for number in range(MOST * 2 + 10)]
    for name in names:
        store.set_bytes(name.slot, b"10", name.key)
    settle(store, {10: names[: MOST + 5]}, 0, until)
    settle(store, {10: names[MOST + 5 :]}, 1, until)
    left = []
    for _ in range(3):
        settle(store, {}, 10, until)
        left.append(len(store.names()))
    assert left == [MOST + 10, 10, 0]


def test_where_nothing_is_new_and_nothing_over_nothing_is_written():
    store = Store()
    settle(store, {}, 5, until)
    assert store == {}
