"""The same files of logwatch's, the same report: by the real logwatch 7.7 and by Vigilog."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shlex
import stat
from collections.abc import Callable

import pytest

from tests.reporting.peer import Place

pytestmark = pytest.mark.peer

CAT = "while (<STDIN>) { print; }\n"
ENVIRONMENT = """
while (<STDIN>) { $n++; }
for (sort keys %ENV) {
    print "$_=$ENV{$_}\\n" if /^(LOGWATCH_(?!TEMP_DIR)|HOSTNAME|OSname|PRINTING|LC_ALL|REAL_|PERL5LIB|my_|Other)/;
}
print "lines: $n\\n";
print STDERR "and this on standard error\\n";
exit 3;
"""
LINES = [
    "Nov 18 10:00:00 one sshd[12]: Invalid user a from 203.0.113.7 port 22",
    "Nov 19 10:00:00 one sshd[12]: Invalid user b from 203.0.113.7 port 22",
    "Nov 19 10:00:01 one sshd[12]: last message repeated 3 times",
    "Nov 19 10:00:02 two sshd: no number",
    "Nov 19 10:00:03 two CRON[77]: (root) CMD (true)",
    "Nov 19 10:00:04 three kernel: [   12.345678] device eth0 left",
    "2026-11-19T10:00:05.123456+01:00 three named[5]: zone loaded",
    "2026-11-19T10:00:06Z host10 named[5]: zone loaded again",
    "Nov 19 10:00:07 host9 inetd[5]: [ID 702911 daemon.info] connection",
    "Thu Nov 19 10:00:08 2026 : Auth: Login OK",
    "Nov 19 10:00:09 host10 a.b/c[1]: odd <name> & more",
    "Nov  9 10:00:09 host10 early[1]: one digit",
    "no date at all",
    "Nov 20 01:00:00 one sshd[12]: Invalid user c",
]


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path, slim=True)
    made.write("log/syslog", "\n".join(LINES) + "\n")
    group(made)
    return made


def group(place, name="plain", text="*applystddate\n", files="log/syslog"):
    place.write(f"etc/conf/logfiles/{name}.conf", f'LogFile = "{place.root}/{files}"\n{text}')


def service(place, name="one", text="", script=CAT, group="plain", title="One"):
    place.write(f"etc/conf/services/{name}.conf", f'Title = "{title}"\nLogFile = {group}\n{text}')
    place.write(f"etc/scripts/services/{name}", script)


def named(prefix, those):
    """The words for services of which there are as many as `those`."""
    return [word for number in range(len(those)) for word in ("--service", f"{prefix}{number:02}")]


FILTERS = [
    "*onlyservice = sshd",
    "*onlyservice = (sshd|cron)",
    "*onlyservice = daemon.info",
    "*multiservice = sshd,cron,named",
    "*multiservice = sshd,sshd",
    "*multiservice = daemon,sshd",
    "*removeservice = sshd,cron",
    '*removeservice = "kernel"',
    "*onlyhost = two",
    "*onlyhost = (one|two)",
    "*removeheaders",
    '*removeheaders = "^Nov .. "',
    "*expandrepeats",
    "*onlycontains = INVALID",
    '*onlycontains = "user (a|b)|CRON\\[[0-9]+\\]"',
    "*remove = invalid",
    '*remove = "^Nov|zone$"',
    "*onlyservice = sshd\n*removeheaders",
    "*removeheaders\n*onlycontains = user",
    "*OnlyService = sshd\n *RemoveHeaders =",
    'Pre_Ignore = "sshd|(zone)"',
    "Pre_Ignore = invalid",
    'Pre_Ignore = "user \\"a\\"|loaded$"',
    "*applystddate = %b %e %H:%M:%S one",
    "*applyeurodate\n",
    "*applyhttpdate",
    "*applyusdate",
    "*applybinddate",
    "*eventlogonlyservice = x",
    "*eventlogremoveservice = x",
]


def test_a_filter_lets_the_same_lines_through(place):
    for number, text in enumerate(FILTERS):
        service(place, f"filter{number:02}", text, title=f"{number:02}")
    for asked in ("yesterday", "all"):
        assert place.both("--logfile", "plain", "--range", asked).count(b" Begin ---") > len(FILTERS) / 2


DATED = [
    ("applyeurodate", ["2026-11-19 10:00:00,123 a", "2026-11-19 10:00:00 b", "2026-11-18 10:00:00 c", "2026-11-19T1 d"]),
    ("applyhttpdate", ['1.2.3.4 - - [19/Nov/2026:10:00:00 +0100] "GET"', '1.2.3.4 - - [18/Nov/2026:10:00:00 +0100] "GET"']),
    ("applyusdate", ["11/19/26 10:00:00 a", "11/18/26 10:00:00 b", "11/19/26 10:00:00"]),
    ("applybinddate", ["19-Nov-2026 10:00:00.123 a", "19-Nov-2026 10:00:00 b", "18-Nov-2026 10:00:00.123 c"]),
    ("applyeurodate = %Y%m%d ", ["20261119 a", "20261118 b"]),
]


def test_a_date_is_read_in_the_same_form(place):
    for number, (name, lines) in enumerate(DATED):
        place.write(f"log/dated{number}", "\n".join(lines))  # without the last newline
        group(place, f"dated{number}", f"*{name}\n", f"log/dated{number}")
        service(place, f"dated{number:02}", group=f"dated{number}", title=name)
    for asked in ("yesterday", "all", "2026/11/18", "2026/11/19 10:00:00 for that hour"):
        place.both(*named("dated", DATED), "--range", asked)


def test_a_script_finds_the_same_environment(place):
    service(place, text='Detail = High\n$My_Var = "As It Is"\n$Other = Lower\n', script=ENVIRONMENT)
    service(place, "two", script=ENVIRONMENT, title="Two")
    report = place.both("--service", "one", "--service", "two", "--detail", "3", "--numeric", "--hostlimit", "one,two")
    assert b" my_var=As It Is\n" in report
    assert b"Begin (detail=10)" in report
    assert b" and this on standard error\n" in report


CONFS = {
    "comments and blanks": '# Title = "No"\n   \nTitle = "Yes" # and "more"\nLogFile=plain\n',
    "continued": 'Title = "A \\  \n   B"\nLogFile = plain\n',
    "a comment that goes on": 'Title = "A" # so \\\nDetail = 5\nLogFile = plain\n',
    "not in quotes": "Title = Mixed Case\nLogFile = PLAIN\n",
    "words for numbers": 'Title = "Yes"\nLogFile = plain\nDetail = "medium"\n',
    "CRLF": 'Title = "One"\r\nLogFile = plain\r\n',
    "BOM": '\ufeffTitle = "One"\nLogFile = plain\n',
    "curly quotes": "Title = “dnscache”\nLogFile = plain\n",
    "no title": "LogFile = plain\n",
    "empty title": "Title =\nLogFile = plain\n",
    "reset": 'Title = "One"\nLogFile = nosuch\nLogFile =\nLogFile = plain\n',
    "twice": 'Title = "One"\nLogFile = plain\nLogFile = plain\n',
    "two groups": 'Title = "One"\nLogFile = plain\nLogFile = second\n',
    "no group": 'Title = "One"\n',
    "none": 'Title = "One"\nLogFile = none\n',
    "no such group": 'Title = "One"\nLogFile = nosuch\n',
    "equals in a value": 'Title = "a = b"\nLogFile = plain\n',
    "last wins": 'Title = "One"\nTitle = "Two"\nLogFile = plain\n',
}


def test_a_conf_file_says_the_same(place):
    place.write("log/second", "Nov 19 11:00:00 one x[1]: from the second\n")
    group(place, "second", files="log/second")
    for number, (name, conf) in enumerate(CONFS.items()):
        place.write(f"etc/conf/services/conf{number:02}.conf", conf)
        place.write(f"etc/scripts/services/conf{number:02}", f'print "{name}\\n";\n{CAT if name != "none" else ""}')
    assert place.both(*named("conf", CONFS)).count(b" Begin ---") >= 12


def test_override_conf_comes_last_and_filters_take_each_others_place(place):
    service(place, text="*onlyservice = cron\n*removeheaders\n$var = a\n", script=ENVIRONMENT + "print $ENV{var};")
    place.write(
        "etc/conf/override.conf",
        'services/one: Title = "Over"\nservices/one: *OnlyService = sshd\nlogfiles/plain: *expandrepeats\n'
        "logwatch: Detail = 7\n # services/one: Title = No\nservices/one: $var = b\n",
    )
    assert b"--- Over Begin ---" in place.both("--service", "one", "--range", "all")
    service(place, text="*onlyservice = cron\n", script=CAT)
    place.both("--service", "one", "--range", "all")


def test_ignored_lines_are_counted(place):
    service(place)
    place.write("etc/conf/ignore.conf", "# a comment\n\nInvalid user [ab]\nzone\n")
    assert b" \n 3 Ignored Lines\n" in place.both("--service", "one")
    place.write("etc/conf/logwatch.conf", f'TmpDir = "{place.root}/tmp"\nsuppress_ignores = yes\n')
    assert b"Ignored" not in place.both("--service", "one")


def test_sections_stand_in_the_same_order(place):
    for name, order in (("one", 0.9), ("two", 0.1), ("three", ""), ("four", ".5")):
        text = f"DisplayOrder = {order}\n" if order else ""
        service(place, name, text, f'print "\\n\\n"; print "{name}\\n"; print "\\n";', title=name)
    service(place, "silent", script='print "  \\n\\n";', title="Silent")
    named = [word for name in ("one", "two", "three", "four", "silent") for word in ("--service", name)]
    place.both(*named)
    place.both("--service", "silent")
    place.both("--logfile", "plain")


def test_packed_logs_and_archives_are_read_in_the_same_order(place):
    lines = "Nov 19 09:00:0{0} one x[1]: from {1}\n"
    packers: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    for number, (end, pack) in enumerate(packers.items()):
        place.write(f"log/syslog.{number + 2}.{end}", pack(lines.format(number, end).encode()))
    place.write("log/syslog.1", lines.format(7, "plain archive"))
    place.write("log/syslog-old", lines.format(8, "old archive"))
    os.utime(place.root / "log/syslog-old", (0, 0))
    place.write("log/a10", lines.format(1, "a10"))
    place.write("log/B2", lines.format(2, "B2"))
    place.write("log/c", lines.format(3, "c"))
    archive = f'Archive = "{place.root}/log/syslog.*"\nArchive = "{place.root}/log/syslog-*"\n'
    more = f'LogFile = "{place.root}/log/{{a*,B*,c,nothere}}"\nLogFile = syslog.1\nLogFile = "{place.root}/log/syslog.2.gz"\n'
    group(place, text=archive + more + "*applystddate\n")
    service(place, script=ENVIRONMENT.replace("$n++", "print"))
    place.write("etc/conf/logwatch.conf", f'TmpDir = "{place.root}/tmp"\nLogDir = "{place.root}/log"\n')
    for asked in ("yesterday", "all", "-60 days", "today"):
        place.both("--service", "one", "--range", asked)
    place.write("etc/conf/logwatch.conf", f'TmpDir = "{place.root}/tmp"\nArchives = No\n')
    place.both("--service", "one", "--logdir", f"{place.root}/log")


def test_a_log_packed_with_zstd_is_read_too(place, need):
    need("zstd")
    import subprocess

    subprocess.run(["zstd", "-q", "--rm", f"{place.root}/log/syslog"], check=True)
    group(place, files="log/syslog.zst")
    service(place)
    assert b"Invalid user b" in place.vigilog("--service", "one").stdout


def test_a_shared_script_and_a_logfile_script_of_the_administrator_are_run(place):
    place.write("etc/scripts/shared/upper", 'while (<STDIN>) { print uc; } print "arg: $ARGV[0]\\n"; print STDERR "said\\n";')
    place.write("etc/scripts/shared/onlyservice", 'while (<STDIN>) { print "own: $_"; }')
    place.write("etc/scripts/logfiles/plain/more", "while (<STDIN>) { s/one/uno/; print; }")
    service(place, text='*upper = "an argument"\n*onlyservice = nothing\n')
    assert b" own: ARG: AN ARGUMENT\n".lower() in place.both("--service", "one").lower()


def test_a_service_runs_in_its_shell(place):
    service(place, text='shell = "/bin/sh"\n', script='read -r line; echo "first: $line"; cat | wc -l\n')
    assert b" first: Nov 19 10:00:00 one sshd" in place.both("--service", "one")


STRAY = b'MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\nContent-Type: text/plain; charset="UTF-8"\n\n'


def test_hosts_are_reported_one_by_one_in_a_mail_without_stray_headers(place):
    service(place, script=ENVIRONMENT.replace("$n++", "print"))
    assert place.both("--service", "one", "--hostformat", "split").count(b"Logwatch End") == 5
    mailer(place)
    service(place)
    place.logwatch("--service", "one", "--hostformat", "split", "--output", "mail")
    place.write("who", "vigilog")
    place.vigilog("--service", "one", "--hostformat", "split", "--output", "mail")
    (theirs, _), (ours, _) = mails(place, "logwatch"), mails(place, "vigilog")
    assert theirs.count(STRAY) - 1 == ours.count(b"Logwatch End") - 1 == 4
    assert ours == theirs.replace(STRAY, b"", 5).replace(b"one three two\n", b"one three two\n" + STRAY, 1)


def mailer(place):
    """A mailer that keeps what it gets, by who called it."""
    place.write("mailer", f'#!/bin/sh\nexec >> "{place.root}/mails.$(cat {place.root}/who)"\ncat; echo "== end $*"\n').chmod(
        0o755
    )
    place.write("who", "logwatch")
    place.write(
        "etc/conf/logwatch.conf",
        f'TmpDir = "{place.root}/tmp"\nMailer = "{place.root}/mailer -t"\nMailFrom = root\nService =\n',
    )


def mails(place, who):
    path = place.root / f"mails.{who}"
    return path.read_bytes().split(b"== end -t\n") if path.exists() else []


@pytest.mark.parametrize(
    "words",
    [
        ["--mailto", "a@example.org"],
        ["--mailto", "a@example.org b@Example.org", "--subject", "yesterday"],
        ["--output", "mail", "--encode", "base64"],
        ["--output", "mail", "--encode", "7bit", "--hostname", "Other"],
        ["--output", "mail", "--hostformat", "splitmail"],
    ],
)
def test_the_same_mail_is_sent(place, words):
    service(place)
    mailer(place)
    theirs = place.logwatch("--service", "one", *words)
    place.write("who", "vigilog")
    ours = place.vigilog("--service", "one", *words)
    assert (ours.stdout, ours.returncode) == (theirs.stdout, theirs.returncode)
    assert mails(place, "vigilog") == mails(place, "logwatch")
    assert b"Subject: " in mails(place, "vigilog")[0]


def test_a_host_whose_name_is_an_expression_is_one_host(place):
    lines = [f"Nov 19 10:00:0{at} {host} x[1]: of {host}" for at, host in enumerate(["(((", ".*", "a+$", "nul\0", "a,b"])]
    place.write("log/syslog", "\n".join(lines) + "\n")
    service(place)
    process = place.vigilog("--service", "one", "--hostformat", "split")
    assert process.returncode == 0, process.stderr
    assert process.stdout.count(b": of ") == process.stdout.count(b"Logwatch End") == 4


def test_expressions_of_perls_are_read(place):
    service(place)
    place.write("etc/conf/ignore.conf", "user [[:lower:]]\\h\nzone loaded\\Z\n")
    assert b" 2 Ignored Lines" in place.both("--service", "one")
    place.write("etc/conf/ignore.conf", "(\n")
    process = place.vigilog("--service", "one")
    assert (process.returncode, process.stdout) == (78, b"")
    assert b"ignore.conf: " in process.stderr


def test_the_subject_keeps_its_letters(place):
    service(place)
    mailer(place)
    place.logwatch("--service", "one", "--output", "mail", "--subject", "My Subject")
    place.write("who", "vigilog")
    place.vigilog("--service", "one", "--output", "mail", "--subject", "My Subject")
    assert b"\nSubject: my subject\n" in mails(place, "logwatch")[0]
    assert b"\nSubject: My Subject\n" in mails(place, "vigilog")[0]


def test_a_file_is_written_over_and_nobody_else_may_read_it(place):
    service(place)
    reports = []
    for run in (place.logwatch, place.vigilog):
        place.write("report", "old\n")
        assert run("--service", "one", "--filename", str(place.root / "report")).returncode == 0
        reports.append((place.root / "report").read_bytes())
        assert stat.S_IMODE((place.root / "report").stat().st_mode) == 0o600
    assert reports[0] == reports[1]
    for run in (place.logwatch, place.vigilog):
        assert run("--service", "one", "--filename", str(place.root / "no/where")).returncode == 2


@pytest.mark.parametrize(
    "words",
    [
        ["--service", "one", "--encode", "base64"],
        ["--service", "ONE", "--hostname", "Gate", "--detail", "HIGH"],
        ["--service", "one", "--detail", "odd"],
        ["-s", "one", "-r", "today", "-d", "5", "-o", "stdout", "-f", "text", "-a", "-n"],
        ["-service=one", "-range", "all"],
        ["--serv", "one", "--rang", "All"],
        ["--service", "one", "--hostlimit", "two"],
        ["--service", "broken"],
        ["--service", "lost"],
        ["--bogus"],
    ],
)
def test_a_command_line_has_the_same_status_and_report(place, words):
    service(place)
    service(place, "broken", "*nosuchscript = x\n")
    service(place, "lost")
    (place.root / "etc/scripts/services/lost").unlink()
    theirs, ours = place.logwatch(*words), place.vigilog(*words)
    assert ours.returncode == theirs.returncode
    if "--bogus" not in words:
        assert ours.stdout == theirs.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--service", "nope"], b"Logwatch does not know how to process service: nope"),
        (["--logfile", "nope"], b"Logwatch is not configured to use logfile: nope"),
        (["--service", "all", "--service", "-nope"], b"Nonexistent service to disable: nope"),
        (["--service", "all", "--service", "one"], b'Wrong configuration entry for "Service"'),
    ],
)
def test_what_nobody_has_told_of_is_an_error(place, words, said):
    service(place)
    theirs, ours = place.logwatch(*words), place.vigilog(*words)
    assert said in theirs.stderr
    assert said in ours.stderr
    assert theirs.returncode in {2, 255}  # Perl's last error number, if any is left from something else
    assert ours.returncode == 255


def test_dashes_of_a_web_page_are_understood(place):
    service(place)
    assert place.vigilog("–service", "one", "—range", "all").stdout == place.both("--service", "one", "--range", "all")


DEBIANS = ("cron", "dovecot", "named", "postfix", "secure", "sshd", "sudo", "pam_unix")


@pytest.mark.parametrize(("form", "detail"), [("rfc3164", "10"), ("rfc3339", "0")])
def test_the_packaged_services_say_the_same_of_a_host_under_attack(tmp_path, sample_data, form, detail):
    place = Place(tmp_path)
    place.write("log/lab", (sample_data / f"debian12-lab/syslog.{form}").read_bytes())
    for name in ("messages", "secure", "maillog", "cron", "syslog"):
        group(place, name, "*expandrepeats\n*applystddate\n", "log/lab")
    wanted = [word for name in DEBIANS for word in ("--service", name)]
    report = place.both(*wanted, "--range", "all", "--detail", detail)
    for title in ("SSHD", "Postfix", "Cron"):
        assert f" {title} Begin ---".encode() in report


def test_a_terminal_and_a_mail_are_not_steered_by_a_log(place):
    place.write("log/syslog", b"Nov 19 10:00:00 one x[1]: \x1b[2J\xe2\x80\xaegpj.exe \xff\n")
    service(place)
    mailer(place)
    place.write("who", "vigilog")
    shown = b" Nov 19 10:00:00 one x[1]: \\x1b[2J\\u202egpj.exe \\xff\n"
    place.vigilog("--service", "one", "--output", "mail")
    assert shown in mails(place, "vigilog")[0]
    assert b"\x1b[2J" in place.both("--service", "one")
    typescript = f"{place.root}/typescript"
    words = place.vigilog("--service", "one").args
    command = ["script", "-qec", shlex.join(words), typescript]
    place.run(command, "2026-11-20 08:30:00", "Europe/Berlin")
    assert shown in (place.root / "typescript").read_bytes().replace(b"\r", b"")
