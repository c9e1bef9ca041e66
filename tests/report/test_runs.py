"""What comes out of Runs is what Debian's pipeline of sort and sed prints, however the input was cut and kept."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Heading
from vigilog.report.order import ORDERS, make_run
from vigilog.report.runs import Runs

HEADING = Heading("unusual", "")
OTHER = Heading("attack", "sshd")
COMMANDS = {
    "stamp": r"sort -k 1,3 -s | sed -e 's/[[:space:]]\+$//'",
    "unique": r"sort -u | sed -e 's/[[:space:]]\+$//'",
    "arrival": "cat",
}


def peer(order: str, text: bytes) -> bytes:
    """What the pipeline of logcheck 1.4.2 makes of `text` in the C locale."""
    done = subprocess.run(
        ["sh", "-c", COMMANDS[order]],
        input=text,
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
    )
    return done.stdout


def collected(order: str, texts: list[bytes], *, memory: int = 1 << 25, directory: str | None = None) -> Runs:
    runs = Runs(order, memory=memory, directory=directory)
    for text in texts:
        runs.add(HEADING, make_run(text, order))
    return runs


stamps = st.builds(
    b"%b %2d %02d:%02d:%02d ".__mod__,
    st.tuples(
        st.sampled_from([b"Nov", b"Oct", b"Dec"]), st.integers(1, 31), st.integers(0, 1), st.integers(0, 2), st.integers(0, 1)
    ),
)
iso_stamps = st.builds(
    b"2026-11-%02dT10:00:%02d.%06d+01:00 ".__mod__,
    st.tuples(st.integers(1, 3), st.integers(0, 3), st.sampled_from([0, 1, 999999])),
)
messages = st.text(alphabet="ab \t\r\v\f\x00\x01\x7fé", max_size=12).map(lambda text: text.encode("latin-1"))
lines = st.one_of(
    st.builds(bytes.__add__, stamps, messages),
    st.builds(bytes.__add__, iso_stamps, messages),
    st.builds(bytes.__add__, stamps.map(lambda stamp: stamp.replace(b" ", b"\t", 1)), messages),
    messages,
)
few_stamps = st.builds(
    b"Nov  3 10:00:0%d%s%s".__mod__,
    st.tuples(st.integers(0, 2), st.sampled_from([b" ", b" ", b"\t"]), st.sampled_from([b"x", b"y", b"z"])),
)
tabbed = st.lists(st.sampled_from([b"a", b"b"]), min_size=1, max_size=5).map(b"\t".join)
blocks = st.one_of(
    st.lists(lines, min_size=1, max_size=8),
    st.lists(st.builds(bytes.__add__, stamps, messages), min_size=1, max_size=8),
    st.lists(st.builds(bytes.__add__, stamps, messages), min_size=1, max_size=8).map(sorted),
    st.lists(st.builds(bytes.__add__, iso_stamps, messages), min_size=1, max_size=8),
    st.lists(few_stamps, min_size=1, max_size=6),
    st.lists(tabbed, min_size=1, max_size=6),
).map(lambda rows: b"".join(row + b"\n" for row in rows))


@pytest.mark.parametrize("order", list(ORDERS))
@given(texts=st.lists(blocks, min_size=1, max_size=8), memory=st.sampled_from([0, 1300, 5000, 1 << 25]))
@settings(max_examples=150, deadline=None)
def test_sorted_text_is_that_of_the_replaced_pipeline_in_memory_and_on_disk(order, texts, memory):
    runs = collected(order, texts, memory=memory)
    expected = peer(order, b"".join(texts))
    assert b"".join(runs.pieces(HEADING)) == expected
    assert b"".join(runs.pieces(HEADING)) == expected, "a second reading gives the same"
    assert runs.count(HEADING) == expected.count(b"\n")
    runs.close()


@pytest.fixture
def tiny_buffers(monkeypatch):
    monkeypatch.setattr("vigilog.report.merge._LARGEST_BUFFER", 8)
    monkeypatch.setattr("vigilog.report.merge._SMALLEST_BUFFER", 8)
    monkeypatch.setattr("vigilog.report.merge._COPY", 8)


@pytest.mark.parametrize("order", list(ORDERS))
def test_merging_is_the_same_when_lines_do_not_fit_the_buffers(order, tiny_buffers):
    @given(texts=st.lists(blocks, min_size=1, max_size=8), memory=st.sampled_from([0, 1300, 1 << 25]))
    @settings(max_examples=100, deadline=None)
    def sorted_as_the_peer_does(texts: list[bytes], memory: int) -> None:
        runs = collected(order, texts, memory=memory)
        assert b"".join(runs.pieces(HEADING)) == peer(order, b"".join(texts))
        runs.close()

    sorted_as_the_peer_does()


@pytest.mark.parametrize("order", list(ORDERS))
@pytest.mark.parametrize("memory", [0, 200_000, 1 << 25])
def test_several_large_logs_one_after_the_other_are_merged_by_time(order, memory):
    texts = []
    for log in range(5):
        rows = [
            b"Nov %2d 10:%02d:%02d host log%d: %d \n" % (3 + number // 3600, number // 60 % 60, number % 60, log, number % 700)
            for number in range(0, 5000, log + 1)
        ]
        texts += [b"".join(rows[start : start + 900]) for start in range(0, len(rows), 900)]
    runs = collected(order, texts, memory=memory)
    assert b"".join(runs.pieces(HEADING)) == peer(order, b"".join(texts))


@pytest.mark.parametrize("order", list(ORDERS))
def test_a_line_longer_than_every_buffer_is_one_line(order):
    texts = [b"Nov  4 10:00:00 b " + b"x" * 3_000_000 + b"\n", b"Nov  3 10:00:00 a\n" + b"y" * 2_000_000 + b"\n"]
    runs = collected(order, texts, memory=0)
    assert b"".join(runs.pieces(HEADING)) == peer(order, b"".join(texts))


def test_keys_that_agree_beyond_the_kept_bound_are_still_told_apart():
    long = b"k" * 1000
    texts = [long + b"b\n", long + b"a\n", long + b"\n", long + b"b\n"]
    for order in ("stamp", "unique"):
        assert b"".join(collected(order, texts).pieces(HEADING)) == peer(order, b"".join(texts))


@pytest.mark.parametrize("memory", [0, 1 << 25])
def test_equal_keys_keep_their_order_when_a_later_run_joins_an_earlier_chain(memory):
    texts = [b"a 1\nb 1\n", b"a 2\nb 2\nc 2\n", b"b 3\nc 3\n", b"b 4\nb 4\n", b"a 5\n"]
    texts = [text.replace(b" ", b" x y ") for text in texts]
    runs = collected("stamp", texts, memory=memory)
    assert b"".join(runs.pieces(HEADING)) == peer("stamp", b"".join(texts))


def test_headings_do_not_mix_and_keep_their_first_order():
    runs = Runs("stamp", memory=2000)
    for number in range(9):
        runs.add(OTHER, make_run(b"Nov  3 10:00:0%d other\n" % (9 - number), "stamp"))
        runs.add(HEADING, make_run(b"Nov  3 10:00:0%d this\n" % number, "stamp"))
    assert runs.headings == (OTHER, HEADING)
    assert b"".join(runs.pieces(HEADING)) == b"".join(b"Nov  3 10:00:0%d this\n" % number for number in range(9))
    assert b"".join(runs.pieces(OTHER)) == b"".join(b"Nov  3 10:00:0%d other\n" % number for number in range(1, 10))


def test_a_heading_without_lines_has_no_pieces():
    runs = Runs("stamp")
    runs.add(HEADING, make_run(b"", "stamp"))
    assert runs.headings == ()
    assert list(runs.pieces(HEADING)) == []
    assert runs.count(HEADING) == 0


def test_removing_blanks_is_linear_even_for_a_line_of_blanks():
    text = b"a" + b" \t" * 2_000_000 + b"b\n"
    runs = collected("stamp", [text, b"x \n"])
    assert b"".join(runs.pieces(HEADING)) == text + b"x\n"


def test_what_is_on_disk_has_no_name_and_is_gone_after_closing(tmp_path):
    runs = collected("stamp", [b"Nov  3 10:00:00 x\n"], memory=0, directory=str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    opened = [
        name
        for name in os.listdir("/proc/self/fd")
        if str(tmp_path) in (os.readlink(f"/proc/self/fd/{name}") if os.path.lexists(f"/proc/self/fd/{name}") else "")
    ]
    assert len(opened) == 1
    assert os.fstat(int(opened[0])).st_mode & 0o777 == 0o600
    runs.close()
    assert not os.path.lexists(f"/proc/self/fd/{opened[0]}") or str(tmp_path) not in os.readlink(f"/proc/self/fd/{opened[0]}")


def test_a_full_disk_is_an_error_with_a_remedy_and_loses_nothing_in_memory(monkeypatch):
    runs = collected("stamp", [b"Nov  3 10:00:00 x\n"], memory=1000)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StoreError, match=r"No space left on device.*make room"):
        runs.add(HEADING, make_run(b"Nov  3 10:00:01 y\n", "stamp"))
    assert b"".join(runs.pieces(HEADING)) == b"Nov  3 10:00:00 x\nNov  3 10:00:01 y\n"


def test_a_missing_directory_for_the_spill_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(StoreError, match="set TMPDIR"):
        collected("stamp", [b"x\n"], memory=0, directory=str(tmp_path / "none"))


def test_a_block_already_in_order_is_kept_as_it_is():
    text = b"Nov  3 10:00:00 b\nNov  3 10:00:00 a\nNov  3 10:00:01 c\n"
    assert make_run(text, "stamp").data is text
    assert make_run(text, "arrival").data is text
