"""The same bytes sent to the real Apache and to a server with the ledger: the lines agree."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.ledger import apache
from tests.ledger.apache import Apache
from tests.ledger.servers import serving
from vigilog.ledger.headers import canonical
from vigilog.parse.forensic_line import forensic_line

pytestmark = pytest.mark.peer

CLOSE = b"Connection: close\r\n"
EVERY = bytes(byte for byte in range(1, 256) if byte not in b"\n\v\f\r")
REQUESTS = {
    "a plain request": b"GET /?plain HTTP/1.1\r\nHost: h:8080\r\n" + CLOSE + b"\r\n",
    "HTTP/1.0 without headers": b"GET /?old HTTP/1.0\r\n\r\n",
    "every byte in a value": b"GET /?bytes HTTP/1.1\r\nHost: h\r\nX-Bytes: a" + EVERY + b"z\r\n" + CLOSE + b"\r\n",
    "odd bytes in the target": b"GET /a%20b%7c?x=|y:z%%&q=\"\\'{}[]^`<>~ HTTP/1.1\r\nHost: h\r\n" + CLOSE + b"\r\n",
    "odd bytes in a name": b"GET /?name HTTP/1.1\r\nHost: h\r\nX!#$%&'*+.^_`|~9: v\r\n" + CLOSE + b"\r\n",
    "repeated headers": b"GET /?twice HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-B: mid\r\nx-a: 2\r\nX-A: 3\r\n" + CLOSE + b"\r\n",
    "repeated cookies": b"GET /?cookies HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nCookie: b=2\r\n" + CLOSE + b"\r\n",
    "folded lines": b"GET /?folded HTTP/1.1\r\nHost: h\r\nX-F: one\r\n   two\r\n\tthree\r\n" + CLOSE + b"\r\n",
    "blanks around a value": b"GET /?blanks HTTP/1.1\r\nHost: h\r\nX-S:  \t a b \t \r\n" + CLOSE + b"\r\n",
    "an empty value": b"GET /?empty HTTP/1.1\r\nHost: h\r\nX-Empty:\r\n" + CLOSE + b"\r\n",
    "HEAD": b"HEAD /?head HTTP/1.1\r\nHost: h\r\n" + CLOSE + b"\r\n",
    "a method of its own": b"FETCH /?method HTTP/1.1\r\nHost: h\r\n" + CLOSE + b"\r\n",
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\nHost: h\r\n" + CLOSE + b"\r\n",
    "an absolute URI": b"GET http://other:1/x?y HTTP/1.1\r\nHost: h\r\n" + CLOSE + b"\r\n",
    "a body": b"POST /?body HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n" + CLOSE + b"\r\nabc",
    "a body in chunks": b"POST /?chunks HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
    + CLOSE
    + b"\r\n3\r\nabc\r\n0\r\n\r\n",
    "UTF-8": "GET /?utf HTTP/1.1\r\nHost: h\r\nX-U: größe\r\n".encode() + CLOSE + b"\r\n",
    "many headers": b"GET /?many HTTP/1.1\r\nHost: h\r\n"
    + b"".join(b"X-%d: %d:%d\r\n" % (n, n, n) for n in range(80))
    + CLOSE
    + b"\r\n",
    "a long value": b"GET /?long HTTP/1.1\r\nHost: h\r\nX-L: " + b"%:" * 3000 + b"\r\n" + CLOSE + b"\r\n",
}


@pytest.fixture(scope="module")
def real():
    """Apache, which takes what its strict parser would refuse before the module sees it."""
    kept = apache.CONFIGURATION
    apache.CONFIGURATION += "HttpProtocolOptions Unsafe\n"
    try:
        server = Apache()
    finally:
        apache.CONFIGURATION = kept
    yield server
    server.stop() if hasattr(server, "stop") else server.close()


@pytest.fixture(scope="module", params=["uvicorn"])
def ours(request, tmp_path_factory):
    """A server with the ledger."""
    with serving(request.param, tmp_path_factory.mktemp("served"), workers=1) as served:
        yield served


def pair(log, before: int) -> tuple[bytes, bytes]:
    """The two lines that were written since, without their ID, which must be the same."""
    deadline = time.monotonic() + 60
    while (text := log.read_bytes()[before:]).count(b"\n") < 2:
        assert time.monotonic() < deadline, text
        time.sleep(0.01)
    first, second = text.splitlines(keepends=True)
    name, bar, rest = first[1:].partition(b"|")
    assert second == b"-" + name + b"\n"
    return first[:1], bar + rest


def spelled(line: bytes) -> bytes:
    """A line as it would be without the case of names."""
    request, *fields = line.split(b"|")[1:]
    parts = [field.partition(b":") for field in fields]
    found = []
    for name, colon, value in parts:
        plain = forensic_line(b"+x|r|" + name + b":")
        assert plain
        found.append(canonical(plain.headers[0][0].lower()) + colon + value)
    return b"|".join([request, *found])


@pytest.mark.parametrize("what", REQUESTS)
def test_the_lines_are_those_of_apache_but_for_the_name_and_the_case_of_headers(what: str, real, ours, need) -> None:
    need("apache2")
    written = []
    for server in (real, ours):
        before = server.log.stat().st_size
        server.ask(REQUESTS[what])
        written.append(pair(server.log, before))
    assert written[0][0] == written[1][0] == b"+"
    theirs, mine = (spelled(line) for _, line in written)
    assert mine == theirs


def test_names_without_case_are_spelled_as_apache_spells_them_in_http_2(real, need) -> None:
    need("apache2", "curl")
    names = [
        "user-agent",
        "x-request-id",
        "dnt",
        "te",
        "etag",
        "sec-websocket-key",
        "x--y",
        "x---z",
        "-q",
        "x-",
        "a-1b-c2d",
        "x_y-z",
    ]
    headers = [word for name in names for word in ("-H", f"{name}: v" if name != "te" else "te: trailers")]
    before = real.log.stat().st_size
    url = f"http://127.0.0.1:{real.port}/"
    subprocess.run(["curl", "-s", "-o", "/dev/null", "--http2-prior-knowledge", *headers, url], check=True, timeout=60)
    _, line = pair(real.log, before)
    assert b"|GET / HTTP/2.0|" in line
    found = [field.partition(b":")[0] for field in line.split(b"|")[2:]]
    assert set(found) >= {canonical(name.encode()) for name in names}
