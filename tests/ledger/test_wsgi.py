"""When a WSGI request begins and when it is over: the rules of docs/ledger.md, each by itself."""

from __future__ import annotations

import gc
import io
from wsgiref.util import FileWrapper, setup_testing_defaults

import pytest

from tests.ledger.kept import Kept, Numbers
from vigilog.ledger import FORENSIC_ID, Ledger, WsgiLedger

PAIR = [b"+n1|GET /x HTTP/1.1|Host:h\n", b"-n1\n"]


class Server:
    """Runs an application as a server does."""

    def __init__(self, application, **options) -> None:
        self.kept = Kept()
        self.application = WsgiLedger(application, Ledger(self.kept, identifiers=Numbers()), **options)
        self.written: list[bytes] = []
        self.headers: list[tuple[str, str]] = []

    def start(self, status, headers, exc_info=None):
        self.headers = headers
        return self.written.append

    def call(self, **more):
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/x",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "h",
            "wsgi.file_wrapper": FileWrapper,
        }
        return self.application(environ | more, self.start)

    def run(self, **more) -> list[bytes]:
        response = self.call(**more)
        try:
            for part in response:
                assert self.kept.lines == PAIR[:1]
                self.written.append(part)
        finally:
            if hasattr(response, "close"):
                response.close()
        return self.kept.lines


def plain(environ, start_response):
    """Says hello."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def test_the_first_line_is_there_before_the_application_sees_the_request() -> None:
    def application(environ, start_response):
        assert server.kept.lines == PAIR[:1]
        assert environ["forensic-id"] == FORENSIC_ID.get() == "n1"
        return plain(environ, start_response)

    server = Server(application)
    assert server.run() == PAIR


def test_a_list_stays_a_list_so_that_servers_know_its_length() -> None:
    response = Server(plain).call()
    assert isinstance(response, list)
    assert response == [b"hello"]


@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_the_second_line_is_written_when_the_server_closes_the_response(kind) -> None:
    server = Server(lambda environ, start_response: kind([b"one", b"two"]))
    assert server.run() == PAIR
    assert server.written == [b"one", b"two"]


def test_a_generator_begins_and_ends_as_without_a_ledger() -> None:
    def application(environ, start_response):
        events.append("begun")
        start_response("200 OK", [])
        try:
            yield b"one"
            yield b"two"
        finally:
            assert server.kept.lines == PAIR[:1]
            events.append("ended")

    events: list[str] = []
    server = Server(application)
    response = server.call()
    assert events == []
    assert next(iter(response)) == b"one"
    response.close()
    assert events == ["begun", "ended"]
    assert server.kept.lines == PAIR


def test_a_response_is_closed_once_by_its_own_means() -> None:
    class Response:
        closed = 0

        def __iter__(self):
            return iter([b"x"])

        def close(self):
            self.closed += 1

    response = Response()
    assert Server(lambda environ, start_response: response).run() == PAIR
    assert response.closed == 1


def test_a_close_that_fails_is_over_too() -> None:
    class Response(list[bytes]):
        def close(self):
            raise RuntimeError("close")

    server = Server(lambda environ, start_response: Response([b"x"]))
    with pytest.raises(RuntimeError, match="close"):
        server.run()
    assert server.kept.lines == PAIR


@pytest.mark.parametrize("failure", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_an_application_that_fails_is_over(failure) -> None:
    def application(environ, start_response):
        raise failure

    server = Server(application)
    with pytest.raises(failure):
        server.call()
    assert server.kept.lines == PAIR


def test_a_response_that_fails_on_the_way_is_over() -> None:
    def application(environ, start_response):
        yield b"one"
        raise RuntimeError

    server = Server(application)
    response = iter(server.call())
    assert next(response) == b"one"
    with pytest.raises(RuntimeError):
        next(response)
    assert server.kept.lines == PAIR
    response.close()
    assert server.kept.lines == PAIR


@pytest.mark.parametrize("kind", [list, iter])
def test_a_response_that_is_never_closed_is_over_when_the_server_lets_go_of_it(kind) -> None:
    server = Server(lambda environ, start_response: kind([b"x"]))
    response = server.call()
    assert server.kept.lines == PAIR[:1]
    del response
    gc.collect()
    assert server.kept.lines == PAIR


def test_what_start_response_gives_is_the_servers_own_write() -> None:
    def application(environ, start_response):
        write = start_response("200 OK", [])
        write(b"one")
        return [b"two"]

    server = Server(application)
    server.run()
    assert server.written == [b"one", b"two"]


def test_a_file_that_the_server_can_send_by_itself_stays_one() -> None:
    def application(environ, start_response):
        return environ["wsgi.file_wrapper"](file)

    file = io.BytesIO(b"content")
    server = Server(application)
    response = server.call()
    assert isinstance(response, FileWrapper)
    assert b"".join(response) == b"content"
    assert server.kept.lines == PAIR[:1]
    response.close()
    assert file.closed
    assert server.kept.lines == PAIR


def test_a_file_wrapper_that_cannot_be_told_is_sent_part_by_part() -> None:
    class Wrapper:
        __slots__ = ("file",)

        def __init__(self, file):
            self.file = file

        def __iter__(self):
            return iter(lambda: self.file.read(3), b"")

        def close(self):
            self.file.close()

    file = io.BytesIO(b"content")
    server = Server(lambda environ, start_response: environ["wsgi.file_wrapper"](file))
    assert server.run(**{"wsgi.file_wrapper": Wrapper}) == PAIR
    assert (server.written, file.closed) == ([b"con", b"ten", b"t"], True)


def test_the_name_is_in_a_response_header_on_request() -> None:
    server = Server(plain, response_header="X-Forensic-Id")
    server.run()
    assert server.headers == [("Content-Type", "text/plain"), ("X-Forensic-Id", "n1")]


def test_a_header_that_the_application_sets_itself_stays() -> None:
    def application(environ, start_response):
        start_response("200 OK", [("x-forensic-id", "mine")])
        return []

    server = Server(application, response_header="X-Forensic-Id")
    server.run()
    assert server.headers == [("x-forensic-id", "mine")]


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"RAW_URI": "/a%20b?c|d"}, b"GET /a%2520b?c%7cd HTTP/1.1"),
        ({"REQUEST_URI": "http://h/"}, b"GET http%3a//h/ HTTP/1.1"),
        ({"SCRIPT_NAME": "/app", "PATH_INFO": "/\xc3\xbc b", "QUERY_STRING": "q=1"}, b"GET /app/%25C3%25BC%2520b?q=1 HTTP/1.1"),
        ({"SERVER_PROTOCOL": "HTTP/1.0", "REQUEST_METHOD": "PROPFIND"}, b"PROPFIND /x HTTP/1.0"),
        ({"SERVER_PROTOCOL": "HTTP/0.9"}, b"GET /x"),
    ],
)
def test_the_request_line_is_put_together_again(more, line: bytes) -> None:
    server = Server(plain)
    server.call(**more)
    assert server.kept.lines[0] == b"+n1|" + line + b"|Host:h\n"


def test_the_environ_of_the_standard_library_is_taken() -> None:
    environ: dict[str, object] = {}
    setup_testing_defaults(environ)
    kept = Kept()
    WsgiLedger(plain, Ledger(kept, identifiers=Numbers()))(environ, lambda *_: None)  # type: ignore[arg-type]
    assert kept.lines[0] == b"+n1|GET / HTTP/1.0|Host:127.0.0.1\n"
