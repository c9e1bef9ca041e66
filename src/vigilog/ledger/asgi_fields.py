"""From an ASGI scope to the fields of the first line, at the least cost: this is done for every request of a busy server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from vigilog.ledger.escape import PLAIN, escaped, escaped_header
from vigilog.ledger.headers import Header, canonical, joined

_KEPT = 1024
_LONGEST_KEPT = 256
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


def asgi_fields() -> Callable[[Mapping[str, Any], Collection[Header]], bytes]:
    """A function that makes `REQUEST-LINE|NAME:VALUE...`, escaped, of a scope of the type http or websocket and its headers:
    names in canonical form, repeated headers joined."""
    written = _Headers().__getitem__

    def fields(scope: Mapping[str, Any], headers: Collection[Header]) -> bytes:
        # A websocket begins as a GET, or in HTTP/2 as a CONNECT (RFC 8441). Some servers do not say which version it was.
        version = scope.get("http_version", "1.1")
        method = scope.get("method") or ("GET" if version < "2" else "CONNECT")
        target = scope.get("raw_path") or _quoted(scope["path"])
        if query := scope["query_string"]:
            target = b"%b?%b" % (target, query)
        if target.translate(None, PLAIN):
            target = escaped(target)
        begins = _METHODS[method] if method in _METHODS else escaped(method.encode("latin-1", "replace") + b" ")
        ends = _VERSIONS[version] if version in _VERSIONS else escaped(b" HTTP/" + version.encode("latin-1", "replace"))
        if len(dict(headers)) == len(headers):
            try:
                return b"".join((begins, target, ends, *map(written, headers)))
            except TypeError:
                # Lists instead of tuples, as some servers have them.
                pass
        spelled = joined([(canonical(name), value) for name, value in headers])
        return b"".join((begins, target, ends, *(escaped_header(name, value) for name, value in spelled)))

    return fields


def _quoted(path: str) -> bytes:
    from urllib.parse import quote  # noqa: PLC0415 - most servers keep the target

    return quote(path, safe="/;=,~@:!$&'()*+").encode("ascii")
