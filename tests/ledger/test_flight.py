"""Who was in flight when a process died."""

from vigilog.ledger.flight import Process, flights, oldest_first
from vigilog.ledger.opened_lines import Opened

BEGAN = 0x6B000100
DIED = 0x6B000200


def opened(identity):
    return Opened(identity, "ledger", 1, b"+" + identity + b"|GET / HTTP/1.1")


def process(pid, began=BEGAN, last_seen=DIED, *, alive=False):
    return Process(pid, "web", float(began), float(last_seen), alive)


def ids(lines):
    return [line.id for line in lines]


def test_the_number_in_an_id_names_the_process_and_the_oldest_comes_first():
    lines = [opened(b"4711:6b000180:2"), opened(b"4711:6b000150:1"), opened(b"4712:6b000150:0")]
    found = flights(lines, [process(4711)])
    assert [(flight.process.pid, ids(flight.lines)) for flight in found.died] == [
        (4711, [b"4711:6b000150:1", b"4711:6b000180:2"])
    ]
    assert ids(found.others) == [b"4712:6b000150:0"]


def test_a_number_that_was_given_twice_means_the_last_process_that_had_begun_by_then():
    former, latter = process(7, 0x6B000100, 0x6B000120), process(7, 0x6B000140, 0x6B000160)
    found = flights([opened(b"7:6b000110:0"), opened(b"7:6b000150:0"), opened(b"7:6b000050:0")], [latter, former])
    assert [ids(flight.lines) for flight in found.died] == [[b"7:6b000110:0"], [b"7:6b000150:0"]]
    assert ids(found.others) == [b"7:6b000050:0"]


def test_requests_of_a_living_process_are_no_dead_ones():
    found = flights([opened(b"7:6b000110:0")], [process(7, alive=True)])
    assert found.died == ()
    assert ids(found.others) == [b"7:6b000110:0"]


UNIQUE = b"awABnArzSrOKle9yzxm7sgAAAAM"  # made at 0x6b00019c


def test_an_id_without_a_number_goes_by_its_time_where_that_leaves_one():
    other = process(2, 0x6B000300, 0x6B000400)
    found = flights([opened(UNIQUE)], [process(1), other])
    assert [ids(flight.lines) for flight in found.died] == [[UNIQUE], []]


def test_where_the_time_leaves_two_nobody_is_accused():
    found = flights([opened(UNIQUE)], [process(1), process(2)])
    assert ids(found.others) == [UNIQUE]


def test_requests_that_share_a_process_share_what_is_known_of_it():
    later = b"awADnArzSrOKle9yzxm7sgAAAAM"  # the same process, 0x6b00039c
    found = flights([opened(UNIQUE), opened(later)], [process(1), process(2, BEGAN, 0x6B000400)])
    assert [(flight.process.pid, ids(flight.lines)) for flight in found.died] == [(1, []), (2, [UNIQUE, later])]


def test_ids_that_say_nothing_belong_to_nobody():
    assert ids(flights([opened(b"req-1")], [process(1)]).others) == [b"req-1"]


def test_those_without_a_time_come_last():
    lines = [opened(b"x"), opened(b"1:6b000002:0"), opened(b"1:6b000001:0")]
    assert ids(oldest_first(lines)) == [b"1:6b000001:0", b"1:6b000002:0", b"x"]


def test_deaths_come_in_their_order():
    found = flights([], [process(1, last_seen=30), process(2, last_seen=20)])
    assert [flight.process.pid for flight in found.died] == [2, 1]
