"""Who comes in, and what nobody can do from elsewhere."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Route

from tests.web.conftest import NAMES, PASSWORD
from vigilog.web import passwords
from vigilog.web.application import CHANGES, PAGES
from vigilog.web.attempts import MOST, WITHIN, Attempts
from vigilog.web.door import POLICY
from vigilog.web.entrance import Entrance
from vigilog.web.sessions import Sessions


def log_in(client, password=PASSWORD, **options):
    return client.post("/login", data={"password": password, "next": "/alerts"}, **options)


def word(client):
    """The word of the session, out of a form."""
    return re.findall(r'name="csrf" value="([^"]+)"', client.get("/bans").text)[0]


PLACES = [each for each in PAGES if "{" not in each and each != "/login"]


@pytest.mark.parametrize("path", [*PLACES, "/alerts/1", "/reports/1"])
def test_nothing_is_shown_without_a_login(guarded_site, path):
    _, client = guarded_site
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2F")


def test_the_stream_is_not_for_strangers(guarded_site):
    _, client = guarded_site
    assert client.get("/live").status_code == 401


def test_a_login_leads_to_where_one_wanted_to_go_and_its_cookie_is_for_this_host_alone(guarded_site):
    _, client = guarded_site
    answer = log_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-vigilog=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax", "Max-Age=43200"} <= set(cookie.split("; "))
    assert client.get("/alerts").status_code == 200


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example", "/\\evil.example", "\\/evil", "/a\r\nX: y", ""])
def test_a_login_leads_nowhere_else(guarded_site, target):
    _, client = guarded_site
    answer = client.post("/login", data={"password": PASSWORD, "next": target})
    assert answer.headers["location"] == "/"


def test_a_session_ends_by_itself_and_by_hand(guarded_site, clock):
    _, client = guarded_site
    log_in(client)
    assert client.get("/").status_code == 200
    clock.ahead = 43_201
    assert client.get("/").status_code == 303
    log_in(client)
    cookies = dict(client.cookies)
    assert client.post("/logout", data={"csrf": word(client)}).status_code == 303
    client.cookies.update(cookies)
    assert client.get("/").status_code == 303


def test_wrong_passwords_are_counted_and_then_not_looked_at(guarded_site, clock, monkeypatch):
    _, client = guarded_site
    looked: list[str] = []

    def matches(password, _line):
        looked.append(password)
        return password == "right"

    monkeypatch.setattr(passwords, "matches", matches)
    for _ in range(MOST):
        assert log_in(client, "wrong").status_code == 401
    answer = log_in(client, "right")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= WITHIN
    assert len(looked) == MOST
    clock.ahead = WITHIN + 1
    assert log_in(client, "right").status_code == 303


def test_neighbours_in_one_network_of_ipv6_are_counted_together():
    attempts = Attempts(lambda: 0.0)
    assert [attempts.wait(f"2001:db8::{number}") for number in range(MOST)] == [0] * MOST
    assert attempts.wait("2001:db8::ffff") > 0
    assert attempts.wait("2001:db8:0:1::1") == 0
    assert attempts.wait("192.0.2.1") == 0


@pytest.mark.parametrize("path", CHANGES)
def test_no_change_without_the_sessions_own_word(open_site, path):
    site, client = open_site
    for form in ({}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": "\u00e9"}):
        assert client.post(path, data={"address": "192.0.2.7", "reason": "x", **form}).status_code == 403
    assert site.follower.ask.asked == []


def test_every_way_to_change_something_is_known_here(open_site):
    _, client = open_site
    routes = [each for each in client.app._application.routes if isinstance(each, Route) and "POST" in (each.methods or ())]
    assert {each.path for each in routes} == {*CHANGES, "/login"}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"}, {"origin": "http://testserver:81"}, {"origin": "http://["},
    ],
)  # fmt: skip
def test_a_form_on_another_page_changes_nothing(open_site, headers):
    site, client = open_site
    form = {"csrf": word(client), "address": "192.0.2.7", "reason": "x"}
    assert client.post("/bans/ban", data=form, headers=headers).status_code == 403
    assert client.post("/login", data={"password": PASSWORD}, headers=headers).status_code == 403
    assert site.follower.ask.asked == []
    assert client.post("/bans/ban", data=form, headers={"origin": "http://testserver"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "", "127.0.0.1.evil.example", "[", "127.0.0.2"])
def test_another_name_is_refused(open_site, host):
    _, client = open_site
    assert client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["testserver", "TestServer:8470", "testserver.", "127.0.0.1:8470"])
def test_its_own_names_are_not(open_site, host):
    _, client = open_site
    assert client.get("/", headers={"host": host}).status_code == 200


def test_every_answer_tells_the_browser_what_it_must_never_do(open_site):
    _, client = open_site
    for path in ("/", "/nowhere", "/static/live.js", "/alerts/1", "/login"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
    assert "unsafe" not in POLICY
    assert "script-src 'self'" in POLICY
    assert client.get("/", headers={"host": "x"}).headers["content-security-policy"] == POLICY
    assert client.get("/").headers["cache-control"] == "no-store"


def test_other_methods_are_refused(open_site):
    _, client = open_site
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        assert client.request(method, "/bans").status_code == 405


def test_long_forms_are_refused(guarded_site):
    _, client = guarded_site
    assert log_in(client, "x" * 20_000).status_code == 413


def test_ban_and_unban_are_asked_of_the_daemon_with_their_reason(open_site):
    site, client = open_site
    form = {
        "csrf": word(client),
        "address": " 192.0.2.7 ",
        "reason": "seen <b>there</b>",
        "time": "1h30m",
        "back": "/about?of=1",
    }
    page = client.post("/bans/ban", data=form)
    assert page.status_code == 200
    assert "192.0.2.7 is banned &lt;b&gt;until&lt;/b&gt;" in page.text
    client.post("/bans/unban", data={"csrf": form["csrf"], "address": "192.0.2.7"})
    assert site.follower.ask.asked == [
        ("ban", {"addresses": ["192.0.2.7"], "seconds": 5400.0, "ports": [], "reason": "seen <b>there</b>"}),
        ("unban", {"addresses": ["192.0.2.7"]}),
    ]


def test_what_the_daemon_refuses_is_said(open_site):
    site, client = open_site
    site.follower.ask.answer = {"ok": False, "error": "no", "lines": ["192.0.2.7 is on the allow list"]}
    answer = client.post("/bans/ban", data={"csrf": word(client), "address": "192.0.2.7", "reason": "x"})
    assert answer.status_code == 409
    assert "192.0.2.7 is on the allow list" in answer.text


@pytest.mark.parametrize("change", [{"reason": " "}, {"address": ""}, {"time": "soon"}])
def test_a_ban_without_a_reason_or_with_a_wrong_time_is_none(open_site, change):
    site, client = open_site
    form = {"csrf": word(client), "address": "192.0.2.7", "reason": "x", **change}
    assert client.post("/bans/ban", data=form).status_code == 400
    assert site.follower.ask.asked == []


def test_a_proxy_names_the_user_and_nobody_else_may_ask(site_of):
    entrance = Entrance("proxy", frozenset(), tls=False, header="X-User", proxies=frozenset({"192.0.2.1"}))
    site, client = site_of(entrance, peer=("192.0.2.1", 1))
    assert client.get("/").status_code == 403
    assert client.get("/", headers=[("x-user", "a"), ("x-user", "b")]).status_code == 403
    page = client.get("/bans", headers={"x-user": "<i>eve</i>"})
    assert "&lt;i&gt;eve&lt;/i&gt;" in page.text
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page.text)[0]
    form = {"csrf": csrf, "address": "192.0.2.7", "reason": "x"}
    assert client.post("/bans/ban", data=form, headers={"x-user": "mallory"}).status_code == 403
    assert client.post("/bans/ban", data=form, headers={"x-user": "<i>eve</i>"}).status_code == 200
    assert site.follower.ask.asked[0][1]["reason"] == "x (by <i>eve</i>)"
    _, stranger = site_of(entrance, fill=False, peer=("192.0.2.2", 1))
    assert stranger.get("/", headers={"x-user": "eve"}).status_code == 403


def test_without_a_password_the_printed_key_is_the_way_in(site_of):
    _, client = site_of(Entrance("key", NAMES, tls=False, key="k" * 32))
    assert client.get("/login?key=wrong").status_code == 200
    assert client.get("/").status_code == 303
    assert client.post("/login", data={"password": ""}).status_code == 403
    answer = client.get("/login?key=" + "k" * 32)
    assert answer.headers["location"] == "/"
    assert "Secure" not in answer.headers["set-cookie"]
    assert client.get("/").status_code == 200


def test_a_password_is_kept_as_a_hash_that_nobody_else_may_read(tmp_path):
    file = tmp_path / "web" / "password"
    passwords.write(str(file), PASSWORD)
    line = passwords.read(str(file)) or ""
    assert PASSWORD not in line
    assert line.startswith("scrypt$32768$8$1$")
    assert file.stat().st_mode & 0o777 == 0o600
    assert passwords.matches(PASSWORD, line)
    assert not passwords.matches(PASSWORD + "x", line)
    file.chmod(0o640)
    with pytest.raises(Exception, match="others may read it"):
        passwords.read(str(file))
    file.chmod(0o600)
    file.write_text("secret\n")
    with pytest.raises(Exception, match="no hash of a password"):
        passwords.read(str(file))
    with pytest.raises(Exception, match="too short"):
        passwords.write(str(file), "short")


def test_a_store_of_sessions_keeps_no_name_that_could_be_stolen():
    sessions = Sessions(10, lambda: 0.0)
    name = sessions.begin()
    assert name not in repr(vars(sessions))
    found = sessions.find(name)
    assert found
    assert found.csrf != name
    assert sessions.find("") is None
