"""Files of forensic blocks: the real ProFTPD's, and whatever else may stand in one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from vigilog.parse.forensics import ABOVE, LOG_TYPES, Message, blocks

KNOWN = [
    *("Client-Address", "Server-Address", "Elapsed", "Protocol", "UID", "GID"),
    *("Raw-Bytes-In", "Raw-Bytes-Out", "Total-Bytes-In", "Total-Bytes-Out", "Total-Files-In", "Total-Files-Out"),
]


def lines(text: str) -> list[bytes]:
    return text.encode().splitlines(keepends=True)


def block(kind: str, pid: int, *numbers: int) -> list[str]:
    messages = [f"[TraceLog:7] 2026-11-20 08:18:45,626 [{pid}] <command:7>: {number}" for number in numbers]
    return [f"-----BEGIN {kind} FORENSICS-----", f"Client-Address: {pid}", "", *messages, f"-----END {kind} FORENSICS-----"]


def told(found) -> dict[str, list[int]]:
    return {each.value("Client-Address"): [int(message.text.split()[-1]) for message in each.messages] for each in found}


def test_every_block_of_the_real_proftpd_is_read(sample_data):
    with (sample_data / "ftp/proftpd-1.3.8/forensic.log").open("rb") as file:
        found = list(blocks(file))
    assert len(found) == 44
    assert [each.kind for each in found].count("UNTIMELY DEATH") == 3
    assert all(each.complete for each in found)
    assert sum(len(each.messages) for each in found) == 2596
    assert {message.log_type for each in found for message in each.messages} == {"TraceLog", "SystemLog", "TransferLog"}
    assert [[key for key, _ in each.header] for each in found if each.value("User") is None] == [KNOWN] * 41
    assert found[0].line == 1
    assert found[1].line == 76
    last = found[-1]
    # Between the dashes of a stack trace nothing begins or ends.
    assert sum(b"-----BEGIN STACK TRACE" in message.text for message in last.messages) == 1
    assert last.messages[-1].text.endswith(b"ignoring filtered event 'EXIT'")


def test_interleaved_blocks_are_told_apart_by_their_processes():
    a, b = block("FAILED LOGIN", 11, 1, 2, 3), block("FAILED LOGIN", 12, 4, 5, 6)
    mixed = [*a[:4], *b[:4], a[4], b[4], a[5], b[5], b[6], a[6]]
    found = list(blocks(lines("\n".join(mixed))))
    assert told(found) == {"11": [1, 2, 3], "12": [4, 5, 6]}
    assert all(each.complete for each in found)


def test_a_line_without_a_process_number_goes_where_the_one_before_it_went():
    a, b = block("FAILED LOGIN", 11, 1), block("FAILED LOGIN", 12, 4)
    xfer = "[TransferLog:0] Fri Nov 20 08:18:45 2026 0 host 7 /x b _ o r u ftp 0 * c 7"
    mixed = [*a[:4], *b[:4], a[3].replace(": 1", ": 2"), xfer.replace(" 7", " 3"), a[4], b[4]]
    found = {each.value("Client-Address"): len(each.messages) for each in blocks(lines("\n".join(mixed)))}
    assert found == {"11": 3, "12": 1}


def test_a_block_without_an_end_does_not_swallow_the_next_one():
    torn, whole = block("UNTIMELY DEATH", 11, 1, 2)[:-1], block("FAILED LOGIN", 12, 3)
    found = list(blocks(lines("\n".join([*torn, *whole]))))
    assert told(found) == {"12": [3], "11": [1, 2]}
    assert [each.complete for each in found] == [True, False]
    assert [each.line for each in found] == [6, 1]


def test_what_vigilog_wrote_is_never_taken_apart():
    # One process has many sessions there, so process numbers tell nothing; but its blocks do not run into each other.
    torn, whole = block("FAILED LOGIN", 11, 1)[:-1], block("FAILED LOGIN", 11, 2, 3)
    torn[1], whole[1] = "Client-Address: torn\nPID: 11", "Client-Address: whole\nPID: 11"
    found = list(blocks(lines("\n".join([*torn, *whole]))))
    assert told(found) == {"whole": [2, 3], "torn": [1]}


def test_the_nul_behind_unique_id_is_dropped_and_every_byte_of_a_text_is_kept():
    data = [
        b"-----BEGIN MODULE CONFIG FORENSICS-----\n",
        b"UNIQUE_ID: abc\0\n",
        b"\n",
        b"[syslog:6, PID 4711] \xff\x00\x1b text\n",
        b"  a second line\n",
        b"[no tag] a third\n",
        b"[Unspec:N] no newline",
    ]
    (found,) = blocks(data)
    assert found.value("UNIQUE_ID") == "abc"
    assert found.messages == (
        Message("syslog", 6, b"\xff\x00\x1b text\n  a second line\n[no tag] a third", 4711),
        Message("Unspec", ABOVE, b"no newline"),
    )
    assert not found.complete


def test_lines_outside_of_blocks_are_passed_over():
    data = ["noise", "[TraceLog:7] more of it", *block("FAILED LOGIN", 1, 2), "noise", "-----END FAILED LOGIN FORENSICS-----"]
    assert told(blocks(lines("\n".join(data)))) == {"1": [2]}


pieces = st.sampled_from(
    [
        *block("FAILED LOGIN", 11, 1),
        *block("UNTIMELY DEATH", 12, 2),
        *("PID: 3", "x: y", "", "[syslog:1, PID 12] a", "[TraceLog:100] b", "-----BEGIN  FORENSICS-----", "-----END"),
    ]
)


@given(st.lists(pieces | st.binary(max_size=30).map(lambda data: data.decode("latin-1")), max_size=40))
@example(["-----BEGIN A FORENSICS-----", "-----END A FORENSICS-----"])
def test_nothing_that_stands_in_a_file_makes_the_reader_fail(texts):
    data = "\n".join(texts).encode("latin-1").splitlines(keepends=True)
    begun = sum(line.startswith(b"-----BEGIN ") and line.rstrip(b"\r\n").endswith(b" FORENSICS-----") for line in data)
    found = list(blocks(data))
    assert len(found) <= begun
    assert len({each.line for each in found}) == len(found)
    assert all(message.log_type in LOG_TYPES for each in found for message in each.messages)
