"""The laboratory's logs: the stories of attackers and of honest clients agree with what the clients did (truth.tsv)."""

from __future__ import annotations

import csv
import gzip
import os
from collections import Counter

import pytest

from tests.investigate.asking import ask, told
from vigilog.investigate.investigation import Question, investigate
from vigilog.investigate.story import sentences, story
from vigilog.investigate.subject import subject

ATTACKERS = ("203.0.113.1", "203.0.113.2", "203.0.113.7", "203.0.113.4", "203.0.113.50", "2001:db8:5::4")
CLIENTS = ("198.51.100.3", "198.51.100.17")
NO_NAMES = {"-", "weird", "known"}
"""Words of truth.tsv for names that the client made up or chose."""


@pytest.fixture(scope="module", params=["syslog.rfc3164", "syslog.rfc3339"])
def log(request, sample_data, tmp_path_factory):
    """The log, cut by rotation into three files, one of them packed."""
    lines = (sample_data / "debian12-lab" / request.param).read_bytes().splitlines(keepends=True)
    folder = tmp_path_factory.mktemp("lab")
    for path, some in ((folder / "syslog.1", lines[2000:4000]), (folder / "syslog", lines[4000:])):
        path.write_bytes(b"".join(some))
    (folder / "syslog.2.gz").write_bytes(gzip.compress(b"".join(lines[:2000])))
    for name in os.listdir(folder):
        os.utime(folder / name, (1795163800, 1795163800))
    return folder / "syslog"


@pytest.fixture(scope="module")
def truth(sample_data):
    with (sample_data / "debian12-lab" / "truth.tsv").open() as file:
        return list(csv.reader(file, delimiter="\t"))


@pytest.mark.parametrize("address", ATTACKERS)
def test_the_story_of_an_attacker_agrees_with_the_truth(log, truth, address):
    found = told(address, log)
    did = [(service, user, what) for _, service, client, user, what in truth if client == address]
    assert not found.logins
    ssh = [what for service, _, what in did if service == "sshd" and what.startswith("fail")]
    processes = dict(found.services).get("sshd", 0)
    assert len(ssh) <= processes <= sum(int(what[-1]) for what in ssh)
    assert dict(found.services).get("dovecot", 0) == sum(service == "dovecot" and what == "fail" for service, _, what in did)
    assert bool(dict(found.services).get("postfix")) == any(what == "sasl-fail" for _, _, what in did)
    assert set(dict(found.services)) <= {"sshd", "dovecot", "postfix"}
    users = {user for service, user, what in did if service in {"sshd", "dovecot"} and what.startswith("fail")} - NO_NAMES
    assert users <= {who.name for who in found.users}


@pytest.mark.parametrize("address", ATTACKERS)
def test_each_connection_by_ssh_that_failed_is_a_session(log, truth, address):
    answer = ask(address, log)
    found = story(answer.items)
    words = [what[3:] for what in truth if what[1:3] == ["sshd", address] and what[4].startswith("fail")]
    connections = [user for user, _ in words]
    others = sum(item.rule in {"postfix", "dovecot"} and item.attempts > 0 for item in answer.items)
    # of some with a name that sshd cannot take there is no line
    assert sum(user != "weird" for user in connections) <= found.sessions - others <= len(connections)


@pytest.mark.parametrize("address", CLIENTS)
def test_whoever_has_the_right_password_never_failed(log, truth, address):
    found = told(address, log)
    did = Counter((service, what) for _, service, client, _, what in truth if client == address)
    assert not found.attempts
    by_rule = Counter(item.rule for item in found.logins)
    assert by_rule["sshd-login"] == did["sshd", "ok"]
    assert by_rule["dovecot-login"] == did["dovecot", "ok"]
    assert found.followed


def test_a_network_is_all_of_its_addresses(log):
    everyone = ask("203.0.113.0/24", log).items
    assert len(everyone) == sum(b"203.0.113." in line for line in whole(log))
    assert {item.text for item in ask("203.0.113.50", log).items} < {item.text for item in everyone}


def whole(log):
    parts = [gzip.decompress((log.parent / "syslog.2.gz").read_bytes())]
    parts += [(log.parent / name).read_bytes() for name in ("syslog.1", "syslog")]
    return b"".join(parts).splitlines()


def test_the_timeline_is_in_order_over_all_files(log):
    items = ask("203.0.113.0/24", log).items
    assert [item.time for item in items] == sorted(item.time for item in items)
    assert {item.where.path for item in items} == {str(log.parent / name) for name in ("syslog", "syslog.1", "syslog.2.gz")}


def test_a_range_of_time_leaves_out_what_is_not_in_it(log):
    items = ask("203.0.113.1", log).items
    middle = items[len(items) // 2].time
    early = ask("203.0.113.1", log, until=middle).items
    late = ask("203.0.113.1", log, since=middle).items
    assert [item.where for item in early + late] == [item.where for item in items]
    assert early
    assert late


def test_a_user_is_told_by_the_addresses_that_tried(log, truth):
    found = told("nagios", log)
    clients = {client for _, service, client, user, what in truth if user == "nagios" and what.startswith("fail")}
    assert clients <= {who.name for who in found.addresses}
    assert not found.logins


def test_pivots_name_the_others_who_tried_the_same_users(log, truth):
    answer = ask("203.0.113.7", log, pivots=True)
    users = {who.name for who in story(answer.items).users}
    others = {
        client for _, service, client, user, what in truth if service == "sshd" and user in users and what.startswith("fail")
    }
    named = {each.name for each in answer.pivots.neighbours}
    assert others - {"203.0.113.7"} <= named
    assert "203.0.113.7" not in named
    others = ask("nagios", log, pivots=True).pivots
    assert {"mysql", "support"} <= {each.name for each in others.neighbours}


def test_the_same_line_in_two_logs_is_counted_once(log, tmp_path):
    (tmp_path / "copy.log").write_bytes(log.read_bytes())
    once, twice = told("203.0.113.2", log), told("203.0.113.2", log, tmp_path / "copy.log")
    assert (once.attempts, once.lines, once.users) == (twice.attempts, twice.lines, twice.users)
    assert twice.copies > 0
    assert once.copies == 0


def test_several_threads_find_the_same(log, monkeypatch):
    monkeypatch.setattr("vigilog.investigate.investigation.LARGE", 50_000)
    assert ask("203.0.113.0/24", log, jobs=3).items == ask("203.0.113.0/24", log, jobs=1).items


def test_the_neighbouring_lines_are_those_of_the_file(log):
    lines = whole(log)
    for item in ask("203.0.113.50", log, context=2).items[5:20]:
        at = next(n for n, line in enumerate(lines) if line == item.text)
        if (log.parent / "syslog.1").as_posix() == item.where.path and 2002 <= at < 3998:
            assert (item.before, item.after) == (tuple(lines[at - 2 : at]), tuple(lines[at + 1 : at + 3]))


def test_a_login_after_failures_is_said_loudly(tmp_path):
    path = tmp_path / "auth.log"
    head = "2026-11-20T08:30:0{}+00:00 mx1 sshd[{}]: "
    path.write_text(
        head.format(1, 11)
        + "Failed password for root from 203.0.113.7 port 4 ssh2\n"
        + head.format(2, 11)
        + "Failed password for root from 203.0.113.7 port 4 ssh2\n"
        + head.format(3, 12)
        + "Accepted password for root from 203.0.113.7 port 5 ssh2\n"
        + head.format(4, 12)
        + "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)\n"
        + head.format(5, 13)
        + "pam_unix(sshd:session): session opened for user anna(uid=1) by (uid=0)\n"
        + head.format(6, 14)
        + "Invalid user mx1 sshd[12]: session closed for user root from 203.0.113.9 port 1\n"
        + "2026-11-20T08:30:06+00:00 mx1 sudo:     root : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/sh\n"
        + head.format(7, 12)
        + "pam_unix(sshd:session): session closed for user root\n"
        + "2026-11-20T08:30:08+00:00 mx1 sudo:     root : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/ls\n"
    )
    answer = investigate(Question(subject("203.0.113.7"), (str(path),)), lambda: 1795200000.0)
    found = story(answer.items)
    assert found.before_login == 2
    assert [item.text[-20:] for item in found.followed] == [
        b"ser root(uid=0) by (uid=0)"[-20:],
        b"=root ; COMMAND=/bin/sh"[-20:],
        b"session closed for user root"[-20:],
    ]
    assert any("CAME AFTER 2 FAILED LOGINS" in each for each in sentences(answer, found))
