"""The whole investigation of an address or a user: what all logs say, rotated ones included."""

from __future__ import annotations

from threading import Semaphore

from starlette.requests import Request
from starlette.responses import Response

from vigilog.glance.subjects import address
from vigilog.investigate.investigation import Question, investigate
from vigilog.investigate.logs import SYSTEM
from vigilog.investigate.story import sentences, story
from vigilog.investigate.subject import subject
from vigilog.web.site import Site, asked, whole

AT_ONCE = Semaphore(1)
"""All logs are read for each: one after the other, or the host would have no time for anything else."""
DAYS = (1, 7, 30)
SHOWN = 500


def investigation(site: Site, request: Request) -> Response:
    """The story, and the timeline."""
    given = asked(request)
    value = given.get("of", "").strip()
    if not 0 < len(value) <= 200:
        return site.wrong(request, 404, "Nobody was asked for.")
    wanted = whole(given.get("days"), 1, 365, 7)
    days = wanted if wanted in DAYS else 7
    if not AT_ONCE.acquire(timeout=5.0):
        return site.wrong(request, 503, "Somebody else's investigation is under way. Try again in a moment.")
    try:
        settings = site.settings
        sources = tuple(dict.fromkeys((*settings.check.sources, *settings.run.sources))) or (SYSTEM,)
        since = site.clock() - days * 86400
        who = subject(value, "address" if address(value) else "network" if "/" in value else "user")
        answer = investigate(Question(who, sources, since, state=settings.state.directory), site.clock)
    finally:
        AT_ONCE.release()
    return site.page(
        request,
        "investigation.html",
        value=value,
        days=days,
        choices=DAYS,
        sentences=sentences(answer, story(answer.items)),
        items=answer.items[-SHOWN:][::-1],
        total=len(answer.items),
        files=answer.files,
        searched=answer.searched,
        left_out=answer.left_out,
    )
