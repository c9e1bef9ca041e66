"""manual: pages made from the parsers and from settings.py, which man shows without a warning."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from vigilog.cli.commands import COMMANDS, actions, explained, parser
from vigilog.cli.manual import page, page_name, pages
from vigilog.config.described import described


def shown(text):
    """A page as man shows it, without overstriking and in one long line."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "200"}
    command = ["groff", "-man", "-Tutf8", "-ww", "-rHY=0", "-P-cbou"]
    process = subprocess.run(command, input=text.encode(), env=environment, capture_output=True, check=True)
    assert process.stderr == b""
    return " ".join(process.stdout.decode().split())


@pytest.mark.peer
@pytest.mark.parametrize("name", [None, *COMMANDS, "vigilog.toml"])
def test_groff_has_no_warning_for_the_page(name, need):
    need("groff")
    assert "NAME vigilog" in shown(page(name))


@pytest.mark.peer
@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_a_command_shows_every_option_with_its_text(name, need):
    need("groff")
    text = shown(page(name))
    for action in actions(parser(name)):
        for option in action.option_strings:
            assert option in text
        assert " ".join(explained(action).split()) in text


@pytest.mark.peer
def test_the_page_of_the_configuration_shows_every_key_with_its_meaning(need):
    need("groff")
    text = shown(page("vigilog.toml"))
    for table in described():
        assert table.head.upper() in text.upper()
        for key in table.keys:
            assert key.default is None or f"{key.name} = " in text
            assert key.meaning in text


def test_no_line_of_a_text_becomes_an_instruction():
    for _, _, text in pages():
        for line in text.splitlines():
            if line[:1] in {".", "'"}:
                assert re.match(r"\.(TH|SH|TP)\b", line)


def test_all_pages_are_written_where_man_looks_for_them(vigilog, tmp_path):
    process = vigilog("manual", "--directory", str(tmp_path / "man"))
    assert process.returncode == 0
    written = {os.path.relpath(path, tmp_path / "man") for path in process.stdout.split()}
    assert written == {"man1/vigilog.1", "man5/vigilog.toml.5", *(f"man1/vigilog-{page_name(name)}.1" for name in COMMANDS)}
    for name in COMMANDS:
        assert (tmp_path / "man" / "man1" / f"vigilog-{page_name(name)}.1").read_text() == page(name)


def test_a_single_page_is_printed(vigilog):
    assert vigilog("manual", "check").stdout == page("check")
    assert vigilog("manual").stdout == page(None)


def test_pages_are_the_same_every_time():
    assert pages() == pages()


def test_a_directory_that_cannot_be_written_is_an_error(vigilog, tmp_path):
    (tmp_path / "man").write_text("")
    process = vigilog("manual", "--directory", str(tmp_path / "man"))
    assert process.returncode == 78
    assert "cannot be written" in process.stderr
