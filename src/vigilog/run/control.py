"""The control socket of `vigilog run`: commands ask, the daemon answers. One request, one answer, both one line of JSON.

{"command": "unban", "address": "192.0.2.7"}
{"ok": true, ...}    or    {"ok": false, "error": "what went wrong", ...}
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from vigilog.core.clock import Clock
from vigilog.core.errors import VigilogError
from vigilog.run.connection import Answer, Limits, Pending, Reply, in_pieces
from vigilog.run.connections import Connections
from vigilog.run.control_client import NotAllowed, NotRunning, Refused, ask
from vigilog.run.control_socket import is_ours, listening
from vigilog.store.guard import guarded_directory

__all__ = ["Control", "Deferred", "Handler", "NotAllowed", "NotRunning", "Refused", "ask"]


class Deferred:
    """An answer that comes later. May be answered from any thread, and before or after the handler has given it back; the
    first answer counts, and one that nobody waits for any more is dropped."""

    def __init__(self) -> None:
        self._answer: Mapping[str, object] | None = None
        self._wake: Callable[[], None] | None = None

    def answer(self, answer: Mapping[str, object]) -> None:
        """Gives the answer, as a handler gives it."""
        if self._answer is None:
            self._answer = answer
        if self._wake:
            self._wake()

    def awaited(self, wake: Callable[[], None]) -> Pending:
        """How to ask whether it is answered by now; `wake` is called when it is worth asking."""
        self._wake = wake
        return lambda: None if self._answer is None else encoded(self._answer)


Handler = Callable[[str, dict[str, Any]], Mapping[str, object] | Deferred]
"""What to do about a command with its arguments. The answer needs no "ok": without one, it is true. An iterator or a list in
it is sent item by item, while other things go on. A VigilogError is an answer as well: `{"ok": false, "error": its text}`."""


class Control:
    """Listens at `path`, readable and writable for the owner only; the directory is made if it is missing.

    Raises AlreadyRunning if somebody answers there, and StoreError if the socket cannot be made safely. What a daemon left
    there that was killed is replaced. Only root and this process's user are answered. `steady`: seconds that never go back.
    """

    def __init__(self, path: str, steady: Clock = time.monotonic) -> None:
        self._path = os.path.join(guarded_directory(os.path.dirname(path)), os.path.basename(path))
        listener = listening(self._path)
        self._inode = os.lstat(self._path).st_ino
        self._connections = Connections(listener, _LIMITS, is_ours, steady)

    def fileno(self) -> int:
        """The one descriptor to select on, for reading."""
        return self._connections.fileno()

    def timeout(self) -> float | None:
        """Call `serve` after this many seconds at the latest; None: only when the descriptor is readable."""
        return self._connections.timeout()

    def serve(self, handler: Handler) -> None:
        """Handles whatever is ready, without waiting for anybody."""
        self._connections.serve(_answering(handler, self._connections.wake))

    def close(self) -> None:
        """Stops listening and removes the socket, unless another daemon's is there by now."""
        with suppress(OSError):
            if os.lstat(self._path).st_ino == self._inode:
                os.unlink(self._path)
        self._connections.close()


def _answering(handler: Handler, wake: Callable[[], None]) -> Answer:
    def answer(received: bytearray, ended: bool) -> Reply | Pending | None:
        line, newline, _rest = received.partition(b"\n")
        if not newline and not ended:
            return None
        if not line:
            return iter([])
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict) or not isinstance(request.get("command"), str):
            return encoded(_mistake('a request is one line: {"command": NAME, ...}'))
        command = request.pop("command")
        try:
            found = handler(command, request)
        except VigilogError as error:
            found = _mistake(str(error))
        return found.awaited(wake) if isinstance(found, Deferred) else encoded(found)

    return answer


def encoded(answer: Mapping[str, object]) -> Reply:
    """An answer as one line of JSON, piece by piece: lists and iterators in it are taken item by item."""
    return in_pieces(_texts({"ok": True, **answer}))


def _texts(answer: Mapping[str, object]) -> Iterator[str]:
    before = "{"
    for key, value in answer.items():
        yield f"{before}{json.dumps(key)}: "
        before = ", "
        if not isinstance(value, list | Iterator):
            yield json.dumps(value)
            continue
        between = "["
        for item in value:
            yield between + json.dumps(item)
            between = ", "
        yield "]" if between == ", " else "[]"
    yield "}\n"


def _mistake(text: str) -> Mapping[str, object]:
    return {"ok": False, "error": text}


_LIMITS = Limits(
    request_bytes=1024 * 1024,
    request_seconds=10.0,
    pending_seconds=600.0,
    answer_seconds=60.0,
    clients=16,
    too_long=b'{"ok": false, "error": "the request is longer than 1 MiB"}\n',
    too_late=b'{"ok": false, "error": "it took too long"}\n',
    too_many=b'{"ok": false, "error": "16 others are asking at the same time; ask again"}\n',
)
