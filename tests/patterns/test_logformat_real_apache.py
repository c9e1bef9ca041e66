"""The real Apache's access logs are read as the requests were, and written again byte for byte."""

import time
from base64 import b64encode
from typing import Any

import pytest

from tests.patterns.apache_peer import apache, directory, refusal
from vigilog.core.errors import RuleError
from vigilog.patterns.logformat import LogFormat, named
from vigilog.patterns.logformat_escape import escaped

pytestmark = pytest.mark.peer
ZONE = "Asia/Kolkata"
LETTERS = "a A b B D f h H I k l L m O p P q r R s S T u U v V X"
WHOLE = " ".join(
    [
        *(f"<{letter}=%{letter}>" for letter in LETTERS.split()),
        *("<{c}a=%{c}a>", "<{c}h=%{c}h>", "<{c}L=%{c}L>", "<{local}p=%{local}p>", "<{remote}p=%{remote}p>"),
        *("<{tid}P=%{tid}P>", "<{hextid}P=%{hextid}P>", "<{ms}T=%{ms}T>", "<{us}T=%{us}T>", "<{s}T=%{s}T>"),
        *("<Referer=%{Referer}i>", "<Agent=%{User-Agent}i>", "<Cookie=%{sid}C>", "<FOO=%{FOO}e>", "<UNIQUE=%{UNIQUE_ID}e>"),
        *("<Made=%{X-Made}o>", "<Type=%{Content-Type}o>", "<note=%{nope}n>", "<last=%>s>", "<first=%<s>", "<where=%>U>"),
        *("<t=%t>", "<begin=%{begin}t>", "<end=%{end}t>", "<f=%{%Y-%m-%d %H:%M:%S %z}t>", "<g=%{end:%j %e}t>"),
        *("<sec=%{sec}t>", "<msec=%{msec}t>", "<usec=%{usec}t>", "<mf=%{msec_frac}t>", "<uf=%{usec_frac}t>"),
        *("<if=%404{Host}i>", "<unless=%!404,401{Host}i>", r'tab\tback\\ 100%% "quoted"', "<uq=%U%q>"),
    ]
)
AGENTS = [
    b"plain",
    b'quo"te',
    b"back\\slash",
    b"\xc3\xbc \xff",
    b'" 200 5 "-" "',
    b"tab\there",
    b"\x01\x7f bell",
    b"end\\",
    b"-",
    b"",
]


def requests():
    """One request for each agent, and some of other kinds, each with what is to be read of it."""
    for number, agent in enumerate(AGENTS):
        made = b'GET /index.html?n=%d&q="x HTTP/1.1\r\nHost: h\r\nUser-Agent: %s\r\n' % (number, agent)
        yield (
            made + b"Referer: http://r/\r\nCookie: a=1; SID=x y\r\nConnection: close\r\n\r\n",
            {
                "raw_command": f'GET /index.html?n={number}&q="x HTTP/1.1',
                "query_string": f'n={number}&q="x',
                "url_path": "/index.html",
                "command": "GET",
                "protocol": "HTTP/1.1",
                "response_code": 200,
                "bytes_sent": 6,
                "HEADER:Referer": "http://r/",
                "HEADER:User-Agent": None if agent == b"-" else agent.strip().decode("utf-8", "surrogateescape"),
                "COOKIE:sid": "x y",
                "ENV:FOO": 'bar "baz"',
                "RESPONSE_HEADER:X-Made": "yes",
            },
        )
    yield (
        b"GET /gone HTTP/1.0\r\nHost: h\r\n\r\n",
        {
            "response_code": 404,
            "original_response_code": 404,
            "url_path": "/gone",
            "final_url_path": "/missing.txt",
            "HEADER:Host": "h",
            "HEADER:Referer": None,
        },
    )
    login = b64encode(b'an na"x:secret')
    yield b"GET /secret HTTP/1.0\r\nAuthorization: Basic " + login + b"\r\n\r\n", {"user": 'an na"x', "response_code": 401}
    yield b"GET /secret HTTP/1.0\r\nAuthorization: Basic " + b64encode(b":x") + b"\r\n\r\n", {"user": "", "response_code": 401}
    yield b"HEAD / HTTP/1.0\r\n\r\n", {"command": "HEAD", "bytes_sent": 0, "response_code": 200}
    yield b"OPTIONS * HTTP/1.0\r\n\r\n", {"command": "OPTIONS", "query_string": None}


@pytest.fixture(scope="module")
def logs():
    with apache({"whole": WHOLE, "combined": named("combined").template, "io": named("combinedio").template}, ZONE) as server:
        asked = list(requests())
        for number, (request, _) in enumerate(asked, 1):
            server.ask(request)
            server.lines("whole", number)  # its processes write in whatever order they like
        found = {name: server.lines(name, len(asked)) for name in ("whole", "combined", "io")}
    return found, [expected for _, expected in asked]


@pytest.fixture(autouse=True)
def its_zone(monkeypatch):
    monkeypatch.setenv("TZ", ZONE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_each_line_is_read_as_the_request_was(logs):
    compiled = LogFormat(WHOLE, "apache")
    found, expected = logs
    assert len(found["whole"]) == len(expected)
    for line, wanted in zip(found["whole"], expected, strict=True):
        read = compiled.parse(line)
        assert read is not None, line
        assert {key: read.get(key) for key in wanted} == wanted
        assert read["remote_ip"] == read["peer_ip"] == read["remote_dns"] == "127.0.0.1"
        assert read["server_name"] == "www.example"


@pytest.mark.parametrize("log", ["whole", "combined", "io"])
def test_each_line_is_written_again_byte_for_byte(logs, log):
    compiled = LogFormat(WHOLE, "apache") if log == "whole" else named("combinedio" if log == "io" else log)
    for line in logs[0][log]:
        read = compiled.parse(line)
        assert read is not None, line
        assert compiled.render(read) == line


def test_a_moment_is_written_as_its_own_times(logs):
    times = [f"%{name}t" for name in ("", "{sec}", "{msec}", "{usec}", "{msec_frac}", "{usec_frac}", "{%Y-%m-%d %H:%M:%S %z}")]
    written = LogFormat("|".join(times), "apache")
    for line in logs[0]["whole"]:
        read: dict[str, Any] = LogFormat(WHOLE, "apache").parse(line) or {}
        assert written.fields({"time": read["epoch_micros"] / 1e6}) == {key: read[key] for key in written.keys}
        assert written.parse(written.render({"time": read["epoch_micros"] / 1e6})) == {key: read[key] for key in written.keys}


def test_texts_are_escaped_as_apache_does(logs):
    for agent, line in zip(AGENTS, logs[0]["combined"], strict=False):
        assert line.endswith(f'"{escaped(agent.strip().decode("utf-8", "surrogateescape"))}"'.encode())


@pytest.mark.parametrize(
    ("template", "theirs", "ours"),
    [
        *((template, True, True) for template in ("%Z", "%h %{Foo", "%", "%h %{Foo}", "%^xy", "%200", "%E")),
        *(
            (template, False, False)
            for template in ("%h %>h", "%!200,404{X}i", "%{X}404i", "%%", "%{}t", "%S", "%^FB", "%{US}T")
        ),
        *((template, False, True) for template in ("%{x}a", "%i", "%^ti", "%{min}T", "%{%Q}t")),
    ],
)
def test_what_apache_refuses_is_refused_and_so_is_what_it_takes_and_nobody_means(template, theirs, ours):
    with directory() as root:
        assert bool(refusal(root, template)) == theirs
    if ours:
        with pytest.raises(RuleError):
            LogFormat(template, "apache")
    else:
        assert LogFormat(template, "apache")
