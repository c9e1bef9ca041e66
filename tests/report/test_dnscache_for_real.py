"""A real dnscache under a real multilog, made to write every form of line that it has: all of them are understood."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.dnscache_entries import entry_of
from tests.dnscache_world import ask, ask_by_tcp, by_tcp, flood, until, world
from vigilog.parse import dnscache as lines_of_dnscache
from vigilog.report.services import dnscache

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(os.geteuid() != 0, reason="dnscache asks and answers at port 53, which is root's"),
]
INSTALLED = str(Path(sys.executable).with_name("vigilog"))
QUESTIONS = [
    ("www.test", "A"), ("www.test", "A"), ("alias.test", "A"), ("alias.test", "A"), ("test", "MX"), ("test", "SOA"), ("test", "NS"),
    ("nx.test", "A"), ("nx.test", "A"), ("www.test", "MX"), ("1.0.0.10.in-addr.arpa", "PTR"), ("txt31.test", "TXT"),
    ("txt32.test", "TXT"), ("empty.test", "ANY"), ("v6.test", "AAAA"), ("x.lame", "A"), ("x.failing", "A"),
    ("1.0.0.127.in-addr.arpa", "PTR"), ("a b\xfc.test", "A"), ("x.glueless", "A"), ("localhost", "A"),
]  # fmt: skip
MANY = 203


def test_all_that_dnscache_can_write_is_understood(tmp_path, need):
    need("dnscache", "tinydns", "tinydns-data", "multilog")
    with world(tmp_path) as log:
        for name, kind in QUESTIONS:
            assert ask(name, kind)
        with by_tcp() as connection:
            assert ask_by_tcp(connection, "www.test", "A")
        with by_tcp() as connection:
            assert not ask_by_tcp(connection, "www.test", "AXFR")
        with by_tcp() as connection:
            connection.sendall(b"\0\0")
            assert not connection.recv(1)
        with ExitStack() as stack:
            for _ in range(21):
                stack.enter_context(by_tcp())
            until(lambda: b" timed out\n" in (log / "current").read_bytes())
        flood(MANY)
        until(lambda: (log / "current").read_bytes().count(b".silent. silent. ") >= MANY)
    written = (log / "current").read_bytes()
    entries = [entry_of(line) for line in written.splitlines()]
    forms = Counter(entry.form for entry in entries)
    assert set(forms) == set(lines_of_dnscache.FORMS)

    counting = dnscache.Counting()
    counting.see(written, float)
    section = counting.section()
    tables: dict[str, Any] = {table.title: {row[0]: row[1] for row in table.rows} for table in section.tables}
    assert section.unmatched == ()
    assert section.lines == len(entries)
    assert tables["Entries"] == Counter(entry.kind for entry in entries)
    assert tables["Entries"]["query"] == len(QUESTIONS) + 2 + MANY
    assert tables["Dropped"] == {"permission denied": 1, "timed out": MANY - 200}
    assert tables["Servfails"] == {"input/output error": 1}
    assert set(tables["Lame servers"].values()) == {"lame."}
    assert set(tables["Lookups by gluelessness"]) == {"0", "1"}
    assert tables["Answers"]["answers"] == len(QUESTIONS) + 1
    assert tables["Milliseconds until an answer"]["longest"] > 0
    assert tables["TCP"]["connections"] == 3 + 21
    assert tables["TCP"]["closed: protocol error"] == 1
    assert tables["TCP"]["closed: timed out"] == 1
    assert tables["Clients"] == {"127.0.0.1": len(QUESTIONS) + 2 + MANY}
    assert "a?b??.test." in tables["Names asked for"]
    told = reported(tmp_path, log)
    assert told["unmatched"] == []
    assert told["lines_read"] == len(entries)
    assert {table["title"]: table["rows"] for table in told["tables"]} == {
        table.title: [list(row) for row in table.rows] for table in section.tables
    }


def reported(place, log):
    """What the command says of the log."""
    for name, text in (("services", "LogFile = dnscache\n"), ("logfiles", f"LogFile = {log}/@*.s\nLogFile = {log}/current\n")):
        (place / "etc/conf" / name).mkdir(parents=True)
        (place / "etc/conf" / name / "dnscache.conf").write_text(text)
    words = [INSTALLED, "report", "--builtin", "--service", "dnscache", "--range", "all", "--detail", "10", "--jobs", "2"]
    words += ["--logwatch-conf", str(place / "etc"), "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    (section,) = json.loads(done.stdout)["sections"]
    return section
