"""The middleware without a server: what servers seldom do."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest

from tests.blackbox.recording import texts, written
from vigilog.blackbox import CURRENT, BlackBox
from vigilog.blackbox.asgi import BlackBoxMiddleware as Asgi
from vigilog.blackbox.wsgi import BlackBoxMiddleware as Wsgi

SCOPE: dict[str, Any] = {"type": "http", "method": "GET", "path": "/x", "client": ("192.0.2.7", 5), "server": ("127.0.0.1", 80)}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[BlackBox]:
    made = BlackBox(str(tmp_path / "forensic.log"))
    yield made
    assert made.sessions() == [], "every session has ended"
    assert CURRENT.get() is None
    made.close()


def call(application: Any, scope: Any = None, events: tuple[dict[str, Any], ...] = (), send: Any = None) -> list[Any]:
    """One call of an ASGI application by a server that tells `events`; gives what was sent."""
    sent: list[Any] = []
    waiting = iter(events)

    async def receive() -> dict[str, Any]:
        return next(waiting, {"type": "http.disconnect"})

    async def sending(event: Any) -> None:
        sent.append(event)

    asyncio.run(application(SCOPE if scope is None else scope, receive, send or sending))
    return sent


def test_what_is_no_request_is_handed_on_as_it_is(box: BlackBox):
    seen = []

    async def application(scope, receive, send):
        seen.extend([scope, receive, send])

    async def receive() -> dict[str, Any]:
        return {}

    async def send(event: Any) -> None:
        """Nothing."""

    for kind in ("lifespan", "something.new"):
        scope = {"type": kind}
        seen.clear()
        asyncio.run(Asgi(application, box)(scope, receive, send))
        assert seen[0] is scope
        assert seen[1:] == [receive, send]


@pytest.mark.parametrize(
    "scope",
    [
        {"type": "http"},
        {"type": "http", "client": None, "server": None, "state": None},
        {"type": "http", "client": 7, "server": "x", "path": b"\xff", "scheme": object(), "method": 3},
        {"type": "websocket", "server": ("/run/socket", None), "path": "/\n-----END X FORENSICS-----\n"},
    ],
)
def test_a_scope_that_is_short_or_odd(scope: dict[str, Any], box: BlackBox, tmp_path: Path):
    async def application(scope, receive, send):
        raise RuntimeError("x")

    with pytest.raises(RuntimeError):
        call(Asgi(application, box), scope)
    (block,) = written(tmp_path / "forensic.log")
    assert block.complete
    assert block.kind == "UNTIMELY DEATH"


def test_a_cancellation_is_no_death(box: BlackBox, tmp_path: Path):
    async def application(scope, receive, send):
        CURRENT.get().keep("SystemLog", 7, b"x")  # type: ignore[union-attr]
        await asyncio.sleep(60)

    async def cancelled() -> None:
        async def nothing(*_: Any) -> Any:
            return {}

        task = asyncio.create_task(Asgi(application, box)(SCOPE, nothing, nothing))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert written(tmp_path / "forensic.log") == []


def test_writing_to_a_client_that_is_gone_is_no_death(box: BlackBox, tmp_path: Path):
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})

    async def send(event: Any) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        call(Asgi(application, box), send=send)
    assert written(tmp_path / "forensic.log") == []


def test_an_error_of_the_system_while_the_client_is_there_is_one(box: BlackBox, tmp_path: Path):
    async def application(scope, receive, send):
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        call(Asgi(application, box))
    (block,) = written(tmp_path / "forensic.log")
    assert texts(block)[-1].endswith("FileNotFoundError")


def test_the_ledgers_id_is_the_blocks(box: BlackBox, tmp_path: Path):
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 500})

    call(Asgi(application, box), {**SCOPE, "state": {"forensic-id": "1:2:3"}})
    (block,) = written(tmp_path / "forensic.log")
    assert block.value("UNIQUE_ID") == "1:2:3"


def test_sessions_at_once_do_not_mix(box: BlackBox, tmp_path: Path):
    async def application(scope, receive, send):
        for _ in range(5):
            CURRENT.get().keep("SystemLog", 7, scope["path"].encode())  # type: ignore[union-attr]
            await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 500})

    async def all_of() -> None:
        async def nothing(*_: Any) -> Any:
            return {}

        await asyncio.gather(
            *(Asgi(application, box)({**SCOPE, "path": f"/{number}"}, nothing, nothing) for number in range(20))
        )

    asyncio.run(all_of())
    blocks = written(tmp_path / "forensic.log")
    assert len(blocks) == 20
    for block in blocks:
        assert {message.text.decode() for message in block.messages} == {block.value("Path")}


def serve(application: Any, **environment: Any) -> tuple[str, bytes]:
    """What a WSGI server gets: status and body."""
    status: list[str] = []
    body = io.BytesIO()

    def start_response(line: str, headers: Any, exc_info: Any = None) -> Any:
        status.append(line)
        return body.write

    environ = {"PATH_INFO": "/x", "REMOTE_ADDR": "192.0.2.7", "wsgi.input": io.BytesIO(b"one\ntwo\n"), **environment}
    setup_testing_defaults(environ)
    answer = application(environ, start_response)
    try:
        for part in answer:
            body.write(part)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return status[-1], body.getvalue()


@pytest.mark.parametrize("kind", ["list", "generator", "iterator with close"])
def test_it_keeps_to_the_standard_on_both_sides(kind: str, box: BlackBox, tmp_path: Path):
    closed = []

    class Answer:
        def __iter__(self) -> Iterator[bytes]:
            assert CURRENT.get() is not None
            yield b"a"
            yield b"b"

        def close(self) -> None:
            assert CURRENT.get() is not None
            closed.append(True)

    def application(environ, start_response):
        assert environ["wsgi.input"].read(3) == b"one"
        start_response("500 Ill", [("Content-Type", "text/plain")])
        return {"list": [b"a", b"b"], "generator": (part for part in (b"a", b"b")), "iterator with close": Answer()}[kind]

    assert serve(validator(Wsgi(validator(application), box)), QUERY_STRING="", SCRIPT_NAME="") == ("500 Ill", b"ab")
    (block,) = written(tmp_path / "forensic.log")
    assert (block.kind, block.value("Total-Bytes-In"), block.value("Total-Bytes-Out")) == ("SERVER ERROR", "3", "2")
    assert closed == ([True] if "close" in kind else [])


def test_a_list_and_a_file_are_handed_on_as_they_are(box: BlackBox):
    file = FileWrapper(io.BytesIO(b"x"))
    for answer in ([b"a"], (b"a",), file):

        def application(environ, start_response, answer=answer):
            return answer

        environ = {"wsgi.file_wrapper": FileWrapper}
        setup_testing_defaults(environ)
        assert Wsgi(application, box)(environ, lambda *_: None) is answer


def test_parts_that_are_written_and_bodies_that_are_read_in_every_way(box: BlackBox, tmp_path: Path):
    def application(environ, start_response):
        body = environ["wsgi.input"]
        assert body.readline() == b"one\n"
        assert list(body) == [b"two\n"]
        body.seek(0)
        assert body.readlines() == [b"one\n", b"two\n"]
        start_response("503 Ill", [])(b"written")
        return []

    assert serve(Wsgi(application, box)) == ("503 Ill", b"written")
    (block,) = written(tmp_path / "forensic.log")
    assert (block.value("Total-Bytes-In"), block.value("Total-Bytes-Out")) == ("16", "7")


def test_an_error_in_the_middle_of_an_answer_and_one_while_it_is_closed(box: BlackBox, tmp_path: Path):
    class Closes:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"a"])

        def close(self) -> None:
            raise RuntimeError("while closing")

    def breaks() -> Iterator[bytes]:
        yield b"a"
        raise RuntimeError("in the middle")

    for answer in (Closes(), breaks()):

        def application(environ, start_response, answer=answer):
            start_response("200 OK", [])
            return answer

        with pytest.raises(RuntimeError):
            serve(Wsgi(application, box))
    assert [texts(block)[-1].rpartition("#012")[2] for block in written(tmp_path / "forensic.log")] == [
        "RuntimeError: while closing",
        "RuntimeError: in the middle",
    ]


def test_an_answer_that_nobody_asks_for_or_closes(box: BlackBox, tmp_path: Path):
    def application(environ, start_response):
        start_response("500 Ill", [])
        return (part for part in (b"a", b"b"))

    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    answer = Wsgi(application, box)(environ, lambda *_: None)
    del answer
    (block,) = written(tmp_path / "forensic.log")
    assert block.kind == "SERVER ERROR"


def test_slow_is_what_began_late_and_not_what_takes_long(box: BlackBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr("vigilog.blackbox.request.time.monotonic", lambda: now[0])

    def late(environ, start_response):
        now[0] += 2
        start_response("200 OK", [])
        return [b"x"]

    def long(environ, start_response):
        start_response("200 OK", [])
        yield b"x"
        now[0] += 2
        yield b"x"

    serve(Wsgi(late, box, slow=1.9), PATH_INFO="/late")
    serve(Wsgi(late, box, slow=2.1), PATH_INFO="/in time")
    serve(Wsgi(long, box, slow=1.9), PATH_INFO="/long")
    serve(Wsgi(late, box), PATH_INFO="/whatever")
    assert [(block.kind, block.value("Path")) for block in written(tmp_path / "forensic.log")] == [("SLOW REQUEST", "/late")]


@pytest.mark.parametrize("status", ["200", None, 200.5])
def test_what_an_application_sends_against_the_rules_is_for_the_server_to_refuse(box: BlackBox, status: Any):
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body", "body": 5})

    assert call(Asgi(application, box)) == [
        {"type": "http.response.start", "status": status},
        {"type": "http.response.body", "body": 5},
    ]


@pytest.mark.parametrize("answer", [[1], (None,), iter([1])], ids=["list", "tuple", "iterator"])
def test_parts_that_are_no_bytes_are_handed_on(box: BlackBox, answer: Any):
    class Body:
        def read(self) -> None:
            return None

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        assert environ["wsgi.input"].read() is None
        start_response("200 OK", [])
        return answer

    parts: Any = Wsgi(application, box)({"wsgi.input": Body()}, lambda *_: None)
    assert list(parts) in ([1], [None])
    if hasattr(parts, "close"):
        parts.close()
