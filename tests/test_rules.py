"""`vigilog rules`: what there is, whether samples hold, whether rules can be fooled."""

import json

import pytest

from vigilog.cli.main import main

GOOD = """\
[[trigger]]
name = "door"
description = "Knocks"
program = ["door"]
pattern = ['knock of (?P<user>.*) from (?P<address>[0-9.]+)$']
reset = ['welcome (?P<user>[a-z]+) from (?P<address>[0-9.]+)$']
key = ["address"]
count = 3
within = "1m"

[[trigger.sample]]
line = "Nov 20 08:30:00 mx1 door[1]: knock of anna from 203.0.113.7"
fields = { user = "anna", address = "203.0.113.7" }

[[trigger.sample]]
line = "Nov 20 08:30:00 mx1 door[1]: welcome anna from 203.0.113.7"
fields = { user = "anna", address = "203.0.113.7" }
reset = true

[[trigger.sample]]
line = "Nov 20 08:30:00 mx1 window[1]: knock of anna from 203.0.113.7"
"""
WEAK = """\
[[trigger]]
name = "weak"
pattern = ['Failed password for .* from (?P<address>\\S+)']
key = ["address"]

[[trigger.sample]]
line = "Nov 20 08:30:00 mx1 sshd[1]: Failed password for anna from 203.0.113.7 port 40022 ssh2"
fields = { address = "203.0.113.7" }
"""
FOLLOWED = (
    GOOD.split("[[trigger.sample]]", maxsplit=1)[0]
    + """\
follow = ['enough(?: of (?P<what>[a-z]+))?$']

[[trigger.sample]]
line = "Nov 20 08:30:00 mx1 door[1]: enough of this"
fields = { what = "this" }
follow = true

[[trigger.sample]]
line = "Nov 20 08:30:00 mx1 door[1]: enough"
follow = true

[[trigger.sample]]
line = "Nov 20 08:30:00 mx1 door[2]: too much"
"""
)
LOGTRIGGER = """\
config rule
    option name    "SIP_WrongPass"
    option pattern "Freeswitch: SIP registration failed User:%s IP:%s"
    option fields  "user ip"
    option script  "/etc/logtrigger/ipblock.sh"
    option time    "3600"
    option maxfail "5"
    option enabled "1"
"""


@pytest.fixture
def rule_file(tmp_path):
    def write(text, name="own.toml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def rules(capsys, *arguments):
    status = main(["rules", *arguments])
    output = capsys.readouterr()
    return status, output.out, output.err


def test_list_has_a_line_for_every_shipped_rule(capsys):
    status, out, _ = rules(capsys, "list")
    assert status == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert {"sshd", "dropbear", "dovecot", "asterisk", "dhcp-ack"} <= set(lines)
    assert "5 times in 10 min, by address" in lines["sshd"]
    assert "each, by user+address" in lines["sshd-login"]
    assert "[sshd, sshd-session]" in lines["sshd"]


def test_list_in_json_is_one_object_to_a_line(capsys):
    _, out, _ = rules(capsys, "list", "sshd", "sudo", "--format", "json")
    first, second = map(json.loads, out.splitlines())
    assert (first["name"], first["count"], first["within"], first["key"]) == ("sshd", 5, 600.0, ["address"])
    assert second["program"] == ["sudo"]


def test_test_runs_the_samples_of_a_file_of_ones_own(capsys, rule_file):
    status, out, _ = rules(capsys, "test", rule_file(GOOD))
    assert (status, out) == (0, "1 rule, 3 samples, no failures\n")


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (
            ('user = "anna", address = "203.0.113.7" }\n\n', 'user = "anna", address = "203.0.113.8" }\n\n'),
            11,
            "address=203.0.113.8",
        ),
        (("window[1]", "door[1]"), 20, "expected no match; found match: address="),
        (("reset = true\n", ""), 15, "expected match: address="),
        (("door[1]: knock", "gate[1]: knock"), 11, "found no match"),
    ],
)
def test_a_sample_that_does_not_hold_is_named_with_file_and_line(capsys, rule_file, change, line, told):
    before, after = change
    path = rule_file(GOOD.replace(before, after, 1))
    status, out, _ = rules(capsys, "test", path)
    assert status == 1
    assert out.startswith(f"{path}:{line}: ")
    assert told.replace("address=203.0.113.8", "") in out
    assert out.endswith("1 rule, 3 samples, 1 failure\n")


def test_lines_that_follow_have_samples_too(capsys, rule_file):
    assert main(["rules", "test", rule_file(FOLLOWED)]) == 0
    assert "1 rule, 3 samples, no failures" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (("follow = true\n", ""), 13, 'expected match: what="this"; found follow: what="this"'),
        (('enough"\nfollow = true', 'enough"'), 18, "expected no match; found follow"),
        (("too much", "enough of that"), 22, 'expected no match; found follow: what="that"'),
        (("mx1 door[1]: enough of", "mx1 door: enough of"), 13, 'expected follow: what="this"; found no match'),
    ],
)
def test_a_line_that_follows_unexpectedly_or_belongs_to_no_process_is_named(capsys, rule_file, change, line, told):
    path = rule_file(FOLLOWED.replace(change[0], change[1], 1))
    assert main(["rules", "test", path]) == 1
    out = capsys.readouterr().out
    assert f"{path}:{line}" in out
    assert told in out


def test_audit_passes_lines_that_follow_where_nobody_else_can_say_them(capsys, rule_file):
    assert main(["rules", "audit", rule_file(FOLLOWED)]) == 0


def test_audit_shows_who_can_say_a_line_that_follows_in_the_name_of_another_process(capsys, rule_file):
    """Without a program, whoever may log anything speaks for the process that it quotes."""
    weak = (
        GOOD.split("[[trigger.sample]]", maxsplit=1)[0]
        .replace('program = ["door"]\n', "")
        .replace("'knock", "'^\\S+ \\S+ \\S+ \\S+ door\\[\\d+\\]: knock")
    )
    weak = weak.replace("'welcome", "'^\\S+ \\S+ \\S+ \\S+ door\\[\\d+\\]: welcome").replace(".*", "\\w+")
    weak += "follow = ['enough']\n[[trigger.sample]]\nline = 'Nov 20 08:30:00 mx1 door[1]: enough'\nfollow = true\n"
    assert main(["rules", "audit", rule_file(weak)]) == 1
    out = capsys.readouterr().out
    assert "the message of another program: takes mx1 door[1] out of" in out
    assert "guest: " in out


def test_a_rule_without_samples_is_noted(capsys, rule_file):
    status, out, _ = rules(capsys, "test", rule_file(GOOD.split("[[trigger.sample]]", maxsplit=1)[0]))
    assert status == 0
    assert "note: " in out
    assert "door has no samples" in out


def test_failures_in_json(capsys, rule_file):
    _, out, _ = rules(capsys, "test", "--format", "json", rule_file(GOOD.replace("window[1]", "door[1]")))
    answer = json.loads(out)
    assert answer["samples"] == 3
    assert answer["failures"][0]["expected"] == "no match"


def test_audit_passes_a_sound_rule(capsys, rule_file):
    status, out, _ = rules(capsys, "audit", rule_file(GOOD))
    assert status == 0
    assert "door: not fooled by " in out


def test_audit_shows_the_line_that_fools_a_weak_rule_and_whom_it_strikes(capsys, rule_file):
    path = rule_file(WEAK)
    status, out, _ = rules(capsys, "audit", path, "sshd-login")
    assert status == 1
    assert f"{path}:1: weak can be fooled" in out
    assert "takes 192.0.2.66 out of" in out
    assert "guest: Nov 20 08:30:00 mx1 sshd[1]: Failed password for anna from 192.0.2.66" in out
    assert "sshd-login: not fooled" in out
    assert out.endswith("2 rules, 1 can be fooled\n")


def test_audit_in_json_has_the_forged_lines(capsys, rule_file):
    status, out, _ = rules(capsys, "audit", "--format", "json", rule_file(WEAK))
    answer = json.loads(out)
    assert status == 1
    assert answer["fooled"][0]["taken"] == "192.0.2.66"


def test_audit_reads_logtriggers_rules(capsys, rule_file):
    status, out, _ = rules(capsys, "audit", "--logtrigger", rule_file(LOGTRIGGER, "logtrigger"))
    assert status == 1
    assert "SIP_WrongPass can be fooled" in out
    assert "User:x IP:192.0.2.66 IP:203.0.113.7" in out


def test_the_triggers_of_a_vigilog_toml_are_rules_too(capsys, rule_file):
    path = rule_file("[ban]\ntime = '1h'\n[[trigger]]\nrule = 'sshd-login'\nactions = ['null']\n" + WEAK, "vigilog.toml")
    status, out, _ = rules(capsys, "audit", "--config", path)
    assert status == 1
    assert "sshd-login: not fooled" in out
    assert ": weak can be fooled" in out
    assert rules(capsys, "test", "--config", path)[0] == 0
    path = rule_file("[[trigger]]\nrule = 'sshhd'\n", "vigilog.toml")
    status, _, err = rules(capsys, "list", "--config", path)
    assert status == 78
    assert f"{path}:2: " in err


def test_terminals_are_safe_from_forged_lines(capsys, rule_file):
    _, out, _ = rules(capsys, "audit", rule_file(WEAK), "--logtrigger", rule_file(LOGTRIGGER, "logtrigger"))
    assert "\x1b" not in out


def test_an_unknown_name_is_answered_with_the_nearest(capsys):
    status, _, err = rules(capsys, "test", "sshhd")
    assert status == 78
    assert "did you mean sshd?" in err


def test_every_mistake_in_a_file_is_told_with_its_line(capsys, rule_file):
    path = rule_file(GOOD.replace("count = 3", "count = 0").replace("knock of (", "knock of (("))
    status, _, err = rules(capsys, "test", path)
    assert status == 78
    assert f"{path}:5" in err
    assert f"{path}:8" in err


def test_a_file_that_is_not_there_is_a_mistake(capsys, tmp_path):
    status, _, err = rules(capsys, "list", str(tmp_path / "none.toml"))
    assert status == 78
    assert "none.toml" in err
