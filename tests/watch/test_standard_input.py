"""Standard input: read to its end, whatever the pieces that it comes in."""

from __future__ import annotations

import os
import threading

import pytest

from tests.watch.reader import Reader, noon
from vigilog.core.errors import SourceError
from vigilog.watch.options import Options
from vigilog.watch.records import LIMIT
from vigilog.watch.sources import open_source
from vigilog.watch.standard_input import StandardInput


def through_a_pipe(*parts):
    out, into = os.pipe()

    def write():
        with os.fdopen(into, "wb", buffering=0) as file:
            for part in parts:
                file.write(part)

    writer = threading.Thread(target=write)
    writer.start()
    seen = Reader(StandardInput(Options(clock=noon), out))
    seen.read()
    writer.join()
    os.close(out)
    return seen


def test_it_is_called_dash_and_what_it_gave_is_gone():
    source = open_source("-", Options(clock=noon))
    assert (source.name, source.grade) == ("-", "received")


def test_records_are_whole_however_they_arrive():
    assert through_a_pipe(b"one\ntw", b"o\n", b"\0 \xff\r\n").records == [b"one", b"two", b"\0 \xff\r"]


def test_the_last_record_needs_no_newline():
    assert through_a_pipe(b"one\ntwo").records == [b"one", b"two"]


def test_nothing_gives_nothing():
    seen = through_a_pipe()
    assert (seen.records, seen.notices) == ([], [])


def test_a_long_record_travels_in_pieces_in_flat_memory():
    seen = through_a_pipe(b"before\n", *([b"x" * LIMIT] * 20), b"\nafter\n")
    assert seen.records == [b"before", b"x" * (20 * LIMIT), b"after"]
    assert seen.kinds() == ["long"]


def test_positions_count_the_bytes():
    seen = through_a_pipe(b"one\ntwo\n")
    assert seen.position.state == {"offset": 8}


def test_what_cannot_be_read_is_an_error(tmp_path):
    directory = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(SourceError, match="standard input cannot be read: Is a directory"):
        list(StandardInput(Options(clock=noon), directory).read(None))
    os.close(directory)
