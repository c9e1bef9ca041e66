"""A service's section as HTML: the tables that the detail asks for, and nothing of a log is ever more than text."""

from __future__ import annotations

import unicodedata
from html import unescape
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from vigilog.core.visible import shown
from vigilog.report.html_page import Part, lines_html, page
from vigilog.report.html_pictures import Picture
from vigilog.report.html_words import wrapped
from vigilog.report.section import Section, Table
from vigilog.report.section_html import section_html

ALONE = {"meta", "br", "wbr", "img"}
OWN = {"html", "head", "title", "body", "div", "h1", "h2", "h3", "p", "ul", "li", "a", "span", "table", "tr", "th", "td", "pre"}
HOSTILE = st.text(st.characters() | st.sampled_from("<>&\"'\udcff\x1b\u202e\u2066\n\t\0"), max_size=30) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</pre></td></table>",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "javascript:",
    ]
)


class Seen(HTMLParser):
    """What a browser would make of it: lines of tags with the text in them. Fails at what does not nest, or is not known."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.lines, self.text, self.attributes = [], "", []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        assert tag in OWN | ALONE
        self.attributes += attrs
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if data.strip():
            self.lines.append(f"{self.open[-1]}: {data.strip()}")

    def handle_comment(self, data):
        raise AssertionError(data)

    unknown_decl = handle_pi = handle_comment


def section(*tables, unmatched=()):
    return Section("sshd", "SSHD", tables, unmatched, (), 1234)


def test_tables_have_titles_and_those_of_three_columns_a_head():
    logins = Table("Logins", ("User", "From", "Count"), (("anna", "198.51.100.7", 12345), ("tj", "2001:db8::1", 3)))
    totals = Table("Totals", ("What", "Count"), (("Logins", 15), ("Rate, %", 96.5)))
    assert Seen(section_html(section(totals, logins, unmatched=(("what?", 3),)), 0)).lines == [
        "p: 1,234 lines,",
        "span: 3 not understood",
        *["h3: Totals", "td: Logins", "td: 15", "td: Rate, %", "td: 96.5"],
        *["h3: Logins", "th: User", "th: From", "th: Count"],
        *["td: anna", "td: 198.51.100.7", "td: 12,345", "td: tj", "td: 2001:db8::1", "td: 3"],
        *["h3: Lines that were not understood", "td: what?", "td: 3"],
    ]


def test_detail_decides_which_tables_and_how_many_rows():
    rows = tuple((f"203.0.113.{number}", 1) for number in range(150))
    few, many = Table("Few", ("From", "Count"), rows), Table("Many", ("From", "Count"), rows, detail=5)
    at_0, at_5, at_10 = (section_html(section(few, many), detail) for detail in (0, 5, 10))
    assert (">Many<" in at_0, ">Many<" in at_5) == (False, True)
    assert (at_0.count("203.0.113."), at_5.count("203.0.113."), at_10.count("203.0.113.")) == (20, 200, 300)
    assert "and 130 more (--detail 10 shows them all)" in at_0
    assert "more" not in at_10


def test_a_section_without_anything_to_say_is_nothing():
    assert section_html(section(Table("Empty", ("What", "Count"), ())), 10) == ""


def test_a_picture_is_whole_within_the_page():
    html = section_html(section(), 0, [Picture(b"\x89PNG", 'a "b" <c>', 324)])
    seen = dict(Seen(html).attributes)
    assert seen["src"] == "data:image/png;base64,iVBORw=="
    assert seen["alt"] == 'a "b" <c>'


@given(HOSTILE)
def test_nothing_in_a_log_becomes_more_than_text(hostile):
    table = Table(hostile, (hostile, hostile, "Count"), ((hostile, hostile, 1),))
    two = Table("T", ("a", "b"), ((hostile, 1),))
    body = section_html(section(table, two, unmatched=((hostile, 1),)), 10, [Picture(b"", hostile, 1)])
    parts = [Part(hostile, body, hostile), Part("Script", lines_html([shown(hostile)], 20))]
    seen = Seen(page(hostile, [hostile], [hostile], parts, hostile))
    assert seen.text.count(shown(hostile)) >= 8
    assert not [
        letter for letter in seen.text.replace("\n", "") if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ]
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert all(value.startswith(("#part-", "data:image/png;")) for name, value in seen.attributes if name in {"href", "src"})


@given(st.text(st.sampled_from("ab <>&é\udcff\x1b\t"), max_size=60), st.integers(1, 9))
def test_long_words_may_be_parted_and_are_not_changed(line, width):
    parted = wrapped(line, width).split("<wbr>")
    assert unescape("".join(parted)) == shown(line)
    assert wrapped("x" * 25, 10) == "xxxxxxxxxx<wbr>xxxxxxxxxx<wbr>xxxxx"
    assert wrapped("xxxxxxxxxx y", 10) == "xxxxxxxxxx y"
