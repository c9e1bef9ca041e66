"""toml: vigilog.toml and its drop-ins; every mistake at once, each with its file and line."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.layer import Layer, laid
from vigilog.config.settings import Check, Settings
from vigilog.config.toml import read, read_settings, read_text

TABLES = "[check], [psionic], [mail], [state], [run], [ban], [watch], [fleet], [ship], [web], [[trigger]], [action.NAME]"


def told(text):
    """The mistakes in a text, as people read them."""
    return [str(error) for error in read_text(text, "v.toml").errors]


def test_what_is_set_is_set_and_everything_else_has_its_default(tmp_path):
    file = tmp_path / "vigilog.toml"
    file.write_text('[check]\nsources = ["/var/log/syslog", "journal"]\nlevel = "paranoid"\njobs = 2\n[mail]\ntag = true\n')
    settings, errors = read_settings(str(file))
    assert errors == ()
    assert settings.check == msgspec.structs.replace(Check(), sources=("/var/log/syslog", "journal"), level="paranoid", jobs=2)
    assert settings.mail.tag
    assert settings.state == Settings().state


def test_all_mistakes_of_a_file_come_at_once_in_the_order_of_their_lines():
    text = """\
level = "server"
[chek]
[check]
level = "serverr"
jobs = 0
lvl = 3
rules = debian
sources = "/var/log/syslog"
[mail]
tag = 1
smtp_port = "25"
smtp_port = 25
foo bar
"""
    assert told(text) == [
        f'v.toml:1: key "level" is in no table; expected one of {TABLES}; move it below [check]',
        f'v.toml:2: unknown table [chek]; expected one of {TABLES}; did you mean "check"?',
        'v.toml:4: check.level is "serverr"; expected one of "paranoid", "server", "workstation"; did you mean "server"?',
        "v.toml:5: check.jobs is 0; expected a whole number from 1",
        'v.toml:6: unknown key "lvl" in [check]; expected a key of [check]; did you mean "level"?',
        'v.toml:7:9: not TOML: Invalid value in "rules = debian"; expected a "text" in quotes, a number, true, false, or a [list]',
        'v.toml:8: check.sources is "/var/log/syslog"; expected a list of texts; write ["/var/log/syslog"]',
        "v.toml:10: mail.tag is 1; expected true or false; write true",
        'v.toml:11: mail.smtp_port is "25"; expected a whole number from 1 up to 65535; write 25 without quotes',
        'v.toml:12: not TOML: Cannot overwrite a value in "smtp_port = 25"; expected each key once',
        "v.toml:13:5: not TOML: Expected '=' after a key in a key/value pair in \"foo bar\"; expected key = value",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[check]\nto = ["x"]', 'v.toml:2: unknown key "to" in [check]; expected a key of [check]; it belongs into [mail]'),
        (
            "[check]\nzzzz = 1",
            'v.toml:2: unknown key "zzzz" in [check]; expected a key of [check]; `vigilog init --output -` shows them all',
        ),
        ("check = 5", "v.toml:1: check is 5; expected a table; write [check] on a line of its own"),
        ("[[check]]\njobs = 1", "v.toml:1: check is [{jobs = 1}]; expected a table; write [check] on a line of its own"),
        ("check.jobs = true", "v.toml:1: check.jobs is true; expected a whole number from 1"),
        ("check.jobs = 1.5", "v.toml:1: check.jobs is 1.5; expected a whole number from 1"),
        ("mail = {tag = true,\n}", "v.toml:1:20: not TOML"),
        ("[check]\nsummarize = 'yes'", 'v.toml:2: check.summarize is "yes"; expected true or false; write true without quotes'),
        ("[check]\nhost = 5", 'v.toml:2: check.host is 5; expected a text; write "5" in quotes'),
        ("[check]\nhost = 2026-11-20", "v.toml:2: check.host is 2026-11-20; expected a text"),
        ("[check]\nsources = ['/a', 5]", 'v.toml:2: check.sources is ["/a", 5]; expected a list of texts'),
        ("[check]\nsources = [\n'/a',\n'b']", 'v.toml:2: check.sources has "b"; expected a path from the root'),
        ('[check]\nhost = "a\\u0000b"', 'v.toml:2: check.host has "a\\x00b"; expected no control characters'),
        ('[mail]\nto = ["-oQ/tmp"]', 'v.toml:2: mail.to has "-oQ/tmp"; expected a mail address'),
        ('[mail]\nto = ["a\\nBcc: b"]', 'v.toml:2: mail.to has "a\\nBcc: b"; expected no control characters'),
        ("[state]\ndirectory = 'state'", 'v.toml:2: state.directory has "state"; expected a path from the root'),
        ("[check]\n[check]", "v.toml:2: not TOML: Cannot declare ('check',) twice in \"[check]\"; expected each table once"),
        ('[check]\nhost = "x', "v.toml:2: not TOML: Unterminated string"),
        (
            '[check]\nsources = [\n"/a",\n',
            'v.toml:2: not TOML: Invalid value in "sources = ["; expected a value, and everything closed',
        ),
        ("[check]\njobs =", "v.toml:2: not TOML: Invalid value"),
    ],
)
def test_the_mistake(text, message):
    [error] = told(text)
    assert error.startswith(message)


def test_an_unclosed_list_hides_no_other_mistake():
    errors = told('[check]\nsources = ["/a",\nlevel = "x"\n[mail]\ntag = 2\n')
    assert [error.split(":")[1] for error in errors] == ["2", "3", "5"]


def test_a_mistaken_key_takes_nothing_else_with_it():
    layer = read_text('[check]\njobs = 0\nlevel = "paranoid"\nrules = bad\n[mail]\ntag = true\n', "v.toml")
    assert dict(layer.values) == {("check", "level"): "paranoid", ("mail", "tag"): True}


@given(
    st.integers(0, 6), st.sampled_from(["level = paranoid", "jobs = ]", "= 3", "[mail", "host = 'x", "a b c", "sources = [1"])
)
def test_one_syntax_error_anywhere_is_told_once_with_its_line_and_costs_only_its_own_statement(position, bad):
    good = ["[check]", "jobs = 3", "partial_lines = true", 'date_format = "%F"', "keep_days = 1", "fully_qualified = true"]
    lines = [*good[:position], bad, *good[position:]]
    layer = read_text("\n".join(lines) + "\n", "v.toml")
    assert [str(error.place).split(":")[1] for error in layer.errors] == [str(position + 1)]
    assert len(layer.values) == 5


def test_places_tell_where_each_key_was_set(tmp_path):
    file = tmp_path / "vigilog.toml"
    file.write_text('[check]\nlevel = "server"\njobs = 2\n')
    (tmp_path / "vigilog.d").mkdir()
    (tmp_path / "vigilog.d" / "x.toml").write_text("\n\n[check]\njobs = 3\n")
    places = read(str(file)).places
    assert str(places["check", "level"]) == f"{file}:2"
    assert str(places["check", "jobs"]) == f"{tmp_path}/vigilog.d/x.toml:4"


def test_drop_ins_are_read_by_name_and_the_last_wins_key_by_key_lists_included(tmp_path):
    file = tmp_path / "vigilog.toml"
    file.write_text('[check]\nsources = ["/a", "/b"]\nlevel = "server"\nhost = "main"\n')
    folder = tmp_path / "vigilog.d"
    folder.mkdir()
    (folder / "20-b.toml").write_text('[check]\nlevel = "paranoid"\n')
    (folder / "10-a.toml").write_text('[check]\nsources = ["/c"]\nlevel = "workstation"\n')
    (folder / ".hidden.toml").write_text("[check]\njobs = 9\n")
    (folder / "30-c.toml~").write_text("[check]\njobs = 9\n")
    settings, errors = read_settings(str(file))
    assert errors == ()
    assert (settings.check.sources, settings.check.level, settings.check.host, settings.check.jobs) == (
        ("/c",),
        "paranoid",
        "main",
        1,
    )


def test_mistakes_in_drop_ins_name_the_drop_in(tmp_path):
    file = tmp_path / "vigilog.toml"
    file.write_text("[check]\nx = 1\n")
    folder = tmp_path / "vigilog.d"
    folder.mkdir()
    (folder / "a.toml").write_text("[check]\n\ny = 1\n")
    _, errors = read_settings(str(file))
    assert [str(error.place) for error in errors] == [f"{file}:2", f"{folder}/a.toml:3"]


def test_drop_ins_count_without_the_main_file(tmp_path):
    (tmp_path / "vigilog.d").mkdir()
    (tmp_path / "vigilog.d" / "a.toml").write_text("[check]\njobs = 4\n")
    layer = read(str(tmp_path / "vigilog.toml"), required=False)
    assert layer.errors == ()
    assert layer.values["check", "jobs"] == 4


def test_a_missing_file_is_a_mistake_only_where_it_was_asked_for(tmp_path):
    path = str(tmp_path / "vigilog.toml")
    assert read(path, required=False) == Layer()
    [error] = read(path).errors
    assert str(error).startswith(f"{path}: cannot be read: No such file or directory")


def test_a_directory_in_place_of_the_file_is_a_mistake(tmp_path):
    [error] = read(str(tmp_path)).errors
    assert "Is a directory" in str(error)


def test_a_file_that_is_not_utf8_is_told_with_the_line(tmp_path):
    file = tmp_path / "vigilog.toml"
    file.write_bytes(b'[check]\n\nhost = "\xff"\n')
    [error] = read(str(file)).errors
    assert str(error) == f"{file}:3: byte 0xff is not UTF-8; expected TOML, which is UTF-8"


def test_dos_line_ends_are_fine(tmp_path):
    file = tmp_path / "vigilog.toml"
    file.write_bytes(b'[check]\r\nlevel = "paranoid"\r\nlevl = 1\r\n')
    layer = read(str(file))
    assert layer.values == {("check", "level"): "paranoid"}
    assert [str(error.place) for error in layer.errors] == [f"{file}:3"]


def test_brackets_without_end_are_a_mistake_and_no_crash():
    [error] = told("[check]\nsources = " + "[" * 20000)
    assert error.startswith("v.toml:2")


@given(st.text(max_size=60))
def test_no_text_makes_reading_fail(text):
    layer = read_text(text, "v.toml")
    assert all(str(error).startswith("v.toml") for error in layer.errors)


def test_the_last_layer_wins_and_its_place_with_it():
    low = read_text("check.jobs = 2\ncheck.keep_days = 3", "low")
    high = replace(read_text("check.jobs = 4", "high"), places={})
    both = laid([low, high])
    assert both.values == {("check", "jobs"): 4, ("check", "keep_days"): 3}
    assert ("check", "jobs") not in both.places


def test_a_file_that_may_not_be_read_is_told(tmp_path, without_rights):
    file = tmp_path / "vigilog.toml"
    file.write_text("")
    file.chmod(0)
    with without_rights():
        [error] = read(str(file)).errors
    assert (
        str(error) == f"{file}: cannot be read: Permission denied; expected a readable TOML file; run as a user who may read it"
    )


def test_drop_ins_that_may_not_be_listed_are_told(tmp_path, without_rights):
    (tmp_path / "vigilog.d").mkdir(mode=0)
    with without_rights():
        [error] = read(str(tmp_path / "vigilog.toml"), required=False).errors
    assert "vigilog.d: cannot be read: Permission denied" in str(error)
