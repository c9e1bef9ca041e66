"""Middleware for WSGI applications: a session for each request.

    application = BlackBoxMiddleware(application, box, slow=2.0)

The session is at work while the application is called for it, and while its answer is iterated (vigilog.blackbox.CURRENT). Its
block's header has the client and the server as the server interface tells them, and Method, Path (without the query) and
Status. Byte counts are those of bodies. What the application raises is raised on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from vigilog.blackbox.current import CURRENT
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.request import Beginning, Conditions, Request, size_of

Environment = dict[str, Any]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]


class BlackBoxMiddleware:
    """Writes a block of a request when the application raises an exception, or answers with a status of 500 or more; when its
    answer begins more than `slow` seconds after the request; when its status is one of `failed_logins`, as (401, 403).
    That a login failed the application can also say by itself: `CURRENT.get().failed_login("user")`.

    A list or a tuple, and what `wsgi.file_wrapper` made, is handed to the server as it is, which may do better with these: the
    session ends then before the body is sent. SystemExit is a death: that is how gunicorn ends a worker that hangs.
    """

    def __init__(
        self, app: Application, box: Beginning, *, slow: float | None = None, failed_logins: Collection[int] = ()
    ) -> None:
        self.app = app
        self.box = box
        self._conditions = Conditions(slow, frozenset(failed_logins))

    def __call__(self, environ: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI 1.0.1."""
        request = Request(self.box.begin(_known(environ)), self._conditions)
        if "wsgi.input" in environ:
            environ["wsgi.input"] = _Input(environ["wsgi.input"], request)

        def started(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], Any]:
            request.answered(_number(status))
            write: Callable[[bytes], Any] = start_response(status, headers, *exc_info)

            def written(data: bytes) -> Any:
                request.sent(size_of(data))
                return write(data)

            return written

        token = CURRENT.set(request.session)
        try:
            answer = self.app(environ, started)
        except BaseException as error:
            request.failed(error)
            raise
        finally:
            CURRENT.reset(token)
        if type(answer) in (list, tuple):
            request.sent(sum(map(size_of, answer)))
            request.done()
            return answer
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(answer, wrapper):
            request.done()
            return answer
        return _Answer(answer, request)


class _Answer:
    """The parts of an answer, as they are asked for."""

    def __init__(self, answer: Iterable[bytes], request: Request) -> None:
        self._answer = answer
        self._parts: Iterator[bytes] | None = None
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = CURRENT.set(self._request.session)
        try:
            if self._parts is None:
                self._parts = iter(self._answer)
            part = next(self._parts)
        except StopIteration:
            raise
        except BaseException as error:
            self._request.failed(error)
            raise
        finally:
            CURRENT.reset(token)
        self._request.sent(size_of(part))
        return part

    def close(self) -> None:
        """The server is done with it."""
        token = CURRENT.set(self._request.session)
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            self._request.failed(error)
            raise
        finally:
            CURRENT.reset(token)
            self._request.done()

    def __del__(self) -> None:
        self._request.done()


class _Input:
    """The body of a request; counts what is read of it."""

    def __init__(self, body: Any, request: Request) -> None:
        self._body = body
        self._request = request

    def read(self, *size: Any) -> Any:
        return self._counted(self._body.read(*size))

    def readline(self, *size: Any) -> Any:
        return self._counted(self._body.readline(*size))

    def readlines(self, *hint: Any) -> Any:
        lines = self._body.readlines(*hint)
        self._request.received(sum(map(size_of, lines)))
        return lines

    def __iter__(self) -> Iterator[Any]:
        return map(self._counted, self._body)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)

    def _counted(self, data: Any) -> Any:
        self._request.received(size_of(data))
        return data


def _number(status: str) -> int:
    digits = status[:3]
    return int(digits) if digits.isdecimal() else 0


def _known(environ: Environment) -> Facts:
    try:
        return _facts(environ)
    except Exception:  # noqa: BLE001 - a server interface of an unusual kind; the request has to be served
        return Facts()


def _facts(environ: Environment) -> Facts:
    facts = Facts(
        client_address=environ.get("REMOTE_ADDR") or None,
        server_address=":".join(filter(None, (environ.get("SERVER_NAME"), environ.get("SERVER_PORT")))) or None,
        protocol=environ.get("wsgi.url_scheme"),
        unique_id=environ.get("forensic-id"),
    )
    facts.extra["Method"] = environ.get("REQUEST_METHOD", "")
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    facts.extra["Path"] = path.encode("latin-1", "replace").decode("utf-8", "replace")
    return facts
