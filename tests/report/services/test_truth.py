"""What a lab full of attackers did is known (truth.tsv): reports of its log say just that, whatever form the log's lines have."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import pytest

from tests.report.services.counted import counted, table

LOGS = ("syslog.rfc3164", "syslog.rfc3339")
KNOWN = ("anna", "tj", "carol")


class Deed(NamedTuple):
    service: str
    address: str
    user: str
    what: str


@pytest.fixture(scope="module")
def lab(sample_data):
    return sample_data / "debian12-lab"


@pytest.fixture(scope="module")
def truth(lab):
    return [Deed(*line.split("\t")[1:]) for line in (lab / "truth.tsv").read_text().splitlines()]


def deeds(truth, service, *what, by=lambda deed: deed.address):
    return Counter(by(deed) for deed in truth if deed.service == service and deed.what.startswith(what))


def kind_of(user):
    """As truth.tsv has it: it says `known` for somebody of the host, and `weird` for names with blanks in them."""
    return "known" if user in KNOWN else "weird" if user.startswith("we") else user


@pytest.mark.parametrize("log", LOGS)
def test_sshd_logins_are_those_that_succeeded(lab, truth, log):
    logins: Counter[Any] = Counter()
    for (user, address, _), times in table(counted("sshd", lab / log), "Logins").items():
        logins[address, user] += times
    assert logins == deeds(truth, "sshd", "ok", by=lambda deed: (deed.address, deed.user))


@pytest.mark.parametrize("log", LOGS)
def test_sshd_failures_are_those_that_were_tried(lab, truth, log):
    """A connection of `fail*3` has one to three of them: the server may cut it short. Weird names did not all get there."""
    found: Counter[Any] = Counter()
    for (address, user, _), times in table(counted("sshd", lab / log), "Failed attempts").items():
        found[address, kind_of(user)] += times
    least = deeds(truth, "sshd", "fail", by=lambda deed: (deed.address, deed.user))
    most: Counter[Any] = Counter()
    for deed in truth:
        if deed.service == "sshd" and deed.what.startswith("fail"):
            most[deed.address, deed.user] += int(deed.what[-1])
    assert found.keys() <= most.keys()
    assert all(times <= most[who] for who, times in found.items())
    assert all(times <= found[who] for who, times in least.items() if who[1] != "weird")


@pytest.mark.parametrize("log", LOGS)
def test_sshd_key_exchanges_fail_for_those_who_asked_for_old_ones(lab, truth, log):
    found: Counter[Any] = Counter()
    for (address, _), times in table(counted("sshd", lab / log), "Key exchange failures").items():
        found[address] += times
    assert found == deeds(truth, "sshd", "kex")


@pytest.mark.parametrize("log", LOGS)
def test_postfix_messages_are_those_that_were_sent(lab, truth, log):
    section = counted("postfix", lab / log)
    received: Counter[Any] = Counter()
    for (_, address), times in table(section, "Messages by client").items():
        received[address] += times
    assert received == deeds(truth, "postfix", "ok")
    from_here = sum(table(section, "Messages from this host").values())
    assert table(section, "Totals")["Messages"] == received.total() + from_here


@pytest.mark.parametrize("log", LOGS)
def test_postfix_turns_away_relays_and_unknown_users(lab, truth, log):
    reasons: Counter[Any] = Counter()
    for (_, _, code, why), times in table(counted("postfix", lab / log), "Turned away by reason").items():
        reasons[code, why] += times
    assert reasons["554", "Relay access denied"] == deeds(truth, "postfix", "relay").total()
    unknown = reasons["550", "Recipient address rejected: User unknown in local recipient table"]
    assert unknown == deeds(truth, "postfix", "nouser").total()


@pytest.mark.parametrize("log", LOGS)
def test_postfix_sasl_fails_for_those_who_guessed(lab, truth, log):
    found = table(counted("postfix", lab / log), "SASL failures by address")
    guessed = deeds(truth, "postfix", "sasl-fail")
    assert found.keys() == guessed.keys()
    assert all(times >= guessed[address] for address, times in found.items())


@pytest.mark.parametrize("log", LOGS)
def test_dovecot_logins_and_failures_are_those_of_the_clients(lab, truth, log):
    section = counted("dovecot", lab / log)
    logins: Counter[Any] = Counter()
    for (user, address, _), times in table(section, "Logins by address").items():
        logins[address, user] += times
    assert logins == deeds(truth, "dovecot", "ok", by=lambda deed: (deed.address, deed.user))
    assert table(section, "Failed by address") == deeds(truth, "dovecot", "fail")
    assert table(section, "Failed by user") == deeds(truth, "dovecot", "fail", by=lambda deed: deed.user)


@pytest.mark.parametrize("service", ["sshd", "sudo", "cron", "postfix", "dovecot"])
def test_both_forms_of_the_log_say_the_same(lab, service):
    short, long = (counted(service, lab / log) for log in LOGS)
    assert short == long
    assert not short.unmatched
    assert short.events
