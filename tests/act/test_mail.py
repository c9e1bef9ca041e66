"""The first alert is mailed at once; a storm is one more mail; no order is forgotten, and none is called done that was not mailed."""

import email
import email.policy
import re
import socket
import threading
import tracemalloc

import pytest
from aiosmtpd.controller import Controller

from tests.act.samples import HOSTILE, NOON, Ticks, alert, event, order
from vigilog.act import mail as mailing
from vigilog.act.mail import Mail
from vigilog.act.timed import Timed
from vigilog.core.clock import local
from vigilog.core.errors import ConfigurationError, DeliveryError
from vigilog.report.mail import Delivery, deliver


class Box:
    """Takes mails, or is out of order."""

    def __init__(self):
        self.mails = []
        self.broken = False

    def __call__(self, subject, body):
        if self.broken:
            raise DeliveryError("the server said no")
        self.mails.append((subject, body.decode()))


@pytest.fixture
def box():
    return Box()


@pytest.fixture
def ticks():
    return Ticks()


@pytest.fixture
def action(box, ticks):
    return Mail(box, host="web1", digest=60, ticks=ticks)


def storm(numbers):
    return [
        order(number, about=alert(event(time=NOON + number), key=(f"2001:db8::{number:x}",), time=NOON + number))
        for number in numbers
    ]


def clock(moment):
    return local(moment).strftime("%H:%M:%S")


def test_it_is_an_action_that_does_some_of_its_work_later(action):
    assert isinstance(action, Timed)
    assert action.due() is None


def test_the_first_alert_is_mailed_at_once(action, box):
    [found] = action.perform([order(5)])
    assert (found.done, found.reason, found.order.number) == (True, "mailed", 5)
    [(subject, body)] = box.mails
    assert subject == "sshd: 203.0.113.5"
    assert body.startswith("1 alert on web1.\n\nsshd\n        1  203.0.113.5 ")
    assert "The lines behind it:\n" in body
    assert "    Nov 20 12:00:00 web1 sshd[7]: Failed password for root from 203.0.113.5\n" in body


def test_what_comes_within_the_digest_time_is_one_mail_at_its_end(action, box, ticks):
    list(action.perform([order(1)]))
    for number in range(2, 6):
        ticks.go(10)
        assert list(action.perform(storm([number]))) == []
    assert action.due() == 20
    ticks.go(19.9)
    assert list(action.tick()) == []
    ticks.go(0.1)
    assert action.due() == 0
    found = list(action.tick())
    assert [(one.order.number, one.done, one.reason) for one in found] == [
        (n, True, "mailed with 3 others") for n in range(2, 6)
    ]
    assert len(box.mails) == 2
    assert box.mails[1][0] == "sshd: 2001:db8::2 (and 3 more)"
    assert action.due() is None


def test_after_a_quiet_time_the_next_alert_is_mailed_at_once_again(action, box, ticks):
    list(action.perform([order(1)]))
    ticks.go(61)
    assert [one.done for one in action.perform([order(2)])] == [True]
    assert len(box.mails) == 2


def test_alerts_are_counted_by_rule_and_key_with_their_first_and_last_time(action, box):
    orders = [*storm([1, 2]), *storm([1]), order(9, about=alert(rule="sudo", key=("al", "tty1"), time=NOON + 8))]
    orders[2] = order(3, about=alert(key=("2001:db8::1",), time=NOON + 600))
    list(action.perform(orders))
    day = local(NOON).strftime("%Y-%m-%d")
    rows = [" ".join(line.split()) for line in box.mails[0][1].splitlines()]
    assert f"2 2001:db8::1 {day} {clock(NOON + 1)} .. {day} {clock(NOON + 600)}" in rows
    assert f"1 2001:db8::2 {day} {clock(NOON + 2)}" in rows
    assert f"1 al, tty1 {day} {clock(NOON + 8)}" in rows


def test_a_storm_of_fifty_thousand_is_one_mail_of_bounded_size_in_bounded_memory(action, box, ticks):
    list(action.perform([order(1)]))
    tracemalloc.start()
    for begin in range(2, 50_002, 500):
        assert list(action.perform(storm(range(begin, begin + 500)))) == []
    assert tracemalloc.get_traced_memory()[1] < 40_000_000
    tracemalloc.stop()
    ticks.go(60)
    found = list(action.tick())
    assert [one.order.number for one in found] == list(range(2, 50_002))
    assert all(one.done for one in found)
    assert len(box.mails) == 2
    body = box.mails[1][1]
    assert body.startswith("50000 alerts on web1.\n")
    assert len(body) < 200_000
    assert re.search(r"^ +49000  \(others\) ", body, re.MULTILINE)
    assert body.count("Failed password") == 10


def test_beyond_a_hundred_thousand_the_mail_goes_out_before_its_time(action, box, monkeypatch):
    monkeypatch.setattr(mailing, "MOST", 100)
    list(action.perform([order(1)]))
    found = list(action.perform(storm(range(2, 152))))
    assert [one.order.number for one in found] == list(range(2, 102))
    assert len(box.mails) == 2


def test_lines_of_ten_megabytes_are_neither_mailed_nor_kept(action, box, ticks):
    list(action.perform([order(1)]))
    tracemalloc.start()
    for number in range(2, 30):
        list(action.perform([order(number, about=alert(event(line=b"x" * 10_000_000)))]))
    assert tracemalloc.get_traced_memory()[0] < 1_000_000
    tracemalloc.stop()
    ticks.go(60)
    assert len(list(action.tick())) == 28
    assert len(box.mails[1][1]) < 20_000
    assert "x" * 1000 + " ...\n" in box.mails[1][1]


def test_of_an_alert_with_many_lines_the_last_ten_are_shown(action, box):
    events = [event(line=b"line %d" % number) for number in range(25)]
    list(action.perform([order(about=alert(*events))]))
    assert "    line 24\n    (the last 10 of 25 lines)\n" in box.mails[0][1]
    assert "line 14\n" not in box.mails[0][1]


def test_a_hostile_line_can_neither_forge_a_line_nor_a_header(action, box):
    list(action.perform([order(about=alert(event(line=HOSTILE), key=("x\r\nBcc: all@example.com\x1b",), rule="a\nb"))]))
    subject, body = box.mails[0]
    assert subject == r"a\x0ab: x\x0d\x0aBcc: all@example.com\x1b"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", body)
    assert "\nBcc" not in body


def test_when_mail_does_not_work_it_is_tried_again_with_all_that_came_meanwhile(action, box, ticks):
    box.broken = True
    assert list(action.perform([order(1)])) == []
    assert action.due() == 30
    ticks.go(10)
    assert list(action.perform([order(2)])) == []
    ticks.go(20)
    assert list(action.tick()) == []
    assert action.due() == 60
    box.broken = False
    ticks.go(60)
    assert [one.order.number for one in action.tick()] == [1, 2]
    assert len(box.mails) == 1


def test_after_ten_tries_the_orders_are_not_done_and_the_reason_is_what_the_server_said(action, box, ticks):
    box.broken = True
    found = list(action.perform([order(1)]))
    begun = ticks.now
    while not found:
        ticks.go(action.due())
        found = list(action.tick())
    assert [(one.done, one.reason) for one in found] == [(False, "not mailed after 10 tries: the server said no")]
    assert 3600 < ticks.now - begun < 4 * 3600
    assert action.due() is None


def test_while_mail_does_not_work_no_more_than_the_bound_is_gathered_and_the_rest_refused(action, box, monkeypatch):
    monkeypatch.setattr(mailing, "MOST", 10)
    box.broken = True
    found = list(action.perform(storm(range(1, 16))))
    assert [(one.order.number, one.done) for one in found] == [(number, False) for number in range(11, 16)]
    assert found[0].reason == "queue full: 10 wait for mail to work again"


def test_closing_mails_what_is_gathered_and_a_last_tick_tells_the_outcomes(action, box):
    list(action.perform([order(1)]))
    list(action.perform(storm([2, 3])))
    action.close()
    assert len(box.mails) == 2
    assert action.due() == 0
    assert [(one.order.number, one.done) for one in action.tick()] == [(2, True), (3, True)]


def test_what_cannot_be_mailed_at_the_end_has_no_outcome_and_so_stays_in_the_outbox(action, box):
    list(action.perform([order(1)]))
    list(action.perform(storm([2])))
    box.broken = True
    action.close()
    assert list(action.tick()) == []


def test_closing_while_another_thread_mails_sends_nothing_twice(ticks):
    mails, begun, go_on = [], threading.Event(), threading.Event()

    def slowly(subject, body):
        begun.set()
        go_on.wait(10)
        mails.append(subject)

    action = Mail(slowly, host="web1", ticks=ticks)
    thread = threading.Thread(target=lambda: list(action.perform([order()])))
    thread.start()
    begun.wait(10)
    action.close()
    go_on.set()
    thread.join(10)
    assert len(mails) == 1


def test_an_order_that_was_begun_before_is_mailed_with_a_warning(action, box):
    list(action.perform([order(1, attempt=2)]))
    assert "they may have reached you before" in box.mails[0][1]


def test_the_subject_is_a_template_that_is_checked_when_the_action_is_made(box):
    action = Mail(box, host="web1", subject="[{user}] {name} at {time:%H:%M}", fields=["user"])
    assert action.would(order()) == f"mail: [root] sshd at {local(NOON).strftime('%H:%M')}"
    assert box.mails == []
    with pytest.raises(ConfigurationError):
        Mail(box, host="web1", subject="{user}")


def test_the_mail_arrives_by_the_delivery_that_reports_use():
    class Inbox:
        def __init__(self):
            self.contents = []

        async def handle_DATA(self, server, session, envelope):
            self.contents.append(envelope.original_content)
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        way = Delivery(("root@example.com",), "vigilog@example.com", "smtp", smtp_host="127.0.0.1", smtp_port=port)
        action = Mail(lambda subject, body: deliver(lambda write: write(body), subject, way, local(NOON)), host="web1")
        [found] = action.perform([order(about=alert(event(line=HOSTILE), key=("größe\r\nBcc: x@example.com",)))])
    finally:
        server.stop()
    assert found.done
    [content] = inbox.contents
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message["Subject"] == r"sshd: größe\x0d\x0aBcc: x@example.com"
    assert message["Bcc"] is None
    assert r"sshd[1]: user '$(reboot)' `id` \x1b[2J\x00 \xff" in message.get_content()


def test_a_mail_server_that_is_not_there_is_no_outcome_yet(ticks):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    way = Delivery(("root@example.com",), "vigilog@example.com", "smtp", smtp_host="127.0.0.1", smtp_port=port)
    action = Mail(lambda subject, body: deliver(lambda write: write(body), subject, way, local(NOON)), host="web1", ticks=ticks)
    assert list(action.perform([order()])) == []
    assert action.due() == 30
