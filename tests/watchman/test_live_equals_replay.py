"""A log fed live at 100 times its speed, to a daemon whose clock runs with it, and the same log replayed: the same alerts."""

import json
import os
import socket
import time
from pathlib import Path

import pytest

from tests.conftest import absent
from tests.watchman.facts import alerts_of, free_port, lines, open_orders
from tests.watchman.running import running
from vigilog.parse.stamps import stamp

pytestmark = pytest.mark.peer

SPEED = 100
BEGIN = "2026-11-20 08:30:00"
"""Some minutes before the first line: the daemon needs a second or two to start."""

RULES = """
[[trigger]]
rule = "sshd"
count = 3
within = 10
actions = ["out"]

[[trigger]]
name = "sshd, count anew"
rule = "sshd"
count = 5
within = "1m"
after = "count-anew"
actions = ["null"]

[[trigger]]
name = "in a row"
pattern = 'sshd\\[\\d+\\]: Failed password for (?:invalid user )?(?P<user>\\S+) from (?P<address>\\S+) port'
reset = ['sshd\\[\\d+\\]: Accepted \\S+ for (?P<user>\\S+) from (?P<address>\\S+) port']
key = ["user"]
count = 4
actions = ["null"]

[[trigger]]
name = "everything of postfix"
pattern = 'postfix/smtpd\\[\\d+\\]: (?P<what>connect|disconnect|NOQUEUE|[0-9A-F]+)'
key = ["what"]
count = 50
within = 30
after = "count-anew"
actions = ["null"]

[action.out]
type = "append"
file = "{directory}/out"
template = "{time} {key}"
"""
WHOLE = ("sshd-login", "sshd-probe", "sudo", "su", "pam", "pam-remote", "postfix", "postfix-login", "dovecot", "dovecot-login")
"""Shipped rules as they stand."""


def triggers(directory):
    each = "".join(f'[[trigger]]\nrule = "{rule}"\nactions = ["null"]\n' for rule in WHOLE)
    return RULES.replace("{directory}", str(directory)) + each


def in_past():
    """For the daemon, and for other commands, it is another time, which runs faster; but not what they measure their waiting by."""
    return {"LD_PRELOAD": str(libfaketime()), "FAKETIME": f"@{BEGIN} x{SPEED}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def libfaketime():
    """The library of Debian's package faketime."""
    found = sorted(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))
    if not found:
        absent("not installed: faketime")
    return found[0]


def feed(daemon, log, write):
    """Hands over each line when it is its time for the daemon; many have the same."""
    begun, now = time.monotonic(), daemon.status()["now"]
    due = now
    waiting: list[bytes] = []
    for line in log:
        due = stamp(line, now) or due
        late = (due - now) / SPEED - (time.monotonic() - begun)
        if late > 0.001:
            write(b"".join(waiting))
            waiting = []
            time.sleep(late)
        waiting.append(line + b"\n")
    write(b"".join(waiting))


def live(directory):
    """The alerts of the daemon: when, which trigger, for whom, and all their events."""
    return [
        (
            alert.time,
            alert.rule,
            list(alert.key),
            [(event.time, dict(event.fields), os.fsdecode(event.line)) for event in alert.events],
        )
        for alert in alerts_of(directory)
    ]


def replayed(daemon, log):
    """The same of `vigilog replay`."""
    said = [json.loads(line) for line in daemon.vigilog("replay", "--format", "json", str(log)).stdout.splitlines()]
    return [
        (
            alert["time"],
            alert["rule"],
            alert["key"],
            [(event["time"], event["fields"], event["line"]) for event in alert["events"]],
        )
        for alert in said
    ]


@pytest.mark.parametrize(("form", "way"), [("rfc3339", "file"), ("rfc3164", "tcp")])
def test_the_lab_log_fed_at_100_times_its_speed_gives_the_alerts_of_its_replay(tmp_path, sample_data, form, way):
    log = sample_data / "debian12-lab" / f"syslog.{form}"
    if not log.is_file():
        absent(f"no lab log: {log}")
    lab, port = log.read_bytes().splitlines(), free_port()
    source = f"{tmp_path}/log" if way == "file" else f"syslog:tcp:127.0.0.1:{port}"
    with running(tmp_path, f'sources = ["{source}"]\n{triggers(tmp_path)}', environment=in_past()) as daemon:
        if way == "file":
            with open(tmp_path / "log", "ab", buffering=0) as file:
                feed(daemon, lab, file.write)
        else:
            with socket.create_connection(("127.0.0.1", port)) as sender:
                feed(daemon, lab, sender.sendall)
        daemon.until(lambda: daemon.status()["sources"][0]["lines"] >= len(lab) and not open_orders(tmp_path))
        expected = replayed(daemon, log)
        alerts = live(tmp_path)
        apart = max(abs(event.arrived - event.time) for alert in alerts_of(tmp_path) for event in alert.events)
        rules = {rule for _, rule, _, _ in alerts}
        print(
            f"\n{len(lab)} lines, {len(alerts)} alerts of {len(rules)} triggers; at most {apart:.0f} s between a stamp and its arrival"
        )
        assert len(expected) > 100
        assert len(rules) >= 8
        assert alerts == expected
        first = [alert for alert in alerts if alert[1] == "sshd"]
        assert lines(tmp_path / "out") == [f"{moment(when)} {key[0]}" for when, _, key, _ in first]
        assert apart < 3600


def moment(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
