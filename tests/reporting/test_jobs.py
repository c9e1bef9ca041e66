"""Counting in several processes: batches counted apart and put together say what one process says."""

from __future__ import annotations

import time

import pytest

from vigilog.config.logwatch import logwatch
from vigilog.report.services import SERVICES
from vigilog.reporting import counted
from vigilog.reporting.asking import asked

NOW = time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, -1))
LOGS = {
    "dnscache": "dnscache/djbdns-1.05/current",
    "sshd": "debian12-lab/syslog.rfc3339",
    "postfix": "debian12-lab/syslog.rfc3164",
    "http": "apache/elastic-examples/apache_logs",
}


def blocks(data, size):
    """Whole lines, about so many bytes at once."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", min(at + size, len(data) - 1)) + 1 or len(data)
        yield data[at:end]
        at = end


@pytest.mark.parametrize("service", LOGS)
@pytest.mark.parametrize("wanted", ["all", "yesterday"])
def test_several_processes_count_as_one_does(sample_data, tmp_path, monkeypatch, service, wanted):
    data = (sample_data / LOGS[service]).read_bytes()
    monkeypatch.setattr(counted, "BATCH", len(data) // 9)

    def section(jobs, size):
        etc = logwatch(str(tmp_path), str(tmp_path))
        given = asked(etc, {"range": wanted}, NOW, services=[service], built_in=SERVICES, jobs=jobs)
        return counted.counted(service, given, blocks(data, size), NOW)

    alone, together = section(1, len(data)), section(3, len(data) // 20)
    assert together == alone
    assert alone.lines or wanted == "yesterday"
