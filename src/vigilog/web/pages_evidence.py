"""Blocks of black boxes, requests that were in flight, and reports."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from vigilog.core.errors import SourceError, StoreError
from vigilog.core.nouns import Place
from vigilog.glance.evidence import blocks_of, flying
from vigilog.in_flight import recorded
from vigilog.report.archive import REPORT_KIND, recall
from vigilog.store import looks
from vigilog.store.reports import stored_report
from vigilog.web.pages_day import past_days
from vigilog.web.site import Site, asked, whole

BLOCKS, MESSAGES, LINES = 200, 2000, 500


def named(site: Site, kind: str) -> list[str]:
    """The files that are shown: those of [web], else those among the sources. `kind` is "blackbox" or "ledger"."""
    web = site.settings.web.blackbox if kind == "blackbox" else site.settings.web.ledgers
    sources = [*site.settings.run.sources, *site.settings.check.sources]
    found = [source.removeprefix(f"{kind}:") for source in sources if source.startswith(f"{kind}:")]
    return list(dict.fromkeys(web or found))


def blackbox(site: Site, request: Request) -> Response:
    """The last blocks of a file, or one of them."""
    files = named(site, "blackbox")
    given = asked(request)
    file = files[whole(given.get("file"), 0, max(0, len(files) - 1), 0)] if files else ""
    trouble = ""
    try:
        found = blocks_of(file)[-BLOCKS:][::-1] if file else []
    except SourceError as error:
        found, trouble = [], str(error)
    wanted = given.get("block", "")
    chosen = next((each for each in found if wanted and str(each.number) == wanted), None)
    if wanted and chosen is None:
        return site.wrong(request, 404, "There is no such block among the last ones of this file.")
    return site.page(request, "blackbox.html", files=files, file=file, blocks=found, chosen=chosen, said=trouble, most=MESSAGES)


def requests(site: Site, request: Request) -> Response:
    """Requests that began and did not end, and the processes that keep a black box."""
    held, troubles = [], []
    for file in named(site, "ledger"):
        try:
            held.append((file, flying(file)))
        except SourceError as error:
            troubles.append(str(error))
    processes = []
    for written in site.settings.run.recover:
        directory = written.partition(":")[0]
        try:
            processes += [(directory, each) for each in recorded(directory)]
        except SourceError as error:
            troubles.append(str(error))
    processes.sort(key=lambda each: (not each[1].alive, -each[1].last_seen))
    return site.page(request, "requests.html", ledgers=held, processes=processes[:LINES], troubles=troubles)


def reports(site: Site, request: Request) -> Response:
    """The reports of past days that the store still has."""
    with looks.looking(site.follower.directory) as store:
        found = looks.reports(store, 200)
    return site.page(request, "reports.html", reports=found, days=past_days(site.clock()))


def report(site: Site, request: Request) -> Response:
    """One of them, with its lines."""
    number = request.path_params["number"]
    with looks.looking(site.follower.directory) as store:
        try:
            stored = stored_report(store, number if number < 1 << 62 else 0)
        except StoreError:
            return site.wrong(request, 404, f"There is no report {number} (any more).")
        if stored.kind != REPORT_KIND:
            raise SourceError("a report of another kind", place=Place(f"report {number}"))
        kept = recall(store, stored)
        sections = [(each.title, each.count, lines_of(each.pieces())) for each in kept.sections]
    return site.page(request, "report.html", stored=stored, report=kept, sections=sections, most=LINES)


def lines_of(pieces: Iterable[bytes]) -> list[bytes]:
    """The first lines of a section."""
    lines = (line for piece in pieces for line in piece.split(b"\n") if line)
    return list(islice(lines, LINES))
