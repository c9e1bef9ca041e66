"""The documentation is held against the code: what is not told is not there, and what is told is true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from vigilog.cli.commands import COMMANDS, actions, explained, found, parser
from vigilog.cli.statuses import STATUSES
from vigilog.config.choose import Wishes
from vigilog.config.choose_run import choose_run
from vigilog.config.described import described
from vigilog.config.host import look
from vigilog.config.logcheck_conf import LISTS, MEANING
from vigilog.config.logcheck_sh import TEXTS
from vigilog.config.run_checks import BELONGING, NEEDED
from vigilog.config.toml import read_text
from vigilog.config.written import literal
from vigilog.store.database import open_store

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


def text(name):
    return (CHECKOUT / "docs" / name).read_text()


def rows(table):
    """The rows of a Markdown table or of several, as lists of cells."""
    lines = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("|---")]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def section(name, heading):
    """What stands below a heading of the second level."""
    parts = text(name).split(f"\n## {heading}\n")
    assert len(parts) == 2, f"{name} has no section {heading}"
    return parts[1].split("\n## ")[0]


def test_every_key_of_the_configuration_is_told_with_its_default_and_its_meaning():
    for table in described():
        told = rows(section("configuration.md", table.head).split("\n### ")[0])[1:]
        defaults = {key.name: f"`{literal(key.default)}`" if key.default is not None else "" for key in table.keys}
        expected = [[f"`{key.name}`", defaults[key.name], key.expected, key.meaning] for key in table.keys]
        assert told == expected


def test_the_keys_of_each_type_of_action_are_told():
    told = rows(section("configuration.md", "[action.NAME]").split("\n### ")[1])[1:]
    expected = {kind: (set(keys), NEEDED.get(kind, "")) for kind, keys in BELONGING.items()}
    assert {
        re.findall(r"\w+", kind)[0]: (set(re.findall(r"`(\w+)`", keys)), "".join(re.findall(r"`(\w+)`", needed)))
        for kind, keys, needed in told
    } == expected


MISTAKEN_RUN = [
    "[action.page]\ntype='script'\nscript='/x'\n[[trigger]]\nname='a'\npattern='x'\nactions='bann'",
    "[run]\nsources=['journal']\n\n[[trigger]]\nname='a'\npattern='x'\n\nsources='/var/log/auth.log'",
    "[[trigger]]\nname='a'\nkey='adress'\n\npattern='(?P<user>.) (?P<address>.)'",
    "[[trigger]]\nname='a'\n\n\npattern='from ('",
    "[[trigger]]\nname='a'\nlanguage='scanf'\n\npattern='%s %s'\nfields='a b c'",
    "[action.x]\ntype='script'\nurl='http://x'\nscript='/x'",
]


def test_what_does_not_go_together_is_told_just_so(tmp_path):
    told = re.findall(r"^    vigilog\.toml:(.*)$", text("configuration.md"), re.MULTILINE)
    found = []
    for example in MISTAKEN_RUN:
        (tmp_path / "v.toml").write_text(example)
        errors = choose_run(Wishes(config=f"{tmp_path}/v.toml"), look(str(tmp_path), "")).errors
        found += [str(error).removeprefix(f"{tmp_path}/v.toml:") for error in errors]
    assert found == told


def test_the_examples_of_tables_have_no_mistake(tmp_path):
    page = text("configuration.md").partition("## [run]")[2]
    blocks = re.findall(r"(?:^    .*\n|\n)+", page, re.MULTILINE)
    tables = [re.sub("^    ", "", block, flags=re.MULTILINE).strip() for block in blocks]
    tables = [block for block in tables if block.startswith("[")]
    assert len(tables) >= 5
    (tmp_path / "v.toml").write_text("\n".join(tables) + "\n")
    chosen = choose_run(Wishes(config=f"{tmp_path}/v.toml"), look(str(tmp_path), ""))
    assert [str(error) for error in chosen.errors] == []


def test_every_command_is_told_and_no_other():
    assert re.findall(r"^## vigilog ([a-z ]+)$", text("commands.md"), re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_told_with_its_meaning(name):
    told = [row for row in rows(section("commands.md", f"vigilog {name}")) if not row[0].isdigit()]
    told = [row for row in told if row[0] not in {"option", "status"}]
    expected = []
    for action in actions(parser(name)):
        value = action.metavar if isinstance(action.metavar, str) else "|".join(map(str, action.choices or ()))
        value = "" if action.nargs == 0 else f"[{value}]" if action.nargs == "?" else value
        names = ", ".join(f"`{option}`" for option in action.option_strings)
        shown = " ".join(filter(None, [names, f"`{value}`" if value else ""]))
        expected.append([shown, " ".join(explained(action).split())])
    assert told == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_every_exit_status_of_a_command_is_told(name):
    told = [row for row in rows(section("commands.md", f"vigilog {name}")) if row[0].isdigit()]
    assert told == [[str(number), meaning] for number, meaning in STATUSES[name]]


def examples(document):
    """The command lines of Vigilog in the indented blocks of a document."""
    for line in document.read_text().splitlines():
        found = re.match(r"    (?:sudo (?:-u \w+ )?)?(vigilog .*)", line)
        if found and "COMMAND" not in line:
            yield shlex.split(re.split(r"\s+#|\s*\||\s*>", found[1])[0])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_example_is_a_command_line_that_is_understood(document):
    for words in examples(document):
        named = found(words[1:])
        assert named, words
        name, rest = named
        parser(name).parse_args([word.rstrip(".") for word in rest])


def test_every_option_that_any_page_names_is_one():
    known = {option for name in COMMANDS for action in actions(parser(name)) for option in action.option_strings}
    known |= {"--version", "--help", "--no-install-recommends", "--preload"}  # and those of other programs
    for document in DOCUMENTS:
        options = set(re.findall(r"`(--[a-z][a-z-]+)", document.read_text()))
        assert options <= known, document.name


def test_the_switches_of_logcheck_are_all_told():
    told = section("from-logcheck.md", "The switches")
    for action in actions(parser("check")):
        for option in action.option_strings:
            if re.fullmatch(r"-\w", option):
                assert f"`{option}" in told
                assert any(f"`{long}`" in told for long in action.option_strings if long.startswith("--"))


def test_the_settings_of_logcheck_conf_are_told_with_the_keys_they_become():
    table = rows(section("from-logcheck.md", "logcheck.conf"))[1:]
    pairs = [(re.findall(r"`(\w+)`", left), [*re.findall(r"`(\w+\.\w+)`", right), "", ""]) for left, right in table]
    told = {name: key for names, keys in pairs for name, key in zip(names, keys, strict=False)}
    assert set(told) == {*MEANING, *LISTS}
    assert {name: key for name, key in told.items() if key} == {name: ".".join(key) for name, (key, _, _) in MEANING.items()}


def test_the_settings_of_a_logcheck_sh_are_told():
    told = section("from-logsentry.md", "What is taken from the script")
    for name in (*TEXTS, "SYSADMIN", "DATE", "HOSTNAME"):
        assert f"`{name}`" in told


def test_the_mistakes_in_the_example_are_told_just_so():
    told = re.findall(r"^    /etc/vigilog/\S+\.toml:(\d+): (.*)$", text("configuration.md"), re.MULTILINE)
    mistaken = ["[check]\n\nlevle = 1", "[check]\n\n\n\njobs = 0", '[mail]\nto = "root"']
    found = [str(error) for example in mistaken for error in read_text(example, "f").errors]
    assert found == [f"f:{line}: {message}" for line, message in told]


def test_links_between_pages_lead_somewhere():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_targets_of_make_that_the_pages_name_are_there():
    makefile = (CHECKOUT / "Makefile").read_text()
    for document in DOCUMENTS:
        for target in re.findall(r"(?:^    (?:sudo )?|`)make ([a-z-]+)", document.read_text(), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{document.name}: make {target}"


def test_the_report_in_the_readme_is_what_vigilog_says_to_the_sample_logs(vigilog, tmp_path):
    shown = (CHECKOUT / "README.md").read_text().split("```\n")[1]
    logs = sorted(str(path) for path in (CHECKOUT / "packaging" / "samples").glob("*.log"))
    process = vigilog("check", "--builtin", "--standard-output", "--summarize", "--state-directory", f"{tmp_path}/state", *logs)
    assert process.stdout.rstrip("\n") == shown.rstrip("\n")


def test_the_replay_in_the_readme_is_what_vigilog_says_to_the_sample_logs(vigilog, tmp_path):
    readme = (CHECKOUT / "README.md").read_text()
    (tmp_path / "vigilog.toml").write_text(readme.split("```toml\n")[1].split("```")[0])
    command, *shown = readme.split("```\n$ .venv/bin/")[1].split("```")[0].splitlines()
    words = shlex.split(command)[1:]
    words[-1] = str(CHECKOUT / words[-1])
    process = vigilog(*words, environment={"TZ": "UTC"})
    lines = process.stdout.splitlines()
    assert shown == [*lines[: len(shown) - 2], "...", process.stderr.rstrip("\n")]


def test_every_question_to_the_store_that_is_told_can_be_asked(tmp_path):
    block = re.findall(r"^    (?!sqlite3)(.*)$", section("store.md", "Looking into it"), re.MULTILINE)
    questions = "\n".join(block).rstrip(";").split(";")
    assert len(questions) >= 7
    store = open_store(str(tmp_path / "state"))
    for question in questions:
        store.execute(question)
    store.close()
