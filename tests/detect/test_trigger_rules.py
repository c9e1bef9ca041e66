"""The shipped trigger rules: their samples, their form, and that nobody can be fooled by way of them."""

import ipaddress
import os
import re

import pytest

from vigilog import rules
from vigilog.config.trigger_files import DIRECTORY, read_triggers, shipped
from vigilog.detect.forgery import audited
from vigilog.patterns.confirm import linear, tree_of
from vigilog.patterns.extract import extractor
from vigilog.patterns.gentle import gentle
from vigilog.run.plan import made

RULES = shipped()
DOCUMENTED = [
    ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "fe80::/10")
]
ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:.]*)(?![\w.])")
NAMED_IN_THE_ISSUE = {
    *(
        "sshd",
        "sshd-login",
        "sudo",
        "su",
        "pam",
        "dropbear",
        "dropbear-login",
        "dropbear-notice",
        "vsftpd",
        "proftpd",
        "pure-ftpd",
    ),
    *("postfix", "dovecot", "dovecot-login", "apache-auth", "nginx-auth", "asterisk", "asterisk-login", "freeswitch"),
    *("freeswitch-event", "freeswitch-event-login", "ddns", "miniupnpd", "dhcp-ack"),
}

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def patterns(rule):
    return made(rule.trigger, (), str).patterns


def test_there_is_a_rule_for_all_that_was_asked_for():
    assert set(RULES) >= NAMED_IN_THE_ISSUE


@pytest.mark.parametrize("name", sorted(name for name in os.listdir(DIRECTORY) if name.endswith(".toml")))
def test_no_shipped_file_has_a_mistake(name):
    assert read_triggers(os.path.join(DIRECTORY, name))[1] == ()


@every_rule
def test_every_sample_holds(rule):
    assert rules.tested(rule) == ()


@every_rule
def test_every_rule_has_three_lines_that_match_and_three_that_do_not(rule):
    assert sum(sample.fields is not None for sample in rule.samples) >= 3
    assert sum(sample.fields is None for sample in rule.samples) >= 3


@every_rule
def test_every_pattern_has_a_sample_that_it_matches(rule):
    lines = [sample.line.encode() for sample in rule.samples if sample.fields is not None]
    for pattern in patterns(rule):
        take = extractor(pattern).take
        assert any(take(line) for line in lines), pattern.text


@every_rule
def test_a_bystanders_line_in_the_samples_is_among_those_that_must_not_match(rule):
    assert all("192.0.2.66" not in (sample.fields or {}).get("address", "") for sample in rule.samples)


@every_rule
def test_no_rule_can_be_fooled(rule):
    audit = audited(made(rule.trigger, (), str), [sample.line.encode() for sample in rule.samples if sample.fields is not None])
    assert [each.line for each in audit.forgeries] == []
    assert audit.unread == ()
    assert audit.tried > 500


@every_rule
def test_every_pattern_reaches_from_the_begin_to_the_end_of_the_line(rule):
    for text in rule.trigger.pattern:
        assert text.endswith(("$", "$)")), text
        assert rule.trigger.program or text.startswith("^"), text


@every_rule
def test_every_pattern_is_linear(rule):
    assert all(linear(pattern) for pattern in patterns(rule))


@pytest.mark.parametrize("name", ["sshd", "sshd-login", "sshd-probe"])
def test_the_patterns_of_sshds_common_lines_are_for_re_not_for_re2(name):
    slow = [pattern.text for pattern in patterns(RULES[name]) if not gentle(tree_of(pattern, caseless=False))]
    assert all(b"Auth fail" in text for text in slow)  # rare


@every_rule
def test_a_rule_says_what_it_is_and_whom_it_counts(rule):
    trigger = rule.trigger
    assert trigger.description
    assert trigger.key
    assert trigger.within > 0 or trigger.count == 1
    assert trigger.actions == ()


@every_rule
def test_whom_a_ban_would_strike_is_an_address_in_every_sample(rule):
    for sample in rule.samples:
        for name in ("address", "ip"):
            if name in (sample.fields or {}):
                ipaddress.ip_address(sample.fields[name])


@every_rule
def test_samples_name_only_addresses_that_are_kept_for_documentation(rule):
    for sample in rule.samples:
        for found in ADDRESS.findall(sample.line):
            try:
                address = ipaddress.ip_address(found)
            except ValueError:
                continue
            mapped = getattr(address, "ipv4_mapped", None) or address
            assert any(mapped in net for net in DOCUMENTED if net.version == mapped.version), found


@pytest.mark.parametrize(
    ("of_file", "of_syslog"),
    [("asterisk", "asterisk-syslog"), ("asterisk-login", "asterisk-login-syslog"), ("freeswitch", "freeswitch-syslog")],
)
def test_a_program_is_read_alike_from_its_own_log_and_from_syslog(of_file, of_syslog):
    bodies = RULES[of_syslog].trigger.pattern
    heads = {text.removesuffix(body) for text, body in zip(RULES[of_file].trigger.pattern, bodies, strict=True)}
    assert len(heads) == 1
    assert next(iter(heads)).startswith("^")
