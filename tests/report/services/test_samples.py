"""Real logs of each service: what is in them is known, by other means than the services' own."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.report.services.counted import counted, table, unmatched
from vigilog.parse.stamps import stamp
from vigilog.report.services import SERVICES


def test_openssh_of_loghub_as_its_templates_have_it(sample_data):
    """The sample's authors sorted its lines into templates by hand."""
    with (sample_data / "loghub" / "OpenSSH" / "OpenSSH_2k.log_structured.csv").open(newline="") as file:
        templates = Counter(row["EventTemplate"] for row in csv.DictReader(file))
    section = counted("sshd", sample_data / "loghub" / "OpenSSH" / "OpenSSH_2k.log")
    totals = table(section, "Totals")
    assert section.lines == sum(templates.values()) + 2 * 4  # twice "message repeated 5 times"
    assert totals["Invalid users"] == templates["Invalid user <*> from <*>"] + templates["Invalid user 0101 from <*>"]
    assert totals["Logins"] == 1
    failed = sum(
        times for template, times in templates.items() if re.match("Failed (password|none)", template) and "]" not in template
    )
    assert totals["Failed attempts to log in"] == failed + 2 * 5
    assert not section.unmatched


def test_a_server_of_2014_under_constant_attack(sample_data):
    section = counted("sshd", sample_data / "auth" / "gtkcyber-drillworkshop" / "auth.log")
    assert table(section, "Totals")["Invalid users"] == 1489
    assert table(section, "Disconnects by reason")["Bye Bye"] == 6341
    assert unmatched(section) == ["Dec  2 13:14:2"]  # where the file was cut off


def test_a_cloud_server_of_2017(sample_data):
    """ "message repeated N times" stands for N failures each time."""
    log = sample_data / "auth" / "elastic-examples" / "auth.log"
    text = log.read_bytes()
    section = counted("sshd", log)
    repeated = sum(map(int, re.findall(rb"message repeated (\d+) times: \[ Failed", text)))
    singly = len(re.findall(rb"\]: Failed ", text))
    assert repeated
    assert table(section, "Totals")["Failed attempts to log in"] == singly + repeated
    assert table(section, "Totals")["Logins"] == text.count(b": Accepted ")
    assert not section.unmatched
    ran = counted("sudo", log)
    assert table(ran, "Commands by user") == {("ubuntu", "root"): 181, ("root", "root"): 5}
    assert not ran.unmatched
    assert counted("cron", log).lines == text.count(b" CRON[")


def test_sudo_and_cron_of_the_lab(sample_data):
    log = sample_data / "debian12-lab" / "syslog.rfc3339"
    sudo = counted("sudo", log)
    assert table(sudo, "Totals") == {
        "Commands run": 25,
        "Commands refused": 15,
        "Commands not run for wrong passwords": 10,
        "Wrong passwords": 10,
    }
    assert table(sudo, "Refused") == {("tj", "root", "user NOT in sudoers", "/usr/bin/true"): 15}
    assert table(sudo, "Wrong passwords") == {("deploy", "root", "/usr/bin/true"): 10}
    cron = counted("cron", log)
    assert table(cron, "Commands by user") == {"root": 3, "deploy": 2, "logcheck": 1}


@pytest.mark.parametrize(
    ("system", "log", "totals"),
    [
        ("RockyLinux9", "cron", {"Commands run": 16, "Scripts run by run-parts": 32}),
        ("FreeBSD13.1", "cron", None),
        ("NetBSD9.3", "cron", None),
    ],
)
def test_cron_of_other_systems(sample_data, system, log, totals):
    path = sample_data / "unix-syslog" / system / log
    section = counted("cron", path)
    ran = len(re.findall(rb"\) CMD (?:START )?\(", path.read_bytes()))
    assert table(section, "Totals") == (totals or {"Commands run": ran})
    assert not section.unmatched


def messages(sample_data):
    """What the samples of postfix-grok-patterns have in them: the daemon and its message."""
    for path in sorted((sample_data / "postfix" / "postfix-grok-patterns").glob("*.yaml")):
        text = path.read_text()
        data = re.search(r'^data: "(.*)"$', text, re.MULTILINE)
        daemon = re.search(r"POSTFIX_([A-Z_]+)\}\$?\"?$", text, re.MULTILINE)
        if data and daemon and daemon[1] not in {"DELAYS", "RELAY", "TLS_FEATURES"}:
            yield daemon[1].lower(), re.sub(r'\\(["\\])', r"\1", data[1])


def test_every_message_of_postfix_that_others_collected_is_understood(sample_data):
    found = list(messages(sample_data))
    log = "".join(f"Nov 20 08:30:00 mx postfix/{daemon}[7]: {message}\n" for daemon, message in found)
    section = counted("postfix", log.encode())
    assert section.lines == len(found) > 150
    assert not section.unmatched
    totals = table(section, "Totals")
    statuses = Counter(re.findall(r"status=([a-z]+)", log))
    assert totals["Delivered"] == statuses["sent"]
    assert totals["Bounced"] == statuses["bounced"]
    assert totals["Deferred"] == statuses["deferred"]
    assert totals["Bytes"] == 5360


def test_named_with_all_that_it_can_log(sample_data):
    log = sample_data / "named" / "bind-9.18" / "messages-without-timestamps.log"
    text = log.read_bytes()
    section = counted("named", log)
    assert (section.lines, section.unmatched) == (1500, ())
    assert table(section, "Totals") == {
        "Queries": text.count(b": query: "),
        "Denied": text.count(b"' denied"),
        "Queries that failed": text.count(b": query failed ("),
        "Responses dropped by rate limits": text.count(b": rate limit drop "),
        "Responses cut short by rate limits": text.count(b": rate limit slip "),
        "Transfers to others": text.count(b" started (serial"),
        "Updates": text.count(b": updating zone "),
        "Bad requests": text.count(b": bad zone transfer request"),
        "Servers not reached": text.count(b" refused resolving "),
    }
    types = Counter(kind.decode() for kind in re.findall(rb": query: \S+ \S+ (\S+) ", text))
    assert table(section, "Queries by type") == types
    assert table(section, "Updates") == {("example.test", "127.0.0.1", "adding an RR"): 7}


def test_named_of_the_lab(sample_data):
    logs = [sample_data / "debian12-lab" / name for name in ("syslog.rfc3164", "syslog.rfc3339")]
    short, long = (counted("named", log) for log in logs)
    assert short == long
    assert (short.lines, short.unmatched) == (850, ())
    assert table(short, "Denied") == {
        ("query", "isc.org/ANY/IN"): 242,
        ("query", "./NS/IN"): 240,
        ("query", "www.google.com/A/IN"): 235,
        ("zone transfer", "example.test/AXFR/IN"): 53,
    }


def test_port_scans_that_a_firewall_saw(sample_data):
    paths = sorted((sample_data / "iptables" / "psad" / "iptables").iterdir())
    text = b"".join(path.read_bytes() for path in paths)
    section = counted("iptables", *paths)
    assert (section.lines, section.unmatched) == (4090, ())
    assert table(section, "Totals")["Packets"] == 4090
    protocols = Counter(name.decode() for name in re.findall(rb"PROTO=(\S*)", text))
    assert table(section, "By protocol") == protocols
    ports = table(section, "By destination port")
    assert ports["tcp/1080 (socks)"] == len(re.findall(rb"PROTO=TCP SPT=\d+ DPT=1080 ", text))
    assert ports["icmp type 8"] == len(re.findall(rb"PROTO=ICMP TYPE=8 ", text))
    assert table(section, "By source")["2001:db8:0:f101::2"] == text.count(b"SRC=2001:0db8:0000:f101:0000:0000:0000:0002")
    assert table(section, "By prefix")["DROP INVALID"] == text.count(b" DROP INVALID IN=")


def test_ports_stay_numbers_if_so_wanted(sample_data):
    counting = SERVICES["iptables"].Counting(numeric=True)
    counting.see(
        (sample_data / "iptables" / "psad" / "iptables" / "mirai_default_credentials_scan").read_bytes(), lambda _: None
    )
    assert set(table(counting.section(), "By destination port")) == {"tcp/23", "tcp/2323"}


def test_prefixes_of_nftables_and_lines_of_another_kind():
    section = counted(
        "iptables",
        b"2026-11-20T08:30:00.5+01:00 gate kernel: nft drop: IN=eth0 OUT= MAC=x SRC=203.0.113.7 DST=192.0.2.1 LEN=60 PROTO=TCP SPT=1 DPT=22 SYN\n"
        b"2026-11-20T08:30:01.5+01:00 gate kernel: usb 1-1: new device\n"
        b"2026-11-20T08:30:02.5+01:00 gate kernel: IN=eth0 OUT= no packet at all\n",
    )
    assert table(section, "By prefix") == {"nft drop": 1}
    assert table(section, "By destination port") == {"tcp/22 (ssh)": 1}
    assert (section.lines, unmatched(section)) == (2, ["IN=eth0 OUT= no packet at all"])


def test_an_access_log(sample_data):
    log = sample_data / "apache" / "elastic-examples" / "apache_logs"
    text = log.read_bytes()
    section = counted("http", log)
    assert (section.lines, section.unmatched) == (10_000, ())
    sizes = re.findall(rb'" \d{3} (\d+) "', text)
    totals = table(section, "Totals")
    assert totals["Requests"] == 10_000
    assert totals["Bytes"] == sum(map(int, sizes))
    assert totals["Clients"] == len({line.split()[0] for line in text.splitlines()})
    assert table(section, "By status") == Counter(code.decode() for code in re.findall(rb'" (\d{3}) (?:\d+|-) "', text))
    assert table(section, "Server errors") == {("GET /misc/Title.php.txt", "500"): 2, ("OPTIONS /projects/xdotool/", "500"): 1}
    assert {series.title: sum(times for _, times in series.points) for series in section.events} == {
        "Requests": 10_000,
        "Server errors": 3,
    }


def test_an_error_log_as_its_templates_have_it(sample_data):
    folder = sample_data / "loghub" / "Apache"
    with (folder / "Apache_2k.log_structured.csv").open(newline="") as file:
        templates = Counter((row["Level"], row["EventTemplate"]) for row in csv.DictReader(file))
    section = counted("http-error", folder / "Apache_2k.log")
    assert (section.lines, section.unmatched) == (2000, ())
    levels: Counter[str] = Counter()
    for (level, _), times in templates.items():
        levels[level] += times
    assert table(section, "By level") == levels
    worse = table(section, "Errors and worse")
    assert worse["error", "", "mod_jk child workerEnv in error state N"] == 539
    forbidden = templates["error", "[client <*>] Directory index forbidden by rule: <*>"]
    assert worse["error", "", "Directory index forbidden by rule: /var/www/html/"] == forbidden
    assert sum(table(section, "By client").values()) == forbidden


def test_error_logs_of_apache_24_and_nginx(sample_data):
    logs = [
        sample_data / "unix-syslog" / name
        for name in ("Debian11/apache2/error.log", "Debian9/nginx/error.log", "RockyLinux9/nginx/error.log")
    ]
    section = counted("http-error", *logs)
    assert section.lines == sum(len(log.read_bytes().splitlines()) for log in logs)
    assert not section.unmatched
    assert table(section, "By client")["192.168.0.115"] == 2


@pytest.mark.parametrize("ids", ["pid-ids", "unique-ids"])
def test_requests_that_check_forensic_calls_unfinished(sample_data, ids):
    folder = sample_data / "apache" / "mod_log_forensic" / ids
    section = counted("http-forensic", folder / "forensic_log")
    expected = {line[1:].split("|")[0] for line in (folder / "unfinished.expected").read_text().splitlines()}
    rows = next(each.rows for each in section.tables if each.title == "Unfinished requests")
    assert {row[-1] for row in rows} == expected
    assert table(section, "Totals") == {"Requests begun": 1521, "Unfinished requests": 6}
    assert {row[2] for row in rows} == {"www.example.test"}
    assert [sum(times for _, times in series.points) for series in section.events] == [1521]


def test_transfers_of_proftpd_and_vsftpd(sample_data):
    logs = [sample_data / "ftp" / name / "xferlog" for name in ("proftpd-1.3.8", "vsftpd-3.0.3")]
    rows = [line.split() for log in logs for line in log.read_text().splitlines()]
    section = counted("ftpd-xferlog", *logs)
    assert (section.lines, section.unmatched) == (len(rows), ())
    totals = table(section, "Totals")
    assert totals["Files uploaded"] == sum(row[11] == "i" for row in rows)
    assert totals["Bytes downloaded"] == sum(int(row[7]) for row in rows if row[11] == "o")
    assert totals["Not completed"] == sum(row[17] == "i" for row in rows)
    assert table(section, "By user")["anna", "uploaded"] == sum(row[11] == "i" and row[13] == "anna" for row in rows)


def test_forensic_blocks_of_proftpd(sample_data):
    section = counted("proftpd-forensic", sample_data / "ftp" / "proftpd-1.3.8" / "forensic.log")
    assert (section.lines, section.unmatched) == (3318, ())
    assert table(section, "By kind") == {"FAILED LOGIN": 41, "UNTIMELY DEATH": 3}
    assert {series.title: sum(n for _, n in series.points) for series in section.events} == {
        "Failed login": 41,
        "Untimely death": 3,
    }


def test_forensic_blocks_of_a_range(sample_data):
    """A block's time is that of its first message that has one; its other lines tell none."""
    counting = SERVICES["proftpd-forensic"].Counting(inside=lambda at: at >= stamp(b"2026-11-20 08:18:47,000 -", 0.0))
    counting.see((sample_data / "ftp" / "proftpd-1.3.8" / "forensic.log").read_bytes(), lambda _: None)
    kinds = table(counting.section(), "By kind")
    assert kinds["UNTIMELY DEATH"] == 3
    assert 0 < kinds.get("FAILED LOGIN", 0) < 41


NEAR_MISSES = {
    "sshd": [
        "Accepted password for anna from 198.51.100.17 port 33847 ssh2 and more",
        "Invalid user AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ],
    "sudo": [],
    "cron": [],
    "postfix": [
        "4BC2F1203: removed by somebody",
        "connect from client-4.partner.example[198.51.100.4] postfix/smtpd[2201]: x",
    ],
    "dovecot": [],
    "named": [
        "client 203.0.113.9#57537: query (cache) denied",
        "client @0x7fc4894f8098 203.0.113.9#57537 (a b): query: a b IN A + (192.0.2.10)",
    ],
    "firewall": [],
}


@pytest.mark.parametrize("name", sorted(NEAR_MISSES))
def test_messages_of_many_versions_are_understood_and_near_misses_are_not(name):
    """The samples that the rules for `vigilog check` are held against."""
    text = (Path(__file__).parents[2] / "detect" / "samples" / name).read_bytes()
    stamped = [line for line in text.splitlines() if re.match(rb"[A-Z][a-z]{2} [ \d]\d |\d{4}-\d\d-", line)]
    section = counted("iptables" if name == "firewall" else name, b"\n".join(stamped))
    assert sorted(unmatched(section)) == NEAR_MISSES[name]
    assert section.lines
