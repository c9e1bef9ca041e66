"""All that is known of an address or a user; bans, and how they are asked for."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vigilog.config.durations import seconds
from vigilog.glance.digest import seen
from vigilog.glance.subjects import address, targets
from vigilog.glance.sums import tops
from vigilog.run.control_client import Refused
from vigilog.store import events, looks
from vigilog.web.site import Form, Site, asked, plain
from vigilog.web.timelines import timeline

BANS = 500
ALERTS = 100
LONGEST = 1000
LONGEST_REASON = 500


def about(site: Site, request: Request) -> Response:
    """An address, or a user."""
    value = asked(request).get("of", "").strip()
    if not value or len(value) > LONGEST:
        return site.wrong(request, 404, "Nobody was asked for.")
    digest = site.follower.digest
    found = digest.of(value)
    known = digest.events_of(value)
    with looks.looking(site.follower.directory) as store:
        held = sorted(events.events(store, known.numbers).values(), key=lambda each: -each.number)
        bans = looks.bans_of(store, targets(value)) if address(value) else []
    sums = tops(found, 10)
    return site.page(
        request,
        "about.html",
        value=value,
        is_address=address(value) is not None,
        alerts=found[:ALERTS],
        total=len(found),
        first=min((each.time for each in found), default=None),
        last=max((each.time for each in found), default=None),
        events_total=known.total,
        events=[seen(each) for each in held],
        bans=bans,
        banned=[each for each in bans if each.lifted is None and each.ban.until > site.clock()],
        addresses=[each for each in sums.addresses if each[0] != value],
        users=[each for each in sums.users if each[0] != value],
        rules=sums.rules,
        chart=timeline(site, 24 * 7, value),
    )


def bans(site: Site, request: Request) -> Response:
    """Who is shut out, and who was."""
    text = plain(asked(request), "find")[:100]
    now = site.clock()
    with looks.looking(site.follower.directory) as store:
        held = looks.bans_in_force(store, now, BANS + 1, text)
        over = looks.bans_over(store, now, 50)
    return site.page(request, "bans.html", bans=held[:BANS], more=len(held) > BANS, over=over, find=text, most=BANS)


def ban(site: Site, request: Request, form: Form) -> Response:
    """Shuts an address out, as `vigilog ban` does."""
    target, time, reason = plain(form, "address"), plain(form, "time"), plain(form, "reason")[:LONGEST_REASON]
    lasting = seconds(time) if time else None
    if time and not lasting:
        return site.wrong(request, 400, f'"{time}" is not a time; write something like 90s, 10m, 1h30m, 7d.')
    if not target or not reason:
        return site.wrong(request, 400, "A ban needs an address and a reason.")
    session = request.scope["vigilog.session"]
    by = f" (by {session.user})" if session.user else ""
    return carried_out(site, request, form, "ban", addresses=[target], seconds=lasting, ports=[], reason=reason + by)


def unban(site: Site, request: Request, form: Form) -> Response:
    """Lets an address in again, as `vigilog unban` does."""
    target = plain(form, "address")
    if not target:
        return site.wrong(request, 400, "Nobody was named.")
    return carried_out(site, request, form, "unban", addresses=[target])


def carried_out(site: Site, request: Request, form: Form, command: str, **arguments: object) -> Response:
    """Has the daemon do it, and shows what it said."""
    try:
        said, done = site.follower.ask(command, **arguments).get("lines", []), True
    except Refused as refused:
        said, done = refused.answer.get("lines", [str(refused)]), False
    lines = [str(line) for line in said] if isinstance(said, list) else []
    return site.page(request, "done.html", 200 if done else 409, lines=lines, done=done, back=form.get("back", "/bans"))
