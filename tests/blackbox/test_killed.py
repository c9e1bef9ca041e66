"""However a program dies, at whatever moment: its messages are there, up to the last one that it acknowledged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.blackbox import cgroups
from tests.blackbox.dying import PASSING, USER_FROM, text_of
from tests.conftest import absent
from vigilog.blackbox.recovery import processes, recover
from vigilog.parse.forensics import Block, Message, blocks

PROGRAM = Path(__file__).with_name("dying.py")
STATUS = {"kill": -signal.SIGKILL, "segv": -signal.SIGSEGV, "exit": 3, "exception": 1, "oom": -signal.SIGKILL}
MEMORY = 100 << 20


@dataclass
class Death:
    """What is left of a program: the last message that was acknowledged in each session, and the blocks."""

    status: int
    acknowledged: dict[int, int]
    blocks: list[Block]
    ready: bool


def died(place: Path, manner: str, seed: int, cgroup: Path | None = None) -> Death:
    """Runs the program until it is dead, and recovers what it left."""
    directory, file = place / "rings", place / "forensic.log"
    ear, mouth = os.pipe()
    program = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(directory), str(file), manner, str(seed), str(mouth)],
        pass_fds=[mouth],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.DEVNULL,
        preexec_fn=(lambda: (cgroup / "cgroup.procs").write_text(str(os.getpid()))) if cgroup else None,  # noqa: PLW1509
    )
    os.close(mouth)
    said = b""
    until = None
    moment = random.Random(seed).uniform(0, 0.06)
    while piece := os.read(ear, 65536):
        said += piece
        if manner == "kill":
            until = until or time.monotonic() + moment
            if time.monotonic() >= until:
                program.kill()
    os.close(ear)
    status = program.wait()
    acknowledged: dict[int, int] = {}
    lines = said.split(b"\n")[:-1]
    for line in lines[1:]:
        session, number = map(int, line.split())
        acknowledged[session] = number
    recover(str(directory), str(file))
    with file.open("rb") as written:
        return Death(status, acknowledged, list(blocks(written)), bool(lines))


def check(death: Death, manner: str, seed: int) -> None:
    """Every block is whole, and the last one ends with the last message that was acknowledged, or the one after."""
    assert death.status == STATUS[manner]
    assert all(block.kind == "FAILED LOGIN" for block in death.blocks if not block.complete)
    found: dict[str | None, list[Block]] = {}
    for block in death.blocks:
        if block.complete:
            assert block.value("Damaged-Messages") is None
            found.setdefault(block.value("Client-Address"), []).append(block)
    assert len(found.pop(PASSING, [])) <= 1
    for session, last in death.acknowledged.items():
        own = found[f"192.0.2.{session}"]
        assert [block.kind for block in own] == ["FAILED LOGIN"] * (len(own) - 1) + ["UNTIMELY DEATH"]
        assert last_of(own, seed, session) in (last, last + 1)
        assert int(own[-1].value("Raw-Bytes-In") or 0) in (last + 1, last + 2)
        assert last < USER_FROM or own[-1].value("User") == f"user{session}"
        if manner == "segv":
            assert any(b"Segmentation fault" in message.text for message in own[-1].messages)


def last_of(own: list[Block], seed: int, session: int) -> int:
    """The number of the last message in the blocks of a session, which are without gaps but for what they say was evicted."""
    former, upto = 0, 0
    for block in own:
        texts = [message.text for message in block.messages if is_of_the_program(message)]
        numbers = [int(text.split()[1]) for text in texts]
        assert texts == [text_of(seed, session, number) for number in numbers]
        if numbers:
            assert numbers == list(range(numbers[0], numbers[-1] + 1))
            # Killed between writing a block and forgetting what is in it, the same is in the next one.
            assert numbers[0] - int(block.value("Evicted-Messages") or 0) in (upto, former)
            former, upto = upto, numbers[-1] + 1
    return upto - 1


def is_of_the_program(message: Message) -> bool:
    """Whether a message is the program's, and not what Python says of its death."""
    return message.log_type == "SystemLog" and b"nobody catches this" not in message.text


MANNERS = ("kill", "segv", "exit", "exception")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("manner", MANNERS)
def test_what_was_acknowledged_is_recovered_whole(tmp_path, manner, seed):
    check(died(tmp_path, manner, seed), manner, seed)


@pytest.mark.parametrize("seed", range(2))
def test_what_was_acknowledged_is_recovered_after_the_out_of_memory_killer(tmp_path, seed):
    with cgroups.of_memory(MEMORY) as group:
        if group is None:
            absent("no memory cgroup can be made here")
        assert group is not None
        check(died(tmp_path, "oom", seed, group), "oom", seed)
        assert cgroups.killed(group) == 1


@pytest.mark.torture
def test_a_thousand_deaths(tmp_path):
    for seed in range(100, 1100):
        manner = (*MANNERS, "oom")[seed % 5]
        place = tmp_path / str(seed)
        place.mkdir()
        with cgroups.of_memory(MEMORY) as group:
            if group is None:
                absent("no memory cgroup can be made here")
            check(died(place, manner, seed, group if manner == "oom" else None), manner, seed)


def test_a_death_is_told_of(tmp_path):
    death = died(tmp_path, "kill", 1)
    (record,) = processes(str(tmp_path / "rings"))
    assert record.service == "dying"
    assert not record.alive
    assert record.began <= record.last_seen <= time.time()
    assert {block.value("PID") for block in death.blocks} <= {str(record.pid)}
    assert sorted(os.listdir(tmp_path / "rings")) == ["deaths.jsonl"]
