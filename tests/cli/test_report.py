"""`vigilog report` as a command: what is built in, without a file of logwatch's."""

from __future__ import annotations

import json
import shutil

import pytest

from vigilog.cli import report_words
from vigilog.cli.report import prepared

AUTH = """\
Nov 19 10:00:00 gate sshd[12]: Invalid user b from 203.0.113.7 port 22
Nov 19 10:00:01 gate sshd[12]: Failed password for invalid user b from 203.0.113.7 port 22 ssh2
Nov 19 10:00:02 gate sshd[12]: something \x1b[31m<b>nobody</b> knows
"""


@pytest.fixture
def report(vigilog, tmp_path):
    """`vigilog report` on a machine without logwatch, with an auth.log of its own."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log/auth.log").write_text(AUTH)
    (tmp_path / "etc/conf").mkdir(parents=True)
    # only the logs of the test are read
    (tmp_path / "etc/conf/logwatch.conf").write_text("AppendVarLogToLogDirs = no\nAppendVarAdmToLogDirs = no\n")

    def run(*words, **options):
        places = ["--logwatch-base", f"{tmp_path}/none", "--logwatch-conf", f"{tmp_path}/etc", "--logdir", f"{tmp_path}/log"]
        return vigilog("report", *places, *words, **options)

    return run


def test_what_is_built_in_needs_no_files_of_logwatchs(report):
    process = report("--range", "all", "--service", "sshd", "--detail", "10")
    assert (process.returncode, process.stderr) == (0, "")
    assert " --------------------- SSHD Begin ------------------------ " in process.stdout.replace("sshd Begin", "SSHD Begin")
    assert "203.0.113.7" in process.stdout
    assert "\x1b" not in process.stdout


def test_all_services_are_reported_that_have_something_to_say(report):
    process = report("--range", "all", "--service", "all", "--service", "-vigilog")  # that is about this host
    assert process.returncode == 0
    assert process.stdout.count(" Begin ---") == 1


def test_nothing_to_say_is_no_report(report):
    process = report("--range", "1999/01/01")
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_json_has_tables_and_no_control_characters(report):
    told = json.loads(report("--range", "all", "--format", "json", "--service", "sshd").stdout)
    [section] = told["sections"]
    assert section["service"] == "sshd"
    assert section["lines_read"] == 3
    assert section["tables"]
    assert told["range"] == "all"


@pytest.mark.skipif(not shutil.which("perl"), reason="not installed: perl")
def test_a_service_of_the_administrators_own_is_run(report, tmp_path):
    conf = tmp_path / "etc/conf"
    for directory in (conf / "services", conf / "logfiles", tmp_path / "etc/scripts/services"):
        directory.mkdir(parents=True)
    (conf / "services/mine.conf").write_text('Title = "Mine"\nLogFile = mine\n')
    (conf / "logfiles/mine.conf").write_text("LogFile = auth.log\n*onlyservice = sshd\n*removeheaders\n")
    (tmp_path / "etc/scripts/services/mine").write_text('while (<STDIN>) { $n++ } print "$n lines\\n";')
    assert " 3 lines\n" in report("--service", "mine", "--range", "all").stdout
    told = json.loads(report("--service", "mine", "--range", "all", "--format", "json").stdout)
    assert told["sections"][0]["lines"] == ["3 lines"]


def test_help_about_ranges_and_the_version(report):
    told = report("--range", "help")
    assert told.returncode == 0
    assert "for that PERIOD" in told.stderr
    assert "logwatch 7.7" in report("--version").stdout


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--range", "gibberish"], 2),
        (["--service", "nope"], 255),
        (["--logfile", "nope"], 255),
        (["--bogus"], 99),
        (["--jobs", "0"], 99),
        (["--format", "pdf"], 78),
        (["--range", "all", "--filename", "/nonexistent/file"], 2),
        (["--range", "all", "--mailto", "x@example.org"], 75),
    ],
)
def test_what_goes_wrong_has_its_status(report, tmp_path, words, status):
    conf = tmp_path / "etc/conf/logwatch.conf"
    conf.write_text(conf.read_text() + "Mailer = /bin/false\n")
    process = report(*words)
    assert process.returncode == status, process.stderr
    assert "Traceback" not in process.stderr


def test_command_lines_are_read_as_logwatch_reads_them():
    assert prepared(["–service", "dnscache", "–range", "today", "—detail=10"]) == [
        "--service=dnscache",
        "--range=today",
        "--detail=10",
    ]
    assert prepared(["--service", "-zz-sys", "-r", "-2 days", "--html_wrap", "5"]) == [
        "--service=-zz-sys",
        "-r-2 days",
        "--html-wrap=5",
    ]
    assert prepared(["-range", "all", "--serv", "x", "-n", "--archives"]) == ["--range=all", "--service=x", "-n", "--archives"]
    assert report_words.prepared(["--range"], ["range"], []) == ["--range"]
