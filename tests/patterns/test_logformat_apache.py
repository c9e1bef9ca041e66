"""Apache's LogFormat: its variables, its escapes, its conditions."""

import time

import pytest

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.patterns.logformat import LogFormat, named
from vigilog.patterns.logformat_escape import escaped, unescaped


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


EVENT = {
    "time": 1795162996.004007,
    "end_time": 1795162998.5,
    "remote_ip": "192.0.2.1",
    "peer_ip": "198.51.100.9",
    "local_ip": "203.0.113.5",
    "remote_dns": "client.example",
    "user": "anna",
    "raw_command": "GET /a?b=c HTTP/1.1",
    "command": "GET",
    "url_path": "/a",
    "query_string": "b=c",
    "protocol": "HTTP/1.1",
    "response_code": 200,
    "bytes_sent": 0,
    "response_micros": 2495993,
    "response_secs": 2,
    "response_millis": 2495,
    "request_bytes_rcvd": 100,
    "request_bytes_sent": 300,
    "request_bytes_total": 400,
    "keepalive_requests": 3,
    "log_id": "kQ2",
    "pid": 42,
    "thread_id": 1400,
    "local_port": 80,
    "socket_port": 8080,
    "remote_port": 55555,
    "server_name": "www.example",
    "server_dns": "www2.example",
    "handler": "cgi-script",
    "file": "/srv/a",
    "connection_status": "+",
    "headers": {"user-agent": 'a "b"\\ \x07é\n', "Host": "h"},
    "response_headers": {"Content-Type": "text/html"},
    "cookies": {"SID": "7"},
    "notes": {"forensic-id": "1:2:3"},
    "env": {"X": "y"},
    "ssl": {"SSL_PROTOCOL": "TLSv1.3"},
}


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("%a %{c}a %A %h %l %u", "192.0.2.1 198.51.100.9 203.0.113.5 client.example - anna"),
        ('"%r" %m %U%q %H', '"GET /a?b=c HTTP/1.1" GET /a?b=c HTTP/1.1'),
        ("%s %>s %<s %b %B", "200 200 200 - 0"),
        ("%D %T %{s}T %{ms}T %{us}T %{MS}T", "2495993 2 2 2495 2495993 2495"),
        ("%I %O %S %k %X %L %{c}L", "100 300 400 3 + kQ2 -"),
        ("%P %{pid}P %{tid}P %p %{canonical}p %{local}p %{remote}p", "42 42 1400 80 80 8080 55555"),
        ("%v %V %R %f", "www.example www2.example cgi-script /srv/a"),
        ('"%{User-Agent}i" %{host}i %{Nope}i', '"a \\"b\\"\\\\ \\x07\\xc3\\xa9\\n" h -'),
        (
            "%{content-type}o %{sid}C %{forensic-id}n %{X}e %{x}e %{SSL_PROTOCOL}x %{A}^ti %{A}^to",
            "text/html 7 1:2:3 y - TLSv1.3 - -",
        ),
        ("%t %{begin}t %{end}t", " ".join([*["[20/Nov/2026:09:23:16 +0100]"] * 2, "[20/Nov/2026:09:23:18 +0100]"])),
        ("%{sec}t %{msec}t %{usec}t", "1795162996 1795162996004 1795162996004007"),
        ("%{msec_frac}t %{usec_frac}t %{end:msec_frac}t", "004 004007 500"),
        ("%{%Y-%m-%dT%H:%M:%S}t.%{usec_frac}t%{%z}t", "2026-11-20T09:23:16.004007+0100"),
        ("%{end:%H:%M:%S}t", "09:23:18"),
        ("%200,304{Host}i %!200{Host}i %!404,500{Host}i %404>s", "h - h -"),
        ("%>U %<u", "/a anna"),
        (r"%%\t\\ \"%u\"", '%\t\\ "anna"'),
    ],
)
def test_variables_as_apache_writes_them(template, line):
    compiled = LogFormat(template, "apache")
    assert compiled.render(EVENT) == line.encode()
    assert compiled.parse(line.encode()) == compiled.fields(EVENT)


def test_no_bytes_are_a_number_in_json_and_a_dash_in_the_common_format():
    assert LogFormat("%b", "apache").parse(b"-") == {"bytes_sent": 0}
    assert LogFormat("%b", "apache").render({}) == b"-"
    assert LogFormat("%B", "apache").parse(b"-") is None
    assert LogFormat("%B", "apache").render({}) == b"0"
    assert LogFormat("%404b", "apache").parse(b"-") == {}


def test_a_user_who_is_nobody_and_one_without_a_name_are_two():
    users = LogFormat("%u", "apache")
    assert [users.render({"user": user}) for user in (None, "", '""', "a b")] == [b"-", b'""', b'\\"\\"', b"a b"]
    assert [users.parse(line) for line in (b"-", b'""', b'\\"\\"')] == [{}, {"user": ""}, {"user": '""'}]


def test_the_query_is_without_its_mark_and_may_be_empty():
    query = LogFormat("%U%q %H", "apache")
    assert query.render({"url_path": "/", "query_string": "", "protocol": "HTTP/1.0"}) == b"/? HTTP/1.0"
    assert query.parse(b"/? HTTP/1.0") == {"url_path": "/", "query_string": "", "protocol": "HTTP/1.0"}
    assert query.parse(b"/ HTTP/1.0") == {"url_path": "/", "protocol": "HTTP/1.0"}
    assert query.parse(b"/a?b?c HTTP/1.0") == {"url_path": "/a", "query_string": "b?c", "protocol": "HTTP/1.0"}


def test_the_original_request_and_the_last_one_have_keys_of_their_own():
    both = LogFormat("%s %>s %U %>U %<m", "apache")
    event = {"response_code": 404, "original_response_code": 200, "url_path": "/a", "final_url_path": "/e", "command": "GET"}
    assert both.render(event) == b"200 404 /a /e GET"
    assert both.parse(b"200 404 /a /e GET") == {**{k: v for k, v in event.items() if k != "command"}, "original_command": "GET"}
    assert LogFormat("%s", "apache").parse(b"404") == {"response_code": 404}
    assert LogFormat("%<s", "apache").parse(b"404") == {"original_response_code": 404}


def test_a_condition_stands_before_or_behind_the_name_and_asks_the_last_status():
    for template in ("%404{Host}i", "%!200,304{Host}i", "%{Host}404i"):
        assert LogFormat(template, "apache").render({"response_code": 404, "headers": {"host": "h"}}) == b"h"
        assert LogFormat(template, "apache").render({"response_code": 200, "headers": {"host": "h"}}) == b"-"


def test_every_byte_is_escaped_as_apache_does_and_read_back():
    value = bytes(range(256)).decode("utf-8", "surrogateescape")
    written = escaped(value)
    assert written.startswith(r"\x00\x01\x02\x03\x04\x05\x06\x07\b\t\n\v\x0c\r\x0e")
    assert r" !\"#" in written
    assert r"[\\]" in written
    assert r"~\x7f\x80" in written
    assert written.isascii()
    assert unescaped(written) == value


def test_a_backslash_that_begins_no_escape_is_itself():
    assert unescaped("a\\q\\x4\\") == "a\\q\\x4\\"


def test_a_quote_that_was_not_escaped_does_not_end_a_text_early():
    line = b'192.0.2.1 - - [20/Nov/2026:09:23:16 +0100] "GET /"a" HTTP/1.0" 200 5 "-" "x"'
    assert (named("combined").parse(line) or {})["raw_command"] == 'GET /"a" HTTP/1.0'


@pytest.mark.parametrize(
    ("template", "column", "words"),
    [
        ("%h %Z", 4, "`%Z` in a LogFormat; expected one of %a"),
        ("%h %{Host", 4, "`%{Host` in a LogFormat; expected a letter at the end of the variable"),
        ("%h %", 4, "`%` in a LogFormat"),
        ("%i", 1, "`%i` in a LogFormat; expected a name, as in %{NAME}i"),
        ("%{x}a", 1, "`%{x}a` in a LogFormat; expected %a or %{c}a"),
        ("%{min}T", 1, "expected %T or %{s}T or %{ms}T or %{us}T"),
        ("%^xy", 1, "`%^xy` in a LogFormat"),
        ("%{iso8601} %h", 1, "`%{iso8601}` in a LogFormat; expected a letter at the end of the variable"),
        ("%{%Q}t", 1, "expected a time as strftime writes it, or one of sec, msec, usec, msec_frac, usec_frac"),
        (r"%h\n%u", 1, "expected one line"),
    ],
)
def test_a_mistake_is_told_with_its_column(template, column, words):
    with pytest.raises(RuleError) as told:
        LogFormat(template, "apache", Place("f", 3))
    assert words in str(told.value)
    assert str(told.value).startswith(f"f:3:{column}: ")


def test_a_value_is_there_if_any_of_its_variables_has_it():
    twice = LogFormat("%u %!200u", "apache")
    assert twice.fields({"user": "anna", "response_code": 200}) == {"user": "anna"}
    assert twice.parse(b"anna -") == {"user": "anna"}
    assert twice.parse(b"anna bert") is None
