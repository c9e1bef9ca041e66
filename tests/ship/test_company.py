"""Which records are sent again, each by itself, after a broker refused many together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vigilog.ship.block import batches, block, messages
from vigilog.ship.company import apart
from vigilog.ship.record import Record
from vigilog.ship.refusals import Refusal

TOO_LARGE, FORBIDDEN = "MSG_SIZE_TOO_LARGE", "TOPIC_AUTHORIZATION_FAILED"
OFFERED = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, b"", b"x", b"y"]), st.booleans()), min_size=1)


def stretch(*records):
    return [block(1, batches([Record(topic, key, value) for topic, key, value in records]))]


def refusal(topic, key, value, error=TOO_LARGE):
    return Refusal(topic, key, value, error, "because", shared=error == TOO_LARGE)


def test_what_was_refused_for_its_topic_is_not_sent_again():
    assert apart(stretch(("a", b"x", b"1")), [refusal("a", b"x", b"1", FORBIDDEN)]) is None


def test_behind_the_first_one_that_was_refused_all_of_its_key_comes_again():
    records = [("a", b"x", b"1"), ("a", b"x", b"2"), ("a", b"y", b"3"), ("a", b"x", b"4"), ("b", b"x", b"5")]
    found = apart(stretch(*records), [refusal("a", b"x", b"2"), refusal("b", b"x", b"5", FORBIDDEN)])
    assert found is not None
    assert [value for _, _, value in messages(found.again)] == [b"2", b"4"]
    assert (found.doubtful, [each.value for each in found.refused]) == (1, [b"5"])


@given(OFFERED)
def test_nothing_that_was_refused_is_left_out_and_no_key_is_out_of_order(offered):
    records = [(topic, key, b"%d" % number) for number, (topic, key, _) in enumerate(offered)]
    refused = [record for record, (_, _, is_refused) in zip(records, offered, strict=True) if is_refused]
    found = apart(stretch(*records), [refusal(*each) for each in refused])
    if not refused:
        assert found is None
        return
    assert found is not None
    again = messages(found.again)
    assert set(refused) <= set(again)
    delivered = [each for each in records if each not in refused]
    for topic, key in {(each[0], each[1]) for each in records if each[1]}:
        last = {each: place for place, each in enumerate(delivered + again)}  # what comes again counts as where it came last
        mine = [each for each in records if each[:2] == (topic, key)]
        assert sorted(mine, key=last.__getitem__) == mine
