"""What the header says of a session: also of one whose process died in the middle of a change."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.blackbox import BlackBox, Facts
from vigilog.blackbox.header import Identity
from vigilog.blackbox.layout import PAGE, RECORDS, counters_of, identity_bytes, identity_of, slot
from vigilog.blackbox.recovery import recover
from vigilog.parse.forensics import blocks

words = st.none() | st.text(max_size=500) | st.sampled_from(["\ud800", "\udcff", "a\0b", "+x", ""])


@given(
    st.builds(
        Identity,
        *([words] * 4),
        *([st.integers(0, 2**32 - 1)] * 2),
        *([words] * 2),
        st.lists(st.tuples(st.text(max_size=100), st.text(max_size=1000)), max_size=30).map(tuple),
    )
)
def test_whatever_is_known_of_a_session_finds_room_in_its_page(who):
    data = identity_bytes(who)
    assert len(data) < PAGE - RECORDS - 256
    again = identity_of(data)
    assert (again.uid, again.gid) == (who.uid, who.gid)
    for was, now in (
        (who.user, again.user),
        (who.client_address, again.client_address),
        (who.attempted_user, again.attempted_user),
    ):
        assert (was is None) == (now is None)
        if was is not None and was.isascii() and len(was) < 400:
            assert now == was.replace("\0", "")
    assert len(again.extra) <= len(who.extra)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_of_what_is_known_fail(data):
    identity_of(data)


def test_of_two_slots_the_newer_whole_one_counts():
    page = bytearray(PAGE)
    from vigilog.blackbox.layout import SLOT, SLOTS

    assert counters_of(bytes(page)) is None
    first, second = slot((1, 2, 3, 4, 5, 6), 1), slot((7, 8, 9, 10, 11, 12), 2)
    page[SLOTS + SLOT.size : SLOTS + 2 * SLOT.size] = first
    assert counters_of(bytes(page)) == (1, 2, 3, 4, 5, 6)
    page[SLOTS : SLOTS + SLOT.size] = second
    assert counters_of(bytes(page)) == (7, 8, 9, 10, 11, 12)
    page[SLOTS + 3] ^= 1
    assert counters_of(bytes(page)) == (1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("messages", [0, 1, 200])
def test_a_change_is_in_the_block_of_a_process_that_died_right_after_it(tmp_path, messages):
    code = """
import os, sys
from vigilog.blackbox import BlackBox, Facts
facts = Facts("192.0.2.1", "192.0.2.2:21", "ftp", attempted_user="guess", began=1000.0)
session = BlackBox(sys.argv[1], directory=sys.argv[2]).begin(facts)
for number in range(int(sys.argv[3])): session.keep("SystemLog", 7, b"x" * 500)
facts.protocol = "ftps"; facts.user = "anna"; facts.uid = 1000; facts.gid = 1001; facts.unique_id = "u"
facts.extra["Path"] = "/a"; facts.extra["Path"] = "/b"; facts.extra["Gone"] = "x"; del facts.extra["Gone"]
for name in ("raw_bytes_in", "raw_bytes_out", "total_bytes_in", "total_bytes_out", "total_files_in", "total_files_out"):
    for _ in range(len(name)): setattr(facts, name, getattr(facts, name) + 1)
os.kill(os.getpid(), 9)
"""
    file, rings = str(tmp_path / "f"), str(tmp_path / "rings")
    subprocess.run([sys.executable, "-c", code, file, rings, str(messages)], check=False)
    recover(rings, file)
    with open(file, "rb") as written:
        (found,) = blocks(written)
    header = dict(found.header)
    elapsed, made = int(header.pop("Elapsed")), header.pop("Time")
    assert elapsed > 1_000_000_000
    assert made.startswith("20")
    assert header.pop("PID").isdigit()
    header.pop("Evicted-Messages", None)
    assert header == {
        "Client-Address": "192.0.2.1",
        "Server-Address": "192.0.2.2:21",
        "Protocol": "ftps",
        "User": "anna",
        "UID": "1000",
        "GID": "1001",
        "UNIQUE_ID": "u",
        "Raw-Bytes-In": "12",
        "Raw-Bytes-Out": "13",
        "Total-Bytes-In": "14",
        "Total-Bytes-Out": "15",
        "Total-Files-In": "14",
        "Total-Files-Out": "15",
        "Path": "/b",
    }


def test_before_a_login_uid_and_gid_are_the_programs_own(tmp_path):
    file = tmp_path / "f"
    BlackBox(str(file)).begin(Facts(attempted_user="guess")).end("FAILED LOGIN")
    (found,) = blocks(file.open("rb"))
    assert (found.value("UID"), found.value("GID")) == (str(os.geteuid()), str(os.getegid()))
    assert found.value("User") is None
    assert found.value("Attempted-User") == "guess"


class Nameless:
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("where", ["memory", "file"])
def test_facts_of_another_type_than_text_cost_nothing_but_their_own_field(tmp_path, where):
    file = tmp_path / "f"
    box = BlackBox(str(file), directory=str(tmp_path / "rings") if where == "file" else None, notice=pytest.fail)
    facts = Facts(unique_id=4711)  # type: ignore[arg-type]
    facts.extra["Tenant"] = 7  # type: ignore[assignment]
    facts.extra["None"] = None  # type: ignore[assignment]
    session = box.begin(facts)
    session.facts.user = 42  # type: ignore[assignment]
    session.facts.extra["Odd"] = Nameless()  # type: ignore[assignment]
    session.keep("SystemLog", 7, b"text")
    assert session.dump("FAILED LOGIN")
    box.close()
    (found,) = blocks(file.open("rb"))
    assert [message.text for message in found.messages] == [b"text"]
    values = [found.value(key) for key in ("User", "UNIQUE_ID", "Tenant", "None", "Odd")]
    assert values == ["42", "4711", "7", "", "<Nameless: RuntimeError instead of its text>"]
