"""From an ASGI scope to the fields of the first line, at the least cost: this is done for every request of a busy server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from vigilog.ledger.escape import CHANGED, escaped, escaped_header
from vigilog.ledger.headers import Header, canonical, joined

_KEPT = 1024
_LONGEST_KEPT = 256
_SETS_KEPT = 256
_LONGEST_SET_KEPT = 2048
_METHODS = {method: method.encode("ascii") + b" " for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
_VERSIONS = {"1.1": b" HTTP/1.1", "1.0": b" HTTP/1.0", "2": b" HTTP/2.0", "3": b" HTTP/3.0", "0.9": b""}


class _Headers(dict[Header, bytes]):
    """From a header to how it stands in the line. Clients say the same again and again, so some are kept."""

    def __missing__(self, header: Header) -> bytes:
        name, value = header
        written = escaped_header(canonical(name), value)
        if len(written) <= _LONGEST_KEPT:
            if len(self) >= _KEPT:
                self.clear()
            self[header] = written
        return written


class _HeaderSets(dict[tuple[Header, ...], bytes]):
    """From all headers of a request to the end of the line. On a connection that is kept they are mostly the same."""

    def __init__(self) -> None:
        super().__init__()
        self._written = _Headers().__getitem__

    def __missing__(self, headers: tuple[Header, ...]) -> bytes:
        written = self.made(headers)
        if len(written) <= _LONGEST_SET_KEPT:
            if len(self) >= _SETS_KEPT:
                self.clear()
            self[headers] = written
        return written

    def made(self, headers: Collection[Header]) -> bytes:
        """The same, of headers that may be lists, as they are in some servers."""
        pairs = [(name, value) for name, value in headers]
        if len(dict(pairs)) == len(pairs):
            return b"".join((*map(self._written, pairs), b"\n"))
        spelled = joined([(canonical(name), value) for name, value in pairs])
        return b"".join((*(escaped_header(name, value) for name, value in spelled), b"\n"))


def asgi_fields() -> Callable[[Mapping[str, Any], Collection[Header]], bytes]:
    """A function that makes `REQUEST-LINE|NAME:VALUE...` and a newline, escaped, of a scope of the type http or websocket and
    its headers: names in canonical form, repeated headers joined."""
    sets = _HeaderSets()

    def fields(scope: Mapping[str, Any], headers: Collection[Header]) -> bytes:
        try:
            target: bytes = scope["raw_path"]
            if query := scope["query_string"]:
                target = target + b"?" + query
            if target.translate(CHANGED) == target:
                return _METHODS[scope["method"]] + target + _VERSIONS[scope["http_version"]] + sets[tuple(headers)]
        except (AttributeError, KeyError, TypeError):
            # Something that is not there, or a list instead of a tuple, as in some servers.
            pass
        return _request_line(scope) + sets.made(headers)

    return fields


def _request_line(scope: Mapping[str, Any]) -> bytes:
    # A websocket begins as a GET, or in HTTP/2 as a CONNECT (RFC 8441). Some servers do not say which version it was.
    version = scope.get("http_version", "1.1")
    method = scope.get("method") or ("GET" if version < "2" else "CONNECT")
    target = scope.get("raw_path") or _quoted(scope["path"])
    if query := scope["query_string"]:
        target = target + b"?" + query
    ends = _VERSIONS.get(version)
    if ends is None:
        ends = escaped(b" HTTP/" + version.encode("latin-1", "replace"))
    return escaped(method.encode("latin-1", "replace")) + b" " + escaped(target) + ends


def _quoted(path: str) -> bytes:
    from urllib.parse import quote  # noqa: PLC0415 - most servers keep the target

    return quote(path, safe="/;=,~@:!$&'()*+").encode("ascii")
