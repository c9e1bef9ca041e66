"""A digest tells what came, in lines that are safe to read, and grows no further than it must."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.act.samples import NOON, alert, event, order
from vigilog.act.digest import Digest

words = st.text(max_size=20) | st.binary(max_size=20).map(lambda data: data.decode("utf-8", "surrogateescape"))


def digest(*orders):
    made = Digest()
    for each in orders:
        made.add(each)
    return made


@given(st.lists(st.tuples(words, words, st.binary(max_size=50)), max_size=30), words)
def test_whatever_comes_each_line_is_one_line_without_control_characters(given_, host):
    orders = [order(about=alert(event(line=line), key=(key,), rule=rule)) for rule, key, line in given_]
    text = digest(*orders).text(host).decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", text)
    rows = [line for line in text.splitlines() if re.match(r" {2,8}\d+  ", line)]
    assert sum(int(row.split()[0]) for row in rows) == len(orders)


def test_rules_are_told_one_after_the_other_in_the_order_they_came():
    text = digest(
        order(about=alert(rule="b", key=("1",))),
        order(about=alert(rule="a", key=("1",))),
        order(about=alert(rule="b", key=("2",))),
    ).text("web1")
    assert re.findall(rb"^(\w)\n", text, re.MULTILINE) == [b"b", b"a"]


def test_an_alert_that_came_late_does_not_turn_first_and_last_about():
    made = digest(*[order(about=alert(time=NOON + seconds)) for seconds in (60, 0, 30)])
    [tally] = made.keys.values()
    assert (tally.first, tally.last, tally.count) == (NOON, NOON + 60, 3)


def test_a_single_alert_is_told_without_a_plural():
    assert digest(order()).text("web1").startswith(b"1 alert on web1.\n")
