"""completion: real shells complete commands, options, choices and paths with the scripts."""

from __future__ import annotations

import os
import subprocess

import pytest

from vigilog.cli.commands import COMMANDS, actions, first_words, group, parser
from vigilog.cli.completion import SHELLS


@pytest.fixture
def complete(tmp_path, need):
    """A function from a shell and the words of a command line to what the shell offers for the last of them."""
    (tmp_path / "some.log").write_text("")

    def bash(script, words):
        line = " ".join(f"'{word}'" for word in words)
        ask = f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; compopt() {{ :; }}; _vigilog; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        return ["bash", "--norc", "-c", ask]

    def fish(script, words):
        return ["fish", "--no-config", "-c", f"source {script}; complete -C '{' '.join(words)}'"]

    def run(shell, *words):
        need(shell)
        script = tmp_path / f"script.{shell}"
        script.write_text(SHELLS[shell]())
        command = {"bash": bash, "fish": fish}[shell](script, words)
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
        process = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)
        assert process.stderr == ""
        return {line.split("\t")[0] for line in process.stdout.splitlines() if line}

    return run


SHELL = pytest.mark.parametrize("shell", ["bash", "fish"])


@pytest.mark.peer
@SHELL
def test_commands(complete, shell):
    assert set(first_words()) <= complete(shell, "vigilog", "")
    assert complete(shell, "vigilog", "va") == {"validate"}


@pytest.mark.peer
@SHELL
@pytest.mark.parametrize("name", COMMANDS)
def test_long_options_of_every_command(complete, shell, name):
    options = {option for action in actions(parser(name)) for option in action.option_strings if option.startswith("--")}
    assert complete(shell, "vigilog", *name.split(), "--") == options


@pytest.mark.peer
@SHELL
@pytest.mark.parametrize("word", [word for word in first_words() if group(word)])
def test_the_commands_of_a_group(complete, shell, word):
    assert complete(shell, "vigilog", word, "") == {name.split()[1] for name in group(word)}


@pytest.mark.peer
@SHELL
def test_values_that_are_a_choice(complete, shell):
    assert complete(shell, "vigilog", "check", "--first", "") == {"all", "today", "none"}
    assert complete(shell, "vigilog", "completion", "") >= {"bash", "zsh", "fish"}


@pytest.mark.peer
@SHELL
def test_values_and_operands_that_are_paths(complete, shell):
    assert "some.log" in complete(shell, "vigilog", "check", "--config", "so")
    assert "some.log" in complete(shell, "vigilog", "check", "so")


@pytest.mark.peer
def test_zsh_completes(need, tmp_path):
    """zsh completes only at a terminal: a pseudo terminal of zsh's own (zsh/zpty) is the user."""
    need("zsh")
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "_vigilog").write_text(SHELLS["zsh"]())
    (tmp_path / "some.log").write_text("")
    script = tmp_path / "ask.zsh"
    script.write_text(
        f"""zmodload zsh/zpty
zpty asked zsh -f -i
zpty -w asked "PS1= ; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; cd {tmp_path}"
zpty -w asked 'vigilog() {{ print -r -- "asked ${{(j: :)@}}."; }}; stty columns 200; echo rea""dy'
while zpty -r asked line; do [[ $line == *ready* ]] && break; done
zpty -n -w asked $'vigilog che\\t--fir\\tto\\t so\\t\\n'
while zpty -r asked line; do print -r -- $line; [[ $line == *asked* ]] && break; done
"""
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    process = subprocess.run(["zsh", "-f", script], capture_output=True, text=True, check=True, timeout=30, env=environment)
    assert "asked check --first today some.log." in process.stdout


@pytest.mark.peer
@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_correct_for_its_shell(shell, need, tmp_path):
    need(shell)
    script = tmp_path / "script"
    script.write_text(SHELLS[shell]())
    subprocess.run([shell, "-n", script], check=True, capture_output=True)


def test_the_command_prints_the_script(vigilog):
    assert vigilog("completion", "bash").stdout == SHELLS["bash"]()
