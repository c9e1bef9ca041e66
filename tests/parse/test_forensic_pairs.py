"""What is open while a ledger grows."""

from hypothesis import given
from hypothesis import strategies as st

from vigilog.parse.forensic_pairs import Pairs, began

NOW = 0x6B000200


def identities(begun):
    return [each.id for each in begun]


def test_a_request_is_open_until_its_end():
    pairs = Pairs()
    assert identities(pairs.see(b"+a|GET / HTTP/1.1\n+b|GET /b HTTP/1.1|Host:x\n", NOW).begun) == [b"a", b"b"]
    change = pairs.see(b"-b\n", NOW)
    assert (change.begun, identities(change.ended)) == ((), [b"b"])
    assert change.ended[0].line == b"+b|GET /b HTTP/1.1|Host:x"
    assert identities(pairs.open()) == [b"a"]


def test_what_began_and_ended_in_the_same_lines_is_nothing_new():
    assert Pairs().see(b"+a|GET / HTTP/1.1\n-a\n", NOW) == ((), ())


def test_an_id_that_is_used_again_after_its_end_is_open_again():
    pairs = Pairs()
    assert identities(pairs.see(b"+a|1\n-a\n+a|2\n", NOW).begun) == [b"a"]
    assert pairs.open()[0].line == b"+a|2"


def test_an_end_belongs_to_the_last_begin():
    pairs = Pairs()
    pairs.see(b"+a|died\n", NOW)
    pairs.see(b"+a|asked again\n-a\n", NOW)
    assert [each.line for each in pairs.open()] == [b"+a|died"]
    assert len(pairs) == 1


def test_ends_without_a_begin_and_foreign_lines_are_passed_over():
    pairs = Pairs()
    assert pairs.see(b"-x\nfoo\n\n+\n-\n+|x\n", NOW) == ((), ())
    assert len(pairs) == 0


def test_line_ends_of_another_system_make_no_difference():
    pairs = Pairs()
    pairs.see(b"+a|GET /\r\n", NOW)
    assert identities(pairs.see(b"-a\r\n", NOW).ended) == [b"a"]


def test_the_time_of_an_id_is_believed_when_it_can_be():
    assert began(b"1:6b000100:0", NOW) == 0x6B000100
    assert began(b"1:6b001000:0", NOW) is None
    assert began(b"1:100:0", NOW) is None
    assert began(b"whatever", NOW) is None


def test_what_tells_no_time_began_when_it_came():
    change = Pairs().see(b"+whatever|x\n+1:6b000100:0|x\n", NOW)
    assert [each.since for each in change.begun] == [NOW, 0x6B000100]


lines = st.lists(st.tuples(st.sampled_from([b"+", b"-"]), st.sampled_from([b"a", b"b", b"c:1", b"c:10"])), max_size=30)


@given(lines, st.integers(1, 5))
def test_how_the_lines_come_makes_no_difference(parts, at_a_time):
    texts = [
        sign + identity + (b"|%d" % number if sign == b"+" else b"") + b"\n" for number, (sign, identity) in enumerate(parts)
    ]
    whole, split = Pairs(), Pairs()
    whole.see(b"".join(texts), NOW)
    for start in range(0, len(texts), at_a_time):
        split.see(b"".join(texts[start : start + at_a_time]), NOW)
    assert sorted(whole.open()) == sorted(split.open())
