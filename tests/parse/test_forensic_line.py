"""Lines of a request ledger, as the facts about httpd 2.4.71's mod_log_forensic have them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.parse.forensic_line import ForensicLine, Request, forensic_line, header, is_damaged, request_of, unescaped


def test_a_request_is_cut_at_its_bars_and_its_headers_at_their_first_colon():
    line = b"+25504:6b000167:0|GET /a%2520b HTTP/1.1|Host:localhost%3a8080|X-Empty:|Accept:*/*;q=0.1"
    headers = ((b"Host", b"localhost:8080"), (b"X-Empty", b""), (b"Accept", b"*/*;q=0.1"))
    assert forensic_line(line) == ForensicLine("+", b"25504:6b000167:0", b"GET /a%20b HTTP/1.1", headers, has_request=True)


def test_the_end_of_a_request_has_an_id_and_nothing_else():
    assert forensic_line(b"-25504:6b000167:0") == ForensicLine("-", b"25504:6b000167:0")
    assert forensic_line(b"-25504:6b000167:0|extra") == ForensicLine("-", b"25504:6b000167:0")


def test_a_request_without_headers_and_one_of_http_0_9():
    assert forensic_line(b"+x|GET /x HTTP/1.0") == ForensicLine("+", b"x", b"GET /x HTTP/1.0", has_request=True)
    found = forensic_line(b"+x|GET /x")
    assert found
    assert request_of(found.request) == Request(b"GET", b"/x", b"")


def test_the_words_of_a_request_line():
    assert request_of(b"GET /a b HTTP/1.1") == Request(b"GET", b"/a b", b"HTTP/1.1")
    assert request_of(b"CONNECT localhost:1 HTTP/1.1") == Request(b"CONNECT", b"localhost:1", b"HTTP/1.1")
    assert request_of(b"GET / HTTP/2.0") == Request(b"GET", b"/", b"HTTP/2.0")
    assert request_of(b"GET") == Request(b"GET", b"", b"")
    assert request_of(b"") == Request(b"", b"", b"")


@pytest.mark.parametrize("line", [b"", b"+", b"-", b"+|x", b"-|x", b"+\r", b"10:5f:1", b" +x|y", b"%2bx"])
def test_what_has_no_sign_or_no_id_is_no_line(line):
    assert forensic_line(line) is None


def test_a_line_that_was_cut_before_its_request_says_so():
    found = forensic_line(b"+10:5f:1")
    assert found
    assert not found.has_request
    assert found.request == b""


def test_the_line_ends_of_another_system_are_no_part_of_an_id():
    assert forensic_line(b"-10:5f:1\r") == ForensicLine("-", b"10:5f:1")
    found = forensic_line(b"+10:5f:1|GET / HTTP/1.1|A:b\r")
    assert found
    assert found.id == b"10:5f:1"


def test_names_of_headers_are_compared_without_regard_to_case():
    found = forensic_line(b"+x|GET / HTTP/1.1|user-AGENT:a|User-Agent:b")
    assert found
    assert header(found, b"User-Agent") == b"a"
    assert header(found, b"Host") is None


def test_digits_of_either_case_are_unescaped():
    assert unescaped(b"%3A%3a%7c%ff") == b"::|\xff"


@pytest.mark.parametrize("text", [b"%", b"%2", b"%zz", b"a%", b"\x7f", b"\xff", b"tab\there", b"%2\n"])
def test_what_the_module_would_not_have_written_is_damage(text):
    assert is_damaged(text)
    found = forensic_line(b"+x|" + text)
    assert found
    assert found.damaged


def written(text: bytes) -> bytes:
    """The module's escaping, from its table."""
    return re.sub(rb"[%:|]|[^ -~]", lambda found: b"%%%02x" % found[0][0], text)


texts = st.binary(max_size=40).filter(lambda text: 0 not in text)
identities = st.binary(min_size=1, max_size=30).filter(lambda text: not re.search(rb"[|\n]|\r\Z", text))


@given(identities, texts, st.lists(st.tuples(texts, texts), max_size=5))
def test_whatever_was_asked_is_read_back(identity, request, headers):
    fields = b"".join(b"|" + written(name) + b":" + written(value) for name, value in headers)
    found = forensic_line(b"+" + identity + b"|" + written(request) + fields)
    assert found == ForensicLine("+", identity, request, tuple(headers), has_request=True)


@given(st.binary(max_size=60))
def test_no_line_is_too_strange_to_be_read(line):
    found = forensic_line(line)
    assert found is None or (found.id and b"|" not in found.id)


@given(texts)
def test_what_was_written_is_not_damaged(text):
    assert not is_damaged(written(text))
    assert unescaped(written(text)) == text
