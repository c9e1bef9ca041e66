"""Many lines at once give the JSON that each one alone gives."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.patterns.logformat_cases import events, templates
from vigilog.core.errors import RuleError
from vigilog.patterns.logformat import NAMED, LogFormat, named
from vigilog.patterns.logformat_bulk import LOOKS, Converter, key_of

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = st.one_of(
    st.sampled_from(
        ["-", "", '"', "\\", " ", "5", '" 200 5', "x", "ü", "\udce9", "?q", '""', "UNKNOWN", "a%sb%", "\x1f", "\x7f", "é"]
    ),
    st.binary(max_size=8).map(lambda value: value.decode("utf-8", "surrogateescape")),
)
BYTE = st.sampled_from([b'"', b"\\", b" ", b"-", b"0", b"7", b"%", b"\xe9", b"\xc3\xbc", b"\x01", b"\t", b"[", b"x", b""])


def alone(template, line, key=None):
    fields = template.parse(line)
    return (None, None) if fields is None else (key_of(fields, key), template.encode(fields))


@st.composite
def blocks(draw, template):
    """Lines as the template writes them, some of them changed afterwards, most of them several times."""
    lines = []
    for event in draw(st.lists(events(template, TEXTS), min_size=1, max_size=4)):
        line = template.render(event)
        lines += [line] * draw(st.integers(1, 3))
        place = draw(st.integers(0, len(line)))
        lines.append(line[:place] + draw(BYTE) + line[place + draw(st.integers(0, 1)) :])
    return draw(st.permutations(lines))


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(["proftpd", "apache"]), st.booleans())
def test_many_lines_are_what_each_one_is(data, dialect, with_key):
    template = data.draw(templates(dialect))
    key = data.draw(st.sampled_from(template.keys)) if with_key else None
    convert = Converter(template, key)
    for _ in range(2):  # what was learnt from the first block serves the second
        lines = data.draw(blocks(template))
        made = convert(b"\n".join(lines) + data.draw(st.sampled_from([b"", b"\n"])) if lines[-1] else b"\n".join(lines) + b"\n")
        assert list(zip(*made, strict=True)) == [alone(template, line, key) for line in lines]


@pytest.mark.parametrize("name", NAMED)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_well_known_templates_too(name, data):
    template = named(name)
    convert = Converter(template, "user")
    for _ in range(3):
        lines = data.draw(blocks(template))
        assert list(zip(*convert(b"".join(line + b"\n" for line in lines)), strict=True)) == [
            alone(template, line, "user") for line in lines
        ]


@pytest.mark.parametrize(
    "line",
    [
        b'h - - [20/Nov/2026:08:30:00 +0000] "GET / HTTP/1.1" 200 5',
        b'h - - [20/Nov/2026:08:30:00 +0000] "GET / HTTP/1.1" 200 -',
        b'h - anna [20/Nov/2026:08:30:00 +0000] "-" 200 007',
        b'h - "" [31/Feb/0000:99:99:99 -9999] "" - 0',
        b'h - - [20/Foo/2026:08:30:00 +0000] "x" 200 5',
        b'h - - [20/Nov/2026:08:30:00 +0000] "a\\"b\\x01" 200 123456789012345678901',
        b'h - - [20/Nov/2026:08:30:00 +0000] "\xe9" 000 5',
        b'h - - [20/Nov/2026:08:30:00 +0000] "\xed\xa0\x80" 200 -5',
        b'\xc3\xbc - % [20/Nov/2026:08:30:00 +0000] "%s%b" 200 0',
        b"",
    ],
)
def test_lines_that_are_easy_to_get_wrong(line):
    template = named("common")
    convert = Converter(template, "remote_dns")
    usual = b'h - - [20/Nov/2026:08:30:00 +0000] "GET / HTTP/1.1" 200 5\n' * 3
    for _ in range(3):
        convert(usual)
        made = convert(usual + line + b"\n")
        assert (made.keys[-1], made.values[-1]) == alone(template, line, "remote_dns")
        assert len(made.values) == 4


def test_what_is_learnt_is_bounded():
    template = LogFormat("%h %l %u %m %f %F", "proftpd")
    convert = Converter(template)
    for number in range(64):
        line = b" ".join(b"x" if number >> place & 1 else b"-" for place in range(6))
        assert convert(line).values == [alone(template, line)[1]]
    assert len(convert._looks) <= LOOKS


def test_a_template_whose_lines_cannot_be_taken_apart_is_refused():
    with pytest.raises(RuleError, match="nothing says where the one ends"):
        Converter(LogFormat("%h%u"))
