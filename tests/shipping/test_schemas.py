"""facts, otel, ecs, schemas: what is told, word for word, and whatever a log holds, one line of JSON that says it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog import __version__
from vigilog.core.nouns import Alert, Event, Order, Outcome
from vigilog.shipping.facts import Fact, of_alert, of_ban, of_block, of_lift, of_outcome, text
from vigilog.shipping.schemas import SCHEMAS, LineWriter, encoded
from vigilog.store.bans import Banned, Lifted

LINE = b"Nov 20 08:30:00 host sshd[7]: Failed password for root from 192.0.2.7 port 22 ssh2"
SOURCE = "file:/var/log/auth.log"
FIELDS = {"address": "192.0.2.7", "user": "root", "port": "22", "method": "password"}
EVENT = Event(1795163400.0, 1795163400.5, SOURCE, "sshd", "attack", FIELDS, LINE)
ALERT = Alert("sshd", ("192.0.2.7",), 1795163400.0, (EVENT, EVENT), 2)
NOW = 1795163401.25
BOX = '2026-11-20T08:30:00.123+00:00 host blackbox[4711]: FAILED LOGIN: client=203.0.113.7 attempted="an na" messages=57'
FACTS = {
    "line": Fact("line", 1795163400.0, NOW, text(LINE), SOURCE),
    "event": Fact("event", 1795163400.0, 1795163400.5, text(LINE), SOURCE, "sshd", "attack", FIELDS),
    "alert": of_alert(ALERT, NOW),
    "outcome": of_outcome(Outcome(Order(3, "ban", ALERT), done=False, reason="on the allow list"), NOW),
    "ban": of_ban(Banned("192.0.2.7", "tcp/22", "sshd", 1795163400.0, 1795164000.0, 2, "banned for 10m"), NOW),
    "unban": of_lift(Lifted(("192.0.2.7",), 1795163400.0), NOW),
    "block": of_block(BOX, "blackbox:/var/log/boxes", 1795163400.0, NOW),
}
SCOPE = {"Name": "vigilog", "Version": __version__}
OBSERVER = {"product": "vigilog", "type": "ids", "version": __version__}


def otel(observed=1795163401250000, **rest):
    start = {"Timestamp": "1795163400000000000", "ObservedTimestamp": f"{observed}000"}
    resource = {"Resource": {"host.name": "web1"}, "InstrumentationScope": SCOPE}
    severity = {"SeverityText": rest.pop("severity", "INFO"), "SeverityNumber": rest.pop("number", 9)}
    return {**start, **(severity if "EventName" in rest else {}), **rest, **resource}


ATTRIBUTES = {
    "vigilog.source": SOURCE, "log.file.path": "/var/log/auth.log", "vigilog.trigger": "sshd", "vigilog.kind": "attack",
    "source.address": "192.0.2.7", "user.name": "root", "source.port": 22, "vigilog.field.method": "password",
}  # fmt: skip
OTEL = {
    "line": otel(
        Body=text(LINE), Attributes={"vigilog.source": SOURCE, "log.file.path": "/var/log/auth.log"}
    ),
    "event": otel(1795163400500000, EventName="vigilog.event", Body=text(LINE), Attributes=ATTRIBUTES),
    "alert": otel(
        EventName="vigilog.alert", severity="WARN", number=13, Body=text(LINE),
        Attributes={**ATTRIBUTES, "vigilog.key": ["192.0.2.7"], "vigilog.count": 2, "vigilog.evidence": [text(LINE)] * 2},
    ),
    "outcome": {
        **otel(
            EventName="vigilog.outcome", severity="ERROR", number=17, Body="on the allow list",
            Attributes={
                "vigilog.trigger": "sshd", "vigilog.action": "ban", "vigilog.done": False, "vigilog.key": ["192.0.2.7"],
                "vigilog.alert_time": 1795163400.0, "vigilog.attempt": 1,
            },
        ),
        "Timestamp": "1795163401250000000",
    },
    "ban": otel(
        EventName="vigilog.ban", Body="banned for 10m",
        Attributes={
            "vigilog.trigger": "sshd", "source.address": "192.0.2.7", "vigilog.until": 1795164000.0, "vigilog.times": 2,
            "vigilog.ports": ["tcp/22"],
        },
    ),
    "unban": otel(
        EventName="vigilog.unban", Body="let in: 192.0.2.7", Attributes={"vigilog.targets": ["192.0.2.7"], "vigilog.all": False}
    ),
    "block": otel(
        EventName="vigilog.block", severity="ERROR", number=17, Body=BOX,
        Attributes={
            "vigilog.source": "blackbox:/var/log/boxes", "log.file.path": "/var/log/boxes", "vigilog.kind": "FAILED LOGIN",
            "process.pid": 4711, "source.address": "203.0.113.7", "user.name": "an na", "vigilog.messages": 57,
        },
    ),
}  # fmt: skip


def ecs(what, event, **rest):
    time = "2026-11-20T08:30:00.000000Z"
    event = {
        "created": "2026-11-20T08:30:01.250000Z",
        "module": "vigilog",
        "dataset": f"vigilog.{what}",
        "kind": "event",
        **event,
    }
    standing = {"ecs": {"version": "8.11.0"}, "host": {"name": "web1"}, "observer": OBSERVER}
    return {"@timestamp": time, "event": event, **standing, **rest}


LOG = {"file": {"path": "/var/log/auth.log"}}
IDS = {"category": ["intrusion_detection"], "type": ["info"]}
FOUND = {
    "log": LOG, "rule": {"name": "sshd", "category": "attack"}, "user": {"name": "root"}, "labels": {"method": "password"},
    "source": {"address": "192.0.2.7", "ip": "192.0.2.7", "port": 22}, "message": text(LINE),
}  # fmt: skip
ECS = {
    "line": ecs("line", {}, message=text(LINE), log=LOG, vigilog={"source": SOURCE}),
    "event": ecs("event", {**IDS, "created": "2026-11-20T08:30:00.500000Z"}, **FOUND, vigilog={"source": SOURCE}),
    "alert": ecs(
        "alert", {**IDS, "kind": "alert"}, **FOUND,
        vigilog={"source": SOURCE, "key": ["192.0.2.7"], "count": 2, "evidence": [text(LINE)] * 2},
    ),
    "outcome": {
        **ecs(
            "outcome", {**IDS, "outcome": "failure", "action": "ban", "reason": "on the allow list"},
            message="on the allow list", rule={"name": "sshd"},
            vigilog={"action": "ban", "done": False, "key": ["192.0.2.7"], "alert_time": 1795163400.0, "attempt": 1},
        ),
        "@timestamp": "2026-11-20T08:30:01.250000Z",
    },
    "ban": ecs(
        "ban", {"category": ["network"], "type": ["denied"], "action": "ban"}, message="banned for 10m", rule={"name": "sshd"},
        source={"address": "192.0.2.7", "ip": "192.0.2.7"},
        vigilog={"until": 1795164000.0, "times": 2, "ports": ["tcp/22"]},
    ),
    "unban": ecs(
        "unban", {"category": ["network"], "type": ["allowed"], "action": "unban"}, message="let in: 192.0.2.7",
        vigilog={"targets": ["192.0.2.7"], "all": False},
    ),
    "block": ecs(
        "block", {"category": ["process"], "type": ["info"]}, message=BOX, log={"file": {"path": "/var/log/boxes"}},
        process={"pid": 4711}, source={"address": "203.0.113.7", "ip": "203.0.113.7"}, user={"name": "an na"},
        vigilog={"source": "blackbox:/var/log/boxes", "kind": "FAILED LOGIN", "messages": 57},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FACTS)
def test_in_the_words_of_opentelemetry(what):
    assert json.loads(encoded(FACTS[what], "web1", "otel")) == OTEL[what]


@pytest.mark.parametrize("what", FACTS)
def test_in_the_words_of_elastic(what):
    assert json.loads(encoded(FACTS[what], "web1", "ecs")) == ECS[what]


def test_the_examples_of_the_documentation_are_what_is_shipped():
    page = (Path(__file__).resolve().parents[2] / "docs" / "shipping.md").read_text()
    blocks = re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)
    told = [json.loads(block) for block in blocks if block.lstrip().startswith("{")]
    assert told == [OTEL["alert"], ECS["alert"]]


def body(record):
    return record.get("Body", record.get("message"))


@given(
    st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=5), st.sampled_from(["otel", "ecs"])
)
def test_whatever_a_line_holds_its_record_is_that_of_the_fact(lines, schema):
    writer = LineWriter("file:/100%/\udce9", "h%b", schema)
    made = writer(lines, NOW, lambda line: 1795163400.0 + len(line))
    assert len(made) == len(lines)
    for line, record in zip(lines, made, strict=True):
        assert b"\n" not in record
        fact = Fact("line", 1795163400.0 + len(line), NOW, text(line), "file:/100%/\udce9")
        assert json.loads(record) == json.loads(encoded(fact, "h%b", schema))
        assert body(json.loads(record)) == text(line)


@given(
    st.dictionaries(st.sampled_from(["address", "user", "port", "pid", "x"]), st.text(max_size=20)),
    st.text(max_size=20),
    st.sampled_from(sorted(SCHEMAS)),
)
def test_whatever_fields_hold_they_are_one_line_of_json(fields, line, schema):
    fact = Fact("event", 0.0, 1.0, line, SOURCE, "x", "attack", fields)
    record = encoded(fact, "h", schema)
    assert b"\n" not in record
    told = json.dumps(json.loads(record))
    assert all(json.dumps(value)[1:-1] in told or value.isdecimal() for value in fields.values() if value.isprintable())


def test_what_is_no_utf_8_is_visible():
    record = json.loads(encoded(Fact("event", 0.0, 0.0, "a\udce9", "file:/\udce9", "t", "k", {"user": "\udce9"}), "h", "otel"))
    assert (record["Body"], record["Attributes"]["user.name"]) == (r"a\xe9", r"\xe9")


def test_of_an_alert_the_last_lines_are_told_and_not_all_of_a_long_one():
    events = tuple(EVENT._replace(line=b"%d" % number + b"x" * 5000) for number in range(30))
    evidence = of_alert(Alert("sshd", ("a",), 0.0, events, 30), NOW).more["evidence"]
    assert isinstance(evidence, list)
    assert [len(each) for each in evidence] == [1024] * 10
    assert evidence[-1].startswith("29x")
