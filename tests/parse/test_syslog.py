"""The parts of a syslog line, as rsyslog and journalctl print them."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vigilog.parse.syslog import fields


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            b"Nov 20 08:34:01 mx1 sshd[151]: Server listening",
            {
                "stamp": b"Nov 20 08:34:01",
                "host": b"mx1",
                "program": b"sshd",
                "process": b"151",
                "message": b"Server listening",
            },
        ),
        (
            b"2026-11-20T08:34:01.450385+00:00 mx1 sshd[151]: Server",
            {
                "stamp": b"2026-11-20T08:34:01.450385+00:00",
                "host": b"mx1",
                "program": b"sshd",
                "process": b"151",
                "message": b"Server",
            },
        ),
        (
            b"Nov  3 08:00:00 gate kernel: [   12.3] eth0: up",
            {"stamp": b"Nov  3 08:00:00", "host": b"gate", "program": b"kernel", "message": b"[   12.3] eth0: up"},
        ),
        (
            b"Nov  3 08:00:00 gate postfix/smtpd[9]: x",
            {"stamp": b"Nov  3 08:00:00", "host": b"gate", "program": b"postfix/smtpd", "process": b"9", "message": b"x"},
        ),
        (
            b"Nov  3 08:00:00 gate last message repeated 2 times",
            {"stamp": b"Nov  3 08:00:00", "host": b"gate", "message": b"last message repeated 2 times"},
        ),
        (
            b"2026-11-20T08:34:01Z gate su: (to root) me",
            {"stamp": b"2026-11-20T08:34:01Z", "host": b"gate", "program": b"su", "message": b"(to root) me"},
        ),
        (
            b"2026-11-20T08:34:01+0100 gate x:",
            {"stamp": b"2026-11-20T08:34:01+0100", "host": b"gate", "program": b"x", "message": b""},
        ),
        (
            b"Nov 20 08:34:01.123456 gate x: y",
            {"stamp": b"Nov 20 08:34:01.123456", "host": b"gate", "program": b"x", "message": b"y"},
        ),
        (
            b"<38>Nov 20 08:34:01 gate x: y",
            {"priority": b"38", "stamp": b"Nov 20 08:34:01", "host": b"gate", "program": b"x", "message": b"y"},
        ),
        (b"Nov 20 08:34:01 gate ", {"stamp": b"Nov 20 08:34:01", "host": b"gate", "message": b""}),
        (
            b"Sun Nov 29 17:20:00 2020 daemon.info dnsmasq-dhcp[4273]: DHCPACK(br-lan) 198.51.100.153",
            {
                "stamp": b"Sun Nov 29 17:20:00 2020",
                "priority": b"daemon.info",
                "program": b"dnsmasq-dhcp",
                "process": b"4273",
                "message": b"DHCPACK(br-lan) 198.51.100.153",
            },
        ),
        (
            b"Sun Nov  1 17:20:00 2020 kern.warn kernel: [   12.3] eth0: up",
            {
                "stamp": b"Sun Nov  1 17:20:00 2020",
                "priority": b"kern.warn",
                "program": b"kernel",
                "message": b"[   12.3] eth0: up",
            },
        ),
        (
            b"Sun Nov  1 17:20:00 2020 [1604251200.123] daemon.info dnsmasq[1]: x",
            {
                "stamp": b"Sun Nov  1 17:20:00 2020",
                "priority": b"daemon.info",
                "program": b"dnsmasq",
                "process": b"1",
                "message": b"x",
            },
        ),
        (
            b"Sun Nov  1 17:20:00 2020 local0.notice just words",
            {"stamp": b"Sun Nov  1 17:20:00 2020", "priority": b"local0.notice", "message": b"just words"},
        ),
        (
            b"Nov 20 08:34:01 gate x: \xff\x00\x1b y",
            {"stamp": b"Nov 20 08:34:01", "host": b"gate", "program": b"x", "message": b"\xff\x00\x1b y"},
        ),
    ],
)
def test_the_parts_have_their_names(line: bytes, parts: dict[str, bytes]) -> None:
    assert fields(line) == parts


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"Nov 20 08:34:01",
        b"Nov 20 08:34:01 ",
        b"nov 20 08:34:01 gate x: y",
        b"Nov 20 8:34:01 gate x: y",
        b"2026-11-20 08:34:01 gate x: y",
        b"Sun Nov 29 17:20:00 2020 dnsmasq[1]: x",
        b"Sun Nov 29 17:20:00 daemon.info dnsmasq[1]: x",
        b"@400000005f0a1b2c12345678 x",
        b" Nov 20 08:34:01 gate x: y",
    ],
)
def test_a_line_in_another_form_has_no_parts(line: bytes) -> None:
    assert fields(line) == {}


names = st.text("abcxyz019-_./@", min_size=1, max_size=12).map(str.encode)
stamps = st.sampled_from([b"Nov 20 08:34:01", b"Jan  1 00:00:00", b"2026-11-20T08:34:01.450385+00:00", b"2026-11-20T08:34:01Z"])


@given(stamps, names, names, st.one_of(st.none(), st.integers(1, 99999)), st.binary(max_size=40))
def test_what_was_put_together_comes_apart_again(
    stamp: bytes, host: bytes, program: bytes, process: int | None, message: bytes
) -> None:
    number = b"" if process is None else b"[%d]" % process
    wanted = {"stamp": stamp, "host": host, "program": program, "message": message}
    if process is not None:
        wanted["process"] = b"%d" % process
    assert fields(b"%s %s %s%s: %s" % (stamp, host, program, number, message)) == wanted


@settings(max_examples=200)
@example(b"Aaa 00 00:00:00 \x00 \x00:")
@given(st.one_of(st.binary(max_size=60), st.tuples(stamps, st.binary(max_size=60)).map(b" ".join)))
def test_the_parts_of_any_line_stand_in_it_in_their_order(line: bytes) -> None:
    parts = fields(line)
    at = 0
    for name in ("priority", "stamp", "host", "program", "process", "message"):
        if name in parts:
            at = line.index(parts[name], at) + len(parts[name])
    assert at <= len(line)
    assert line.endswith(parts.get("message", b""))


def test_a_long_line_is_read_in_no_time() -> None:
    for filling in (b"a", b"[", b":", b" ", b"a[", b"1.", b"a:"):
        assert "message" in fields(b"Nov 20 08:34:01 gate " + filling * 1_000_000)
        fields(b"2026-11-20T" + filling * 1_000_000)


def test_both_formats_of_the_same_log_have_the_same_parts(sample_data: Path) -> None:
    short, long = (
        [fields(line) for line in (sample_data / "debian12-lab" / name).read_bytes().split(b"\n")[:-1]]
        for name in ("syslog.rfc3164", "syslog.rfc3339")
    )
    assert len(short) == len(long) == 6597
    for one, other in zip(short, long, strict=True):
        assert {**one, "stamp": b""} == {**other, "stamp": b""}
    programs = Counter(parts.get("program") for parts in short)
    assert programs[b"sshd"] > 2000
    assert programs[None] == 0
