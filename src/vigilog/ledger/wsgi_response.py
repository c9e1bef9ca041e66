"""Responses of WSGI applications that tell when they are over, and are otherwise what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


class _Parts(list[bytes]):
    """A list of parts: servers give a list of one part a Content-Length, so it stays a list."""

    end: Callable[[], None]

    def close(self) -> None:
        """The server is done with it."""
        self.end()

    def __del__(self) -> None:
        # A server that forgot to close it has let go of it.
        self.end()


class _Stream:
    """Anything else that gives parts one by one."""

    def __init__(self, parts: Iterable[bytes], end: Callable[[], None]) -> None:
        self._parts, self._end = parts, end
        self._each: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if self._each is None:
                self._each = iter(self._parts)
            return next(self._each)
        except StopIteration:
            # The last part is still to be sent.
            raise
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """The server is done with it: it has sent everything, or the client is gone."""
        try:
            if (close := getattr(self._parts, "close", None)) is not None:
                close()
        finally:
            self._end()

    def __del__(self) -> None:
        # A server that forgot to close it has let go of it.
        self._end()


def ending(response: Iterable[bytes], end: Callable[[], None], file_wrapper: Any) -> Iterable[bytes]:
    """`response` such that `end` is called once the server is done with it. `file_wrapper` is the server's, or None: what was
    made by it stays what it is, for the server to send the file by the system's own means."""
    kind = type(response)
    if kind is list or kind is tuple:
        parts = _Parts(response)
        parts.end = end
        return parts
    if isinstance(file_wrapper, type) and isinstance(response, file_wrapper) and _ends(response, end):
        return response
    return _Stream(response, end)


def _ends(response: Any, end: Callable[[], None]) -> bool:
    close = getattr(response, "close", None)

    def closing() -> None:
        try:
            if close is not None:
                close()
        finally:
            end()

    try:
        response.close = closing
    except (AttributeError, TypeError):
        # Made in C: it goes through a stream, part by part.
        return False
    return True
