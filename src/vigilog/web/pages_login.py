"""In and out: the password, the key of the printed address, and the end of a session."""

from __future__ import annotations

from hmac import compare_digest
from threading import Semaphore

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from vigilog.web import passwords
from vigilog.web.attempts import Attempts
from vigilog.web.site import Form, Site, asked, form_of, own_path

AT_ONCE = Semaphore(2)
"""Each look at a password takes a tenth of a second and 32 MiB."""


def login_page(site: Site, request: Request) -> Response:
    """The form; or, with the right key, the way in."""
    given = asked(request)
    if site.entrance.login in {"none", "proxy"}:
        return RedirectResponse("/", 303)
    if site.entrance.login == "key" and compare_digest(
        given.get("key", "").encode("utf-8", "replace"), site.entrance.key.encode()
    ):
        return let_in(site, "/")
    return form(site, request, own_path(given.get("next", "/")), 200, "")


def form(site: Site, request: Request, target: str, status: int, text: str) -> Response:
    """The form, with what is to be said."""
    return site.page(request, "login.html", status, target=target, text=text, by_key=site.entrance.login == "key")


def let_in(site: Site, target: str) -> Response:
    """Begins a session."""
    response = RedirectResponse(own_path(target), 303)
    lasting = int(site.settings.web.session_time)
    response.set_cookie(
        site.entrance.cookie,
        site.sessions.begin(),
        max_age=lasting,
        path="/",
        secure=site.entrance.tls,
        httponly=True,
        # an address in a mail shall lead to its page, not to the login
        samesite="lax",
    )
    return response


class Login:
    """Takes passwords."""

    def __init__(self, site: Site) -> None:
        self._site, self._attempts = site, Attempts(site.clock)

    async def __call__(self, request: Request) -> Response:
        """What came of the form."""
        held = await form_of(request)
        if held is None:
            return PlainTextResponse("The form is too long.\n", 413)
        return await run_in_threadpool(self.tried, request, held)

    def tried(self, request: Request, held: Form) -> Response:
        """Looks at a password."""
        site, target = self._site, own_path(held.get("next", "/"))
        if site.entrance.login != "password":
            return form(site, request, target, 403, "There is no password to log in with.")
        address = request.client.host if request.client else ""
        if seconds := self._attempts.wait(address):
            response = form(site, request, target, 429, f"Too many wrong passwords from here. Try again in {seconds} s.")
            response.headers["retry-after"] = str(seconds)
            return response
        with AT_ONCE:
            right = passwords.matches(held.get("password", ""), site.entrance.password)
        if not right:
            return form(site, request, target, 401, "That is not the password.")
        self._attempts.right(address)
        return let_in(site, target)


def logout(site: Site, request: Request, _form: Form) -> Response:
    """Ends the session."""
    site.sessions.end(request.cookies.get(site.entrance.cookie, ""))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(site.entrance.cookie, path="/", secure=site.entrance.tls, httponly=True, samesite="lax")
    return response
