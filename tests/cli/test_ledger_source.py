"""Apache's real forensic logs in `vigilog check` and `vigilog replay`."""

from __future__ import annotations

import json
import re
import shutil

import pytest


@pytest.fixture(params=["pid-ids", "unique-ids"])
def log(request, sample_data, tmp_path):
    """A real log of which six requests did not end, and the IDs of these."""
    folder = sample_data / "apache" / "mod_log_forensic" / request.param
    shutil.copyfile(folder / "forensic_log", tmp_path / "forensic_log")
    expected = (folder / "unfinished.expected").read_text().splitlines()
    return tmp_path / "forensic_log", {line[1:].partition("|")[0] for line in expected}


def test_a_report_has_the_requests_that_did_not_end_and_no_other_line(vigilog, log, tmp_path):
    path, lost = log
    command = ["check", "--builtin", "--standard-output", "--state-directory", f"{tmp_path}/state", f"ledger:{path}"]
    lines = [line for line in vigilog(*command).stdout.splitlines() if line.startswith("20")]
    assert {re.findall(' id="([^"]*)"', line)[0] for line in lines} == lost
    assert len(lines) == len(lost)
    assert all('method="GET" path="/cgi-bin/slow?n=' in line and 'user_agent="slow/1.0"' in line for line in lines)
    assert vigilog(*command).stdout == ""
    with path.open("ab") as file:
        file.write(b"+q|GET / HTTP/1.1\n-q\n")
    assert vigilog(*command).stdout == ""


def test_a_replay_tells_whom_and_when(vigilog, log):
    path, lost = log
    done = vigilog("replay", "--format", "json", "--rule", "ledger-unfinished", f"ledger:{path}")
    alerts = [json.loads(line) for line in done.stdout.splitlines()]
    assert {alert["key"][0] for alert in alerts} == lost
    assert all(0x6B000225 <= alert["time"] <= 0x6B000260 for alert in alerts)
    assert all(alert["events"][0]["fields"]["host"] == "www.example.test" for alert in alerts)


def test_requests_as_they_begin_are_events_of_a_plain_file(vigilog, log):
    path, _ = log
    done = vigilog("replay", "--format", "json", "--rule", "ledger-request", str(path))
    events = [json.loads(line)["events"][0] for line in done.stdout.splitlines()]
    fields = [event["fields"] for event in events]
    assert len(fields) == 1521
    assert all(0x6B000225 <= event["time"] <= 0x6B000260 for event in events)
    assert sum(each.get("host") == "www.example.test" for each in fields) >= 1500
    assert all(each["method"].isalpha() and each["path"] for each in fields)
    assert sum("user_agent" in each for each in fields) > 1000
