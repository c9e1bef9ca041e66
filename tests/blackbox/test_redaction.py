"""Secrets stay out of the block and out of the ring file, whatever the program's own function does."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.blackbox.recording import written
from vigilog.blackbox import BlackBox, Facts
from vigilog.blackbox.recovery import recover


@pytest.fixture(params=["memory", "file"])
def rings(request, tmp_path):
    return str(tmp_path / "rings") if request.param == "file" else None


def hide(text: bytes) -> bytes:
    return text.replace(b"hunter2", b"***")


def test_names_and_further_fields_are_redacted_as_messages_are(tmp_path, rings):
    file = tmp_path / "f"
    box = BlackBox(str(file), directory=rings, redact=hide, notice=pytest.fail)
    session = box.begin(Facts("192.0.2.1"))
    session.keep("SystemLog", 7, b"password hunter2")
    session.facts.extra["Path"] = "/reset/hunter2"
    session.failed_login("hunter2")
    box.close()
    (block,) = written(file)
    assert b"hunter2" not in file.read_bytes()
    assert (block.value("Attempted-User"), block.value("Path")) == ("***", "/reset/***")
    assert block.value("Client-Address") == "192.0.2.1"
    assert block.messages[0].text == b"password ***"


def test_no_secret_reaches_the_ring_file(tmp_path):
    code = """
import os, sys
from vigilog.blackbox import BlackBox, Facts
box = BlackBox(sys.argv[1], directory=sys.argv[2], redact=lambda text: text.replace(b"hunter2", b"***"))
session = box.begin(Facts(attempted_user="hunter2"))
session.facts.extra["Path"] = "/reset/hunter2"
session.keep("SystemLog", 7, b"password hunter2")
os.kill(os.getpid(), 9)
"""
    file, rings = tmp_path / "f", tmp_path / "rings"
    subprocess.run([sys.executable, "-c", code, str(file), str(rings)], check=False)
    (ring,) = rings.glob("*.ring")
    assert b"hunter2" not in ring.read_bytes()
    recover(str(rings), str(file))
    (block,) = written(file)
    assert (block.value("Attempted-User"), block.value("Path")) == ("***", "/reset/***")
    assert os.listdir(rings) == ["deaths.jsonl"]


@pytest.mark.parametrize("answer", ["raises", "text", None])
def test_a_function_that_fails_costs_the_texts_but_not_the_block(tmp_path, rings, answer):
    def fails(text: bytes) -> Any:
        if text.startswith(b"good"):
            return text
        if answer == "raises":
            raise ValueError
        return answer

    file = tmp_path / "f"
    box = BlackBox(str(file), directory=rings, redact=fails, notice=pytest.fail)
    session = box.begin(Facts(attempted_user="secret"))
    session.keep("SystemLog", 7, b"good")
    session.keep("SystemLog", 7, b"secret")
    assert session.dump("FAILED LOGIN")
    box.close()
    (block,) = written(file)
    good, bad = (message.text for message in block.messages)
    assert good == b"good"
    assert bad.startswith(b"(could not be redacted: ")
    assert b"secret" not in file.read_bytes()
