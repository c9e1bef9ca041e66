"""trigger_files: rule files with [[trigger]] and samples; what a trigger says of itself is held against its own patterns."""

from __future__ import annotations

import pytest

from vigilog.config.trigger_files import read_triggers, shipped
from vigilog.core.errors import ConfigurationError, RuleError


@pytest.fixture
def told(tmp_path):
    """A function from the text of a rule file to its mistakes, as people read them."""

    def told(text):
        path = tmp_path / "rules.toml"
        path.write_text(text)
        return [str(error).removeprefix(f"{path}:") for error in read_triggers(str(path))[1]]

    return told


def test_a_rule_file_gives_its_triggers_with_their_samples(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('[[trigger]]\nname = "a"\npattern = "x (?P<ip>.*)"\n[[trigger.sample]]\nline = "x 1"\nfields.ip = "1"\n')
    [loaded], errors = read_triggers(str(path))
    assert errors == ()
    assert (loaded.trigger.name, loaded.samples[0].line, loaded.samples[0].fields) == ("a", "x 1", {"ip": "1"})
    assert (loaded.place.file, loaded.place.line) == (str(path), 1)


def test_nothing_but_triggers_may_stand_in_a_rule_file(told):
    [error] = told('[[trigger]]\nname="a"\npattern="x"\n[run]\nkeys = 5\n')
    assert error == '4: "run" is {keys = 5}; expected only [[trigger]]'


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path):
    loaded, [error] = read_triggers(str(tmp_path / "none"))
    assert loaded == ()
    assert "cannot be read: No such file or directory" in str(error)


def test_a_file_that_is_not_utf8_is_told_with_the_line(tmp_path):
    (tmp_path / "r").write_bytes(b'[[trigger]]\nname = "\xff"')
    _, [error] = read_triggers(str(tmp_path / "r"))
    assert str(error).endswith("r:2: byte 0xff is not UTF-8; expected TOML, which is UTF-8")


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ['1: trigger "t" has no pattern; expected a pattern']),
        (
            "pattern = ['good', '(']",
            ["3: missing ), unterminated subpattern at position 0 in `(`; expected a regular expression as"],
        ),
        ("language='scanf'\npattern='x %q'", ['4: format code `%q` in "x %q"; expected one of %d %i']),
        ("language='scanf'\npattern='x %'", ["4: format code `%` in"]),
        ("language='ere'\npattern='a('", ["4: "]),
        (
            "program='p'\nlanguage='literal'\npattern='x'",
            ['3: program with patterns of the language literal; expected language = "regex"'],
        ),
        (
            "pattern='a (b)'\nfields='x y'",
            ["4: 2 fields, and the pattern takes 1 out of the line; expected at most one name for each"],
        ),
        ("language='literal'\npattern='a'\nfields='x'", ["5: 1 fields, and the pattern takes none out of the line"]),
        ("language='scanf'\npattern='%d %%d'\nfields='x y'", ["5: 2 fields, and the pattern takes 1 out"]),
        (
            "pattern='(?P<a>b)'\nfields='x'",
            ['4: fields, and the pattern names a field "a" itself; expected names in one of the two'],
        ),
        ("pattern='(b)(c)'\nfields='x x'", ['4: the field "x" is there twice; expected each name once']),
        ("pattern='(?P<time>b)'", ['3: the pattern names a field "time"; expected another name: scripts have LT_time']),
        ("pattern='(?P<a>b)'\nkey='c'", ['3: the pattern has no field "c", which is in the key; expected one of a']),
        (
            "pattern=['(?P<a>b)',\n'c']\nkey='a'",
            ['4: the pattern has no field "a", which is in the key; expected a pattern with fields'],
        ),
        (
            "pattern=['(?P<a>b)',\n'(?P<c>c)']",
            ['4: the pattern has no field "a", which is in the key; expected one of c; without `key` it is'],
        ),
        ("pattern='(?P<a>b)'\nreset='c'", ['4: the pattern has no field "a", which is in the key']),
        ("pattern='(?P<a>b)'\nreset='c('", ["4: missing ), unterminated subpattern at position 1 in `c(`"]),
        ("pattern='(?P<a>b)'\nkey='a a'", ['4: the field "a" is there twice']),
        ("pattern=5\nkey='a'", ["3: trigger.pattern is 5; expected a text or a list of texts"]),
        ("pattern='(b)'\nfields=5\nkey='a'", ["4: trigger.fields is 5"]),
    ],
)
def test_what_is_wrong_with_a_trigger_by_itself(told, text, messages):
    errors = told(f'[[trigger]]\nname = "t"\n{text}\n')
    assert [error[: len(message)] for error, message in zip(errors, messages, strict=True)] == [
        message if not message.startswith("1: trigger") else message.replace("1:", "2:", 1) for message in messages
    ]


@pytest.mark.parametrize(
    "text",
    [
        "pattern = '(a)(b)(c)'\nfields = 'x - z'\nkey = 'z'",
        "pattern = '(a)(b)(c)'\nfields = 'x'",
        "language = 'scanf'\npattern = ['%d %s', '%s']\nfields = 'x'",
        "language = 'ere'\npattern = '(a|b) c'\nfields = 'x'",
        "program = ['a', 'b/c']\npattern = '(?i)x (?P<ip>.)'\nreset = 'y (?P<ip>.)'",
        "pattern = ['(?P<a>.) (?P<b>.)', '(?P<b>.), (?P<a>.)']",
        'pattern = """(?x)\n  a # one\n  (?P<b>.)"""',
    ],
)
def test_what_is_right_with_a_trigger_by_itself(told, text):
    assert told(f'[[trigger]]\nname = "t"\n{text}\n') == []


@pytest.mark.parametrize("language", ["ere", "regex"])
def test_a_pattern_nested_without_end_is_a_mistake_and_no_crash(told, language):
    deep = "(" * 5000 + "a" + ")" * 5000
    [error] = told(f"[[trigger]]\nname = 't'\nlanguage = '{language}'\npattern = '{deep}'\n")
    assert error.startswith("4: ")


def test_a_pattern_that_does_not_parse_is_a_mistake_of_a_rule(tmp_path):
    (tmp_path / "r").write_text('[[trigger]]\nname = "t"\npattern = "("\n')
    _, [error] = read_triggers(str(tmp_path / "r"))
    assert isinstance(error, RuleError)


def test_shipped_rules_are_by_their_names_from_all_files_of_the_directory(tmp_path):
    (tmp_path / "b.toml").write_text('[[trigger]]\nname = "y"\npattern = "1"\n[[trigger]]\nname = "x"\npattern = "2"\n')
    (tmp_path / "a.toml").write_text('[[trigger]]\nname = "z"\npattern = "3"\n')
    (tmp_path / "README").write_text("[")
    assert list(shipped(str(tmp_path))) == ["z", "y", "x"]


@pytest.mark.parametrize("text", ['[[trigger]]\nname = "z"\npattern = "4"\n', '[[trigger]]\nname = "q"\npattern = 5\n'])
def test_a_mistake_in_a_shipped_rule_is_raised(tmp_path, text):
    (tmp_path / "a.toml").write_text('[[trigger]]\nname = "z"\npattern = "3"\n')
    (tmp_path / "b.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        shipped(str(tmp_path))
    assert str(caught.value.place).startswith(f"{tmp_path}/b.toml:")


def test_the_shipped_rules_have_no_mistake():
    assert "sshd" in shipped()
