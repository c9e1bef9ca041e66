"""The built-in rules on logs whose story is known, or was told by others: how much is seen, and what is not, by name.

Nothing of these files is in the rules or their samples; they are read where the sample data lies.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

import pytest

from tests.detect.oracle import DOCUMENT, Verdict, judge

SYSLOG = re.compile(rb"^([A-Z][a-z]{2} [ :0-9]{10,11}|[0-9]{4}-[0-9:T.+-]{14,30}Z?) [._0-9A-Za-z:-]*[0-9A-Za-z] ")
ADDRESS = re.compile(rb"(?<![0-9a-f:.])((?:203\.0\.113|198\.51\.100)\.[0-9]+|2001:db8:5::[2-9])(?![0-9.])")
SERVICES = {"sshd": (b" sshd[",), "postfix": (b" postfix/",), "dovecot": (b" dovecot: ", b" auth: ")}


def judged(path: Path, level: str = "server") -> list[tuple[bytes, Verdict]]:
    *lines, _unfinished = path.read_bytes().split(b"\n")
    lines = [line for line in lines if line]
    return list(zip(lines, judge(lines, level), strict=True))


def kinds(judged_lines: list[tuple[bytes, Verdict]]) -> Counter[str]:
    return Counter(verdict.kind for _, verdict in judged_lines)


def attacker(address: str) -> bool:
    return address.startswith(("203.0.113.", "2001:db8:5::"))


@pytest.fixture(scope="module")
def lab(sample_data):
    return judged(sample_data / "debian12-lab" / "syslog.rfc3339")


@pytest.fixture(scope="module")
def truth(sample_data):
    """(end in epoch seconds, service, address, user, what) of every action in the lab."""
    rows = (line.split("\t") for line in (sample_data / "debian12-lab" / "truth.tsv").read_text().splitlines())
    return [(float(end), *rest) for end, *rest in rows]


def test_the_two_files_of_the_lab_are_judged_alike(sample_data, lab):
    other = judged(sample_data / "debian12-lab" / "syslog.rfc3164")
    assert [verdict for _, verdict in lab] == [verdict for _, verdict in other]


def test_every_attack_of_the_lab_that_left_a_line_is_an_attack(lab, truth):
    """Each action of an attacker has, in the seconds before it ended, a line of its service with its address in the attack
    class. Fifteen left no line at all: sshd says nothing of connections that end within the login grace time, and four
    logins with odd names were given up by the client before sshd heard of them."""
    of = defaultdict(list)
    for line, verdict in lab:
        for service, tags in SERVICES.items():
            if any(tag in line for tag in tags):
                for address in set(ADDRESS.findall(line)):
                    stamp = datetime.fromisoformat(line.split(b" ", 1)[0].decode()).timestamp()
                    of[service, address.decode()].append((stamp, verdict.kind, line))
    silent: Counter[tuple[str, str, str]] = Counter()
    seen = 0
    for end, service, address, user, what in truth:
        if attacker(address):
            around = [(kind, line) for stamp, kind, line in of[service, address] if end - 15 <= stamp <= end + 1]
            if not around:
                silent[service, user, what] += 1
                continue
            assert any(kind == "attack" for kind, _ in around), (end, service, address, user, what, around)
            seen += 1
    assert silent == {("sshd", "-", "grace"): 11, ("sshd", "weird", "fail*1"): 4}
    assert seen == 412


def test_every_connection_of_an_attacker_in_the_lab_has_a_line_in_the_attack_class(lab):
    connections = defaultdict(set)
    for line, verdict in lab:
        for address in ADDRESS.findall(line):
            if attacker(address.decode()) and b" sshd[" in line and (port := re.search(rb" port ([0-9]+)", line)):
                connections[address, port[1]].add(verdict.kind)
            if attacker(address.decode()) and b"-login: " in line:
                connections[address, line].add(verdict.kind)
    assert len(connections) == 320
    assert [connection for connection, found in connections.items() if "attack" not in found] == []


def test_no_legitimate_client_of_the_lab_is_taken_for_an_attacker(lab):
    """But for their refused questions to the name server, which the data's README names."""
    accused = [line for line, verdict in lab if verdict.kind == "attack" and b" 198.51.100." in line.replace(b"[", b" ")]
    accused += [line for line, verdict in lab if verdict.kind == "attack" and b"=198.51.100." in line]
    assert accused
    assert [line for line in accused if b" named[" not in line] == []


def test_only_the_program_that_nobody_knows_is_unusual_in_the_lab(lab):
    unusual = [line for line, verdict in lab if verdict.kind == "unusual"]
    assert len(unusual) < 0.02 * len(lab)
    assert len(unusual) == 15
    assert {line.split(b" ")[2].split(b"[")[0] for line in unusual} == {b"backup"}


def test_no_line_of_the_lab_is_reported_twice(lab):
    assert [line for line, verdict in lab if len(verdict.names) > 1] == []


def test_violations_of_the_lab_are_what_locals_tried(lab):
    programs = Counter(line.split(b" ")[2].split(b"[")[0].rstrip(b":") for line, verdict in lab if verdict.kind == "violation")
    assert set(programs) == {b"sudo", b"su"}


@pytest.mark.parametrize(
    ("file", "attacks", "violations", "unusual"),
    [
        ("debian12-lab/syslog.rfc3164", 2701, 130, 15),
        ("auth/elastic-examples/auth.log", 2596, 470, 0),
        ("auth/gtkcyber-drillworkshop/auth.log", 10445, 0, 4),
        ("loghub/OpenSSH/OpenSSH_2k.log", 1860, 0, 0),
    ],
)
def test_the_figures_in_the_documentation_hold(sample_data, file, attacks, violations, unusual):
    found = kinds(judged(sample_data / file))
    assert (found["attack"], found["violation"], found["unusual"]) == (attacks, violations, unusual)
    assert f"| {attacks:,} | {violations:,} | {unusual:,}" in DOCUMENT.read_text()


@pytest.mark.parametrize(
    ("file", "unusual"),
    [
        ("auth/elastic-examples/auth.log", 0),
        ("auth/gtkcyber-drillworkshop/auth.log", 4),  # sshd: warning: can't get client address
        ("loghub/OpenSSH/OpenSSH_2k.log", 0),
        ("unix-syslog/RockyLinux9/secure", 0),
        ("unix-syslog/CentOS7/secure", 0),
        ("unix-syslog/Debian9/auth.log", 0),
        ("unix-syslog/Ubuntu22/auth.log", 0),
        ("unix-syslog/Ubuntu22/kern.log", 0),
    ],
)
def test_logs_of_logins_leave_next_to_nothing_unusual_and_no_attempt_unseen(sample_data, file, unusual):
    found = judged(sample_data / file)
    assert kinds(found)["unusual"] == unusual
    signs = (
        b"Failed password",
        b"nvalid user",
        b"[preauth]",
        b"Did not receive",
        b"Bad protocol",
        b"POSSIBLE BREAK-IN",
        b"kex_",
    )
    attempts = [(line, verdict) for line, verdict in found if b" sshd[" in line and any(sign in line for sign in signs)]
    unseen = [line for line, verdict in attempts if verdict.kind != "attack"]
    assert [line for line in unseen if b": Postponed publickey for " not in line] == []  # a key that was taken a line later


@pytest.mark.parametrize(
    ("file", "share"),
    [
        ("unix-syslog/RockyLinux9/messages", 0.12),
        ("unix-syslog/Ubuntu16/kern.log", 0.25),
        ("unix-syslog/Debian11/messages", 0.2),
    ],
)
def test_the_boot_of_other_systems_is_mostly_known(sample_data, file, share):
    found = judged(sample_data / file)
    assert kinds(found)["unusual"] < share * len(found)


def fail2ban_cases(folder: Path) -> list[tuple[str, bool, bytes]]:
    """(filter, must match, line) of every annotated line that is a syslog line."""
    cases = []
    for path in sorted(folder.iterdir()):
        expected = None
        for line in path.read_bytes().split(b"\n"):
            if said := re.match(rb"# ?failJSON: (\{.*\})", line):
                expected = json.loads(said[1])["match"]
            elif line.strip() and not line.startswith(b"#") and expected is not None:
                if SYSLOG.match(line):
                    cases.append((path.name, expected, line))
                expected = None
    return cases


def test_what_fail2ban_bans_for_is_an_attack(sample_data):
    """All of the 96 syslog lines but those of four programs that Debian 12 does not have."""
    cases = [case for case in fail2ban_cases(sample_data / "fail2ban" / "logs") if case[1]]
    verdicts = judge([line for _, _, line in cases])
    unseen = Counter(name for (name, _, _), verdict in zip(cases, verdicts, strict=True) if verdict.kind != "attack")
    assert len(cases) == 96
    assert unseen == {"routeros-auth": 3, "softethervpn": 1}


def test_what_fail2ban_does_not_ban_for_is_an_attack_in_two_places_only(sample_data):
    """A PAM format that fail2ban gave up and logs of early 2000s still have; nothing else."""
    cases = [case for case in fail2ban_cases(sample_data / "fail2ban" / "logs") if not case[1]]
    verdicts = judge([line for _, _, line in cases])
    accused = {name for (name, _, _), verdict in zip(cases, verdicts, strict=True) if verdict.kind == "attack"}
    assert accused == {"pam-generic"}


CROWDSEC = {
    "ssh-bf": 0,
    "ssh-generic-test": 0,
    "ssh-slow-bf": 0,
    "ssh-time-based-bf": 1,  # the login that succeeds
    "ssh-timeout": 0,
    "sshd-bad-keyexchange-bf": 0,
    "sshd-invalid-bf": 0,
    "sshd-logs": 2,  # Magic value check failed: an sshd with a patch for obfuscation
    "sshd_banner_exchange": 0,
    "dovecot-logs": 1,  # the login that succeeds
    "dovecot-slow-bf": 0,
    "dovecot-spam": 0,
    "bind9-syslog": 0,
    "postfix-relay": 0,
    "postfix-sasl-bf": 0,
    "postfix-non-smtp": 0,
    "proftpd-logs": 0,
    "mysql-bf": 0,
    "smb-bf": 0,
}


@pytest.mark.parametrize("case", CROWDSEC)
def test_what_crowdsec_raises_alarms_for_is_an_attack(sample_data, case):
    lines = [
        line
        for path in sorted((sample_data / "crowdsec" / "tests" / case).glob("*.log"))
        for line in path.read_bytes().split(b"\n")
    ]
    lines = [line for line in lines if SYSLOG.match(line)]
    assert lines
    assert sum(verdict.kind != "attack" for verdict in judge(lines)) == CROWDSEC[case]


OSSEC_UNSEEN = {
    b"dovecot: pop3-login: Aborted login: user",  # dovecot 1.0 did not say why
    b"named[464]: client 217.148.39.3#1036: query (cache)\n",  # cut in the middle
    b"su[2921936]: failed: ttyq4 changing from ldap to root",  # IRIX
    b"check pass; user unknown",  # the line after it has the address
}


def test_what_ossec_rates_five_or_more_is_an_attack_or_a_violation(sample_data):
    """For the programs that the rules know."""
    lines = []
    for name in ("dovecot", "named", "pam", "proftpd", "samba", "sshd", "su", "sudo"):
        for case in re.split(rb"\n(?=\[)", (sample_data / "ossec" / "ini" / f"{name}.ini").read_bytes()):
            alert = re.search(rb"^alert *= *([0-9]+)", case, re.MULTILINE)
            if alert and int(alert[1]) >= 5:
                lines += [line for line in re.findall(rb"^log [0-9]+ pass ?= (.*)$", case, re.MULTILINE) if SYSLOG.match(line)]
    assert len(lines) == 36
    unseen = [line for line, verdict in zip(lines, judge(lines), strict=True) if verdict.kind not in ("attack", "violation")]
    assert sorted(known for known in OSSEC_UNSEEN if any(known in line + b"\n" for line in unseen)) == sorted(OSSEC_UNSEEN)
    assert [line for line in unseen if not any(known in line + b"\n" for known in OSSEC_UNSEEN)] == []


def test_what_bind_refused_or_slowed_down_is_an_attack_and_the_rest_is_known(sample_data):
    lines = (sample_data / "named" / "bind-9.18" / "messages-without-timestamps.log").read_bytes().split(b"\n")
    lines = [b"Nov 20 08:00:00 ns1 named[1]: " + line for line in lines if line]
    found = list(zip(lines, judge(lines), strict=True))
    for line, verdict in found:
        refused = any(word in line for word in (b" denied", b"rate limit", b"limiting ", b"(REFUSED)", b"bad zone transfer"))
        assert not refused or verdict.kind == "attack", line
    assert [line[30:] for line, verdict in found if verdict.kind == "unusual"] == [
        b"zone sec.test/IN: refresh: failure trying primary 127.1.1.9#15399 (source 0.0.0.0#0): connection refused"
    ]


def test_single_packets_that_a_firewall_dropped_are_ignored_but_at_the_paranoid_level(sample_data):
    lines = [
        line
        for path in sorted((sample_data / "iptables" / "psad" / "iptables").iterdir())
        for line in path.read_bytes().split(b"\n")
        if SYSLOG.match(line) and b"DROP" in line
    ]
    assert len(lines) == 4077
    assert {verdict.kind for verdict in judge(lines)} == {"ignored"}
    assert {verdict.kind for verdict in judge(lines, "paranoid")} == {"unusual"}
