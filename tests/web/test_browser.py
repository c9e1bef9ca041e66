"""The dashboard in a real browser: clicks, keys, a phone, without script, and a log that tries to be a page."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from tests.watchman.running import Running
from tests.web import stored
from tests.web.browser import browser
from tests.web.serving import serving, vigilog_web

PASSWORD = "correct horse battery"
TRIGGERS = """
[[trigger]]
name = "web"
pattern = 'denied (?P<address>\\S+)(?P<rest>.*)'
key = "address"
count = 3
within = "10m"
actions = ["null"]

[[trigger]]
name = "never"
pattern = 'this is never (?P<address>\\S+)'
actions = ["ban"]

[ban]
backend = "command"
command = "{directory}/banner"
allow = ["198.51.100.77"]
"""
PAGES = ("", "alerts", "alerts/1", "timeline", "top", "bans", "rules", "sources", "blackbox", "requests", "reports")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """One browser for all of them: its start takes longer than what it is asked."""
    with browser(tmp_path_factory.mktemp("browser"), "--ignore-certificate-errors") as page:
        yield page


@pytest.fixture
def page(opened):
    opened.size(1280, 900)
    opened.scheme("light")
    opened.scripts(allowed=True)
    opened.said.clear()
    return opened


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """A daemon that bans by a program, over a store with hostile alerts."""
    tmp_path = tmp_path_factory.mktemp("daemon")
    stored.fill(tmp_path / "state", time.time())
    banner = tmp_path / "banner"
    banner.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/banned\n')
    banner.chmod(0o755)
    running = Running(tmp_path, TRIGGERS.format(directory=tmp_path))
    running.start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def server(daemon):
    """The dashboard beside it, without a login."""
    with serving(
        daemon.directory, daemon.configuration.read_text() + '\n[web]\nlisten = "127.0.0.1:0"\nlogin = "none"\n'
    ) as made:
        yield made


def test_a_hostile_log_is_text_on_every_page(server, page):
    pages = [*PAGES, *(f"about?of={each}" for each in ("198.51.100.9", "203.0.113.1", "%3Cscript%3Ealert(1)%3C%2Fscript%3E"))]
    for name in pages:
        page.open(server.address + name)
        assert page.value("document.querySelectorAll('script').length") == 1, name
        assert page.value("document.querySelectorAll('img, iframe, form[action*=evil], [onerror], [onload]').length") == 0
    page.open(server.address)
    assert "<script>alert(1)</script>" in page.text()
    assert "\\u202egpj.exe" in page.text()
    assert page.said == []


def test_what_happens_is_seen_at_once_and_pausing_stops_it(server, daemon, page):
    page.open(server.address)
    page.until("document.querySelector('.live.on') !== null")
    daemon.log("Nov 20 10:00:00 host web: denied 192.0.2.99<script>window.hit=1</script>")
    page.until("document.querySelector('[data-part=events]').innerText.includes('192.0.2.99')")
    page.click("[data-live-pause]")
    page.until("document.querySelector('[data-live-state]').textContent === 'Paused'")
    daemon.log(*["Nov 20 10:00:00 host web: denied 192.0.2.100 again"] * 3)
    daemon.until(lambda: sum(each["alerts"] for each in daemon.status()["triggers"]) == 1)
    time.sleep(2)
    assert "192.0.2.100" not in page.text()
    page.click("[data-live-pause]")
    page.until("document.querySelector('[data-part=alerts]').innerText.includes('192.0.2.100')")
    assert page.value("window.hit") is None
    assert page.said == []


def test_one_drills_down_with_the_mouse_and_bans_with_a_reason(server, daemon, page):
    page.open(server.address + "top")
    page.left(lambda: page.click('a[href="/about?of=203.0.113.3"]'))
    assert page.value("document.querySelector('h1').textContent") == "203.0.113.3"
    page.click('form.ban input[name="reason"]')
    page.type("seen <b>there</b>, too")
    page.left(lambda: page.click("form.ban button"))
    assert "Done" in page.text()
    assert "\nban 203.0.113.3 " in (daemon.directory / "banned").read_text()
    page.left(lambda: page.click("main a"))
    assert page.path() == "/about?of=203.0.113.3"
    assert "seen <b>there</b>, too" in page.text()
    assert "Banned until" in page.text()
    page.left(lambda: page.click("form.inline button"))
    assert "unban 203.0.113.3" in (daemon.directory / "banned").read_text()
    page.open(server.address + "about?of=203.0.113.3")
    assert "Not banned." in page.text()


def test_who_is_on_the_allow_list_is_not_banned_and_it_says_why(server, page):
    page.open(server.address + "bans")
    page.click('form.ban input[name="address"]')
    page.type("198.51.100.77")
    page.click('form.ban input[name="reason"]')
    page.type("x")
    page.left(lambda: page.click("form.ban button"))
    assert "Not done" in page.text()
    assert "198.51.100.77" in page.text()


def test_all_of_it_goes_with_keys_alone(server, page):
    page.open(server.address + "alerts")
    page.press("Tab")
    assert page.value("document.activeElement.className") == "skip"
    for _ in range(40):
        page.press("Tab")
        if page.value("document.activeElement.textContent") == "Top":
            break
    assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.left(lambda: page.press("Enter"))
    assert page.path() == "/top"
    page.value("document.querySelector('input[type=search]').focus()")
    page.type("203.0.113.2")
    page.left(lambda: page.press("Enter"))
    assert page.path() == "/about?of=203.0.113.2"


def test_a_bar_of_the_timeline_leads_to_its_alerts(server, page):
    page.open(server.address + "timeline")
    page.left(lambda: page.click("svg.chart a rect"))
    assert page.path().startswith("/alerts?from=")
    assert page.value("document.querySelectorAll('tbody tr').length") > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_page(server, page, scheme):
    page.scheme(scheme)
    page.size(390, 800, phone=True)
    for name in (*PAGES, "about?of=203.0.113.1"):
        page.open(server.address + name)
        assert page.value("document.documentElement.scrollWidth") <= 390, name
    background = page.value("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(18, 21, 27)") == (scheme == "dark")


def test_without_script_everything_is_there(server, page):
    page.scripts(allowed=False)
    page.call("Page.navigate", url=server.address)
    end = time.monotonic() + 30
    html = ""
    while "Latest events" not in html:
        assert time.monotonic() < end
        time.sleep(0.2)
        with suppress(AssertionError):  # the page before it has just gone
            html = page.call("DOM.getOuterHTML", nodeId=page.call("DOM.getDocument")["root"]["nodeId"])["outerHTML"]
    assert "denied 198.51.100" in html
    assert "203.0.113.1" in html
    assert "Load the page again" in html


def test_one_logs_in_and_out_over_tls(daemon, tmp_path, page):
    text = daemon.configuration.read_text() + '\n[web]\nlisten = "127.0.0.1:0"\nself_signed = true\n'
    (tmp_path / "web.toml").write_text(text)
    done = vigilog_web("--config", f"{tmp_path}/web.toml", "--set-password", input=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr
    with serving(tmp_path, text) as made:
        page.open(f"{made.address}alerts/2")
        assert page.path().startswith("/login")
        page.type(PASSWORD)
        page.left(lambda: page.press("Enter"))
        assert page.path() == "/alerts/2"
        assert page.value("document.cookie") == ""
        page.left(lambda: page.click("form.leave button"))
        assert page.path() == "/login"
        page.open(made.address)
        assert page.path().startswith("/login")
