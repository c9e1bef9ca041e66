"""`vigilog report` over a host's logs: every service that is built in says something, and parts counted apart add up."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SAYS = {
    "cron": ("Totals", ["Commands run", 6]),
    "dovecot": ("Totals", ["Logins", 128]),
    "ftpd-xferlog": ("By user", ["anna", "uploaded", 97]),
    "http": ("Totals", ["Requests", 10_000]),
    "http-error": ("Totals", ["Errors and worse", 595]),
    "http-forensic": ("Totals", ["Unfinished requests", 6]),
    "iptables": ("Totals", ["Packets", 1002]),
    "named": ("Totals", ["Denied", 770]),
    "postfix": ("Totals", ["Messages", 181]),
    "proftpd-forensic": ("By kind", ["UNTIMELY DEATH", 3]),
    "sshd": ("Key exchange failures", ["203.0.113.34", "no matching key exchange method", 1]),
    "sudo": ("Totals", ["Commands refused", 15]),
}
SHORT, LONG = "debian12-lab/syslog.rfc3164", "debian12-lab/syslog.rfc3339"
LOGS = {
    "secure": LONG,
    "maillog": SHORT,
    "cron": SHORT,
    "messages": LONG,
    "iptables": "iptables/psad/iptables/syn_scan_1000_1500",
    "xferlog": "ftp/proftpd-1.3.8/xferlog",
    "proftpd-forensic": "ftp/proftpd-1.3.8/forensic.log",
    "http": "apache/elastic-examples/apache_logs",
    "http-error": "loghub/Apache/Apache_2k.log",
    "http-forensic": "apache/mod_log_forensic/unique-ids/forensic_log",
}
"""What is in each log file group."""


@pytest.fixture(scope="module")
def etc(tmp_path_factory, sample_data):
    """logwatch's configuration for a host that has these logs."""
    root = tmp_path_factory.mktemp("etc")
    (root / "conf" / "logfiles").mkdir(parents=True)
    for group, sample in LOGS.items():
        (root / "conf" / "logfiles" / f"{group}.conf").write_text(f'LogFile = "{sample_data / sample}"\n')
    for service, groups in {"sshd": ["secure"], "dovecot": ["maillog"], "iptables": ["iptables"]}.items():
        (root / "conf" / "services").mkdir(exist_ok=True)
        (root / "conf" / "services" / f"{service}.conf").write_text("".join(f"LogFile = {group}\n" for group in groups))
    return root


def report(etc, *words):
    """The sections of one report, by service."""
    command = [sys.executable, "-c", "from vigilog.cli.main import run; run()", "report", "--format", "json", "--range", "all"]
    where = ["--logwatch-base", str(etc / "none"), "--logwatch-conf", str(etc), "--builtin"]
    services = [word for name in SAYS for word in ("--service", name)]
    done = subprocess.run(
        [*command, *services, *where, *words], capture_output=True, check=True, env={**os.environ, "TZ": "UTC"}
    )
    return {section["service"]: section for section in json.loads(done.stdout)["sections"]}


def test_every_service_says_what_its_log_holds(etc):
    sections = report(etc)
    for service, (title, row) in SAYS.items():
        rows = [table["rows"] for table in sections[service]["tables"] if table["title"] == title]
        assert row in rows[0], service


def test_two_processes_count_as_one_does(etc):
    assert report(etc, "--jobs", "2", "--detail", "10") == report(etc, "--detail", "10")
