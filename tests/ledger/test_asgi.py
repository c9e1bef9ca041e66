"""When an ASGI request begins and when it is over: the rules of docs/ledger.md, each by itself."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
from typing import Any

import pytest

from tests.ledger.kept import Kept, Numbers
from vigilog.core.errors import ConfigurationError
from vigilog.ledger import FORENSIC_ID, AsgiLedger, ForensicIdFilter, Ledger, TrustedHeader, WsgiLedger

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


def body(data=b"hello", **more):
    return {"type": "http.response.body", "body": data} | more


def scope(kind="http", **more):
    made = {
        "type": kind,
        "http_version": "1.1",
        "raw_path": b"/x",
        "path": "/x",
        "query_string": b"",
        "headers": [(b"host", b"h")],
    }
    return made | ({"method": "GET"} if kind == "http" else {}) | {"state": {}} | more


class Server:
    """Runs an application as a server does; `sent` is what it got, `lines` how many lines there were by then."""

    def __init__(self, application, **options) -> None:
        self.kept = Kept()
        self.application = AsgiLedger(application, Ledger(self.kept, identifiers=Numbers()), **options)
        self.sent: list[dict[str, Any]] = []
        self.lines: list[int] = []

    async def send(self, message) -> None:
        await asyncio.sleep(0)
        self.sent.append(message)
        self.lines.append(len(self.kept.lines))

    async def receive(self):
        return {"type": "http.disconnect"}

    async def serve(self, **more) -> list[bytes]:
        await self.application(scope(**more), self.receive, self.send)
        return self.kept.lines

    def run(self, **more) -> list[bytes]:
        return asyncio.run(self.serve(**more))


PAIR = [b"+n1|GET /x HTTP/1.1|Host:h\n", b"-n1\n"]


def test_the_first_line_is_there_before_the_application_sees_the_request() -> None:
    async def application(scope, receive, send):
        assert server.kept.lines == PAIR[:1]
        assert scope["state"]["forensic-id"] == FORENSIC_ID.get() == "n1"
        await send(START)
        await send(body())

    server = Server(application)
    assert server.run() == PAIR


def test_the_second_line_is_written_when_the_server_has_the_last_of_the_response() -> None:
    async def application(scope, receive, send):
        await send(START)
        await send(body(b"one", more_body=True))
        assert server.kept.lines == PAIR[:1]
        await send(body(b"two"))
        assert server.kept.lines == PAIR
        raise RuntimeError("a background task")

    server = Server(application)
    with pytest.raises(RuntimeError, match="a background task"):
        server.run()
    assert server.kept.lines == PAIR
    assert server.lines == [1, 1, 1]


def test_trailers_are_the_last_of_a_response_that_has_them() -> None:
    async def application(scope, receive, send):
        await send(START | {"trailers": True})
        await send(body())
        await send({"type": "http.response.trailers", "headers": [], "more_trailers": True})
        assert server.kept.lines == PAIR[:1]
        await send({"type": "http.response.trailers", "headers": []})
        assert server.kept.lines == PAIR

    server = Server(application)
    server.run()


@pytest.mark.parametrize(
    "last",
    [{"type": "http.response.pathsend", "path": "/x"}, {"type": "http.response.zerocopysend", "file": 3, "more_body": False}],
)
def test_a_file_that_the_server_sends_is_the_last_of_a_response(last) -> None:
    async def application(scope, receive, send):
        await send(START)
        await send({"type": "http.response.zerocopysend", "file": 3, "more_body": True})
        assert server.kept.lines == PAIR[:1]
        await send(last)
        assert server.kept.lines == PAIR

    server = Server(application)
    server.run()


def test_messages_that_end_nothing_are_passed_on() -> None:
    async def application(scope, receive, send):
        await send({"type": "http.response.early_hint", "links": []})
        await send({"type": "http.response.push", "path": "/y", "headers": []})
        assert server.kept.lines == PAIR[:1]
        await send(START)
        await send(body())

    server = Server(application)
    server.run()
    assert [message["type"].rpartition(".")[2] for message in server.sent] == ["early_hint", "push", "start", "body"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit])
def test_an_application_that_fails_is_over(failure) -> None:
    async def application(scope, receive, send):
        await send(START)
        raise failure

    server = Server(application)
    call = server.application(scope(), server.receive, server.send)

    async def serve() -> None:
        with pytest.raises(failure):
            await call

    asyncio.run(serve())
    assert server.kept.lines == PAIR


def test_an_application_that_answers_nothing_is_over() -> None:
    async def application(scope, receive, send):
        pass

    assert Server(application).run() == PAIR


def test_a_client_that_is_gone_ends_a_request_when_the_application_gives_up() -> None:
    async def application(scope, receive, send):
        assert (await receive())["type"] == "http.disconnect"
        # It may go on for long, and the process may die of it.
        assert server.kept.lines == PAIR[:1]

    server = Server(application)
    assert server.run() == PAIR


def test_a_send_that_fails_ends_a_request_when_the_application_gives_up() -> None:
    async def application(scope, receive, send):
        await send(START)
        with pytest.raises(OSError, match="gone"):
            await send(body())
        assert server.kept.lines == PAIR[:1]

    class Gone(Server):
        async def send(self, message):
            if message["type"] == "http.response.body":
                raise OSError("gone")

    server = Gone(application)
    assert server.run() == PAIR


@pytest.mark.parametrize("when", ["waiting", "sending"])
def test_a_task_that_is_cancelled_writes_its_second_line(when: str) -> None:
    async def application(scope, receive, send):
        await send(START)
        if when == "waiting":
            await asyncio.sleep(1000)
        await send(body())

    class Slow(Server):
        async def send(self, message):
            if message["type"] == "http.response.body":
                await asyncio.sleep(1000)

    async def main() -> None:
        task = asyncio.create_task(server.serve())
        await asyncio.sleep(0.01)
        assert server.kept.lines == PAIR[:1]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    server = Slow(application)
    asyncio.run(main())
    assert server.kept.lines == PAIR


def test_a_coroutine_that_is_thrown_away_writes_its_second_line() -> None:
    async def application(scope, receive, send):
        await asyncio.Future()

    async def main() -> None:
        coroutine = server.application(scope(), server.receive, server.send)
        coroutine.send(None)
        assert server.kept.lines == PAIR[:1]
        coroutine.close()

    server = Server(application)
    asyncio.run(main())
    gc.collect()
    assert server.kept.lines == PAIR


def test_requests_at_the_same_time_have_names_of_their_own() -> None:
    async def application(scope, receive, send):
        mine = FORENSIC_ID.get()
        await asyncio.sleep(0.01)
        assert FORENSIC_ID.get() == mine == scope["state"]["forensic-id"]
        seen.append(mine)
        await send(START)
        await send(body())

    async def main() -> None:
        await asyncio.gather(*(asyncio.create_task(server.serve(state={})) for _ in range(20)))

    seen: list[str] = []
    server = Server(application)
    asyncio.run(main())
    assert sorted(seen) == sorted(f"n{number}" for number in range(1, 21))
    assert sorted(line for line in server.kept.lines if line.startswith(b"-")) == sorted(
        b"-%b\n" % name.encode() for name in seen
    )


def test_lifespan_has_no_lines() -> None:
    async def application(scope, receive, send):
        seen.append(scope["type"])

    seen: list[str] = []
    assert Server(application).run(kind="lifespan") == []
    assert seen == ["lifespan"]


@pytest.mark.parametrize("ends", ["close", "return", "raise", "denial"])
def test_a_websocket_is_one_request_as_long_as_it_is_open(ends: str) -> None:
    async def application(scope, receive, send):
        if ends == "denial":
            await send({"type": "websocket.http.response.start", "status": 403, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b"", "more_body": True})
            assert len(server.kept.lines) == 1
            await send({"type": "websocket.http.response.body", "body": b""})
            assert len(server.kept.lines) == 2
            return
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "x"})
        assert server.kept.lines == PAIR[:1]
        if ends == "raise":
            raise RuntimeError
        if ends == "close":
            await send({"type": "websocket.close"})
            assert server.kept.lines == PAIR

    server = Server(application)
    try:
        server.run(kind="websocket")
    except RuntimeError:
        assert ends == "raise"
    assert server.kept.lines == PAIR


def test_the_name_is_in_a_response_header_on_request() -> None:
    async def application(scope, receive, send):
        await send(START)
        await send(body())

    server = Server(application, response_header="X-Forensic-Id")
    server.run()
    assert server.sent[0]["headers"] == [(b"content-type", b"text/plain"), (b"x-forensic-id", b"n1")]
    assert START["headers"] == [(b"content-type", b"text/plain")]


def test_the_name_is_in_the_answer_to_a_websockets_handshake_on_request() -> None:
    async def application(scope, receive, send):
        await send({"type": "websocket.accept"})

    server = Server(application, response_header="X-Forensic-Id")
    server.run(kind="websocket")
    assert server.sent[0]["headers"] == [(b"x-forensic-id", b"n1")]


def test_a_header_that_the_application_sets_itself_stays() -> None:
    async def application(scope, receive, send):
        await send(START | {"headers": [(b"X-Forensic-ID", b"mine")]})
        await send(body())

    server = Server(application, response_header="x-forensic-id")
    server.run()
    assert server.sent[0]["headers"] == [(b"X-Forensic-ID", b"mine")]


def test_servers_without_state_get_one_and_headers_may_come_only_once() -> None:
    async def application(scope, receive, send):
        assert scope["state"] == {"forensic-id": "n1"}
        assert list(scope["headers"]) == [(b"host", b"h")]

    server = Server(application)
    given = scope(headers=iter([(b"host", b"h")]))
    del given["state"]
    asyncio.run(server.application(given, server.receive, server.send))
    assert server.kept.lines == PAIR


def test_log_records_carry_the_name(caplog: pytest.LogCaptureFixture) -> None:
    async def application(scope, receive, send):
        logging.getLogger("vigilog.test.ledger").warning("x")

    def log() -> None:
        logging.getLogger("vigilog.test.ledger").warning("before")
        Server(application).run()
        logging.getLogger("vigilog.test.ledger").warning("own", extra={"forensic_id": "mine"})

    caplog.handler.addFilter(filtering := ForensicIdFilter())
    try:
        # No request has been served here.
        contextvars.Context().run(log)
    finally:
        caplog.handler.removeFilter(filtering)
    assert [record.forensic_id for record in caplog.records] == ["-", "n1", "mine"]  # type: ignore[attr-defined]


async def silent(scope, receive, send):
    """An application that answers nothing."""


def test_virtual_hosts_have_ledgers_of_their_own() -> None:
    main, a, below = Kept(), Kept(), Kept()
    hosts = {"a.example": a, "*.b.example": below, "quiet.example": None, "[::1]": a}
    application = AsgiLedger(silent, Ledger(main, hosts=hosts, identifiers=Numbers()))

    async def ask(*names: bytes) -> None:
        for name in names:
            given = scope(headers=[(b"host", name)])
            await application(given, None, None)  # type: ignore[arg-type]
            assert given["state"]["forensic-id"]

    asyncio.run(
        ask(b"a.example", b"A.EXAMPLE.:8080", b"x.y.b.example", b"b.example", b"quiet.example", b"[::1]:80", b"", b"other")
    )
    assert [line for line in a.lines if line.startswith(b"-")] == [b"-n1\n", b"-n2\n", b"-n6\n"]
    assert [line for line in below.lines if line.startswith(b"-")] == [b"-n3\n"]
    assert [line for line in main.lines if line.startswith(b"-")] == [b"-n4\n", b"-n7\n", b"-n8\n"]


def test_made_up_hosts_do_not_fill_the_memory() -> None:
    kept = Kept()
    ledger = Ledger(kept, hosts={"a.example": None})
    for number in range(5000):
        ledger.begin(b"GET / HTTP/1.1", [(b"Host", b"%d.example" % number)]).end()
    assert ledger._hosts
    assert len(ledger._hosts._kept) <= 1024
    assert len(kept.lines) == 10000


@pytest.mark.parametrize("name", ["", "a.example:80", "a*", "*.b.*", "\u00fc" * 70])
def test_a_host_that_cannot_exist_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="expected a name"):
        Ledger(None, hosts={name: None})


@pytest.mark.parametrize("name", ["X Forensic", "X-Id\r\nX-Other", "X-\u20ac", ":x"])
@pytest.mark.parametrize("kind", [AsgiLedger, WsgiLedger])
def test_a_response_header_that_cannot_exist_is_refused(kind, name: str) -> None:
    with pytest.raises(ConfigurationError, match="expected the name of a header"):
        kind(None, Ledger(None), response_header=name)


def test_a_file_can_be_named_by_a_path(tmp_path) -> None:
    ledger = Ledger(tmp_path / "log", hosts={"a": tmp_path / "other", "b": str(tmp_path / "log")})
    for host in (b"a", b"b", b"c"):
        ledger.begin(b"GET / HTTP/1.1", [(b"Host", host)]).end()
    assert len((tmp_path / "log").read_bytes().splitlines()) == 4
    assert len((tmp_path / "other").read_bytes().splitlines()) == 2
    assert WsgiLedger(None, tmp_path / "log")  # type: ignore[arg-type]
    assert AsgiLedger(None, tmp_path / "log")  # type: ignore[arg-type]


def test_the_same_file_for_two_hosts_is_opened_once(tmp_path) -> None:
    ledger = Ledger("log", hosts={"a": "log", "b": "other"}, root=str(tmp_path))
    assert len(ledger._targets) == 2
    ledger.close()


def test_a_user_without_a_program_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="a file is written by this process"):
        Ledger("log", root=str(tmp_path), user="nobody")


def test_a_trusted_header_gives_the_name() -> None:
    kept = Kept()
    application = AsgiLedger(silent, Ledger(kept, identifiers=TrustedHeader("X-Request-Id", Numbers())))
    asyncio.run(application(scope(headers=[(b"x-request-id", b"abc:1")]), None, None))  # type: ignore[arg-type]
    assert kept.lines == [b"+abc:1|GET /x HTTP/1.1|X-Request-Id:abc%3a1\n", b"-abc:1\n"]


def test_other_programs_can_enter_requests_of_their_own() -> None:
    kept = Kept()
    ledger = Ledger(kept, identifiers=Numbers())
    entry = ledger.begin(b"STOR file|1", [(b"User", b"a"), (b"user", b"b")])
    assert entry.identifier == FORENSIC_ID.get() == "n1"
    entry.end()
    entry.end()
    assert kept.lines == [b"+n1|STOR file%7c1|User:a, b\n", b"-n1\n"]
    ledger.reopen()
    ledger.close()
    assert kept.lines[2:] == [b"reopened", b"closed"]
