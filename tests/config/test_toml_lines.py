"""toml_lines: the line of every key, list entry and table of a TOML text, and where its statements begin and end."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.toml_lines import index

LITERAL_KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="'\x7f"), max_size=4)
BARE_KEYS = st.text("abcXYZ019_-", min_size=1, max_size=4)
SCALARS = st.one_of(
    st.sampled_from(["1", "-2.5e3", "true", "inf", "0x1F", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00.5", "07:32:00"]),
    st.sampled_from(['""', '"a # b"', '"\\" = ]"', "'x = [1'", "''", '"""a"""', '"""q\\""""', "'''it''s'''", '"""""x"""""']),
    st.sampled_from(['"""\nx = 1\n[t]\n"""', "'''\n[[a]]\nk = 1 # '''", '"""\\\n  folded"""']),
)
VALUES = st.recursive(
    SCALARS.map(lambda text: ("scalar", text)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: ("list", items)),
        st.dictionaries(BARE_KEYS, inner, max_size=3).map(lambda items: ("inline", items)),
    ),
    max_leaves=6,
)


def quoted(draw, name):
    if (
        name
        and all(character.isascii() and (character.isalnum() or character in "_-") for character in name)
        and draw(st.booleans())
    ):
        return name
    if draw(st.booleans()) and "'" not in name:
        return f"'{name}'"
    escaped = "".join(
        f"\\u{ord(character):04x}" if character in '"\\' or draw(st.booleans()) else character for character in name
    )
    return f'"{escaped}"'


class Writer:
    """Writes TOML and knows, by counting newlines, the line of everything it writes."""

    def __init__(self, draw):
        self.draw = draw
        self.text = ""
        self.lines: dict[object, int] = {}

    def gap(self, choices):
        self.text += self.draw(st.sampled_from(choices))

    def mark(self, path):
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def value(self, shape, path):
        self.mark(path)
        kind, content = shape
        if kind == "scalar":
            self.text += content
            return
        multiline = kind == "list"
        spaces = ["", " ", "\n  ", " # [ ' \" }\n"] if multiline else ["", " "]
        self.text += "[" if multiline else "{"
        entries = list(enumerate(content)) if multiline else list(content.items())
        for number, (key, item) in enumerate(entries):
            self.gap(spaces)
            if multiline:
                self.value(item, (*path, key))
            else:
                self.mark((*path, key))
                self.text += quoted(self.draw, key) + " = "
                self.value(item, (*path, key))
            self.gap(spaces)
            if number < len(entries) - 1:
                self.text += ","
        self.gap(spaces)
        self.text += "]" if multiline else "}"


@st.composite
def documents(draw):
    """A valid TOML text and the line of every path in it."""
    writer = Writer(draw)
    prefix: tuple[str | int, ...] = ()
    names = iter(f"k{number}" for number in range(1000))
    arrays: dict[str, int] = {}
    for _ in range(draw(st.integers(0, 4))):
        writer.gap(["", "\n", "# [no]\n", "  # x = 1\n\n"])
        kind = draw(st.sampled_from(["none", "table", "dotted table", "array"]))
        if kind == "array":
            name = draw(st.sampled_from([*arrays, draw(LITERAL_KEYS) + next(names)]))
            arrays[name] = arrays.get(name, -1) + 1
            writer.mark((name,))
            writer.mark((name, arrays[name]))
            writer.text += f"[[ {quoted(draw, name)} ]] # [x]\n"
            prefix = (name, arrays[name])
        elif kind != "none":
            path = tuple(draw(LITERAL_KEYS) + next(names) for _ in range(2 if kind == "dotted table" else 1))
            for length in range(1, len(path) + 1):
                writer.mark(path[:length])
            writer.gap(["", "  "])
            writer.text += "[" + " . ".join(quoted(draw, part) for part in path) + "]\n"
            prefix = path
        for _ in range(draw(st.integers(0, 3))):
            writer.gap(["", "\n", "\t", "# c\n"])
            keys = tuple(draw(LITERAL_KEYS) + next(names) for _ in range(draw(st.integers(1, 3))))
            path = prefix
            for key in keys:
                path = (*path, key)
                writer.mark(path)
            writer.text += ".".join(quoted(draw, key) for key in keys) + draw(st.sampled_from([" = ", "=", "\t="]))
            writer.value(draw(VALUES), path)
            writer.gap(["\n", " # c = [\n", "\t\n"])
    return writer.text, writer.lines


@given(documents())
def test_every_key_entry_and_table_of_a_valid_text_has_its_line(document):
    text, lines = document
    tomllib.loads(text)
    assert index(text).lines == lines


@given(documents())
def test_statements_of_a_valid_text_are_each_valid_alone(document):
    text, _ = document
    lines = text.split("\n")
    for statement in index(text).statements:
        tomllib.loads("\n".join(lines[statement.first - 1 : statement.last]))


@given(st.text("[]{}=.\"'#\n\\ a1,\t\r", max_size=40))
def test_no_text_is_too_broken_and_every_line_outside_statements_is_blank_or_a_comment(text):
    statements = index(text).statements
    covered = {line for statement in statements for line in range(statement.first, statement.last + 1)}
    for number, line in enumerate(text.split("\n"), 1):
        assert number in covered or line.strip() == "" or line.strip().startswith("#")
    assert [statement.first for statement in statements] == sorted(statement.first for statement in statements)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("[a]\nb.c.d = 1", ("a", "b", "c", "d"), 2),
        ("\"a b\" = 1\n'c.d' = 2", ("c.d",), 2),
        ('"\\u0061" = 1', ("a",), 1),
        ("[[x]]\n[[x]]\n[x.y]\nz = 1", ("x", 1, "y", "z"), 4),
        ("[[x]]\n[[x.y]]\n[[x]]\n[[x.y]]\nz = 1", ("x", 1, "y", 0, "z"), 5),
        ('a = """\nb = 1\n"""\nb = 2', ("b",), 4),
        ('a = """x""""\nb = 2', ("b",), 2),
        ("a = [\n  1,\n\n  2,\n]\nb = 1", ("a", 1), 4),
        ("a = {b = {c = 1}}", ("a", "b", "c"), 1),
    ],
)
def test_the_line_of(text, path, line):
    tomllib.loads(text)
    assert index(text).lines[path] == line


def test_after_an_unclosed_list_reading_goes_on_at_the_next_key():
    where = index('a = ["x",\nb = 1\n[t]\nc = 2')
    assert where.lines["b",] == 2
    assert where.lines["t", "c"] == 4


def test_a_long_text_takes_linear_time():
    text = "".join(f"k{number} = [1, 2]\n" for number in range(20000))
    assert len(index(text).statements) == 20000
