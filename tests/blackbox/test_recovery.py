"""Recovery: the blocks of a dead process are written once, whoever recovers it and however often that is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from vigilog.blackbox import BlackBox, FailedLogin, death_log
from vigilog.blackbox.death_log import ProcessRecord
from vigilog.blackbox.layout import HEAD, PAGE
from vigilog.blackbox.recovery import processes, recover
from vigilog.blackbox.ring_access import read
from vigilog.parse.forensics import blocks

DIES = """
import os, sys
from vigilog.blackbox import BlackBox, Facts, FailedLogin, UntimelyDeath
options = eval(sys.argv[3])
box = BlackBox(sys.argv[1], directory=sys.argv[2], **options)
for number in range(SESSIONS):
    session = box.begin(Facts(f"192.0.2.{number}", user=f"user{number}"))
    session.facts.extra["Path"] = f"/{number}"
    for message in range(20):
        session.keep("SystemLog", 7, b"%d %d" % (number, message) + b"." * 200)
os._exit(1)
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "forensic.log"


@pytest.fixture
def rings(tmp_path):
    return tmp_path / "rings"


@pytest.fixture
def dead(file, rings):
    """A function that lets a process die, and gives its number."""

    def let_die(sessions: int = 3, **options: object) -> int:
        code = DIES.replace("SESSIONS", str(sessions))
        program = subprocess.Popen([sys.executable, "-c", code, str(file), str(rings), repr(options)])
        assert program.wait() == 1
        return program.pid

    return let_die


def clients(file) -> list[str]:
    return [each.value("Client-Address") or "" for each in blocks(file.open("rb")) if each.complete]


def test_the_next_start_of_the_same_service_writes_the_blocks(file, rings, dead):
    pid = dead(service="shop")
    BlackBox(str(file), directory=str(rings), service="another").close()
    assert clients(file) == []
    BlackBox(str(file), directory=str(rings), service="shop").close()
    found = list(blocks(file.open("rb")))
    assert [each.kind for each in found] == ["UNTIMELY DEATH"] * 3
    assert [each.value("User") for each in found] == ["user0", "user1", "user2"]
    assert {each.value("PID") for each in found} == {str(pid)}
    assert {each.value("Service") for each in found} == {"shop"}
    assert [each.value("Path") for each in found] == ["/0", "/1", "/2"]
    assert all(
        [message.text.split(b".")[0].split()[1] for message in each.messages] == [b"%d" % n for n in range(20)]
        for each in found
    )
    assert os.listdir(rings) == ["deaths.jsonl"]


def test_a_process_that_lives_is_left_alone_and_told_of(file, rings):
    box = BlackBox(str(file), directory=str(rings), service="shop")
    box.begin().keep("SystemLog", 7, b"text")
    assert recover(str(rings), str(file)).blocks == 0
    (record,) = processes(str(rings))
    assert (record.pid, record.service, record.alive) == (os.getpid(), "shop", True)
    assert record.began < time.time()
    box.close()
    assert list(processes(str(rings))) == []


def test_the_dead_are_told_of_before_they_are_recovered_and_after(file, rings, dead):
    pid = dead(service="shop")
    (before,) = processes(str(rings))
    assert (before.pid, before.service, before.alive) == (pid, "shop", False)
    assert time.time() - 60 < before.began <= before.last_seen <= time.time()
    recover(str(rings))
    assert list(processes(str(rings))) == [before]
    (line,) = (rings / "deaths.jsonl").read_text().splitlines()
    assert json.loads(line)["blocks"] == 3
    assert (rings / "deaths.jsonl").stat().st_mode & 0o777 == 0o600


def test_without_untimely_death_among_the_criteria_a_death_is_only_counted(file, rings, dead):
    dead(criteria=())
    assert len(recover(str(rings)).processes) == 1
    assert clients(file) == []
    assert os.listdir(rings) == ["deaths.jsonl"]


def test_two_recoveries_at_once_do_not_write_twice(file, rings, dead):
    for _ in range(5):
        dead()
    code = "import sys; from vigilog.blackbox.recovery import recover; recover(*sys.argv[1:])"
    both = [subprocess.Popen([sys.executable, "-c", code, str(rings), str(file)]) for _ in range(4)]
    assert [each.wait() for each in both] == [0] * 4
    recover(str(rings), str(file))
    assert sorted(clients(file)) == sorted(["192.0.2.0", "192.0.2.1", "192.0.2.2"] * 5)


def test_recoveries_in_threads_do_not_write_twice_either(file, rings, dead):
    dead()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: recover(str(rings), str(file)), range(8)))
    assert clients(file) == ["192.0.2.0", "192.0.2.1", "192.0.2.2"]


CALLS = ("write", "pwrite", "unlink", "fsync", "ftruncate")


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("call", range(14))
def test_a_recovery_that_is_killed_at_any_call_is_gone_on_with(file, rings, dead, call, before):
    dead()
    # The recovery dies at its nth call that changes anything on the disk: in front of it, or right behind it.
    code = f"""
import os, signal, sys
from vigilog.blackbox.recovery import recover
calls = 0
def dying(function):
    def call(*arguments):
        global calls
        calls += 1
        if calls == {call + 1} and {before}: os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments)
        if calls == {call + 1}: os.kill(os.getpid(), signal.SIGKILL)
        return result
    return call
for name in {CALLS}: setattr(os, name, dying(getattr(os, name)))
recover(sys.argv[1], sys.argv[2])
"""
    status = subprocess.run([sys.executable, "-c", code, str(rings), str(file)], check=False).returncode
    assert status == -signal.SIGKILL if call < 9 else status in (-signal.SIGKILL, 0)
    recover(str(rings), str(file))
    assert clients(file) == ["192.0.2.0", "192.0.2.1", "192.0.2.2"]
    assert len(list(blocks(file.open("rb")))) == 3
    assert len((rings / "deaths.jsonl").read_text().splitlines()) == 1
    assert os.listdir(rings) == ["deaths.jsonl"]


@pytest.mark.parametrize("part", [1, 100, 3000])
def test_what_a_killed_recovery_wrote_of_a_block_is_taken_back(file, rings, dead, part):
    dead()
    code = f"""
import os, signal, sys
from vigilog.blackbox.recovery import recover
write = os.write
def torn(descriptor, data):
    write(descriptor, data[:{part}])
    os.kill(os.getpid(), signal.SIGKILL)
os.write = torn
recover(sys.argv[1], sys.argv[2])
"""
    assert subprocess.run([sys.executable, "-c", code, str(rings), str(file)], check=False).returncode == -signal.SIGKILL
    assert file.stat().st_size == part
    recover(str(rings), str(file))
    assert len(list(blocks(file.open("rb")))) == 3
    assert clients(file) == ["192.0.2.0", "192.0.2.1", "192.0.2.2"]


def test_a_recovery_that_was_killed_finds_its_blocks_in_a_file_that_was_rotated_meanwhile(file, rings, dead):
    dead(sessions=1)
    code = (
        "import os, signal, sys; from vigilog.blackbox import death_log, recovery\n"
        "death_log.add = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "recovery.recover(sys.argv[1], sys.argv[2])\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(rings), str(file)], check=False).returncode == -signal.SIGKILL
    file.rename(file.with_name("forensic.log.1"))
    recover(str(rings), str(file))
    assert file.read_bytes() == b""
    assert len(list(blocks(file.with_name("forensic.log.1").open("rb")))) == 1


def test_blocks_that_cannot_be_written_stay_for_the_next_time(file, rings, dead):
    dead()
    told: list[str] = []
    assert recover(str(rings), "/dev/full", notice=told.append).blocks == 0
    assert any("No space left on device" in each for each in told)
    assert recover(str(rings), str(file)).blocks == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"\0" * len(data),
        lambda data: data[: HEAD - 1],
        lambda data: data[:20] + b"\xff" + data[21:],
        lambda data: os.urandom(len(data)),
    ],
)
def test_a_damaged_file_is_kept_aside_and_said(file, rings, dead, damage):
    dead()
    (ring,) = rings.glob("*.ring")
    ring.write_bytes(damage(ring.read_bytes()))
    told: list[str] = []
    result = recover(str(rings), str(file), notice=told.append)
    assert result.damaged == [f"{ring}.damaged"]
    assert os.listdir(rings) == [f"{ring.name}.damaged"]
    assert len(told) == 1
    assert recover(str(rings), str(file)).damaged == []


def test_pages_that_are_damaged_cost_no_more_than_themselves(file, rings, dead):
    dead()
    (ring,) = rings.glob("*.ring")
    data = bytearray(ring.read_bytes())
    at = HEAD + data[HEAD:].index(b"1 7...") // PAGE * PAGE
    position = data.index(b"1 7...")
    data[position] ^= 1
    assert at < position
    ring.write_bytes(data)
    recover(str(rings), str(file))
    found = {each.value("Client-Address"): each for each in blocks(file.open("rb"))}
    assert {client: len(each.messages) for client, each in found.items()} == {"192.0.2.0": 20, "192.0.2.1": 19, "192.0.2.2": 20}
    assert all(message.text.startswith(b"1 ") for message in found["192.0.2.1"].messages)
    assert found["192.0.2.1"].value("Damaged-Messages") == "1"


def test_a_page_whose_header_is_damaged_is_said_to_be(file, rings, dead):
    dead()
    (ring,) = rings.glob("*.ring")
    data = bytearray(ring.read_bytes())
    data[HEAD + 20] ^= 1
    ring.write_bytes(data)
    told: list[str] = []
    recover(str(rings), str(file), notice=told.append)
    assert told == [f"{ring}: 1 of its pages cannot be read"]


def test_random_damage_never_shows_a_message_that_was_not_kept(file, rings, dead):
    import random

    kept = {b"%d %d" % (session, number) + b"." * 200 for session in range(3) for number in range(20)}
    dead()
    (ring,) = rings.glob("*.ring")
    data = ring.read_bytes()[: HEAD + 8 * PAGE]
    for seed in range(60):
        chosen = random.Random(seed)
        hurt = bytearray(data)
        for _ in range(chosen.choice((1, 10, 1000))):
            hurt[HEAD + chosen.randrange(8 * PAGE)] = chosen.randrange(256)
        ring.write_bytes(hurt)
        file.touch()
        recover(str(rings), str(file))
        assert {message.text for each in blocks(file.open("rb")) for message in each.messages} <= kept
        file.unlink()


def test_a_link_among_the_ring_files_is_not_followed(file, rings, dead, tmp_path):
    dead()
    (ring,) = rings.glob("*.ring")
    ring.rename(tmp_path / "elsewhere")
    ring.symlink_to(tmp_path / "elsewhere")
    told: list[str] = []
    assert recover(str(rings), str(file), notice=told.append).blocks == 0
    assert len(told) == 1
    assert (tmp_path / "elsewhere").exists()


def test_what_a_process_left_that_died_while_it_made_its_file_is_removed(file, rings, dead):
    dead()
    old, young = rings / ".x-1-2.new", rings / ".x-1-3.new"
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    recover(str(rings), str(file))
    assert sorted(os.listdir(rings)) == [".x-1-3.new", "deaths.jsonl"]


def test_an_exception_that_nobody_caught_is_the_death_of_the_open_sessions(file, rings):
    code = DIES.replace("SESSIONS", "2").replace("os._exit(1)", "raise RuntimeError")
    run = subprocess.run([sys.executable, "-c", code, str(file), str(rings), "{}"], stderr=subprocess.PIPE, check=False)
    assert run.returncode == 1
    assert [each.kind for each in blocks(file.open("rb"))] == ["UNTIMELY DEATH"] * 2
    assert os.listdir(rings) == []


def test_a_normal_end_leaves_nothing(file, rings):
    code = DIES.replace("SESSIONS", "2").replace("os._exit(1)", "sys.exit(7)")
    assert subprocess.run([sys.executable, "-c", code, str(file), str(rings), "{}"], check=False).returncode == 7
    assert file.read_bytes() == b""
    assert os.listdir(rings) == []


def test_a_session_that_had_ended_when_its_process_died_has_no_block(file, rings):
    code = DIES.replace("SESSIONS", "3").replace("os._exit(1)", "box.sessions()[1].end(); os._exit(1)")
    subprocess.run([sys.executable, "-c", code, str(file), str(rings), "{}"], check=False)
    recover(str(rings))
    assert clients(file) == ["192.0.2.0", "192.0.2.2"]


def test_what_was_in_a_block_before_the_death_is_not_in_the_last_one(file, rings):
    code = DIES.replace("SESSIONS", "1").replace(
        "os._exit(1)", "session.dump('FAILED LOGIN'); session.keep('SystemLog', 7, b'later'); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code, str(file), str(rings), "{}"], check=False)
    recover(str(rings))
    first, last = blocks(file.open("rb"))
    assert (first.kind, len(first.messages)) == (FailedLogin.kind, 20)
    assert [message.text for message in last.messages] == [b"later"]
    assert last.value("Evicted-Messages") is None


def test_a_process_that_ended_but_could_not_remove_its_file_did_not_die(file, rings):
    code = DIES.replace("SESSIONS", "2").replace("os._exit(1)", "os.unlink = lambda path: None")
    assert subprocess.run([sys.executable, "-c", code, str(file), str(rings), "{}"], check=False).returncode == 0
    assert len(list(rings.glob("*.ring"))) == 1
    assert list(processes(str(rings))) == []
    assert recover(str(rings), str(file)).processes == []
    assert os.listdir(rings) == []
    assert file.read_bytes() == b""


def test_a_child_that_takes_the_place_of_a_dead_one_writes_its_blocks(file, rings):
    code = """
import os, sys
from vigilog.blackbox import BlackBox, Facts
box = BlackBox(sys.argv[1], directory=sys.argv[2], service="workers")
def worker(name, die):
    child = os.fork()
    if not child:
        box.begin(Facts(name)).keep("SystemLog", 7, b"at work")
        if die: os.kill(os.getpid(), 9)
        sys.exit()
    os.waitpid(child, 0)
worker("first", True)
worker("second", False)
print(open(sys.argv[1]).read().count("Client-Address: first"))
"""
    said = subprocess.run(
        [sys.executable, "-c", code, str(file), str(rings)], capture_output=True, text=True, check=True
    ).stdout
    assert said == "1\n"
    assert clients(file) == ["first"]
    assert os.listdir(rings) == ["deaths.jsonl"]


def test_nothing_is_written_through_what_somebody_put_in_place_of_the_list_of_deaths(file, rings, dead, tmp_path):
    dead()
    (tmp_path / "precious").write_text("precious")
    os.link(tmp_path / "precious", rings / "deaths.jsonl")
    told: list[str] = []
    recover(str(rings), str(file), notice=told.append)
    assert (tmp_path / "precious").read_text() == "precious"
    assert len(told) == 1


def test_a_pipe_in_place_of_the_list_of_deaths_is_not_waited_for(rings):
    rings.mkdir(exist_ok=True)
    os.mkfifo(rings / "deaths.jsonl")
    with pytest.raises(OSError, match="is no file"):
        list(processes(str(rings)))


def test_only_what_was_written_of_a_ring_file_is_read(file, rings, dead):
    dead()
    (ring,) = rings.glob("*.ring")
    descriptor = os.open(ring, os.O_RDONLY)
    try:
        whole, some = ring.read_bytes(), read(descriptor)
    finally:
        os.close(descriptor)
    assert whole.startswith(some)
    assert not whole[len(some) :].strip(b"\0")
    assert len(some) % PAGE == 0
    if ring.stat().st_blocks * 512 < len(whole) // 2:
        assert len(some) < len(whole) // 8


def test_the_list_of_deaths_does_not_grow_for_ever(rings, monkeypatch):
    monkeypatch.setattr(death_log, "MOST", 1000)
    rings.mkdir(exist_ok=True)
    for number in range(100):
        death_log.add(str(rings), f"{number}.ring", ProcessRecord(number, "s", 1.0, 2.0, alive=False), 0)
    found = [record.pid for record in processes(str(rings))]
    assert found == list(range(100))[-len(found) :]
    assert len(found) >= 1000 // 100
    assert sum(path.stat().st_size for path in rings.iterdir()) < 2400
    assert {path.name for path in rings.iterdir()} == {"deaths.jsonl", "deaths.jsonl.1"}
