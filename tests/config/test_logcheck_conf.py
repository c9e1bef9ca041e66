"""logcheck_conf: Debian's logcheck.conf is read, never executed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.layer import settled
from vigilog.config.logcheck_conf import MEANING, read, read_text

SHIPPED = """\
# The comment above a setting
#DATE="$(date +'%Y-%m-%d %H:%M')"
#INTRO=1
REPORTLEVEL="server"
SENDMAILTO="logcheck"
MAILASATTACH=0
FQDN=1
#SORTUNIQ=0
TMP="/tmp"
"""


def layer(text, **environment):
    return read_text(text, "c", environment).layer


def test_the_file_as_debian_ships_it():
    settings = settled(layer(SHIPPED))
    assert (settings.check.level, settings.mail.to, settings.mail.attach) == ("server", ("logcheck",), "no")
    assert (settings.check.fully_qualified, settings.check.temporary_directory) == (True, "/tmp")


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("DATE=\"$(date +'%Y-%m-%d %H:%M')\"", "check.date_format", "%Y-%m-%d %H:%M"),
        ("DATE=`date +%F`", "check.date_format", "%F"),
        ("DATE=today", "check.date_format", "today"),
        ("INTRO=1", "check.introduction", True),
        ("INTRO=0", "check.introduction", False),
        ("INTRO=yes", "check.introduction", True),
        ("INTRO=no", "check.introduction", False),
        ("REPORTLEVEL=paranoid", "check.level", "paranoid"),
        ("REPORTLEVEL='workstation'", "check.level", "workstation"),
        ("SENDMAILTO=a@b.example", "mail.to", ("a@b.example",)),
        ('SENDMAILTO="a@b.example, root"', "mail.to", ("a@b.example", "root")),
        ("MAILASATTACH=0", "mail.attach", "no"),
        ("MAILASATTACH=1", "mail.attach", "text"),
        ("MAILASATTACH=2", "mail.attach", "gzip"),
        ("FQDN=1", "check.fully_qualified", True),
        ("FQDN=0", "check.fully_qualified", False),
        ("SORTUNIQ=1", "check.order", "unique"),
        ("SORTUNIQ=0", "check.order", "stamp"),
        ("SUPPORT_CRACKING_IGNORE=1", "check.cracking_ignore", True),
        ("RULEDIR=/srv/rules", "check.rule_directory", "/srv/rules"),
        ("RULEDIR=$HOME/rules", "check.rule_directory", "/home/a/rules"),
        ("SYSLOGSUMMARY=1", "check.summarize", True),
        ('ATTACKSUBJECT="Help!"', "check.attack_subject", "Help!"),
        ("SECURITYSUBJECT=S", "check.violation_subject", "S"),
        ('EVENTSSUBJECT="$EVENTSSUBJECT (web)"', "check.unusual_subject", "System Events (web)"),
        ('ADDTAG="yes"', "mail.tag", True),
        ('ADDTAG="no"', "mail.tag", False),
        ("MIMEENCODING=quoted-printable", "mail.encoding", "quoted-printable"),
        ("MIMEENCODING=", "mail.encoding", ""),
        ("MIMEENCODING=binary", "mail.encoding", "8bit"),
        ("TMP=/var/tmp", "check.temporary_directory", "/var/tmp"),
        ("STATEDIR=/srv/state", "state.takeover", ("/srv/state",)),
    ],
)
def test_each_setting_has_its_place_in_ours(line, key, value):
    found = layer(line, HOME="/home/a")
    assert found.errors == ()
    assert dict(found.values) == {tuple(key.split(".")): value}
    assert str(found.places[tuple(key.split("."))]) == "c:1"


def test_every_setting_of_logcheck_is_known():
    sheet = (
        "DATE INTRO REPORTLEVEL SENDMAILTO MAILASATTACH FQDN SORTUNIQ SUPPORT_CRACKING_IGNORE RULEDIR SYSLOGSUMMARY"
        " ATTACKSUBJECT SECURITYSUBJECT EVENTSSUBJECT ADDTAG MIMEENCODING TMP"
    )
    assert set(sheet.split()) <= set(MEANING)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("REPORTLEVEL=high", 'c:1: REPORTLEVEL is "high"; expected workstation, server or paranoid'),
        ("MAILASATTACH=3", 'c:1: MAILASATTACH is "3"; expected 0, 1 or 2'),
        ("INTRO=maybe", 'c:1: INTRO is "maybe"; expected 1 or 0'),
        ("RULEDIR=rules", 'c:1: RULEDIR is "rules"; expected a directory'),
        ("SENDMAILTO=-oX", 'c:1: SENDMAILTO is "-oX"; expected a mail address'),
        ("MIMEENCODING=rot13", 'c:1: MIMEENCODING is "rot13"; expected 7bit'),
        ("SENDMAILTO=$(cat /etc/mailname)", "c:1: the command `cat /etc/mailname`, which is not run; expected a plain value"),
        ('ATTACKSUBJECT="$(date +%F)"', "c:1: a date in ATTACKSUBJECT; expected a date in DATE only"),
        ("[ -f /x ] && INTRO=0", "c:1: '[ -f /x ] && INTRO=0' is a command; expected NAME=value"),
    ],
)
def test_a_mistake_has_its_line_and_what_is_expected(line, message):
    [error] = layer(line).errors
    assert str(error).startswith(message)
    assert layer(line).values == {}


def test_all_mistakes_come_at_once_with_their_lines():
    errors = layer("INTRO=2\n\nFQDN=x\nREPORTLEVEL=server\nid\n").errors
    assert [str(error.place) for error in errors] == ["c:1", "c:3", "c:5"]


def test_nothing_in_the_file_is_run(tmp_path):
    trap = tmp_path / "trap"
    layer(f"touch {trap}\nA=$(touch {trap})\nB=`touch {trap}`\nDATE=$(date +%F; touch {trap})\n")
    assert not trap.exists()


def test_unknown_names_are_harmless_and_told():
    found = layer("LOGCHECK_EXTRA=1\nREPORTLEVEL=$LOGCHECK_EXTRA\n")
    assert [str(remark) for remark in found.remarks] == [
        "c:1: LOGCHECK_EXTRA is not a setting that Vigilog knows; it has no effect"
    ]


def test_names_of_the_environment_that_could_hold_anything_are_not_read():
    [error] = layer("TMP=$SECRET", SECRET="/x").errors
    assert "$SECRET is not set here" in str(error)


def test_the_last_assignment_wins():
    assert dict(layer("FQDN=0\nFQDN=1\n").values) == {("check", "fully_qualified"): True}


def test_the_lists_of_logs_may_be_elsewhere():
    conf = read_text("LOGFILES_LIST=/srv/list\nLOGFILES_LIST_D=/srv/list.d\n", "c", {})
    assert (conf.list_file, conf.list_directory, conf.layer.values) == ("/srv/list", "/srv/list.d", {})


def test_a_file_in_latin1_is_read(tmp_path):
    file = tmp_path / "logcheck.conf"
    file.write_bytes(b'EVENTSSUBJECT="\xc4rger"\r\n')
    assert read(str(file), {}).layer.values == {("check", "unusual_subject"): "Ärger"}


def test_a_missing_file_is_a_mistake(tmp_path):
    [error] = read(str(tmp_path / "none"), {}).layer.errors
    assert str(error) == f"{tmp_path}/none: cannot be read: No such file or directory; expected a logcheck.conf"


@pytest.mark.peer
def test_the_installed_logcheck_conf_has_no_mistake(need):
    need("logcheck")
    found = read("/etc/logcheck/logcheck.conf", {}).layer
    assert found.errors == ()
    assert found.remarks == ()


@given(st.text(max_size=60))
def test_no_text_makes_reading_fail(text):
    settled(layer(text))
