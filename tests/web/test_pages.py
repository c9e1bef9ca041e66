"""Every page shows what is there, whole and without script, and log text is text."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest

from tests.web import stored
from tests.web.conftest import NAMES
from vigilog.config.run_settings import Run
from vigilog.config.web_settings import Web
from vigilog.web.application import PAGES
from vigilog.web.entrance import Entrance

VOID = {"meta", "link", "input", "br", "img"}
OURS = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "nav", "form", "input", "button", "main", "p",
    "strong", "h1", "h2", "h3", "section", "div", "span", "b", "table", "thead", "tbody", "tr", "th", "td", "code", "dl", "dt", "dd",
    "small", "br", "label", "select", "option", "time", "ol", "li", "svg", "path", "circle", "line", "rect", "text",
}  # fmt: skip


class Tree(HTMLParser):
    """The elements of a page; fails where one is not closed in its place."""

    def __init__(self, page):
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *each) for each in attrs]
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture
def files(tmp_path):
    """A file with a block, and a ledger with an open request, both hostile."""
    block = b"-----BEGIN FAILED LOGIN FORENSICS-----\nClient-Address: <b>127.0.0.1</b>\nPID: 7\n\n"
    block += b"".join(b"[syslog:6, PID 7] " + text.replace(b"\0", b"") + b"\n" for text in stored.HOSTILE)
    (tmp_path / "blocks").write_bytes(block + b"-----END FAILED LOGIN FORENSICS-----\n")
    (tmp_path / "ledger").write_bytes(
        b"+1:5f000000:0|GET /<script>alert(6)</script> HTTP/1.1|Host:x\n+2:5f000000:0|GET / HTTP/1.1\n-2:5f000000:0\n"
    )
    return Web(blackbox=(str(tmp_path / "blocks"),), ledgers=(str(tmp_path / "ledger"),))


def test_every_page_is_whole_and_holds_no_element_from_a_log(site_of, files):
    _, client = site_of(Entrance("none", NAMES, tls=False), web=files)
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        link = waiting.pop()
        place = link.partition("?")[0]
        if link in seen or not link.startswith("/") or place.startswith("/static/"):
            continue
        if sum(each.partition("?")[0] == place for each in seen) >= (1 if place in {"/investigation", "/reports/day"} else 12):
            continue
        seen.add(link)
        answer = client.get(link)
        assert answer.status_code == 200, link
        tree = Tree(answer.text)
        assert set(tree.tags) <= OURS, link
        assert not [each for each in tree.attributes if each[1].startswith("on") or each[1] == "style"], link
        assert tree.tags.count("script") == 1
        assert all(each.startswith(("/", "#")) and not each.startswith("//") for each in tree.links)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", answer.text), link
        waiting += tree.links
    assert {each.partition("?")[0] for each in seen} >= {each for each in PAGES if "{" not in each and each != "/login"}


def test_hostile_lines_can_be_read_in_full(open_site):
    _, client = open_site
    page = "".join(Tree(client.get("/").text).texts)
    assert "<script>alert(1)</script>" in page
    assert "\\x1b[31mred" in page
    assert "\\u202egpj.exe\\u2066\\u200b" in page
    assert "caf\\xe9 \\xff\\xfe \\x00" in page
    assert "{{ 7 * 7 }}{% raw %}" in page


def test_a_value_that_is_no_utf8_leads_to_its_page(open_site):
    site, client = open_site
    rule = next(each for each in site.follower.digest.alerts() if each.rule.startswith("caf"))
    tree = Tree(client.get("/").text)
    link = next(each for each in tree.links if each.startswith("/about?of=caf"))
    page = client.get(link)
    assert "1 alerts" in page.text
    assert rule.key[0] in {each for alert in site.follower.digest.of(rule.key[0]) for each in alert.key}


def test_alerts_are_filtered_and_paged(open_site, clock):
    _, client = open_site

    def numbers(query):
        return re.findall(r'<td><a href="/alerts/(\d+)">', client.get(f"/alerts?{query}").text)

    assert len(numbers("")) == 50
    assert len(numbers("page=3")) == 120 + len(stored.HOSTILE) - 100
    assert numbers("page=999") == numbers("page=3")
    assert numbers("page=2")[0] == str(int(numbers("")[-1]) - 1)
    assert len(numbers("rule=sshd&value=203.0.113.1")) == 18
    assert len(numbers("value=oracle")) == 40
    assert numbers("rule=nothing") == []
    assert numbers("from=x&to=9999999999999999999&page=-1") == numbers("")
    hour = int(clock() - 7200) // 3600 * 3600
    assert len(numbers(f"from={hour}&to={hour + 3600}")) == 6


def test_an_alert_shows_its_proof_and_what_was_done(open_site):
    _, client = open_site
    page = client.get("/alerts/1").text
    assert "Failed password for root from 203.0.113.1" in page
    assert "banned 203.0.113.1" in page
    assert "The first and the last of 5 events" in page
    assert client.get("/alerts/999999").status_code == 404
    assert client.get("/alerts/99999999999999999999999").status_code == 404


def test_an_address_has_a_page_with_all_that_the_store_knows(open_site):
    _, client = open_site
    page = client.get("/about?of=203.0.113.1").text
    assert "18 alerts" in page
    assert "Banned until" in page
    assert "Users named with it" in page
    assert "5 events of sshd" in page
    assert "Not banned" in client.get("/about?of=203.0.113.2").text
    assert "2001:db8::/64" in client.get("/about?of=2001:db8::7").text
    counted = client.get("/about?of=198.51.100.3").text
    assert "events were counted" in counted
    assert "denied 198.51.100.3" in counted
    assert client.get("/about?of=").status_code == 404


def test_an_investigation_reads_the_logs_and_shows_them_as_text(open_site):
    _, client = open_site
    page = client.get("/investigation?of=203.0.113.1&days=30")
    assert page.status_code == 200
    assert "Failed password for root from 203.0.113.1 port 22 2" in page.text
    assert "203.0.113.1 &lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert client.get("/investigation?of=").status_code == 404
    assert client.get("/investigation?of=a%0Ab").status_code == 503


def test_the_report_of_a_day_is_counted_from_the_logs(open_site, tmp_path, monkeypatch, clock):
    (tmp_path / "auth.log").write_bytes(
        b"".join(
            b"%s host sshd[7]: Failed password for <b>%d</b> from 203.0.113.1 port 22 ssh2\n"
            % (time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(clock())).encode(), number)
            for number in range(3)
        )
    )
    monkeypatch.setattr("vigilog.web.pages_day.LOGS", (str(tmp_path),))
    _, client = open_site
    page = client.get(f"/reports/day?date={time.strftime('%Y-%m-%d')}")
    assert page.status_code == 200
    assert "203.0.113.1" in page.text
    assert "<b>1" not in page.text
    assert client.get("/reports/day?date=1999-01-01").status_code == 200
    for date in ("yesterday", "2026-02-30", "all", "2026-01-01%0A"):
        assert client.get(f"/reports/day?date={date}").status_code == 400


def test_top_lists_count_and_lead_on(open_site):
    _, client = open_site
    tree = Tree(client.get("/top?hours=168").text)
    assert {"203.0.113.1", "root", "sshd"} <= set(tree.texts)
    assert "/about?of=203.0.113.1" in tree.links
    assert any(re.fullmatch(r"/alerts\?from=\d+&to=\d+", each) for each in tree.links)


def test_a_timeline_has_a_bar_for_each_hour_in_which_something_happened(open_site):
    _, client = open_site
    page = client.get("/timeline").text
    assert page.count('<rect class="bar"') >= 20
    assert re.search(r'<a href="/alerts\?from=\d+&amp;to=\d+"><rect class="bar"', page)


def test_rules_show_what_they_count_and_raised(open_site):
    _, client = open_site
    page = client.get("/rules").text
    assert "Guesses &lt;i&gt;at&lt;/i&gt; the door" in page
    assert "5 in 10 min by address" in page


def test_blocks_and_open_requests_are_shown(site_of, files):
    _, client = site_of(Entrance("none", NAMES, tls=False), web=files)
    page = client.get("/blackbox?file=0&block=0").text
    assert "FAILED LOGIN" in page
    assert "&lt;b&gt;127.0.0.1&lt;/b&gt;" in page
    assert client.get("/blackbox?file=0&block=77").status_code == 404
    page = client.get("/requests").text
    assert "1 began and have no end" in page
    assert "GET /&lt;script&gt;alert(6)" in page


def test_files_that_are_not_there_are_said(site_of, tmp_path):
    web = Web(blackbox=(str(tmp_path / "none"),), ledgers=(str(tmp_path / "none"),))
    run = Run(control=str(tmp_path / "control"), recover=(str(tmp_path / "nowhere"),))
    _, client = site_of(Entrance("none", NAMES, tls=False), web=web, run=run)
    for page in ("/blackbox", "/requests"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "No such file" in answer.text


def test_without_a_store_and_a_daemon_pages_say_so(site_of):
    _, client = site_of(Entrance("none", NAMES, tls=False), fill=False)
    page = client.get("/").text
    assert "The store cannot be read." in page
    assert "there is no store yet" in page
    assert "The daemon is not heard." in page
    assert client.get("/bans").status_code == 503
    for page in ("/alerts", "/top", "/timeline", "/rules", "/sources", "/blackbox", "/requests"):
        assert client.get(page).status_code == 200


def test_what_is_not_there_is_not_found(open_site):
    _, client = open_site
    assert client.get("/nowhere").status_code == 404
    assert client.get("/static/../style.css").status_code == 404
    assert client.get("/static/%2e%2e%2fserver.py").status_code == 404
