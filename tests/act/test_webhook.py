"""Alerts arrive as JSON at a server that works; at one that does not, they are tried again, and nobody waits longer than need be."""

from __future__ import annotations

import base64
import contextlib
import json
import random
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.act.samples import HOSTILE, NOON, Ticks, alert, event, order, outcome
from vigilog.act.message import body
from vigilog.act.post import Line, checked_headers, target
from vigilog.act.timed import Timed
from vigilog.act.webhook import Webhook
from vigilog.core.errors import ConfigurationError


class Server(ThreadingHTTPServer):
    """Notes what is posted, and answers with what it is told to, in turn; then with 200."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got = []
        self.answers = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook/secret-token?x=1"

    def orders(self):
        return [json.loads(data)["order"] for _, _, data in self.got]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), data))
        answer = self.server.answers.pop(0) if self.server.answers else (200, {})
        if callable(answer):
            answer(self)
            return
        status, headers = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def ticks():
    return Ticks()


@pytest.fixture
def hook(server, ticks):
    return make(server.url, ticks)


def make(url, ticks=time.monotonic, **options):
    return Webhook(url, **{"host": "web1", "chance": random.Random(1), "ticks": ticks, "time_limit": 5, **options})


def told(found):
    return [(one.order.number, one.done) for one in found]


def hang_up(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def drip(handler):
    """An answer that never ends, a byte at a time."""
    with contextlib.suppress(OSError):
        for _ in range(200):
            handler.wfile.write(b"H")
            handler.wfile.flush()
            time.sleep(0.05)


def test_an_alert_arrives_as_json(hook, server):
    [found] = hook.perform([order(7)])
    assert (found.done, found.reason) == (True, f"http://127.0.0.1:{server.server_port} said 200 OK")
    [(path, headers, data)] = server.got
    assert path == "/hook/secret-token?x=1"
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == f"web1-7-{NOON:.6f}"
    message = json.loads(data)
    assert message.pop("when").startswith("2026-11-")
    assert message == {
        "host": "web1",
        "order": 7,
        "attempt": 1,
        "action": "act",
        "rule": "sshd",
        "key": ["203.0.113.5"],
        "time": NOON,
        "count": 1,
        "source": "file:/var/log/auth.log",
        "kind": "attack",
        "fields": {"user": "root", "ip": "203.0.113.5"},
        "line": "Nov 20 12:00:00 web1 sshd[7]: Failed password for root from 203.0.113.5",
        "cut": False,
    }
    assert hook.due() is None


def test_it_is_an_action_that_does_some_of_its_work_later(hook):
    assert isinstance(hook, Timed)
    assert hook.due() is None


def test_the_key_of_an_order_is_the_same_in_every_try_and_its_own(hook, server, ticks):
    server.answers = [(503, {})]
    list(hook.perform([order(7)]))
    ticks.go(10)
    list(hook.tick())
    list(hook.perform([order(8)]))
    keys = [headers["Idempotency-Key"] for _, headers, _ in server.got]
    assert keys[0] == keys[1] != keys[2]


def test_headers_of_the_configuration_are_sent(server):
    list(make(server.url, headers={"Authorization": "Bearer x"}).perform([order()]))
    assert server.got[0][1]["Authorization"] == "Bearer x"


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_what_the_server_does_not_want_is_not_tried_again(hook, server, status):
    server.answers = [(status, {})]
    [found] = hook.perform([order()])
    assert not found.done
    assert f" said {status}" in found.reason
    assert hook.due() is None


def test_the_reason_does_not_give_away_the_path_which_may_be_a_secret(hook, server):
    server.answers = [(404, {})]
    assert "secret" not in next(hook.perform([order()])).reason
    assert "secret" not in hook.would(order())


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(hook, server, status):
    server.answers = [(status, {"Location": server.url})]
    [found] = hook.perform([order()])
    assert not found.done
    assert found.reason.endswith("; redirects are not followed")
    assert len(server.got) == 1


def test_no_proxy_of_the_environment_is_used(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert told(make(server.url).perform([order(1)])) == [(1, True)]


@pytest.mark.parametrize("answer", [(500, {}), (502, {}), (503, {}), (504, {}), (429, {}), hang_up])
def test_what_may_pass_is_tried_again_at_growing_distances(hook, server, ticks, answer):
    server.answers = [answer] * 3
    assert list(hook.perform([order(1)])) == []
    distances, found = [], told([])
    while not found:
        distances.append(hook.due())
        ticks.go(hook.due())
        found = told(hook.tick())
    assert found == [(1, True)]
    for distance, least in zip(distances, [5, 15, 45], strict=True):
        assert least <= distance <= least * 1.25


def test_after_the_last_try_the_outcome_is_what_went_wrong(server, ticks):
    hook = make(server.url, ticks, retries=2)
    server.answers = [(500, {})] * 3
    found = list(hook.perform([order(1)]))
    while not found:
        ticks.go(hook.due())
        found = list(hook.tick())
    assert told(found) == [(1, False)]
    assert found[0].reason.endswith("said 500 Internal Server Error (tried 3 times)")
    assert hook.due() is None


def test_a_server_that_names_a_time_is_not_asked_earlier(hook, server, ticks):
    server.answers = [(429, {"Retry-After": "120"})]
    list(hook.perform([order(1)]))
    assert 120 <= hook.due() <= 150
    server.answers = [(503, {"Retry-After": "99999999"})]
    ticks.go(hook.due())
    list(hook.tick())
    assert hook.due() <= 900 * 1.25


def test_a_time_that_is_no_number_of_seconds_is_passed_over(hook, server):
    server.answers = [(503, {"Retry-After": "Fri, 20 Nov 2026 12:00:00 GMT"})]
    list(hook.perform([order(1)]))
    assert hook.due() <= 6.25


def test_one_order_that_the_server_chokes_on_does_not_hold_up_the_others(hook, server, ticks):
    server.answers = [(500, {})]
    assert told(hook.perform([order(1), order(2), order(3)])) == [(2, True), (3, True)]
    ticks.go(hook.due())
    assert told(hook.tick()) == [(1, True)]


def test_a_dead_server_is_asked_once_for_all_that_waits(ticks):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hook = make(f"http://127.0.0.1:{port}/", ticks, retries=2)
    begun = time.monotonic()
    found = list(hook.perform([order(number) for number in range(1, 501)]))
    while not found:
        ticks.go(hook.due())
        found = list(hook.tick())
    while hook.due() is not None:
        ticks.go(hook.due())
        found += hook.tick()
    assert len(found) == 500
    assert not any(one.done for one in found)
    assert "did not answer: [Errno 111] Connection refused (tried 3 times)" in found[0].reason
    assert time.monotonic() - begun < 5


def test_a_server_that_comes_back_gets_all_that_waited(hook, server, ticks):
    server.answers = [hang_up]
    assert list(hook.perform([order(number) for number in range(1, 51)])) == []
    assert len(server.got) == 1
    ticks.go(10)
    assert sorted(told(hook.tick())) == [(number, True) for number in range(1, 51)]


@pytest.mark.parametrize("answer", [lambda _: time.sleep(3), drip])
def test_the_time_limit_holds_for_silence_and_for_an_answer_in_drops(server, answer):
    server.answers = [answer]
    hook = make(server.url, time_limit=0.4, retries=0)
    begun = time.monotonic()
    [found] = hook.perform([order()])
    assert time.monotonic() - begun < 2
    assert "did not answer: not within 0.4 seconds" in found.reason


def test_closing_from_another_thread_ends_a_request_under_way_and_its_order_stays_in_the_outbox(server):
    server.answers = [lambda _: time.sleep(3)]
    hook = make(server.url, time_limit=30)
    found = []
    thread = threading.Thread(target=lambda: found.extend(hook.perform([order(1), order(2)])))
    thread.start()
    until = time.monotonic() + 10
    while not server.got and time.monotonic() < until:
        time.sleep(0.01)
    begun = time.monotonic()
    hook.close()
    thread.join(10)
    assert time.monotonic() - begun < 2
    assert found == []
    assert hook.due() is None
    assert list(hook.tick()) == []


def test_what_finds_no_room_is_refused(server, ticks):
    server.answers = [(503, {})]
    hook = make(server.url, ticks, queue=2)
    found = list(hook.perform([order(number) for number in range(1, 5)]))
    assert told(found) == [(3, False), (4, False)]
    assert found[0].reason.startswith("queue full: 2 wait for http://127.0.0.1:")


def test_a_certificate_that_nobody_vouches_for_is_not_taken(tmp_path, need):
    need("openssl")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key", "-out", tmp_path / "cert"),
        ],
        check=True,
        capture_output=True,
    )
    running = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    running.socket = context.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"https://localhost:{running.server_port}/"
        [found] = make(url, retries=0).perform([order(1)])
        assert not found.done
        assert "self-signed certificate" in found.reason
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
            assert told(make(url, retries=0).perform([order(2)])) == [(2, True)]
            assert running.got[0][1]["Host"] == f"localhost:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()
    assert running.orders() == [2]


def test_a_server_that_never_shakes_hands_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            Line(target(f"https://127.0.0.1:{silent.getsockname()[1]}/")).post(b"{}", {}, 0.4)
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a/",
        "http://",
        "//a/b",
        "http://a b/",
        "http://a/\r\nX: y",
        "http://a:b/",
        "http://user:pw@a/",
        "http://a:99999/",
        "http://é/",
        "http://a..b/",
        f"http://{'a' * 64}/",
    ],
)
def test_what_is_no_url_of_a_webhook_is_refused(url):
    with pytest.raises(ConfigurationError):
        make(url)


def test_a_url_is_read_with_its_usual_port_and_path():
    assert (target("https://a.example").port, target("https://a.example").path) == (443, "/")
    assert (target("http://[::1]:8080/x?y=z").host, target("http://[::1]:8080/x?y=z").path) == ("::1", "/x?y=z")


@pytest.mark.parametrize("headers", [{"X": "a\r\nb"}, {"X Y": "a"}, {"Host": "a"}, {"content-length": "1"}, {"X": "é"}])
def test_headers_that_could_change_the_request_are_refused(headers):
    with pytest.raises(ConfigurationError):
        checked_headers(headers)


def test_a_hostile_line_is_json_like_any_other():
    message = json.loads(body(order(about=alert(event(line=HOSTILE, fields={"user": "\udcff$(reboot)"}))), "web1"))
    assert message["line"] == HOSTILE.decode("utf-8", "backslashreplace")
    assert base64.b64decode(message["bytes"]) == HOSTILE
    assert message["fields"]["user"] == r"\xff$(reboot)"


def test_a_line_of_ten_megabytes_is_told_in_part():
    data = body(order(about=alert(event(line=b"x" * 10_000_000, fields={"user": "y" * 10_000_000}))), "web1")
    assert len(data) < 20_000
    assert json.loads(data)["cut"] is True


def test_an_outcome_of_another_action_is_told_with_it():
    assert json.loads(body(order(of=outcome()), "web1"))["outcome"] == {
        "action": "ban",
        "done": True,
        "reason": "banned for 600 s",
    }


@given(st.binary(max_size=100), st.binary(max_size=30).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_line_becomes_json_that_every_reader_takes(line, value):
    data = body(order(about=alert(event(line=line, fields={"user": value}), key=(value,))), "web1")
    assert data.isascii()
    message = json.loads(data)
    json.dumps(message, ensure_ascii=False).encode()
    assert base64.b64decode(message["bytes"]) == line if "bytes" in message else message["line"].encode() == line
