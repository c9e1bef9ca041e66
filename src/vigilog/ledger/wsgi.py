"""The ledger around a WSGI application."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from vigilog.ledger.headers import header_name, latin, of_environ
from vigilog.ledger.ledger import Ledger
from vigilog.ledger.wsgi_response import ending

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

KEY = "forensic-id"
"""Under this key a request's name is in the environ."""

_TARGETS = ("RAW_URI", "REQUEST_URI")
"""Where servers leave the request's target as it came: gunicorn; uWSGI, mod_wsgi, waitress and others."""
_SAFE_IN_PATH = "/;=,~@:!$&'()*+"


class WsgiLedger:
    """Runs `app` and enters its requests in `ledger` (a Ledger, or the file or `|program` for one).

    The first line is written before `app` sees the request, the second when the server closes the response, which it does when
    it has sent the last of it or cannot, or when `app` failed. The request's name is in `environ["forensic-id"]`, and with
    `response_header` in a response header of that name. Raises ConfigurationError.
    """

    def __init__(self, app: Application, ledger: Ledger | str | os.PathLike[str], *, response_header: str = "") -> None:
        self._app = app
        self._begin = (Ledger(ledger) if isinstance(ledger, str | os.PathLike) else ledger).begin
        self._response_header = header_name(response_header) if response_header else ""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        entry = self._begin(_request_line(environ), of_environ(environ))
        try:
            environ[KEY] = entry.identifier
            if self._response_header:
                start_response = _naming(start_response, self._response_header, entry.identifier)
            return ending(self._app(environ, start_response), entry.end, environ.get("wsgi.file_wrapper"))
        except BaseException:
            entry.end()
            raise


def _request_line(environ: Environ) -> bytes:
    target = next((environ[key] for key in _TARGETS if environ.get(key)), "")
    if not target:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        from urllib.parse import quote  # noqa: PLC0415 - most servers keep the target

        target = quote(latin(path), safe=_SAFE_IN_PATH)
        if query := environ.get("QUERY_STRING"):
            target = f"{target}?{query}"
    line = f"{environ['REQUEST_METHOD']} {target}"
    protocol = environ.get("SERVER_PROTOCOL", "")
    return latin(line if protocol in ("", "HTTP/0.9") else f"{line} {protocol}")


def _naming(start_response: StartResponse, name: str, identifier: str) -> StartResponse:
    wanted = name.lower()

    def named(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
        if not any(key.lower() == wanted for key, _ in headers):
            headers = [*headers, (name, identifier)]
        return start_response(status, headers, *exc_info)

    return named
