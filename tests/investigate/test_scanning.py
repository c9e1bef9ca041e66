"""However a file is read, in blocks, in parts, packed, its lines about a subject are found at their places."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigilog.core.errors import SourceError
from vigilog.investigate import scanning
from vigilog.investigate.matching import matcher
from vigilog.investigate.scanning import File, Incomplete, Part, Search
from vigilog.investigate.subject import subject

ADDRESS = "203.0.113.7"
LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [b"", b"from 203.0.113.7 port 1", b"203.0.113.7", b"203.0.113.70", b"203.0.113.7 203.0.113.7", b"\xff 203.0.113.7"]
        ),
        st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")),
        st.integers(0, 300).map(lambda count: b"x" * count + b" 203.0.113.7"),
    ),
    max_size=30,
)


def file(path) -> File:
    status = os.stat(path)
    packed = path.suffix in {".gz", ".bz2", ".xz"}
    return File(str(path), str(path), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, packed)


def naive(data, search):
    """One line after the other."""
    found, at = [], 0
    for line in data.split(b"\n"):
        if search.finds(line):
            found.append((at, line))
        at += len(line) + 1
    return found


@pytest.mark.parametrize("text", [ADDRESS, "203.0.113.0/24", r"203\.0\.113\.7\b", "2001:db8::/20", "203.0.0.0/10"])
@settings(max_examples=60, deadline=None)
@given(lines=LINES, ended=st.booleans(), step=st.integers(1, 400), cuts=st.lists(st.integers(0, 3000), max_size=4))
def test_every_line_is_found_once_at_its_place(tmp_path_factory, text, lines, ended, step, cuts):
    data = b"\n".join(lines) + (b"\n" if ended else b"")
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(data)
    search = Search(matcher(subject(text, "pattern" if "\\" in text else None)))
    expected = naive(data, search)
    edges = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "STEP", step)
        parts = [Part(file(path), start, end) for start, end in pairwise(edges)]
        found = [(hit.offset, hit.line) for part in parts for hit in search.hits(part)]
    assert found == expected


@pytest.mark.parametrize(("ending", "packed"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_in_a_packed_file_too_with_offsets_in_what_it_unpacks_to(tmp_path, ending, packed):
    data = b"".join(b"Nov 20 08:30:%02d mx1 x: %d from 203.0.113.%d\n" % (n % 60, n, n % 256) for n in range(50_000))
    path = tmp_path / f"log{ending}"
    path.write_bytes(packed(data[:1_000_000]) + packed(data[1_000_000:]))
    hits = Search(matcher(subject(ADDRESS))).hits(Part(file(path), 0, 1 << 62))
    assert len(hits) == sum(1 for n in range(50_000) if n % 256 == 7)
    assert all(data[hit.offset : hit.offset + len(hit.line) + 1] == hit.line + b"\n" for hit in hits)


def test_what_stands_before_the_damage_is_found(tmp_path):
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(b"from 203.0.113.7\n" + os.urandom(200_000))[:100_000])
    with pytest.raises(Incomplete) as error:
        Search(matcher(subject(ADDRESS))).hits(Part(file(path), 0, 1 << 62))
    assert [hit.line for hit in error.value.hits] == [b"from 203.0.113.7"]
    assert str(path) in str(error.value)


def test_a_line_longer_than_any_is_looked_at_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(scanning, "STEP", 64)
    monkeypatch.setattr(scanning, "LONGEST", 256)
    path = tmp_path / "log"
    path.write_bytes(b"x" * 1000 + b" 203.0.113.7\nfrom 203.0.113.7\n")
    hits = Search(matcher(subject(ADDRESS))).hits(Part(file(path), 0, 1 << 20))
    assert hits[-1].offset == 1013
    assert hits[-1].line == b"from 203.0.113.7"


def test_a_line_without_a_stamp_has_that_of_the_line_before(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"2026-11-20T08:30:00+00:00 mx1 x: begins\n  at 203.0.113.7\n")
    (hit,) = Search(matcher(subject(ADDRESS))).hits(Part(file(path), 0, 1 << 20))
    assert hit.time == 1795163400.0


def test_another_file_at_the_same_place_is_not_taken_for_it(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"from 203.0.113.7\n")
    seen = file(path)._replace(inode=1)
    with pytest.raises(SourceError, match="rotated meanwhile"):
        Search(matcher(subject(ADDRESS))).hits(Part(seen, 0, 100))
