"""LogFormat as a pattern language: the scan, the captures, and what is refused."""

import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.patterns.logformat_cases import events, templates
from tests.patterns.test_logformat_round_trip import DIALECTS, HARMLESS, HOSTILE
from tests.patterns.verdicts import matched, rule, verdicts
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.patterns.block import BLANKS
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.confirm import linear
from vigilog.patterns.extract import extractor, fields
from vigilog.patterns.languages import LANGUAGES
from vigilog.patterns.logformat import LogFormat, named

ACCESS = b'192.0.2.1 - anna [20/Nov/2026:08:30:00 +0000] "GET /a\\"b HTTP/1.1" 404 -'
FTP = b'192.0.2.1 UNKNOWN - [20/Nov/2026:08:30:00 +0000] "RETR a" 550 x" 550 -'


def test_the_pages_own_template_takes_lines_of_both_servers_apart():
    pattern = rb"%h %l %u %t \"%r\" %s %b"
    assert verdicts(
        pattern, [ACCESS, FTP, ACCESS[:-4], b"x" + ACCESS[10:], ACCESS + b" x"], "stripped", language="logformat"
    ) == {
        0,
        1,
    }
    time = b"[20/Nov/2026:08:30:00 +0000]"
    assert fields(rule(pattern, "logformat"), ACCESS) == {
        "remote_dns": b"192.0.2.1",
        "user": b"anna",
        "local_time": time,
        "raw_command": b'GET /a\\"b HTTP/1.1',
        "response_code": b"404",
    }
    assert fields(rule(pattern, "logformat"), FTP) == {
        "remote_dns": b"192.0.2.1",
        "local_time": time,
        "raw_command": b'RETR a" 550 x',
        "response_code": b"550",
    }


def test_a_name_is_a_pattern(sample_data):
    lines = (sample_data / "apache" / "elastic-examples" / "apache_logs").read_bytes().splitlines()
    database = compile_rules([rule(b"combined", "logformat")], "stripped")
    assert database.refused == ()
    assert database.doubtful == ()
    assert len(matched(database, lines)) == 9_999
    taken = fields(rule(b"combined", "logformat"), lines[0])
    assert taken["remote_dns"] == b"83.149.9.216"
    assert taken["header_user_agent"].startswith(b"Mozilla/5.0 (Macintosh")


def test_the_names_of_captures_are_those_of_the_keys_in_small_letters():
    made = extractor(rule(b"%{User-Agent}i %{X}e %{forensic-id}n %{%H:%M}t %>s %>s", "logformat-apache"))
    assert made.names == ("header_user_agent", "env_x", "note_forensic_id", "stamp", "response_code", "6")


def test_a_line_whose_last_value_is_absent_is_matched_without_its_blank():
    for pattern, line, wanted in [
        (b"%m %J", b"QUIT ", {"command": b"QUIT"}),
        (b"%m %s %J", b"QUIT x ", {}),
        (b"%m %J", b"RETR a b ", {"command": b"RETR", "command_params": b"a b"}),
        (b"%m %r ", b"QUIT QUIT \t", {"command": b"QUIT", "raw_command": b"QUIT"}),
    ]:
        assert fields(rule(pattern, "logformat-proftpd"), line.rstrip(BLANKS)) == wanted
        assert (verdicts(pattern, [line], "stripped", language="logformat-proftpd") == {0}) == bool(wanted)


@pytest.mark.parametrize(
    ("language", "template", "words"),
    [
        (
            "logformat",
            b"%h %D",
            'f:3:4: `%D` in a LogFormat: dir_path to ProFTPD, response_micros to Apache; expected the language "logfo',
        ),
        (
            "logformat",
            b'"%r" %f',
            "f:3:2: `%r` in a LogFormat: a quoted text with more text behind it, in which Apache escapes quotes",
        ),
        ("logformat", b"%h %Q", "f:3:4: `%Q` in a LogFormat; expected one of %A"),
        ("logformat", b"%h %{Foo}i %Q", "f:3:12: `%Q` in a LogFormat; expected one of %a"),
        ("logformat", b"combind", "f:3: a LogFormat without a variable; expected a template, or one of common, combined"),
        ("logformat", b"", "f:3: a LogFormat without a variable"),
        ("logformat", b"%h%l", "f:3:1: `%h` directly before `%l` in a LogFormat: nothing says where the one ends"),
        ("logformat-apache", b"%h %{iso8601}", "f:3:4: `%{iso8601}` in a LogFormat; expected a letter"),
        ("logformat-proftpd", b"%h %>s", "f:3:4: `%` in a LogFormat; expected a letter"),
        ("logformat-apache", b"combined", "f:3: a LogFormat without a variable"),
    ],
)
def test_a_mistake_is_told(language, template, words):
    with pytest.raises(RuleError, match=re.escape(words)):
        LANGUAGES[language].parse(template, Place("f", 3))


@pytest.mark.parametrize("template", [b"%h %D", b'"%r" %s %f'])
def test_a_template_with_two_meanings_is_taken_once_its_server_is_said(template):
    for language in ("logformat-proftpd", "logformat-apache"):
        assert LANGUAGES[language].parse(template, None)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), DIALECTS, st.sampled_from([HOSTILE, HARMLESS]))
def test_the_scan_and_the_captures_agree_with_what_the_template_reads(data, dialect, texts):
    compiled = data.draw(templates(dialect))
    line = compiled.render(data.draw(events(compiled, texts)))
    found = compiled.read(line.decode("utf-8", "surrogateescape"))
    pattern = rule(compiled.template.encode(), f"logformat-{dialect}")
    searching = linear(pattern)
    assert searching is not None
    captures = extractor(pattern).take(line)
    if found is not None:
        assert verdicts(pattern.text, [line], "raw", language=pattern.language) == {0}
        assert captures == searching.search(line).groups()


@pytest.mark.parametrize(
    ("template", "dialect"),
    [
        ('%h %l %u %t "%r" %s %b', "proftpd"),
        ("%f %F %d %D %w %S %r", "proftpd"),
        ("%f - %F - %d - %D - %w - %s", "proftpd"),
        ("common", "apache"),
        ("combined", "apache"),
        ('"%r" "%{a}i" "%{b}i" "%{c}i" %b', "apache"),
        ("%U%q %f x%{a}nx%{b}nx", "apache"),
        ("xferlog", "xferlog"),
    ],
)
@pytest.mark.parametrize(
    "piece", [b'" ', b'\\" ', b" ", b" - ", b"1", b'" 1 ', b"[20/Nov/2026:08:30:00 +0000] ", b"\\", b"?", b"x"]
)
def test_a_line_of_a_megabyte_made_against_a_template_is_read_in_no_time(template, dialect, piece):
    """Were it not linear, this would run into the time limit of all tests."""
    compiled = named(template) if "%" not in template else LogFormat(template, dialect)
    line = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    for each in (line, b"h l u [20/Nov/2026:08:30:00 +0000] " + line, b'"' + line + b'" 200 x'):
        found = compiled.parse(each)
        assert found is None or compiled.render(found) is not None


def test_neither_writing_nor_reading_loads_an_engine():
    code = (
        "import sys; before = set(sys.modules)\n"
        "from vigilog.patterns.logformat import LogFormat, named\n"
        "named('xferlog').render({})\n"
        "assert not {'dataclasses', 'inspect', 'json', 'vigilog.core.nouns'} & set(sys.modules)\n"
        "named('combined').parse(b'x'); LogFormat('%h').fields({'remote_dns': 'x'}); named('xferlog').render({})\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "assert not new & {'hyperscan', 're2', 'msgspec', 'rich'}, new\n"
        "assert new - {'vigilog'} <= set(sys.stdlib_module_names), new\n"
        "LogFormat('%h').json({'remote_dns': 'x'})\n"
        "assert not {'hyperscan', 're2', 'rich'} & set(sys.modules)\n"
        "assert not {'asyncio', 'socket', 'subprocess', 'logging'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
