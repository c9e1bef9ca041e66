"""The target that needs no broker: a line for each record, in a file or on the standard output."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from vigilog.core.errors import ConfigurationError, DeliveryError
from vigilog.core.nouns import Place
from vigilog.ship.plain import PlainTarget
from vigilog.ship.record import Record
from vigilog.ship.refusals import DeadLetters, Refusal


def test_each_record_is_a_line_of_the_file(tmp_path):
    path = tmp_path / "out.json"
    to = PlainTarget(f"file:{path}")
    assert to.next_number == 1
    assert to.offer([Record("a", b"k", b"1"), Record("b", None, b"2")]) == 2
    assert to.offer_values("a", [b"3"], [b"k"]) == 3
    assert (to.safe, to.counts.waiting) == (0, 3)
    assert to.settle()
    assert path.read_bytes() == b"1\n2\n3\n"
    assert (to.safe, to.counts.acknowledged) == (3, 3)
    to.offer_values("a", [b"4"])
    ending = to.close(0)
    assert str(ending) == "4 acknowledged"
    assert to.close(0) == ending
    assert path.read_bytes() == b"1\n2\n3\n4\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_appended_to(tmp_path):
    path = tmp_path / "out.json"
    path.write_bytes(b"there\n")
    to = PlainTarget(f"file:{path}")
    to.offer_values("t", [b"new"])
    to.close(0)
    assert path.read_bytes() == b"there\nnew\n"


def test_half_a_line_of_somebody_who_was_killed_is_ended_first(tmp_path):
    path = tmp_path / "out.json"
    path.write_bytes(b'whole\n{"half": ')
    to = PlainTarget(f"file:{path}")
    to.offer_values("t", [b"new"])
    to.close(0)
    assert path.read_bytes() == b'whole\n{"half": \nnew\n'


def test_dead_letters_begin_on_a_line_of_their_own(tmp_path):
    path = tmp_path / "dead-letters"
    path.write_bytes(b'{"time": 1')
    letters = DeadLetters(str(path), lambda: 2.0)
    letters.write([Refusal("t", None, b"v", "ERROR", "because")])
    letters.close()
    first, second = path.read_bytes().splitlines()
    assert first == b'{"time": 1'
    assert json.loads(second)["value"] == "v"


@pytest.mark.parametrize("word", ["", "file:", "kafka", "/tmp/x", "STDOUT"])
def test_another_word_is_an_error_with_its_place(word):
    with pytest.raises(ConfigurationError) as raised:
        PlainTarget(word, place=Place("vigilog.toml", 4))
    assert str(raised.value).startswith("vigilog.toml:4: ")


def test_a_link_in_a_directory_of_everybody_is_not_followed(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (tmp_path / "secret").write_bytes(b"")
    (shared / "out").symlink_to(tmp_path / "secret")
    with pytest.raises(DeliveryError):
        PlainTarget(f"file:{shared / 'out'}")


def test_a_full_disk_keeps_whole_lines_and_the_rest_is_written_later(tmp_path, monkeypatch):
    path = tmp_path / "out.json"
    to = PlainTarget(f"file:{path}")
    to.offer_values("t", [b"first"])
    assert to.settle()
    real = os.write

    def nearly_full(descriptor, data):
        if len(data) > 3:
            return real(descriptor, data[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", nearly_full)
    to.offer_values("t", [b"second"])
    assert not to.settle()
    assert path.read_bytes() == b"first\n"
    assert "No space left on device" in to.counts.trouble
    monkeypatch.undo()
    assert to.settle()
    assert path.read_bytes() == b"first\nsecond\n"
    to.close(0)


def test_a_reader_that_is_gone_is_one_error():
    program = (
        "import signal; from vigilog.ship.plain import PlainTarget; from vigilog.core.errors import DeliveryError\n"
        "to = PlainTarget('stdout')\n"
        "try:\n"
        "    while True: to.offer_values('t', [b'x' * 1000] * 1000)\n"
        "except DeliveryError as error:\n"
        "    import sys; print(error, file=sys.stderr)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.read(10) == b"x" * 10
        process.stdout.close()
        assert process.stderr.read() == b"the standard output cannot be written to: Broken pipe\n"
