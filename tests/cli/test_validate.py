"""validate: every mistake in configuration and rules at once, each with its address; nothing is touched."""

from __future__ import annotations

import os

import pytest


def files(folder):
    """Every file below a folder with its content and its time of change."""
    return {
        os.path.join(parent, name): (
            os.stat(os.path.join(parent, name)).st_mtime_ns,
            os.stat(os.path.join(parent, name)).st_size,
        )
        for parent, _, names in os.walk(folder)
        for name in names
    }


@pytest.fixture
def rules(tmp_path):
    """A rule directory in Debian's layout without a mistake."""
    for name in ("cracking.d", "violations.d", "violations.ignore.d", "ignore.d.paranoid", "ignore.d.server"):
        (tmp_path / "rules" / name).mkdir(parents=True)
    (tmp_path / "rules" / "ignore.d.server" / "cron").write_text("^.* CRON\\[[0-9]+\\]: \n")
    return tmp_path / "rules"


def test_without_a_mistake_it_is_one_line_and_0(vigilog, tmp_path, rules):
    (tmp_path / "log").write_text("")
    (tmp_path / "list").write_text(f"{tmp_path}/log\n")
    config = tmp_path / "v.toml"
    config.write_text("[check]\njobs = 2\n")
    lists = ["-L", f"{tmp_path}/list", "-D", f"{tmp_path}/none"]
    process = vigilog("validate", "--config", str(config), "-r", str(rules), *lists)
    assert process.stdout == f"no mistakes; the rules in {rules} at level server; 1 log\n"
    assert (process.returncode, process.stderr) == (0, "")


def test_all_mistakes_of_configuration_and_rules_come_at_once_and_the_status_is_78(vigilog, tmp_path, rules):
    config = tmp_path / "v.toml"
    config.write_text("[check]\njobs = 0\nlevl = 1\n")
    (tmp_path / "logcheck.conf").write_text("\nREPORTLEVEL=x\n")
    (rules / "ignore.d.server" / "bad").write_text("# comment\ngood\n(\n[z-a]\n")
    (rules / "violations.d" / "worse").write_text("a{2}{3}\n\\\n")
    process = vigilog("validate", "--config", str(config), "-c", f"{tmp_path}/logcheck.conf", "-r", str(rules))
    lines = process.stdout.splitlines()
    for place in (f"{config}:2", f"{config}:3", f"{tmp_path}/logcheck.conf:2"):
        assert sum(line.startswith(f"{place}: ") for line in lines) == 1, process.stdout
    for place in (f"{rules}/ignore.d.server/bad:3", f"{rules}/ignore.d.server/bad:4", f"{rules}/violations.d/worse:2"):
        assert sum(line.startswith(place) for line in lines) == 1, process.stdout
    assert lines[-1].startswith("6 mistakes; ")
    assert (process.returncode, process.stderr) == (78, "")


def test_it_touches_nothing(vigilog, tmp_path, rules):
    (tmp_path / "log").write_text("x\n")
    before = files(tmp_path)
    vigilog(
        "validate", "-r", str(rules), environment={"XDG_STATE_HOME": f"{tmp_path}/state", "XDG_CACHE_HOME": f"{tmp_path}/cache"}
    )
    assert files(tmp_path) == before


def test_logs_that_are_not_there_are_a_note_and_no_mistake(vigilog, tmp_path, rules):
    config = tmp_path / "v.toml"
    config.write_text(f'\n[check]\nsources = ["{tmp_path}/none", "{tmp_path}/*.log", "journal"]\n')
    process = vigilog("validate", "--config", str(config), "-r", str(rules))
    assert f"note: {config}:3: {tmp_path}/none is not there\n" in process.stdout
    assert process.stdout.endswith(f"no mistakes; the rules in {rules} at level server; 3 logs\n")
    assert process.returncode == 0


def test_harmless_names_in_logcheck_conf_are_a_note(vigilog, tmp_path, rules):
    (tmp_path / "logcheck.conf").write_text("FOO=1\n")
    process = vigilog("validate", "-c", f"{tmp_path}/logcheck.conf", "-r", str(rules))
    assert f"note: {tmp_path}/logcheck.conf:1: FOO is not a setting that Vigilog knows; it has no effect\n" in process.stdout
    assert process.returncode == 0


def test_a_mistake_cannot_harm_the_terminal(vigilog, tmp_path, rules):
    (rules / "ignore.d.server" / "bad").write_bytes(b"(\x1b[2J\xff\n")
    process = vigilog("validate", "-r", str(rules))
    assert "\x1b" not in process.stdout
    assert process.returncode == 78


def test_mistakes_in_triggers_actions_and_bans_are_told_too_and_each_once(vigilog, tmp_path, rules):
    config = tmp_path / "v.toml"
    config.write_text(
        "[ban]\ntime = 0\n[action.a]\ntype = 'script'\n[[trigger]]\nname = 'x'\ncount = 0\npattern = '('\nactions = 'b'\n"
    )
    process = vigilog("validate", "--config", str(config), "-r", str(rules))
    lines = process.stdout.splitlines()
    for line in (2, 4, 7, 8, 9):
        assert sum(told.startswith(f"{config}:{line}: ") for told in lines) == 1, process.stdout
    assert lines[-1].startswith("5 mistakes; ")
    assert process.returncode == 78


def test_a_pattern_that_only_the_engine_refuses_is_a_mistake_with_its_line(vigilog, tmp_path, rules):
    config = tmp_path / "v.toml"
    long = "x" * 20_000
    config.write_text(f"[[trigger]]\nname = 'x'\nactions = 'null'\npattern = [\n'fine',\n'{long}',\n]\n")
    process = vigilog("validate", "--config", str(config), "-r", str(rules))
    assert process.returncode == 78
    assert sum(line.startswith(f"{config}:6: ") for line in process.stdout.splitlines()) == 1


@pytest.mark.parametrize("key", ["reset", "follow"])
def test_patterns_that_clear_or_follow_are_validated_as_well(vigilog, tmp_path, rules, key):
    config = tmp_path / "v.toml"
    long = "x" * 20_000
    config.write_text(f"[[trigger]]\nname = 'x'\nactions = 'null'\npattern = 'fine'\n{key} = '{long}'\n")
    process = vigilog("validate", "--config", str(config), "-r", str(rules))
    assert process.returncode == 78
    assert sum(line.startswith(f"{config}:5: ") for line in process.stdout.splitlines()) == 1


def test_triggers_without_a_mistake_are_counted_and_what_is_slow_is_a_note(vigilog, tmp_path, rules):
    config = tmp_path / "v.toml"
    config.write_text(
        "[[trigger]]\nrule = 'sshd'\nactions = 'ban'\n[[trigger]]\nname = 'x'\nactions = 'null'\npattern = '(.)\\1'\n"
    )
    process = vigilog("validate", "--config", str(config), "-r", str(rules))
    assert process.stdout.splitlines()[-1].endswith("; 2 triggers")
    assert f"note: {config}:7: decided by a backtracking engine, on lines up to 4 KiB only: `(.)\\1`" in process.stdout
    assert process.returncode == 0


def test_logtriggers_file_is_validated_as_vigilog_run_would_take_it(vigilog, tmp_path, rules):
    legacy = tmp_path / "logtrigger"
    legacy.write_text("config rule\n\toption name a\n\toption pattern 'x[%d] %q'\n\toption script /s\n\toption enabled 1\n")
    process = vigilog("validate", "--logtrigger", str(legacy), "-r", str(rules))
    assert process.stdout.startswith(f'{legacy}:3: format code `%q` in "x[%d] %q"; expected one of %d %i')
    assert process.returncode == 78
    legacy.write_text("config rule\n\toption name 'a\n")
    process = vigilog("validate", "--logtrigger", str(legacy), "-r", str(rules))
    assert process.stdout.startswith(f"{legacy}:2: Parse error (EOF with unterminated ') at line 2, byte 16\n")
