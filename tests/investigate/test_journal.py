"""The journal is searched as far back as it goes, and evidence says where in it a line stood."""

from __future__ import annotations

import json
import zipfile

import pytest

from tests.investigate.asking import NOW, ask
from tests.watch.reader import NOON
from tests.watch.test_journal import journal
from vigilog.investigate.evidence import MANIFEST, export
from vigilog.investigate.story import story
from vigilog.investigate.verify import verify

__all__ = ["journal"]


@pytest.mark.peer
def test_lines_of_the_journal_are_found_however_old(journal, tmp_path):
    tried = b"Failed password for root from 203.0.113.7 port 4 ssh2"
    other = b"Failed password for root from 203.0.113.70 port 4 ssh2"
    journal.add(tried, other, at=NOON - 40 * 86400, SYSLOG_IDENTIFIER="sshd")
    journal.add(tried, at=NOON - 3600, SYSLOG_IDENTIFIER="sshd")
    answer = ask("203.0.113.7", f"journal:{journal.directory}")
    assert [item.text[-len(tried) :] for item in answer.items] == [tried, tried]
    assert story(answer.items).attempts == 2
    assert [item.time for item in answer.items] == [NOON - 40 * 86400 + 1, NOON - 3600 + 3]
    assert len(ask("203.0.113.7", f"journal:{journal.directory}", since=NOON - 86400).items) == 1
    export(answer, str(tmp_path / "e.zip"), "gate", "0", NOW)
    (file,) = json.loads(zipfile.ZipFile(tmp_path / "e.zip").read(MANIFEST))["files"]
    assert all("cursor" in json.loads(entry["position"]) for entry in file["entries"])
    assert verify(str(tmp_path / "e.zip"), None).problems == ()
