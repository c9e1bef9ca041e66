"""`vigilog report --format html`: the page in a browser, the mail, and what a log may not do to either."""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import time
from email import policy

import pytest

from tests.reporting.peer import CHECKOUT
from tests.web.browser import browser
from vigilog.parse.tai64n import label

DAY = 86_400
HOSTILE = [
    "<script>document.title='hacked'</script>.evil.",
    "<img/src=x/onerror=\"document.title='hacked'\">.",
    "'\"><b>bold</b>.",
    "\u202egnp.exe.",
    "$\\frac{x}$.",
]
PRINTED = "</pre></td></table><script>document.title='hacked'</script> \x1b[2J\x1b]0;t\x07 \u202eabc &amp; " + "x" * 300


class Home:
    """A host with dnscache's log, of yesterday, and a script for another service."""

    def __init__(self, root):
        self.root = root
        self.yesterday = time.mktime((*time.localtime(time.time() - DAY)[:3], 12, 0, 0, 0, 0, -1))
        lines = []
        for number in range(300):
            begin = label(int(self.yesterday) - 30_000 + number * 200, 5)
            name = HOSTILE[number % len(HOSTILE)] if number % 3 else "www.example.org."
            lines.append(
                b"%s query %d c0a80%03x:1234:abcd %d %s" % (begin, number, number % 7, 1 + number % 2 * 27, name.encode())
            )
            lines.append(b"%s sent %d 64" % (begin, number))
        lines += [label(int(self.yesterday), 6) + b" strange " + each.encode() for each in HOSTILE]
        self.write("log/current", b"\n".join(lines) + b"\n")
        self.write("etc/conf/logfiles/dnscache.conf", f'LogFile = "{root}/log/current"\n')
        self.write("etc/conf/services/printed.conf", 'Title = "A <i>script</i>"\nLogFile = none\nShell = /bin/cat\n')
        self.write("etc/scripts/services/printed", PRINTED + "\nsecond line\n")
        self.mailer = self.write("sendmail", f"#!/bin/sh\ncat >> {root}/mails\n")
        self.mailer.chmod(0o755)

    def write(self, name, data):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def report(self, *arguments, before=""):
        places = ["--logwatch-base", str(self.root / "none"), "--logwatch-conf", str(self.root / "etc"), "--hostname", "gate"]
        if "--service" not in arguments:
            places += ["--service", "dnscache", "--service", "printed"]
        program = f"{before}from vigilog.cli.main import run; run()"
        ended = subprocess.run(
            [sys.executable, "-c", program, "report", *places, "--format", "html", *arguments],
            check=False,
            capture_output=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT / "src")},
        )
        assert (ended.returncode, ended.stderr) == (0, b"")
        return ended.stdout.decode()

    def mail(self, *arguments):
        self.write("etc/conf/logwatch.conf", f'mailer = "{self.mailer} -t"\n')
        assert self.report("--mailto", "anna@example.org", *arguments) == ""
        return email.message_from_bytes((self.root / "mails").read_bytes(), policy=policy.default)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_a_report_that_has_nothing_to_say_is_no_page(home):
    home.write("log/current", b"")
    assert home.report("--service", "dnscache") == ""


def test_one_file_holds_everything(home):
    html = home.report()
    assert html.startswith("<!DOCTYPE html>")
    assert html.endswith("</html>\n")
    assert "A &lt;i&gt;script&lt;/i&gt;" in html
    assert html.count("<img ") == html.count('src="data:image/png;base64,') == 3
    assert not [word for word in ("<script", "<link", "<style", "http:", "https:", "url(", "pip install") if word in html]


def test_without_matplotlib_there_are_tables_and_a_word_about_it(home):
    html = home.report(before="import sys; sys.modules['matplotlib'] = None; ")
    assert "<img" not in html
    assert "192.168." not in html
    assert ">query<" in html
    assert html.count("pip install &#x27;vigilog[html]&#x27;") == 1


def test_words_of_scripts_are_parted_where_html_wrap_says(home):
    assert "x" * 80 + "<wbr>" + "x" * 80 + "<wbr>" in home.report("--service", "printed")
    assert "x" * 50 + "<wbr>" + "x" * 50 + "<wbr>" in home.report("--service", "printed", "--html_wrap", "50")


def test_what_nobody_wants_to_see_is_left_out_and_counted(home):
    home.write("etc/conf/ignore.conf", "second line\nwww\\.example\\.org\n")
    html = home.report("--detail", "5", "--range", "all")
    assert "second line" not in html
    assert "www.example.org" not in html
    assert "192.168.0" in html
    assert "1 ignored" in html


def test_a_mail_has_text_and_a_page_with_its_pictures_attached(home):
    mail = home.mail("--service", "dnscache", "--subject", "Hello")
    assert (mail["To"], mail["Subject"], mail["Precedence"]) == ("anna@example.org", "Hello", "bulk")
    assert [part.get_content_type() for part in mail.walk()] == [
        *["multipart/alternative", "text/plain", "multipart/related", "text/html"],
        *["image/png"] * 3,
    ]
    text = mail.get_body(("plain",)).get_content()
    assert "--------------------- dnscache Begin" in text
    assert text.replace("\n", "").isprintable()
    page = mail.get_body(("html",)).get_content()
    pictures = {part["Content-ID"]: part.get_content() for part in mail.walk() if part.get_content_type() == "image/png"}
    assert "data:" not in page
    assert all(f'src="cid:{name[1:-1]}"' in page and png.startswith(b"\x89PNG") for name, png in pictures.items())
    assert max(map(len, (home.root / "mails").read_bytes().split(b"\n"))) < 998
    assert (home.root / "mails").read_bytes().isascii()


def test_a_mail_can_travel_as_base64(home):
    mail = home.mail("--service", "printed", "--encode", "base64")
    assert [(part.get_content_type(), part["Content-Transfer-Encoding"]) for part in mail.walk()] == [
        ("multipart/alternative", None),
        ("text/plain", "base64"),
        ("text/html", "base64"),
    ]
    assert "second line" in mail.get_body(("html",)).get_content()


def test_hosts_in_one_mail_are_a_page_each(home):
    home.write("log/plain", b"Nov 19 10:00:00 one x: 1\nNov 19 10:00:00 two x: 2\n")
    home.write("etc/conf/logfiles/plain.conf", f'LogFile = "{home.root}/log/plain"\n')
    home.write("etc/conf/services/printed.conf", "Title = One\nLogFile = plain\nShell = /bin/cat\n")
    mail = home.mail("--service", "printed", "--hostformat", "split", "--range", "all")
    pages = [part.get_content() for part in mail.walk() if part.get_content_type() == "text/html"]
    assert mail.get_content_type() == "multipart/mixed"
    assert ["What happened on one" in pages[0], "What happened on two" in pages[1], len(pages)] == [True, True, 2]


@pytest.mark.peer
@pytest.mark.parametrize(("width", "phone"), [(1000, False), (375, True)])
def test_a_browser_shows_a_hostile_log_as_text_on_a_desk_and_on_a_phone(home, width, phone):
    html = home.report("--detail", "10", "--range", "all")
    home.write("report.html", html)
    with browser(home.root) as page:
        page.size(width, 800, phone=phone)
        page.open(f"file://{home.root}/report.html")
        text = page.text()
        assert "<script>document.title='hacked'</script>.evil." in text
        assert "</pre></td></table><script>document.title='hacked'</script> \\x1b[2J\\x1b]0;t\\x07 \\u202eabc &amp; x" in text
        assert "strange <img/src=x/onerror=\"document.title='hacked'\">." in text
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert page.value("document.title") == "What happened on gate"
        assert page.value("document.querySelectorAll('script, link, style, iframe, b, i').length") == 0
        assert (
            page.value("[...document.images].map(each => each.naturalWidth > 100 && each.src.startsWith('data:'))")
            == [True] * 3
        )
        assert page.value("document.documentElement.scrollWidth") <= width
        assert page.said == []
        page.picture(home.root / "report.png")
        if folder := os.environ.get("VIGILOG_PICTURES"):
            shutil.copy(home.root / "report.png", f"{folder}/report-{width}.png")
