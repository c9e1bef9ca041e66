"""The helper takes whole requests of addresses, networks, ports and seconds, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.act.ban import protocol
from vigilog.act.ban.firewall import LONGEST, Element, Entry
from vigilog.act.ban.requests import Requests
from vigilog.act.ban.target import Port, address, canonical, target, widened

TARGETS = st.ip_addresses().map(lambda one: target(widened(address(str(one)), 64))) | st.ip_addresses().map(
    lambda one: target(widened(address(str(one)), 128))
)
PORTS = st.just(Port("")) | st.tuples(st.sampled_from(["tcp", "udp", "sctp"]), st.integers(1, 65535)).map(
    lambda pair: Port(f"{pair[0]}/{pair[1]}")
)
ELEMENTS = st.builds(Element, TARGETS, PORTS)
ENTRIES = st.builds(Entry, ELEMENTS, st.integers(1, LONGEST))


@given(st.lists(ENTRIES), st.lists(ELEMENTS), st.sampled_from(protocol.VERBS), st.integers(0, 10**9), st.data())
def test_a_request_comes_through_whole_in_whatever_pieces(entries, elements, verb, number, data):
    sent = b"leftovers\n" + protocol.request(verb, number, entries, elements)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=5)))
    requests = Requests()
    pieces = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    (found,) = [each for piece in pieces for each in requests.feed(piece)]
    assert (found.number, found.verb, found.entries, found.elements, found.problem) == (number, verb, entries, elements, "")


@given(st.dictionaries(ELEMENTS, st.none() | st.integers(0, 10**9).map(float), max_size=20))
def test_what_is_held_comes_through(present):
    lines = protocol.held_lines(present).splitlines(keepends=True)
    assert dict(map(protocol.held, lines)) == present


@given(st.binary(max_size=60) | st.text(alphabet="+-= 0123456789abcdef.:/tcpud\n", max_size=60).map(str.encode))
def test_whatever_passes_is_an_entry_and_would_be_written_just_so(line):
    for reader, written in (
        (protocol.entry, lambda one: protocol.request("add", 1, [one])),
        (protocol.element, lambda one: protocol.request("remove", 1, (), [one])),
    ):
        try:
            found = reader(line)
        except ValueError:
            continue
        assert written(found).splitlines(keepends=True)[1].split() == line.split()


@pytest.mark.parametrize(
    "line",
    [
        b"+ 1.2.3.4 600; reboot\n",
        b"+ 1.2.3.4;reboot 600\n",
        b"+ 1.2.3.4 600 tcp/22 accept\n",
        b"+ 1.2.3.4  600\n",
        b"+ 1.2.3.4 0\n",
        b"+ 1.2.3.4 -1\n",
        b"+ 1.2.3.4 1.5\n",
        b"+ 1.2.3.4 99999999999\n",
        b"+ 1.2.3.4 315360001\n",
        b"+ 01.2.3.4 600\n",
        b"+ 999.2.3.4 600\n",
        b"+ 1.2.3.4/24 600\n",
        b"+ ::ffff:1.2.3.4 600\n",
        b"+ 2001:DB8::1 600\n",
        b"+ 2001:db8::1%lo 600\n",
        b"+ localhost 600\n",
        b"+ 1.2.3.4 600",
        b"+ 1.2.3.4 600\r\n",
        b"+ 1.2.3.4\xff 600\n",
        b"+ 1.2.3.4 \xd9\xa1\n",
        b"+ 2001:db8::1 " + b"1" * 200 + b"\n",
        b"- 1.2.3.4 600 x\n",
    ],
)
def test_a_bad_line_spoils_its_whole_request_and_no_other(line):
    requests = Requests()
    good = b"+ 192.0.2.1 600\n"
    sent = b"begin 1\n" + good + line + (b"" if line.endswith(b"\n") else b"\n") + b"add 1 2\n" + protocol.request("clear", 2)
    bad, fine = requests.feed(sent)
    assert bad.problem or line == b"+ 1.2.3.4 600"
    assert (fine.number, fine.verb, fine.problem) == (2, "clear", "")


@pytest.mark.parametrize(
    "end", [b"add 1 1\n", b"add 1 3\n", b"add 2 2\n", b"add 1\n", b"reboot 1 2\n", b"add 1 2 2\n", b"add 1 -2\n", b"\n"]
)
def test_a_request_that_lost_a_line_is_refused(end):
    (found,) = Requests().feed(b"begin 1\n+ 192.0.2.1 600\n+ 192.0.2.2 600\n" + end)
    assert found.problem


def test_a_request_that_was_cut_off_is_forgotten_with_the_next_beginning():
    requests = Requests()
    assert list(requests.feed(b"begin 1\n+ 192.0.2.1 600\n+ 192.0.")) == []
    (found,) = requests.feed(b"2\nbegin 2\n- 192.0.2.3\nremove 2 1\n")
    assert found.entries == []
    assert found.elements == [Element(canonical("192.0.2.3"), Port(""))]


def test_a_line_without_end_takes_no_memory():
    requests = Requests()
    for _ in range(100):
        assert list(requests.feed(b"x" * 100_000)) == []
    assert len(requests._rest) <= protocol.LINE + 1


def test_the_end_of_an_answer_is_one_line_of_ascii_whatever_went_wrong():
    assert protocol.answer("error", 7, "füü\nok 7\n\x1b[2J" + "x" * 5000).count(b"\n") == 1
    assert protocol.answer("ok", 7) == b"ok 7\n"
