"""init: a commented vigilog.toml for this host, written once and safely."""

from __future__ import annotations

import os
import stat
from dataclasses import replace

import pytest

from vigilog.cli import init
from vigilog.cli.commands import parser
from vigilog.config.host import Host
from vigilog.config.layer import settled
from vigilog.config.settings import Settings
from vigilog.config.toml import read_text

BARE = Host(
    logs=(), unreadable=(), journal=False, mailer="", logcheck_directory="/etc/logcheck", logcheck="absent",
    state_directory="/var/lib/vigilog",
)  # fmt: skip


@pytest.fixture
def initialised(monkeypatch, capsys):
    """A function from a host and a command line to what `init` prints."""

    def run(host, *arguments):
        monkeypatch.setattr(init, "look", lambda: replace(BARE, **host))
        assert init.run(parser("init").parse_args([*arguments])) == 0
        return capsys.readouterr().out

    return run


def settings(text):
    layer = read_text(text, "v")
    assert layer.errors == ()
    return settled(layer)


def test_what_it_prints_is_read_back_without_a_mistake(vigilog):
    process = vigilog("init", "--output", "-")
    assert process.returncode == 0
    assert read_text(process.stdout, "v").errors == ()


def test_on_a_bare_host_nothing_is_set(initialised):
    assert settings(initialised({}, "--output", "-")) == Settings()


def test_the_logs_that_were_found_are_set_and_those_that_may_not_be_read_are_named(initialised):
    text = initialised({"logs": ("/var/log/syslog",), "unreadable": ("/var/log/auth.log",)}, "--output", "-")
    assert settings(text).check.sources == ("/var/log/syslog",)
    assert "## Found here, but not readable by this user: /var/log/auth.log." in text


def test_a_logcheck_set_up_is_left_to_its_own_files(initialised):
    text = initialised({"logs": ("/var/log/syslog",), "logcheck": "present"}, "--output", "-")
    assert settings(text) == Settings()
    assert "## Found here: logcheck in /etc/logcheck." in text


def test_the_journal_is_set_where_there_are_no_logs(initialised):
    assert settings(initialised({"journal": True}, "--output", "-")).check.sources == ("journal",)


def test_state_at_home_is_set_for_a_user_without_rights(initialised):
    assert settings(initialised({"state_directory": "/home/a/s"}, "--output", "-")).state.directory == "/home/a/s"


def test_an_address_is_set(initialised):
    assert settings(initialised({}, "--output", "-", "--mail-to", "a@b", "--mail-to", "root")).mail.to == ("a@b", "root")


def test_the_settings_of_a_logcheck_sh_are_taken_over(initialised, tmp_path):
    script = tmp_path / "logcheck.sh"
    script.write_text("SYSADMIN=ops\nMAIL=mailx\nHACKING_FILE=/h\nIGNORE_FILE=/i\nDATE=`date +%F`\n$LOGTAIL /var/log/x > y\n")
    found = settings(initialised({"logs": ("/var/log/syslog",)}, "--output", "-", "--psionic", str(script)))
    assert (found.check.rules, found.check.order, found.check.sources) == ("psionic", "arrival", ("/var/log/x",))
    assert (found.psionic.hacking, found.psionic.ignore, found.check.date_format) == ("/h", "/i", "%F")
    assert (found.mail.to, found.mail.transport, found.mail.command) == (("ops",), "command", "mailx")


def test_the_file_is_written_for_its_owner_only_and_the_next_steps_are_told(vigilog, tmp_path):
    path = tmp_path / "new" / "v.toml"
    process = vigilog("init", "--output", str(path))
    assert process.stdout == (
        f"wrote {path}\nnext: vigilog validate --config {path}\n      vigilog check --config {path} --standard-output --test\n"
    )
    mode = stat.S_IMODE(path.stat().st_mode)
    assert mode & 0o137 == 0
    assert os.listdir(path.parent) == ["v.toml"]


def test_it_replaces_nothing_unless_forced(vigilog, tmp_path):
    path = tmp_path / "v.toml"
    path.write_text("mine")
    process = vigilog("init", "--output", str(path))
    assert (process.returncode, process.stdout) == (78, "")
    assert (
        process.stderr
        == f"vigilog init: {path}: is there already; expected no file; --force replaces it, --output names another\n"
    )
    assert path.read_text() == "mine"
    assert vigilog("init", "--output", str(path), "--force").returncode == 0
    assert path.read_text().startswith("## Configuration of Vigilog")
    assert os.listdir(tmp_path) == ["v.toml"]


def test_a_symbolic_link_in_its_place_is_not_followed(vigilog, tmp_path):
    target, path = tmp_path / "target", tmp_path / "v.toml"
    path.symlink_to(target)
    assert vigilog("init", "--output", str(path)).returncode == 78
    assert vigilog("init", "--output", str(path), "--force").returncode == 0
    assert not target.exists()
    assert not path.is_symlink()


def test_a_place_that_cannot_be_written_is_an_error_of_one_line(vigilog, tmp_path):
    (tmp_path / "file").write_text("")
    process = vigilog("init", "--output", str(tmp_path / "file" / "v.toml"))
    assert process.returncode == 78
    assert process.stderr.startswith(f"vigilog init: {tmp_path}/file/v.toml: cannot be written: ")
    assert process.stderr.count("\n") == 1
