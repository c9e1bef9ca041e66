"""uci: OpenWrt's configuration files are read as libuci reads them, and refused in its words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.uci import parse
from vigilog.core.errors import ConfigurationError

READ = [
    (b"config rule\n\toption a 'it'\\''s'\n", "t.@rule[0]=rule\nt.@rule[0].a='it'\\''s'"),
    (b"config rule\n\toption a mi'x'\"ed\"\n", "t.@rule[0]=rule\nt.@rule[0].a='mixed'"),
    (b'config rule\n\toption a "\\"\\\\ \\n \\["\n', "t.@rule[0]=rule\nt.@rule[0].a='\"\\ n ['"),
    (b"config rule\n\toption a '\\n \"'\n", "t.@rule[0]=rule\nt.@rule[0].a='\\n \"'"),
    (b"config rule\n\toption a one\\ word\n", "t.@rule[0]=rule\nt.@rule[0].a='one word'"),
    (b"config rule\n\toption a b\\\nc\n", "t.@rule[0]=rule\nt.@rule[0].a='bc'"),
    (b'config rule\n\toption a "b\\\nc"\n', "t.@rule[0]=rule\nt.@rule[0].a='bc'"),
    (b"config rule\n\toption a 'one\n two'\n", "t.@rule[0]=rule\nt.@rule[0].a='one\n two'"),
    (b'config rule\n\toption a "one\n two" # x\n', "t.@rule[0]=rule\nt.@rule[0].a='one\n two'"),
    (b"config rule\n\toption a b#c\n", "t.@rule[0]=rule\nt.@rule[0].a='b'"),
    (b"config rule\n\toption a 'b#c'#d\n", "t.@rule[0]=rule\nt.@rule[0].a='b#c'"),
    (b"config rule\n\toption d #none\n", "t.@rule[0]=rule"),
    (b"config rule\n\toption d\n\toption e ''\n", "t.@rule[0]=rule"),
    (b"# c\n\n  # d\nconfig rule # e\n", "t.@rule[0]=rule"),
    (
        b"config rule one\n\toption a 1\nconfig rule\n\toption a 2\nconfig rule one\n\toption b 3\n",
        "t.one=rule\nt.one.a='1'\nt.one.b='3'\nt.@rule[1]=rule\nt.@rule[1].a='2'",
    ),
    (b"config rule\n\toption a 1\n\toption a 2\n", "t.@rule[0]=rule\nt.@rule[0].a='2'"),
    (b"config rule\n\tlist a 1\n\tlist a 2\n", "t.@rule[0]=rule\nt.@rule[0].a='1' '2'"),
    (b"config rule\n\toption a 1\n\tlist a 2\n", "t.@rule[0]=rule\nt.@rule[0].a='1' '2'"),
    (b"config rule\n\tlist a 1\n\toption a 2\n", "t.@rule[0]=rule\nt.@rule[0].a='2'"),
    (b"c rule n\no a 1\nl b 2\np x\n", "t.n=rule\nt.n.a='1'\nt.n.b='2'"),
    (b"package x\nconfig rule\n", "t.@rule[0]=rule"),
    (b"config 'a-rule:1!' n\n", "t.n=a-rule:1!"),
    (b"config rule\r\n\toption a 'x'\r\n", "t.@rule[0]=rule\nt.@rule[0].a='x'"),
    (b"config rule\n\toption a b\\\r\nc\n", "t.@rule[0]=rule\nt.@rule[0].a='bc'"),
    (b"config rule\n\toption 'a' \"b\"", "t.@rule[0]=rule\nt.@rule[0].a='b'"),
    (b"config rule\n\toption a \xff\n", "t.@rule[0]=rule\nt.@rule[0].a='\udcff'"),
    (b"config rule\n\toption a ';'\n", "t.@rule[0]=rule\nt.@rule[0].a=';'"),
    (b"config rule\n\toption a x ''\n", "t.@rule[0]=rule\nt.@rule[0].a='x'"),
    (b"config rule\n\toption a b\n\toption a ''\n", "t.@rule[0]=rule\nt.@rule[0].a='b'"),
]

REFUSED = [
    (b"foo bar\n", "Parse error (invalid command) at line 1, byte 0"),
    (b"config rule\n  opt a b\n", "Parse error (invalid command) at line 2, byte 2"),
    (b"option a b\n", "Parse error (option/list command found before the first section) at line 1, byte 0"),
    (b"list a b\n", "Parse error (option/list command found before the first section) at line 1, byte 0"),
    (b"config rule\n\toption a b c\n", "Parse error (too many arguments) at line 2, byte 14"),
    (b"config rule n m\n", "Parse error (too many arguments) at line 1, byte 16"),
    (b"config\t\n", "Parse error (insufficient arguments) at line 1, byte 8"),
    (b"config rule\n\toption \n", "Parse error (insufficient arguments) at line 2, byte 9"),
    (b"package \n", "Parse error (insufficient arguments) at line 1, byte 9"),
    (b"config rule\n\toption a-b c\n", "Parse error (invalid character in name field) at line 2, byte 12"),
    (b"config rule a.b\n", "Parse error (invalid character in name field) at line 1, byte 16"),
    (b"config r\xff\n", "Parse error (invalid character in type field) at line 1, byte 10"),
    (b"config rule\n\toption a 'b\nc\n", "Parse error (EOF with unterminated ') at line 3, byte 15"),
    (b'config rule\n\toption a "b\n', 'Parse error (EOF with unterminated ") at line 2, byte 13'),
    (b"config rule\n\toption a 'b\nc' d\n", "Parse error (too many arguments) at line 3, byte 18"),
    (
        b"config rule n\nconfig other n\n",
        "Parse error (section of different type overwrites prior section with same name) at line 2, byte 15",
    ),
    (b"config rule\n\toption a b\\\nc d\n", "Parse error (too many arguments) at line 3, byte 16"),
    (b"config rule\noption\n", "Parse error (invalid command) at line 2, byte 0"),
]

"""What `uci show` of libuci (commit 66127cd, November 2025) said to these files."""


def as_uci_shows(sections):
    """Sections as `uci show` prints them for a package named t."""
    lines = []
    numbers: dict[str, int] = {}
    for section in sections:
        number = numbers.get(section.type, 0)
        numbers[section.type] = number + 1
        name = section.name or f"@{section.type}[{number}]"
        lines.append(f"t.{name}={section.type}")
        for option, value in section.options.items():
            values = (value,) if isinstance(value, str) else value
            shown = " ".join("'" + text.replace("'", "'\\''") + "'" for text in values)
            lines.append(f"t.{name}.{option}={shown}")
    return "\n".join(lines)


@pytest.mark.parametrize(("data", "shown"), READ)
def test_what_libuci_reads_is_read_so(data, shown):
    assert as_uci_shows(parse(data, "t")) == shown


@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_what_libuci_refuses_is_refused_in_its_words(data, message):
    with pytest.raises(ConfigurationError) as caught:
        parse(data, "t")
    assert caught.value.found == message
    assert f"t:{message.split('line ')[1].split(',')[0]}: " in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"config rule\n\toption a x;option b y\n", "Parse error (; outside quotes) at line 2, byte 11"),
        (b"config rule;\n", "Parse error (; outside quotes) at line 1, byte 11"),
        (b"config rule\n\toption a x '' option b y\n", "Parse error (invalid command) at line 2, byte 15"),
        (b"config rule\n\toption a 'x\0y'\n", "Parse error (NUL in a line) at line 2, byte 1"),
    ],
)
def test_what_libuci_half_reads_is_refused(data, message):
    with pytest.raises(ConfigurationError) as caught:
        parse(data, "t")
    assert caught.value.found == message


def test_the_line_that_is_told_is_the_files_even_without_a_newline_at_its_end():
    with pytest.raises(ConfigurationError) as caught:
        parse(b"config rule\nfoo", "t")
    assert caught.value.found == "Parse error (invalid command) at line 2, byte 0"


def test_sections_and_options_know_their_lines():
    [rule] = parse(b"\nconfig rule n\n\n\toption a 'x\ny'\n\tlist b 1\nconfig rule n\n\tlist b 2\n", "t")
    assert (rule.line, rule.lines) == (2, {"a": 4, "b": 8})


NAMES = st.text("abcXYZ019_", min_size=1, max_size=4)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)


@st.composite
def quoted(draw, text):
    """A word that says `text`, out of pieces that are quoted each in a way of its own."""
    pieces: list[str] = []
    rest = text
    while rest or not pieces:
        length = draw(st.integers(0, len(rest))) if not pieces else draw(st.integers(1, len(rest)))
        piece, rest = rest[:length], rest[length:]
        ways = ["double", "bare"] if "'" in piece else ["single", "double", "bare"]
        # Outside quotes nothing can say a newline, and an empty piece says nothing.
        if "\n" in piece or not piece:
            ways.remove("bare")
        match draw(st.sampled_from(ways)):
            case "single":
                pieces.append(f"'{piece}'")
            case "double":
                pieces.append('"' + "".join(escaped(draw, each, '"\\') for each in piece) + '"')
            case "bare":
                pieces.append("".join(escaped(draw, each, " \t\v\f'\"\\#;") for each in piece))
    return draw(st.sampled_from(["", "\\\n"])).join(pieces)


def escaped(draw, character, needed):
    """A character, behind a backslash where it must be or may."""
    if character in needed or (character != "\n" and ord(character) < 128 and draw(st.booleans())):
        return "\\" + character
    return character


@st.composite
def files(draw):
    """A configuration file, and what it says: sections of (type, name, options)."""
    lines, said = [], []
    names: set[str] = set()
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(["", draw(NAMES)]))
        name = "" if name in names else name
        names.add(name)
        lines.append(f"config {draw(quoted('rule'))} {draw(quoted(name)) if name else ''}{draw(st.sampled_from(['', ' # x']))}")
        options: dict[str, object] = {}
        for option in draw(st.lists(NAMES, max_size=4, unique=True)):
            listed = draw(st.booleans())
            values = draw(st.lists(TEXTS, min_size=1, max_size=3 if listed else 1))
            for value in values:
                word = "list" if listed else "option"
                gap = draw(st.sampled_from([" ", "\t", "  \t"]))
                lines.append(f"{gap}{word}{gap}{option}{gap}{draw(quoted(value))}{draw(st.sampled_from(['', ' ', ' #y']))}")
            if listed or values[0]:
                options[option] = tuple(values) if listed else values[0]
        said.append(("rule", name, options))
    return draw(st.sampled_from(["\n", "\n\n"])).join(lines).encode() + b"\n", said


@given(files())
def test_however_values_are_quoted_they_are_read_back(pair):
    data, said = pair
    assert [(section.type, section.name, section.options) for section in parse(data, "t")] == said


@given(st.binary(max_size=40) | st.text("config rule\n\toptslae'\"\\# ;'", max_size=60).map(str.encode))
def test_no_file_makes_reading_fail_but_with_an_address(data):
    error = mistake(data)
    assert error is None or (error.found.startswith("Parse error ("), error.place.file) == (True, "t")


def mistake(data):
    """What is wrong with a file, None if nothing."""
    try:
        parse(data, "t")
    except ConfigurationError as error:
        return error
    return None


def test_a_large_file_takes_linear_time():
    data = b"config rule\n" + b"\toption a 'x'\n" * 50_000 + b"\toption b '" + b"y\n" * 50_000 + b"'\n"
    begin = time.process_time()
    [rule] = parse(data, "t")
    assert len(rule.options["b"]) == 100_000
    assert time.process_time() - begin < 5
