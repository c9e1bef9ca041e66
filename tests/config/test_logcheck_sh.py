"""logcheck_sh: the settings block of a logcheck.sh (Psionic logcheck 1.1), read and never executed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.layer import settled
from vigilog.config.logcheck_sh import read, read_text

STOCK = """\
#!/bin/sh
# CONFIGURATION SECTION
PATH=/bin:/sbin:/usr/bin
SYSADMIN=root
LOGTAIL=/usr/local/bin/logtail
TMPDIR=/usr/local/etc/tmp
GREP=egrep
#MAIL=mailx
MAIL=mail
HACKING_FILE=/usr/local/etc/logcheck.hacking
VIOLATIONS_FILE=/usr/local/etc/logcheck.violations
VIOLATIONS_IGNORE_FILE=/usr/local/etc/logcheck.violations.ignore
IGNORE_FILE=/usr/local/etc/logcheck.ignore
HOSTNAME=`hostname`
DATE=`date +%m/%d/%y:%H.%M`
umask 077
rm -f $TMPDIR/check.$$ $TMPDIR/checkoutput.$$
if [ -f $TMPDIR/check.$$ -o -f $TMPDIR/checkoutput.$$ ]; then
        echo "Log files exist in $TMPDIR directory that cannot be removed. This
may be an attempt to spoof the log checker." \\
        | $MAIL -s "$HOSTNAME $DATE ACTIVE SYSTEM ATTACK!" $SYSADMIN
        exit 1
fi
# Linux Red Hat
$LOGTAIL /var/log/messages > $TMPDIR/check.$$
$LOGTAIL /var/log/secure >> $TMPDIR/check.$$
#$LOGTAIL /var/log/maillog >> $TMPDIR/check.$$
# END CONFIGURATION SECTION. YOU SHOULDN'T HAVE TO EDIT ANYTHING
SYSADMIN=nobody
$LOGTAIL /var/log/never >> $TMPDIR/check.$$
cat $TMPDIR/checkreport.$$ | $MAIL -s "$HOSTNAME $DATE system check" $SYSADMIN
"""

SHEET = {
    "Linux": ("messages", "syslog", "auth.log", "mail.log", "daemon.log"),
    "SunOS": ("syslog", "../adm/messages", "auth.log", "maillog"),
    "FreeBSD": ("messages", "auth.log"),
}


@pytest.fixture
def seed(seeds):
    [path] = seeds.glob("003*.txt")
    return str(path)


def test_the_seeds_script_read_as_the_web_page_shows_it(seed):
    layer = read(seed, "Linux")
    assert (layer.errors, layer.remarks) == ((), ())
    settings = settled(layer)
    assert settings.psionic.hacking == "/export/logsentry/etc/logcheck.hacking"
    assert settings.psionic.violations == "/export/logsentry/etc/logcheck.violations"
    assert settings.psionic.violations_ignore == "/export/logsentry/etc/logcheck.violations.ignore"
    assert settings.psionic.ignore == "/export/logsentry/etc/logcheck.ignore"
    assert settings.psionic.temporary_directory == "/export/logsentry/tmp"
    assert not settings.psionic.stock_subject
    assert settings.mail.to == ("user@example.com",)
    assert (settings.mail.transport, settings.mail.command) == ("command", "mailx")
    assert (settings.check.date_format, settings.check.host) == ("%m/%d/%y:%H.%M", "")


@pytest.mark.parametrize("system", SHEET)
def test_the_seeds_list_of_logs_for(seed, system):
    """The sheet's 1.2, step 3; FreeBSD's second line has > for >> in the seed, which is read as both logs."""
    expected = tuple(f"/var/log/{name}".replace("log/../", "") for name in SHEET[system])
    assert read(seed, system).values["check", "sources"] == expected


def test_for_other_systems_the_seed_reads_nothing_and_that_is_told(seed):
    layer = read(seed, "HP-UX")
    assert ("check", "sources") not in layer.values
    assert [str(remark) for remark in layer.remarks] == [f"{seed}: no logs are listed for HP-UX; expected $LOGTAIL FILE"]


def test_a_stock_script_with_ascii_quotes_and_plain_log_lines():
    layer = read_text(STOCK, "s", "Linux")
    assert (layer.errors, layer.remarks) == ((), ())
    settings = settled(layer)
    assert settings.check.sources == ("/var/log/messages", "/var/log/secure")
    assert (settings.check.date_format, settings.check.host) == ("%m/%d/%y:%H.%M", "")
    assert (settings.mail.to, settings.mail.transport, settings.mail.command) == (("root",), "command", "mail")
    assert settings.psionic.ignore == "/usr/local/etc/logcheck.ignore"
    assert settings.psionic.stock_subject


def test_places_are_the_lines_of_the_script():
    places = read_text(STOCK, "s", "Linux").places
    assert str(places["mail", "to"]) == "s:4"
    assert str(places["psionic", "ignore"]) == "s:13"
    assert str(places["check", "sources"]) == "s:25"


def settings_of(text, system="Linux"):
    layer = read_text("IGNORE_FILE=/i\n" + text, "s", system)
    assert layer.errors == ()
    return settled(layer)


@pytest.mark.parametrize(
    "quoted", ["/a b/x", '"/a b/x"', "'/a b/x'", "\u201c/a b/x\u201d", "\u2018/a b/x\u2019", "\u201e/a b/x\u201c"]
)
def test_ascii_and_curly_quotes_mean_the_same(quoted):
    expected = "/a" if quoted.startswith("/") else "/a b/x"
    assert settings_of(f"HACKING_FILE={quoted}\n").psionic.hacking == expected


@pytest.mark.parametrize(
    ("line", "host", "full"),
    [
        ("HOSTNAME=hostname", "", False),
        ("HOSTNAME=`hostname`", "", False),
        ("HOSTNAME=$(/bin/hostname -s)", "", False),
        ("HOSTNAME=`uname -n`", "", False),
        ("HOSTNAME=`hostname -f`", "", True),
        ("HOSTNAME=`hostname \u2013f`", "", True),
        ("HOSTNAME=gate", "gate", False),
    ],
)
def test_the_host_name(line, host, full):
    check = settings_of(line).check
    assert (check.host, check.fully_qualified) == (host, full)


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("DATE=date +%m/%d/%y:%H.%M", "%m/%d/%y:%H.%M"),
        ("DATE=`date +%F`", "%F"),
        ('DATE=`date +"%d %b"`', "%d %b"),
        ("DATE=$(date +%F)", "%F"),
        ("DATE=today", "today"),
    ],
)
def test_the_date_with_back_quotes_and_with_lost_ones(line, form):
    assert settings_of(line).check.date_format == form


def test_branches_by_system_name():
    script = """
LOGDIR=/var/log
OS=`uname -s`
if [ "$OS" = "Linux" ]; then
  $LOGTAIL $LOGDIR/a > x
elif [ $OS = SunOS ]
then
  $LOGTAIL $LOGDIR/b > x
else
  $LOGTAIL $LOGDIR/c > x
fi
${LOGTAIL} /all >> x
"""
    assert settings_of(script).check.sources == ("/var/log/a", "/all")
    assert settings_of(script, "SunOS").check.sources == ("/var/log/b", "/all")
    assert settings_of(script, "HP-UX").check.sources == ("/var/log/c", "/all")


def test_settings_that_only_running_could_tell_are_mistakes_with_their_lines():
    script = """IGNORE_FILE=/i
SYSADMIN=`cat /etc/admin`
if [ -d /var/adm ]; then
$LOGTAIL /var/adm/messages > x
fi
if [ $OS = "Linux" ]; then
  if [ -d /x ]; then
    TMPDIR=/x
  fi
fi
$LOGTAIL $LOGDIR/a > x
"""
    assert [str(error).split(";")[0] for error in read_text(script, "s", "Linux").errors] == [
        "s:2: the command `cat /etc/admin`, which is not run",
        's:4: "$LOGTAIL /var/adm/messages > x" depends on a condition',
        's:8: "TMPDIR=/x" depends on a condition',
        "s:11: $LOGDIR is not set here",
    ]


def test_the_lost_back_quotes_of_names_that_do_not_matter_are_no_mistake():
    assert settings_of("LOGDIRS=`find /var/adm/* -type d`\nX=$(ls)\n").psionic.ignore == "/i"


@pytest.mark.parametrize(
    ("grep", "told"), [("egrep", False), ("grep -E", False), ("/usr/bin/egrep", False), ("grep", True), ("fgrep", True)]
)
def test_another_grep_than_egrep_is_told(grep, told):
    remarks = read_text(f"IGNORE_FILE=/i\nGREP='{grep}'\n$LOGTAIL /x >y", "s", "Linux").remarks
    assert [str(remark) for remark in remarks] == (
        [f's: GREP is "{grep}"; patterns are read as egrep reads them'] if told else []
    )


def test_a_file_without_settings_is_a_mistake():
    [error] = read_text("hello\n", "s", "Linux").errors
    assert str(error) == "s: no settings of logcheck; expected HACKING_FILE=FILE and its like"


def test_a_missing_script_is_a_mistake(tmp_path):
    [error] = read(str(tmp_path / "none")).errors
    assert "No such file or directory" in str(error)


def test_a_script_in_another_encoding_is_read(tmp_path):
    file = tmp_path / "logcheck.sh"
    file.write_bytes(b"# \xfcber\r\nIGNORE_FILE=/i\r\n$LOGTAIL /x > y\r\n")
    assert read(str(file), "Linux").values["psionic", "ignore"] == "/i"


def test_nothing_in_the_script_is_run(tmp_path):
    trap = tmp_path / "trap"
    read_text(f"IGNORE_FILE=`touch {trap}`\ntouch {trap}\n$LOGTAIL $(touch {trap})\n", "s", "Linux")
    assert not trap.exists()


@given(st.text("A=$LOGTAIL({})`'\"\\ \n#;if[]fi/x", max_size=60))
def test_no_text_makes_reading_fail(text):
    settled(read_text(text, "s", "Linux"))
