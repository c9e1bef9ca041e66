"""Live updates by server-sent events: what changed on the overview is rendered once, and sent to everybody who looks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from vigilog.web.pages_alerts import standing
from vigilog.web.site import Site, session_of

TICK = 1.0
SIGN_OF_LIFE = 15.0
MOST = 100
"""So many may watch at the same time."""
PARTS = ("figures", "chart", "alerts", "events")


class Live:
    """Everybody who watches, and what they are sent. `ended` says that the server is about to end."""

    def __init__(self, site: Site, ended: Callable[[], bool]) -> None:
        self._site, self._ended = site, ended
        self._latest = b""
        self._number = 0
        self._changed = asyncio.Condition()
        self._watching = 0

    @asynccontextmanager
    async def working(self, _application: object) -> AsyncIterator[None]:
        """Renders what changes, as long as the application runs."""
        task = asyncio.create_task(self._render())
        try:
            yield
        finally:
            task.cancel()

    async def __call__(self, request: Request) -> Response:
        """The stream of a browser."""
        if self._watching >= MOST:
            return PlainTextResponse(f"{MOST} watch already.\n", 503)
        return StreamingResponse(self._stream(request), media_type="text/event-stream")

    async def _stream(self, request: Request) -> AsyncIterator[bytes]:
        self._watching += 1
        known = 0
        session = session_of(request)
        try:
            yield b"retry: 3000\n\n"
            while not self._ended() and session is not None and session.until > self._site.clock():
                if self._number != known:
                    known = self._number
                    yield self._latest
                try:
                    async with asyncio.timeout(SIGN_OF_LIFE), self._changed:
                        await self._changed.wait()
                except TimeoutError:
                    yield b": still there\n\n"
        finally:
            self._watching -= 1

    async def _render(self) -> None:
        before: object = None
        while True:
            follower = self._site.follower
            state = (follower.digest.version, follower.daemon)
            if self._ended() or (self._watching and state != before):
                if self._watching:
                    self._latest = await run_in_threadpool(self._message)
                    self._number += 1
                before = state
                async with self._changed:
                    self._changed.notify_all()
            await asyncio.sleep(TICK)

    def _message(self) -> bytes:
        values = standing(self._site)
        parts = {name: self._site.environment.get_template(f"part_{name}.html").render(**values) for name in PARTS}
        return f"data: {json.dumps(parts)}\n\n".encode()
