"""Which events a list of names stands for, what an event becomes, and which section decides: without a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.proftpd import read
from vigilog.config.proftpd_kafka import COMMANDS, OnEvent, events
from vigilog.config.proftpd_logging import CLASSES, SAME
from vigilog.config.proftpd_words import Bad
from vigilog.core.nouns import Place
from vigilog.ftpd.commands import classes_of
from vigilog.ftpd.hosts import Host
from vigilog.ftpd.kafka import groups
from vigilog.ftpd.kafka_events import Sender, written
from vigilog.ftpd.scope import Scope
from vigilog.patterns.logformat import LogFormat

NAMES = sorted({*COMMANDS, *CLASSES, *SAME})
names = st.sampled_from(NAMES)


@st.composite
def lists(draw):
    """What is named, what is left out, and a word that says so."""
    named = draw(st.lists(names, min_size=1, max_size=5))
    left_out = draw(st.lists(names, max_size=3))
    words = draw(st.permutations([*named, *(f"!{name}" for name in left_out)]))
    shown = [draw(st.sampled_from([word, word.lower(), word.title(), f" {word}"])) for word in words]
    return named, left_out, draw(st.sampled_from([",", "|", " , "])).join(shown)


@given(lists(), st.sampled_from(sorted(COMMANDS | {"CONNECT", "EXIT"})))
def test_a_list_wants_what_it_names_and_not_what_it_leaves_out(made, command):
    named, left_out, word = made
    command = command.replace("SITE_", "SITE ")
    classes = classes_of(command)
    is_called = {command.replace(" ", "_"), command.partition(" ")[0], *classes} | ({"ALL"} if classes else set())

    def holds(listed):
        return any(SAME.get(name, name) in is_called for name in listed)

    assert OnEvent(events(word), "", "", Place("")).wants(command, classes) == (holds(named) and not holds(left_out))


@given(st.text(max_size=30))
def test_any_other_word_is_a_mistake_and_nothing_else(word):
    try:
        found = events(word)
    except Bad:
        return
    assert {name.removeprefix("!") for name in found} <= {*COMMANDS, *CLASSES}


values = st.one_of(
    st.none(), st.integers(0, 2**63), st.text(), st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))
)


@given(
    st.dictionaries(st.sampled_from(["command", "user", "transfer_path", "command_params"]), values),
    st.sampled_from([None, "connecting", "disconnecting"]),
)
def test_every_event_is_one_line_of_json_in_the_order_of_its_format(event, mark):
    form = LogFormat("%u %J %m %F %m %u")
    data = written(form, event | ({mark: True} if mark else {}))
    pairs = json.loads(data, object_pairs_hook=list)
    order = ["connecting", "disconnecting", "user", "command_params", "command", "transfer_path"]
    keys = [key for key, _ in pairs]
    assert keys == [key for key in order if key == mark or event.get(key) is not None]
    assert b"\n" not in data


class Kept:
    def __init__(self):
        self.records = []

    def offer(self, records):
        self.records += records


@pytest.fixture
def sender(tmp_path):
    def made(text):
        path = tmp_path / "proftpd.conf"
        path.write_text('LogFormat f "%m"\n' + text)
        configuration = read(str(path))
        assert configuration.errors == ()
        return Sender(configuration.servers[0], outlet := Kept()), Scope(configuration.servers[0], "/home/anna"), outlet

    return made


def test_sections_in_sections(sender):
    text = """KafkaLogOnEvent ALL f server
<Directory /srv>
KafkaLogOnEvent ALL f srv
</Directory>
<Directory /srv/quiet>
KafkaLogOnEvent none
</Directory>
<Directory /srv/quiet/but>
KafkaLogOnEvent RETR f but
</Directory>
<Directory ~/up>
Umask 077
</Directory>
"""
    made, scope, _ = sender(text)
    places = {"/": "server", "/srv": "srv", "/srv/x/y": "srv", "/home/anna/up/x": "server", "/srv/quiet/but/x": "but"}
    for path, topic in places.items():
        assert [line.topic for line in made.wanted("RETR", scope, path)] == [topic]
    assert made.wanted("RETR", scope, "/srv/quiet/x") == []
    assert made.wanted("STOR", scope, "/srv/quiet/but/x") == []
    assert [line.topic for line in made.wanted("RETR", None, "/srv/quiet/x")] == ["server"]


def test_an_event_that_two_lines_want_is_two_records(sender):
    made, _, outlet = sender("KafkaLogOnEvent ALL f one\nKafkaLogOnEvent RETR f topic two\n")
    made.send(made.wanted("RETR", None, ""), {"command": "RETR"}, b"id")
    assert outlet.records == [("one", b"id", b'{"command":"RETR"}'), ("two", b"id", b'{"command":"RETR"}')]


def test_servers_that_send_the_same_way_share_one_way_and_others_have_their_own(tmp_path):
    path = tmp_path / "proftpd.conf"
    hosts = ["KafkaBroker a", "KafkaBroker a\nKafkaProperty acks 1", "KafkaBroker b", "KafkaEngine off", ""]
    text = "".join(f"<VirtualHost 192.0.2.1>\n{line}\n</VirtualHost>\n" for line in hosts)
    path.write_text(
        f"Port 21\nKafkaProperty acks 1\n<Global>\nKafkaEngine on\nKafkaBroker a\nServerIdent on x\n</Global>\n{text}"
    )
    servers = read(str(path)).servers
    found = groups(cast("list[Host]", [SimpleNamespace(settings=each) for each in servers]))
    numbers = {name: [servers.index(host.settings) for host in group] for name, group in found.items()}
    assert numbers == {"ftpd-21-ProFTPD": [0, 2], "ftpd-21-ProFTPD.2": [1, 5], "ftpd-21-ProFTPD.3": [3]}


BESIDE = """
import os, sys, threading
import vigilog.ftpd.credentials as credentials
if sys.argv[1] == "whole process":
    credentials.CALLS = None
seen, go, done = [], threading.Event(), threading.Event()
def beside():
    go.wait()
    seen.append((os.geteuid(), os.getegid()))
    done.set()
threading.Thread(target=beside).start()
credentials.become(1001, 1002, (1003, 1004))
go.set()
done.wait()
mine = os.geteuid(), os.getegid(), os.getgroups()
credentials.become(0, 0, ())
print(mine, seen[0], (os.geteuid(), os.getegid(), os.getgroups()))
"""


@pytest.mark.parametrize(("how", "others"), [("thread", "(0, 0)"), ("whole process", "(1001, 1002)")])
def test_rights_of_a_thread(as_root, how, others):
    process = subprocess.run([sys.executable, "-c", BESIDE, how], capture_output=True, text=True, check=True, timeout=60)
    assert process.stdout == f"(1001, 1002, [1003, 1004]) {others} (0, 0, [])\n"


def test_rights_that_one_does_not_have_are_an_error(as_root):
    code = (
        "import os, vigilog.ftpd.credentials as c\nos.setresuid(65534, 65534, 65534)\n"
        "try:\n    c.become(0, 0, ())\nexcept PermissionError:\n    print('no')"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=os.environ).stdout == "no\n"
