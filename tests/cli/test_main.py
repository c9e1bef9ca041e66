"""main: the command is found and run, and errors become one line on stderr and an exit status."""

from __future__ import annotations

import os
import subprocess
import sys
import types

import pytest

from vigilog import __version__
from vigilog.cli import commands
from vigilog.cli.main import STATUS, main
from vigilog.core import errors
from vigilog.core.nouns import Place
from vigilog.reporting import choosing, delivery, filters, ranges
from vigilog.run import control_client


@pytest.fixture
def fake(monkeypatch):
    """A function that makes a command `fake` out of what its `run` is to do."""

    def make(action, usage_status=None):
        module = types.ModuleType("vigilog_fake_command")

        def arguments(parser):
            parser.usage_status = usage_status
            parser.add_argument("--level", choices=("a", "b"))

        vars(module).update(HELP="pretend", arguments=arguments, run=action)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(commands.COMMANDS, "fake", module.__name__)

    return make


def raising(error):
    def action(_options):
        raise error

    return action


def test_the_status_of_a_command_is_the_status_of_the_process(fake):
    fake(lambda options: 7 if options.level == "b" else 3)
    assert main(["fake", "--level", "b"]) == 7


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ConfigurationError("x"), 78),
        (errors.RuleError("x"), 78),
        (errors.SourceError("x"), 66),
        (errors.StoreError("x"), 74),
        (errors.DeliveryError("x"), 75),
        (errors.AlreadyRunning("x"), 1),
        (errors.MissingExtra("x"), 69),
        (errors.VigilogError("x"), 1),
    ],
)
def test_each_error_has_its_status(fake, capsys, error, status):
    fake(raising(error))
    assert main(["fake"]) == status
    assert capsys.readouterr().err == "vigilog fake: x\n"


def test_every_class_of_error_has_a_status():
    classes = [
        value
        for module in (errors, control_client, choosing, delivery, filters, ranges)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, errors.VigilogError)
    ]
    assert {cls.__name__ for cls in classes} == set(STATUS)


def test_several_mistakes_at_once_are_a_line_each(fake, capsys):
    first = errors.ConfigurationError("a", place=Place("f", 1))
    second = errors.RuleError("b", place=Place("f", 2))
    fake(raising(ExceptionGroup("mistakes", [first, second])))
    assert main(["fake"]) == 78
    assert capsys.readouterr().err == "vigilog fake: f:1: a\nvigilog fake: f:2: b\n"


def test_an_error_that_is_not_ours_is_not_hidden(fake):
    fake(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["fake"])
    fake(raising(ExceptionGroup("mixed", [errors.SourceError("x"), ZeroDivisionError()])))
    with pytest.raises(ExceptionGroup):
        main(["fake"])


def test_an_error_is_one_line_and_harms_no_terminal(fake, capsys):
    fake(raising(errors.SourceError("bad \x1b[2J\nname \udcff é")))
    main(["fake"])
    assert capsys.readouterr().err == "vigilog fake: bad \\x1b[2J\\nname \\xff é\n"


def test_an_interrupt_is_130(fake, capsys):
    fake(raising(KeyboardInterrupt()))
    assert main(["fake"]) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_went_away_is_no_error(vigilog):
    """The output is larger than a pipe, and its reader stops after one byte."""
    code = (
        "import sys, types\nfrom vigilog.cli import commands, main\n"
        "module = types.ModuleType('wide'); module.HELP = ''\n"
        "module.arguments = lambda parser: None\n"
        "module.run = lambda options: print('x' * 1000000) or 0\n"
        "sys.modules['wide'] = module; commands.COMMANDS['wide'] = 'wide'\n"
        "sys.argv[1:] = ['wide']; main.run()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("words", "label", "status"),
    [
        ([], "vigilog", 75),
        (["--version"], "vigilog", 75),
        (["ledger", "--help"], "vigilog", 75),
        (["rules", "list"], "vigilog rules", 75),
        (["rules", "--help"], "vigilog rules", 75),
        (["completion", "bash"], "vigilog completion", 75),
        (["ledger", "check", "L"], "vigilog ledger check", 75),
        (["check", "--standard-output", "--test", "-l", "L"], "Error", 1),
    ],
)
def test_what_cannot_be_printed_is_one_line_and_a_status(vigilog, tmp_path, words, label, status, unbuffered):
    (tmp_path / "L").write_bytes(b"+1|GET / HTTP/1.1\n" * 2000)
    with open("/dev/full", "wb") as full:
        done = vigilog(
            *words,
            environment={"PYTHONUNBUFFERED": unbuffered, "XDG_STATE_HOME": str(tmp_path)},
            capture_output=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert (done.stderr, done.returncode) == (f"{label}: standard output: No space left on device\n", status)


@pytest.mark.parametrize("words", [["--version"], ["rules", "list"]])
def test_closed_standard_output_is_no_failure(vigilog, words):
    done = vigilog(*words, capture_output=False, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert (done.stderr, done.returncode) == ("", 0)


def test_a_wrong_option_is_2_with_the_usage_on_stderr(fake, capsys):
    fake(lambda _options: 0)
    with pytest.raises(SystemExit) as exit_:
        main(["fake", "--nonsense"])
    output = capsys.readouterr()
    assert (exit_.value.code, output.out) == (2, "")
    assert output.err.splitlines()[-1] == "vigilog fake: unrecognized arguments: --nonsense"


def test_a_wrong_option_of_check_is_1_with_the_usage_on_standard_output(vigilog):
    """Debian's logcheck, sheet 2.6."""
    process = vigilog("check", "--nonsense")
    assert process.returncode == 1
    assert process.stdout.startswith("usage: vigilog check")
    assert "--nonsense" in process.stderr


def test_long_options_are_not_guessed_from_their_beginning(fake):
    fake(lambda _options: 0)
    with pytest.raises(SystemExit):
        main(["fake", "--lev", "a"])


def test_an_unknown_command_is_2_and_the_nearest_is_named(capsys):
    assert main(["chekc"]) == 2
    assert capsys.readouterr().err.startswith("vigilog: chekc is not a command; did you mean check?\n")
    assert main(["--nonsense"]) == 2


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_alone_it_lists_every_command_and_the_first_to_try(arguments, capsys):
    assert main(arguments) == 0
    text = capsys.readouterr().out
    for name in commands.COMMANDS:
        assert f"\n  {name} " in text
    assert "vigilog check --standard-output --test" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["help", *name.split()])
    assert exit_.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: vigilog {name}")


@pytest.fixture
def grouped(monkeypatch):
    """A group `fake` with the commands `fake some` and `fake other`."""
    module = types.ModuleType("vigilog_fake_command")
    vars(module).update(HELP="pretend", arguments=lambda _parser: None, run=lambda _options: 5)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for name in ("fake some", "fake other"):
        monkeypatch.setitem(commands.COMMANDS, name, module.__name__)


def test_a_command_of_a_group_is_named_by_two_words(grouped, capsys):
    assert main(["fake", "some"]) == 5
    with pytest.raises(SystemExit):
        main(["fake", "some", "--nonsense"])
    assert capsys.readouterr().err.splitlines()[-1] == "vigilog fake some: unrecognized arguments: --nonsense"


@pytest.mark.parametrize(("words", "status"), [(["fake"], 2), (["fake", "--help"], 0), (["help", "fake"], 0)])
def test_a_group_alone_tells_its_commands(grouped, capsys, words, status):
    assert main(words) == status
    output = capsys.readouterr()
    told = output.err if status else output.out
    assert "fake some " in told
    assert "fake other" in told


def test_the_nearest_command_of_a_group_is_named(grouped, capsys):
    assert main(["fake", "soem"]) == 2
    assert "fake soem is not a command; did you mean fake some?" in capsys.readouterr().err


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vigilog {__version__}\n"


def test_the_version_loads_no_library_and_no_other_command():
    code = "import sys; from vigilog.cli.main import main; main(['--version']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"msgspec", "hyperscan", "re2", "rich", "subprocess", "json", "email", "vigilog.cli.check", "dataclasses"} & set(
        loaded
    )


def test_the_version_is_told_in_less_than_60_milliseconds_of_work(vigilog):
    """Processor time, the best of five: a loaded machine is no slow program."""
    best = 1.0
    for _ in range(5):
        before = os.times()
        vigilog("--version")
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        best = min(best, spent)
    assert best < 0.06
