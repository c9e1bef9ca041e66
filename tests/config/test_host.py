"""host: what is there on this host, for the user who asks."""

from __future__ import annotations

import pytest

from vigilog.config.host import look, setup


def put(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


@pytest.mark.parametrize(
    ("there", "sources"),
    [
        (("syslog", "auth.log", "kern.log", "mail.log", "user.log", "dpkg.log"), ("syslog", "auth.log")),
        (("messages", "secure", "maillog", "cron", "yum.log"), ("messages", "secure", "maillog", "cron")),
        (("syslog", "messages"), ("syslog",)),
        (("auth.log", "kern.log", "lastlog"), ("auth.log", "kern.log")),
        (("dpkg.log", "alternatives.log"), ()),
    ],
)
def test_the_system_logs_none_of_which_repeats_another(tmp_path, there, sources):
    put(tmp_path, *(f"var/log/{name}" for name in there))
    assert look(str(tmp_path), "").sources == tuple(f"{tmp_path}/var/log/{name}" for name in sources)


def test_the_journal_is_read_only_where_there_are_no_logs(tmp_path):
    put(tmp_path, "var/log/journal/0123abcd/system.journal")
    assert look(str(tmp_path), "").sources == ("journal",)
    put(tmp_path, "var/log/syslog")
    host = look(str(tmp_path), "")
    assert host.journal
    assert host.sources == (f"{tmp_path}/var/log/syslog",)


def test_an_empty_journal_directory_is_no_journal(tmp_path):
    (tmp_path / "var/log/journal/0123abcd").mkdir(parents=True)
    assert not look(str(tmp_path), "").journal


def test_logs_that_may_not_be_read_are_named_apart(tmp_path, without_rights):
    put(tmp_path, "var/log/syslog", "var/log/auth.log")
    (tmp_path / "var/log/auth.log").chmod(0)
    with without_rights():
        host = look(str(tmp_path), "")
    assert host.sources == (f"{tmp_path}/var/log/syslog",)
    assert host.unreadable == (f"{tmp_path}/var/log/auth.log",)


@pytest.mark.parametrize(
    ("there", "state"),
    [
        (("logcheck.conf",), "present"),
        (("logcheck.logfiles",), "present"),
        (("cracking.d/kernel",), "present"),
        (("violations.d/su",), "present"),
        (("ignore.d.server/gpg-agent", "ignore.d.paranoid/x", "ignore.d.workstation/y"), "absent"),
        ((), "absent"),
    ],
)
def test_fragments_of_other_packages_are_no_logcheck(tmp_path, there, state):
    put(tmp_path, *(f"etc/logcheck/{name}" for name in there))
    assert look(str(tmp_path), "").logcheck == state


def test_a_logcheck_directory_that_may_not_be_looked_into_is_closed_not_absent(tmp_path, without_rights):
    put(tmp_path, "etc/logcheck/logcheck.conf")
    (tmp_path / "etc/logcheck").chmod(0)
    with without_rights():
        assert setup(f"{tmp_path}/etc/logcheck") == "closed"


def test_the_mailer_is_a_sendmail_that_can_be_run(tmp_path):
    put(tmp_path, "usr/sbin/sendmail", "usr/lib/sendmail")
    assert look(str(tmp_path), "").mailer == ""
    (tmp_path / "usr/lib/sendmail").chmod(0o755)
    assert look(str(tmp_path), "").mailer == f"{tmp_path}/usr/lib/sendmail"


def test_state_is_kept_by_the_system_where_that_can_be_written_else_at_home(tmp_path, without_rights, monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    (tmp_path / "var/lib").mkdir(parents=True)
    assert look(str(tmp_path), "/home/a").state_directory == f"{tmp_path}/var/lib/vigilog"
    (tmp_path / "var/lib").chmod(0o555)
    with without_rights():
        assert look(str(tmp_path), "/home/a").state_directory == "/home/a/.local/state/vigilog"
        assert look(str(tmp_path), "").state_directory == f"{tmp_path}/var/lib/vigilog"
        monkeypatch.setenv("XDG_STATE_HOME", "/home/a/state")
        assert look(str(tmp_path), "/home/a").state_directory == "/home/a/state/vigilog"
