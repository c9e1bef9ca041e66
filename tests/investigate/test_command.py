"""`vigilog investigate` and `vigilog verify` as people call them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.conftest import vigilog

__all__ = ["vigilog"]

HOSTILE = b"2026-11-20T08:30:00+00:00 mx1 sshd[1]: Invalid user <script>alert(1)</script>\x1b[31m\xe2\x80\xae'\"=1+1 from 203.0.113.7 port 1\n"


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A state directory, in which compiled rules are kept."""
    return tmp_path_factory.mktemp("state") / "state"


@pytest.fixture
def ask(vigilog, tmp_path, state):
    """A function that runs the command with a configuration of its own."""
    (tmp_path / "vigilog.toml").write_text(f'[state]\ndirectory = "{state}"\n')

    def run(*arguments, **options):
        return vigilog(
            "investigate", *map(str, arguments), "--config", f"{tmp_path}/vigilog.toml", environment={"TZ": "UTC"}, **options
        )

    return run


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "auth.log"
    path.write_bytes(HOSTILE)
    return path


def test_hostile_text_is_made_visible_in_every_form(ask, log):
    for form in ("text", "html", "json", "csv", "timesketch"):
        said = ask("203.0.113.7", log, "--format", form, text=False)
        assert (said.returncode, said.stderr) == (0, b"")
        assert b"\x1b" not in said.stdout
        assert "\u202e".encode() not in said.stdout
        assert b"u202e" in said.stdout
        if form == "html":
            assert b"<script" not in said.stdout
            assert b"&lt;script&gt;" in said.stdout


def test_html_is_one_page_that_loads_nothing_and_runs_nothing(ask, sample_data):
    page = ask("203.0.113.7", sample_data / "debian12-lab" / "syslog.rfc3339", "--format", "html", "--pivots").stdout
    tags = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append((tag, dict(attrs)))

    Reader().feed(page)
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in tags}
    assert not any(name in {"src", "href"} or name.startswith("on") for _, attributes in tags for name in attributes)
    assert sum(tag == "rect" for tag, _ in tags) > 10
    assert "23 logins failed" in page


def test_programs_get_the_same_in_their_forms(ask, sample_data):
    log = sample_data / "debian12-lab" / "syslog.rfc3339"
    whole = json.loads(ask("203.0.113.7", log, "--format", "json").stdout)
    rows = list(csv.DictReader(io.StringIO(ask("203.0.113.7", log, "--format", "csv").stdout)))
    events = [json.loads(line) for line in ask("203.0.113.7", log, "--format", "timesketch").stdout.splitlines()]
    assert whole["attempts"] == 23
    assert len(whole["timeline"]) == len(rows) == len(events) == 96
    data = log.read_bytes()
    for entry, row, event in zip(whole["timeline"], rows, events, strict=True):
        assert data[entry["offset"] :][: entry["length"]].decode() == entry["text"] == row["text"] == event["message"]
        moment = datetime.fromisoformat(event["datetime"])
        assert moment.timestamp() == pytest.approx(entry["time"])
        assert round(moment.timestamp() * 1e6) == pytest.approx(event["timestamp"], abs=1)
        assert event["timestamp_desc"] == "Event Logged"


def test_no_cell_is_a_formula(ask, tmp_path):
    path = tmp_path / "x.log"
    path.write_bytes(b"=HYPERLINK(1) 203.0.113.7\n")
    rows = list(csv.DictReader(io.StringIO(ask("203.0.113.7", path, "--format", "csv").stdout)))
    assert rows[0]["text"] == "'=HYPERLINK(1) 203.0.113.7"


def test_options_may_stand_before_the_logs(ask, log):
    assert "1 entry" in ask("203.0.113.7", "--since", "2026-11-20 08:00", log).stdout
    assert "Nothing is said" in ask("203.0.113.7", "--until", "2026-11-20 08:00", log).stdout


def test_the_configured_sources_are_searched_with_what_was_rotated_away(ask, log, state, tmp_path):
    log.rename(log.with_name("auth.log.1"))
    log.write_bytes(b"nothing\n")
    (tmp_path / "vigilog.toml").write_text(f'[state]\ndirectory = "{state}"\n[check]\nsources = ["{log}"]\n')
    said = ask("203.0.113.7").stdout
    assert f"{log}.1@0" in said


def test_what_cannot_be_searched_is_told(ask, log, tmp_path):
    said = ask("203.0.113.7", log, tmp_path / "none.log", "kafka:logs")
    assert said.returncode == 0
    assert "none.log: there is no such log" in said.stdout
    assert "kafka:logs: what is in Kafka is not searched" in said.stdout
    alone = ask("203.0.113.7", tmp_path / "none.log")
    assert (alone.returncode, alone.stdout) == (66, "")


@pytest.mark.parametrize(
    "words", [["("], ["anna", "--as", "address"], ["anna", "--since", "whenever"], ["anna", "--context", "-1"]]
)
def test_what_means_nothing_is_said(ask, words):
    said = ask(*words)
    assert (said.returncode, said.stdout) == (78, "")
    assert said.stderr.count("\n") == 1


def test_of_a_long_timeline_the_ends_are_shown(ask, sample_data):
    log = sample_data / "debian12-lab" / "syslog.rfc3339"
    short, all_of_it = ask("203.0.113.7", log, "--limit", 10).stdout, ask("203.0.113.7", log, "--limit", 0).stdout
    assert "... 86 more entries" in short
    assert len(re.findall("@[0-9]+  2026", short)) == 10
    assert len(re.findall("@[0-9]+  2026", all_of_it)) == 96


def test_evidence_is_made_and_checked_and_what_was_changed_is_named(ask, vigilog, log, tmp_path):
    made = ask("203.0.113.7", log, "--export", tmp_path / "e.zip")
    (digest,) = re.findall("--manifest ([0-9a-f]{64}) ", made.stderr)
    good = vigilog("verify", "--manifest", digest, "e.zip")
    assert (good.returncode, good.stderr) == (0, "")
    assert f"{log}: 1 line as they were" in good.stdout
    assert vigilog("verify", "--manifest", "0" * 64, "e.zip").returncode == 1
    log.write_bytes(HOSTILE.replace(b"Invalid", b"Honest "))
    changed = vigilog("verify", "e.zip")
    assert changed.returncode == 1
    assert f"CHANGED: {log}: 1 of 1 line differ" in changed.stdout
    assert vigilog("verify", "--archive-only", "e.zip").returncode == 0
    assert json.loads(vigilog("verify", "--format", "json", "e.zip").stdout)["originals"][0]["state"] == "changed"
    data = bytearray((tmp_path / "e.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "e.zip").write_bytes(data)
    assert vigilog("verify", "e.zip").returncode == 1
    assert vigilog("verify", "none.zip").returncode == 66
    assert vigilog("verify", "--manifest", "x", "e.zip").returncode == 78
    again = ask("203.0.113.7", log, "--export", tmp_path / "e.zip")
    assert again.returncode == 75


def test_a_whole_directory_can_be_named_and_what_is_no_text_is_left_out(ask, log, tmp_path):
    (tmp_path / "logs" / "deep").mkdir(parents=True)
    (tmp_path / "logs" / "deep" / "a.log").write_bytes(HOSTILE)
    (tmp_path / "logs" / "wtmp").write_bytes(b"203.0.113.7" + bytes(373))
    os.symlink(log, tmp_path / "logs" / "link.log")
    said = ask("203.0.113.7", tmp_path / "logs").stdout
    assert f"{Path('logs', 'deep', 'a.log')}@0" in said
    assert "wtmp: no text" in said
    assert "link.log" not in said


def test_zero_bytes_do_not_hide_a_log(ask, tmp_path):
    """Neither those that somebody had written into it, nor the hole that truncating it leaves at its beginning."""
    (tmp_path / "some.log").write_bytes(b"\0hello\0\n" + HOSTILE)
    (tmp_path / "hole.log").write_bytes(bytes(100_000) + b"\n" + HOSTILE)
    said = ask("203.0.113.7", tmp_path).stdout
    assert "some.log@" in said
    assert "hole.log@" in said
    assert "no text" not in said


def test_the_investigation_in_the_readme_is_what_vigilog_says_to_the_sample_logs(ask):
    checkout = Path(__file__).resolve().parent.parent.parent
    block = (checkout / "README.md").read_text().split("```\n$ .venv/bin/vigilog investigate ")[1].split("```")[0]
    for example in block.split("$ .venv/bin/vigilog investigate "):
        command, _, shown = example.partition("\n")
        words = shlex.split(command)
        said = ask(*words[:-1], checkout / words[-1]).stdout
        assert said.startswith(shown.removesuffix("...\n"))


def test_a_log_that_cannot_be_unpacked_here_is_told_and_the_others_are_searched(ask, log, tmp_path):
    (tmp_path / "auth.log.1.zst").write_bytes(b"\x28\xb5\x2f\xfd no frame at all")
    said = ask("203.0.113.7", log)
    assert said.returncode == 0
    assert "1 entry" in said.stdout
    assert "auth.log.1.zst" in said.stdout.split("Not searched")[1]
