"""The real ProFTPD and Vigilog write the same of the same events, as text and as JSON, field by field, in a zone that is not UTC."""

import ftplib
import io
import json
import time
from contextlib import suppress
from typing import Any

import pytest

from tests.patterns.proftpd_peer import proftpd
from vigilog.patterns import logformat_proftpd
from vigilog.patterns.logformat import LogFormat, named

pytestmark = pytest.mark.peer
ZONE = "America/New_York"
NOT_IN_1_3_8 = ("transfer-speed",)
TEMPLATE = " ".join(
    [
        *(f"<{letter}=%{letter}>" for letter in logformat_proftpd.LETTERS if letter != "c"),
        *(f"<{name}=%{{{name}}}>" for name in logformat_proftpd.NAMES if name not in NOT_IN_1_3_8),
        "<e=%{FOO}e> <n=%{note:mod_auth.orig-user}> <x=%{NOPE}e> <y=%{note:nope}> <z=%{%d %b %H:%M}t> %% 100%%",
    ]
)
"""%c of 1.3.8 is garbage memory."""
EXCHANGED = {"transfer_secs", "transfer_millis", "response_millis", "microsecs", "millisecs", "timestamp", "epoch"}
"""Text and JSON are two moments; %T in text is always 0.000."""
ZONED = {"local_time", "%d %b %H:%M"}
"""UTC in JSON, local in text."""
COMMANDS = [
    *("PWD", "TYPE I", 'RNFR no"q\\z', "DELE gone", "MKD d", "CWD d", "CDUP", "RMD d", "SITE CHMOD 600 up.bin", "FEAT", "HELP"),
    *("NOOP", "STAT", "SIZE up.bin", "MDTM up.bin", "RNFR up.bin", "RNTO ümlaut  x.bin", "XPWD", "PASS again", "RETR nope"),
]


def talk(server):
    """Good and bad logins, transfers both ways, listings, and one of each command."""
    with suppress(ftplib.Error):
        server.client().login("tester", "wrong")
    client = server.client()
    client.login("tester", "secret")
    for _ in range(2):
        client.storbinary("STOR up.bin", io.BytesIO(b"x" * 5000))
    client.retrbinary("RETR up.bin", lambda data: None)
    client.retrlines("LIST", lambda line: None)
    for command in COMMANDS:
        with suppress(ftplib.Error):
            client.sendcmd(command)
    client.storlines('STOR q"uote it', io.BytesIO(b"a\nb\n"))
    with suppress(ftplib.Error):
        client.sendcmd("RNFR a\x01\x7f b] [c")
    client.quit()


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What it wrote of each command: the line, and the record."""
    with proftpd(tmp_path_factory.mktemp("proftpd"), TEMPLATE, ZONE) as server:
        talk(server)
        lines = [line for line in server.ended(len(COMMANDS) + 20) if b"<m=EXIT>" not in line]
        transfers = (server.directory / "xferlog").read_bytes().splitlines()
    records = [record for record in server.redis.pushed if b'"command":' in record and b'"command":"EXIT"' not in record]
    assert len(lines) == len(records) >= len(COMMANDS) + 15
    return list(zip(lines, records, strict=True)), transfers


@pytest.fixture(autouse=True)
def its_zone(monkeypatch):
    monkeypatch.setenv("TZ", ZONE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def as_event(record):
    """A record as an event: a note under its name, which 1.3.8 loses."""
    event = json.loads(record)
    for key in [key for key in event if key.startswith("NOTE:")]:
        event["NOTE:mod_auth.orig-user"] = event.pop(key)
    return event


def test_a_line_is_read_as_the_record_says(said):
    compiled = LogFormat(TEMPLATE)
    for line, record in said[0]:
        found = compiled.parse(line)
        assert found is not None, line
        event = {key: value for key, value in as_event(record).items() if value or key != "dir_name"}  # none in text
        expected = {key: value for key, value in event.items() if key not in EXCHANGED | ZONED}
        assert {key: value for key, value in found.items() if key not in EXCHANGED | ZONED} == expected
        assert set(found) == set(event)


def test_a_line_is_written_again_byte_for_byte(said):
    compiled = LogFormat(TEMPLATE)
    for line, _ in said[0]:
        assert compiled.render(compiled.parse(line) or {}) == line


def test_the_record_is_written_as_text_as_the_line_says(said):
    compiled = LogFormat(TEMPLATE)
    for line, record in said[0]:
        exchanged = {key: value for key, value in (compiled.parse(line) or {}).items() if key in EXCHANGED | ZONED}
        assert compiled.render({**as_event(record), **exchanged}) == line


def test_a_moment_is_written_as_its_own_times(said):
    times = LogFormat("%t|%{iso8601}|%{epoch}|%{microsecs}|%{millisecs}|%{%d %b %H:%M}t")
    seen = 0
    for line, record in said[0]:
        written: dict[str, Any] = LogFormat(TEMPLATE).parse(line) or {}
        for each, zone in ((json.loads(record), times.fields), (written, lambda event: times.parse(times.render(event)))):
            second, millisecond = each["timestamp"][-6:].split(",")
            # it looks at its clock for each of them, and now and then they are of two moments
            if int(millisecond) == each["millisecs"] == each["microsecs"] // 1000 and each["epoch"] % 60 == int(second):
                assert zone({"time": each["epoch"] + each["microsecs"] / 1e6}) == {key: each[key] for key in times.keys}
                seen += 1
    assert seen > len(said[0])


def test_the_record_is_written_as_json_byte_for_byte(said):
    compiled = LogFormat(TEMPLATE)
    for _, record in said[0]:
        assert compiled.json(as_event(record)) == record.replace(b'"NOTE:tester"', b'"NOTE:mod_auth.orig-user"')


def test_every_variable_had_a_value_somewhere(said):
    found = {key for _, record in said[0] for key in as_event(record)}
    never = {"anon_password", "session_end_reason", "identd_user", "NOTE:nope", "ENV:NOPE"}
    assert set(LogFormat(TEMPLATE).keys) - found == never


def test_its_transfer_log_is_read_and_written_again(said):
    compiled = named("xferlog")
    found = [compiled.parse(line) or {} for line in said[1]]
    assert [compiled.render(each) for each in found] == said[1]
    assert [(each["direction"], each["bytes_sent"], each["transfer_type"], each["transfer_status"]) for each in found] == [
        ("incoming", 5000, "binary", "success"),
        ("incoming", 5000, "binary", "success"),
        ("outgoing", 5000, "binary", "success"),
        ("incoming", 4, "ASCII", "success"),
    ]
    assert str(found[-1]["file"]).endswith('/q"uote_it')
