"""docs/ftpd.md lists the directives that have an effect, each with the sections it has it in, and says which modules are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vigilog.config.proftpd import read
from vigilog.config.proftpd_effects import READERS, STRUCTURE, effective
from vigilog.config.proftpd_known import MODULES, table
from vigilog.config.proftpd_tree import LETTERS
from vigilog.config.proftpd_view import LAST

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ftpd.md").read_text("utf-8").partition("\n## Directives\n")[2]
ROWS = re.findall(r"^\| `([A-Z]\w+)([^`]*)` \| ([^|]*) \| (.*) \|$", PAGE, re.MULTILINE)


def test_every_directive_with_an_effect_is_there_once():
    listed = [name for name, *_ in ROWS]
    with_effect = {name for name in READERS if any(effective(name, letter) for letter in LETTERS.values())} | STRUCTURE
    assert sorted(listed) == sorted(with_effect)


@pytest.mark.parametrize(("name", "where"), [(name, where) for name, _, where, _ in ROWS])
def test_where_it_has_its_effect(name, where):
    words = {"server": "server config"}
    letters = {LETTERS[words.get(word, word)] for word in where.split(", ")}
    assert letters == {letter for letter in table()[name.lower()].where if effective(name, letter)}


def test_the_modules_that_ifmodule_finds():
    assert set(re.findall(r"`(mod_\w+\.c)`", PAGE)) == MODULES


def test_those_whose_last_line_counts():
    sentence = re.search(r"of\s(ServerName.*?)\sthe last\.", PAGE, re.DOTALL)
    assert sentence is not None
    assert set(re.findall(r"\w+", sentence[1])) - {"and"} == LAST


def test_each_is_read_with_the_parameters_that_the_page_shows(tmp_path):
    """All of them in one file, in sections where they may stand: no complaint of their number or place."""
    path = tmp_path / "proftpd.conf"
    body: dict[str, list[str]] = {"s": [], "l": [], "c": [], "a": []}
    for name, parameters, _where, _ in ROWS:
        letter = next(letter for letter in "slca" if letter in table()[name.lower()].where)
        words = re.sub(r"\[[^\]]*\]+|\.\.\.", "", parameters.replace("\\|", "|")).split()
        body[letter].append(" ".join([name, *(word.partition("|")[0] for word in words)]))
    text = "\n".join(
        [*body["s"], "<Limit ALL>", *body["l"], "</Limit>", "<Class k>", *body["c"], "</Class>", "<Anonymous ~ftp>", *body["a"]]
    )
    path.write_text(text + "\n</Anonymous>\n")
    found = [error.found for error in read(str(path)).errors]
    assert not [each for each in found if "number of parameters" in each or "missing" in each or "not allowed in" in each]
