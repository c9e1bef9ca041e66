"""check's arguments: logcheck's switches with their meaning, long names beside them, and what they come to."""

from __future__ import annotations

import os

import pytest

from vigilog.cli import check_arguments
from vigilog.cli.commands import Parser, actions
from vigilog.cli.wishes import wishes
from vigilog.config.choose import choose
from vigilog.config.host import look

GETOPTS = "c:dhH:l:L:D:m:opr:RsS:tTuvw"
"""What Debian's logcheck 1.4.2 takes (sheet 2.6); a colon: with a value."""


def parser():
    made = Parser(prog="vigilog check", allow_abbrev=False)
    check_arguments.arguments(made)
    return made


@pytest.fixture
def settings(tmp_path):
    """A function from a command line to the settings it comes to on an empty host, or to a list of its mistakes."""

    def come_to(*arguments, terminal=False):
        wished = wishes(parser().parse_args([*arguments]), terminal=terminal)
        chosen = choose(wished, look(str(tmp_path), ""), f"{tmp_path}/none.toml")
        return [str(error) for error in chosen.errors] or chosen.settings

    return come_to


def test_it_takes_every_switch_of_logcheck_each_with_a_long_name_beside_it():
    found = {}
    for action in actions(parser()):
        short = [name for name in action.option_strings if not name.startswith("--")]
        for name in short:
            found[name[1]] = action.nargs != 0
            assert any(other.startswith("--") for other in action.option_strings)
    letters = GETOPTS.replace(":", "")
    assert found == {letter: f"{letter}:" in GETOPTS for letter in letters}


def test_switches_may_be_joined_as_getopts_has_it(settings):
    options = parser().parse_args(["-otRuw", "-m", "root", "-Hgate"])
    assert (options.standard_output, options.test, options.reboot) == (True, True, True)
    assert options.host == "gate"


@pytest.mark.parametrize(
    ("switch", "level"), [("-p", "paranoid"), ("-s", "server"), ("-w", "workstation"), ("--paranoid", "paranoid")]
)
def test_the_level(settings, switch, level):
    assert settings(switch).check.level == level


def test_the_last_level_wins(settings):
    assert settings("-p", "-w").check.level == "workstation"


def test_values_become_settings(settings):
    found = settings("-H", "gate", "-u", "--jobs", "2", "--first", "none", "--partial-lines", "--exact-grep")
    assert (found.check.host, found.check.summarize, found.check.jobs) == ("gate", True, 2)
    assert (found.check.first, found.check.partial_lines, found.psionic.exact_grep) == ("none", True, True)


def test_logs_on_the_command_line_replace_the_configured_ones_and_are_told_from_the_root(settings):
    here = os.getcwd()
    assert settings("-l", "a", "/b", "journal", "-", "multilog:c", "./journal").check.sources == (
        f"{here}/a",
        "/b",
        "journal",
        "-",
        f"multilog:{here}/c",
        f"{here}/journal",
    )


def test_the_state_directory_is_also_where_offsets_of_logcheck_are_looked_for(settings):
    state = settings("-S", "/s").state
    assert (state.directory, state.takeover) == ("/s", ("/s",))


def test_the_rule_directory_makes_the_rules_debians(settings):
    check = settings("-r", "rules").check
    assert (check.rules, check.rule_directory) == ("debian", os.path.abspath("rules"))


@pytest.mark.parametrize(
    ("arguments", "terminal", "to"),
    [
        ((), False, ("root",)),
        ((), True, ()),
        (("-o",), False, ()),
        (("-m", "a@b"), False, ("a@b",)),
        (("-m", "a@b"), True, ("a@b",)),
        (("-m", "a", "-m", "b"), False, ("a", "b")),
        (("-m", "a@b", "-o"), False, ()),
        (("--format", "json"), False, ()),
    ],
)
def test_where_the_report_goes(settings, tmp_path, arguments, terminal, to):
    """A terminal shows it, unless an address is given; -o and a format print it; else the configuration decides."""
    conf = tmp_path / "logcheck.conf"
    conf.write_text("SENDMAILTO=root\n")
    assert settings("-c", str(conf), *arguments, terminal=terminal).mail.to == to


def test_a_logcheck_sh_or_pattern_files_make_the_rules_psionic(settings, tmp_path):
    script = tmp_path / "logcheck.sh"
    script.write_text("IGNORE_FILE=/i\nHACKING_FILE=/h\n$LOGTAIL /x > y\n")
    found = settings("--psionic", str(script), "--hacking", "/mine")
    assert (found.check.rules, found.psionic.ignore, found.psionic.hacking) == ("psionic", "/i", "/mine")
    assert settings("--ignore", "i").psionic.ignore == os.path.abspath("i")
    assert settings("--psionic", "--violations", "/v").check.rules == "psionic"


@pytest.mark.parametrize(
    ("arguments", "mistake"),
    [
        (("-m-x@y",), '--mail-to: mail.to has "-x@y"; expected a mail address'),
        (("-m", ""), '--mail-to: mail.to has ""; expected a mail address'),
        (("-H", "a\nb"), '--host: check.host has "a\\nb"; expected no control characters'),
        (("--builtin", "--hacking", "/h"), "--hacking has no effect with --builtin; expected one of the two"),
        (("--psionic",), "--psionic: Psionic rules without pattern files report nothing"),
        (("--config", "/none"), "/none: cannot be read"),
    ],
)
def test_a_mistake_on_the_command_line_names_the_option(settings, arguments, mistake):
    [error] = settings(*arguments)
    assert error.startswith(mistake)


@pytest.mark.parametrize(
    "arguments", [("--jobs", "0"), ("--jobs", "x"), ("--first", "some"), ("--builtin", "--psionic"), ("-r", "/r", "--builtin")]
)
def test_nonsense_is_the_usage_on_standard_output_and_1(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        parser().parse_args([*arguments])
    assert exit_.value.code == 1
    assert capsys.readouterr().out.startswith("usage: vigilog check")


def test_help_is_0_and_the_version_names_the_command(capsys):
    for switch, start in (("-h", "usage: vigilog check"), ("-v", "vigilog check 0")):
        with pytest.raises(SystemExit) as exit_:
            parser().parse_args([switch])
        assert exit_.value.code == 0
        assert capsys.readouterr().out.startswith(start)


def test_nothing_to_read_is_a_mistake_of_a_command_that_reads_logs(settings, tmp_path):
    chosen = choose(wishes(parser().parse_args([]), terminal=False), look(str(tmp_path), ""), f"{tmp_path}/none.toml")
    assert chosen.errors == ()
    [error] = check_arguments.with_something_to_read(chosen).errors
    assert str(error).startswith("there is no log to read; expected a readable log or journal; name a log, or run as a user")
    named = choose(wishes(parser().parse_args(["/x"]), terminal=False), look(str(tmp_path), ""), f"{tmp_path}/none.toml")
    assert check_arguments.with_something_to_read(named) is named


def test_a_command_that_reads_no_logs_needs_none(monkeypatch, tmp_path):
    monkeypatch.setattr(check_arguments, "look", lambda: look(str(tmp_path), ""))
    rules = Parser(prog="vigilog explain")
    check_arguments.rule_arguments(rules)
    config = tmp_path / "v.toml"
    config.write_text("")
    assert check_arguments.chosen(rules.parse_args(["--config", str(config)])).errors == ()
    assert len(check_arguments.chosen(parser().parse_args(["--config", str(config)])).errors) == 1
