"""What stands in a ledger's first line, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vigilog.ledger.asgi_fields import asgi_fields
from vigilog.ledger.escape import escaped, escaped_fields
from vigilog.ledger.headers import canonical, joined, of_environ
from vigilog.parse.forensic_line import forensic_line, unescaped

BYTES = st.binary(max_size=40)
# What a server can hand on: tokens for names, no line ends in values.
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_!#$%&'*+.^`|~", min_size=1, max_size=12).map(str.encode)
TEXT = st.binary(max_size=40)


def written_by_table(raw: bytes) -> bytes:
    """The table of the fact sheet, row by row."""
    said = b""
    for byte in raw:
        if byte == 0x20 or 0x21 <= byte <= 0x24 or 0x26 <= byte <= 0x39 or 0x3B <= byte <= 0x7B or byte in (0x7D, 0x7E):
            said += bytes([byte])
        else:
            said += b"%" + format(byte, "02x").encode()
    return said


def scope(headers, **more):
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": headers,
    } | more


def asgi(headers, **more):
    return asgi_fields()(scope(headers, **more), headers).removesuffix(b"\n")


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_stands_as_apache_has_it(byte: int) -> None:
    assert escaped(bytes([byte])) == written_by_table(bytes([byte]))


def test_examples_of_the_sheet() -> None:
    assert escaped(b"/a%20b") == b"/a%2520b"
    assert escaped(b'GET /a"b\\c HTTP/1.1') == b'GET /a"b\\c HTTP/1.1'
    assert escaped(b"localhost:8080") == b"localhost%3a8080"
    assert escaped(b"\x01\x1f\t\x7f\x80\xff|") == b"%01%1f%09%7f%80%ff%7c"


@given(BYTES)
def test_any_bytes_are_escaped_as_the_table_says_and_can_be_read_again(raw: bytes) -> None:
    assert escaped(raw) == written_by_table(raw)
    assert unescaped(escaped(raw)) == raw


@given(BYTES, st.lists(st.tuples(BYTES, BYTES), max_size=5))
def test_a_line_is_read_again_as_what_was_written(request: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    line = forensic_line(b"+1:2:3|" + escaped_fields(request, headers))
    assert line
    assert (line.id, line.request, line.headers, line.damaged) == (b"1:2:3", request, tuple(headers), False)


def read_independently(line: bytes) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """A reader of its own: cut, then unescape from left to right."""

    def plain(text: bytes) -> bytes:
        out, place = bytearray(), 0
        while place < len(text):
            if text[place] == 0x25:
                out.append(int(text[place + 1 : place + 3], 16))
                place += 3
            else:
                out.append(text[place])
                place += 1
        return bytes(out)

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    request, *fields = line[:-1].split(b"|")
    return plain(request), [tuple(plain(part) for part in field.split(b":")) for field in fields]


@given(TEXT.filter(bool), BYTES, st.lists(st.tuples(NAMES, TEXT), max_size=6))
@example(b"/", b"", [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
@example(b"/\r\n", b"\r\n", [(b"host", b"\r\nx:\n")])
def test_what_asgi_gives_is_read_again(path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    line = asgi(headers, raw_path=path, query_string=query) + b"\n"
    request, found = read_independently(line)
    assert request == b"GET " + path + (b"?" + query if query else b"") + b" HTTP/1.1"
    # The place of the first, all values of that name.
    expected: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        expected.setdefault(canonical(name), []).append(value)
    assert found == [(name, b", ".join(values)) for name, values in expected.items()]


def test_what_clients_say_again_and_again_is_written_the_same_each_time() -> None:
    fields = asgi_fields()
    for number in range(5000):
        headers = [(b"host", b"h"), (b"x-number", b"%d:" % number)]
        assert fields(scope(headers), headers) == b"GET / HTTP/1.1|Host:h|X-Number:%d%%3a\n" % number


def test_headers_that_come_as_lists_are_taken() -> None:
    assert asgi([[b"host", b"h"], [b"a", b"b"]]) == b"GET / HTTP/1.1|Host:h|A:b"


def test_repeated_headers_are_joined_in_the_place_and_under_the_spelling_of_the_first() -> None:
    headers = [(b"X-A", b"1"), (b"X-B", b"mid"), (b"x-a", b"2"), (b"X-A", b"3")]
    assert escaped_fields(b"GET / HTTP/1.1", joined(headers)) == b"GET / HTTP/1.1|X-A:1, 2, 3|X-B:mid"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        (b"host", b"Host"),
        (b"user-agent", b"User-Agent"),
        (b"x-request-id", b"X-Request-Id"),
        (b"sec-websocket-key", b"Sec-Websocket-Key"),
        (b"te", b"Te"),
        (b"sec-ch-2x", b"Sec-Ch-2x"),
        (b"-x--y-", b"-x--y-"),
        (b"x---y", b"X---Y"),
        (b"", b""),
    ],
)
def test_names_without_case_get_a_capital_behind_each_hyphen(name: bytes, form: bytes) -> None:
    assert canonical(name) == form


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, b"GET / HTTP/1.1"),
        ({"method": "REPORT"}, b"REPORT / HTTP/1.1"),
        ({"method": "A|B"}, b"A%7cB / HTTP/1.1"),
        ({"http_version": "1.0"}, b"GET / HTTP/1.0"),
        ({"http_version": "2"}, b"GET / HTTP/2.0"),
        ({"http_version": "3"}, b"GET / HTTP/3.0"),
        ({"http_version": "0.9"}, b"GET /"),
        ({"http_version": "1.7"}, b"GET / HTTP/1.7"),
        ({"raw_path": b"/a%20b", "query_string": b"x=1|2"}, b"GET /a%2520b?x=1%7c2 HTTP/1.1"),
        ({"raw_path": b"http://host/"}, b"GET http%3a//host/ HTTP/1.1"),
        ({"raw_path": None, "path": "/ü b"}, b"GET /%25C3%25BC%2520b HTTP/1.1"),
        ({"type": "websocket", "method": None}, b"GET / HTTP/1.1"),
        ({"type": "websocket", "method": None, "http_version": "2"}, b"CONNECT / HTTP/2.0"),
    ],
)
def test_the_request_line_is_put_together_again(more: dict[str, object], line: bytes) -> None:
    assert asgi([], **more) == line


def test_a_wsgi_environ_gives_its_headers_in_its_order() -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "HTTP_HOST": "h:1",
        "CONTENT_TYPE": "text/plain",
        "HTTP_X_REQUEST_ID": "caf\xe9",
        "CONTENT_LENGTH": "",
        "HTTP_X_EMPTY": "",
    }
    assert of_environ(environ) == [
        (b"Host", b"h:1"),
        (b"Content-Type", b"text/plain"),
        (b"X-Request-Id", b"caf\xe9"),
        (b"X-Empty", b""),
    ]
