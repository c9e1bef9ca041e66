"""What a program dies of, and what it is asked for while it lives, in processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.blackbox.recording import written
from vigilog.parse.forensics import Block

HEAD = """
import asyncio, ctypes, faulthandler, logging, os, signal, sys, threading, time
from vigilog.blackbox import BlackBox, CURRENT, Facts
from vigilog.blackbox.recorder import Recorder
log = logging.getLogger("x")
box = BlackBox({file!r}, directory={directory!r}, service="test")
"""
START = """
recorder = Recorder(box).start()
"""


def script(folder: Path, program: str, *, directory: bool = True, start: str = START) -> str:
    """A program with a box and a recorder."""
    rings = str(folder / "rings") if directory else None
    return HEAD.format(file=str(folder / "forensic.log"), directory=rings) + start + dedent(program)


def run(folder: Path, program: str, *, directory: bool = True, start: str = START) -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    text = script(folder, program, directory=directory, start=start)
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=60)


def blocks_of(folder: Path) -> list[Block]:
    """What it wrote itself, and what the next start of the service makes of the rest."""
    next_start = run(folder, "", start="")
    assert (next_start.stdout, next_start.stderr, next_start.returncode) == ("", "", 0)
    return written(folder / "forensic.log")


def shown(block: Block) -> list[str]:
    """Its messages, without their times where they have one."""
    return [text[24:] if text[:2] == "20" else text for text in (message.text.decode() for message in block.messages)]


@pytest.fixture(params=[False, True], ids=["in memory", "crash-proof"])
def directory(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_an_exception_out_of_a_session(tmp_path: Path, directory: bool):
    ran = run(
        tmp_path,
        """
        try:
            with recorder.session(Facts("192.0.2.7")) as session:
                log.debug("before")
                {}["missing"]
        except KeyError: print("passed on")
        with recorder.session(): log.debug("well")
        """,
        directory=directory,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("passed on\n", "", 0)
    (block,) = blocks_of(tmp_path)
    assert (block.kind, block.value("Client-Address")) == ("UNTIMELY DEATH", "192.0.2.7")
    first, last = shown(block)
    assert first == "x DEBUG: before"
    assert last.startswith("an exception escaped#012Traceback (most recent call last):")
    assert last.endswith("#012KeyError: 'missing'")


@pytest.mark.parametrize("end", ["sys.exit(3)", "raise KeyboardInterrupt", "raise asyncio.CancelledError", "pass"])
def test_an_end_that_is_no_death(end: str, tmp_path: Path, directory: bool):
    run(tmp_path, f"with recorder.session(): log.debug('before'); {end}", directory=directory)
    assert blocks_of(tmp_path) == []
    assert list((tmp_path / "rings").glob("*.ring")) == [] if directory else True


def test_an_exception_that_ends_the_program(tmp_path: Path, directory: bool):
    """All sessions that are open have died, and the hook that was there prints what it always printed."""
    program = """
        def hook(*about): print("hooked", about[0].__name__); sys.__excepthook__(*about)
        sys.excepthook = hook
        recorder = Recorder(box, process=Facts(protocol="process")).start()
        one, two = box.begin(Facts("192.0.2.1")), box.begin(Facts("192.0.2.2"))
        CURRENT.set(one); log.debug("one")
        CURRENT.set(two); log.debug("two")
        def work(): time.sleep(0.2); CURRENT.set(one); log.debug("one goes on"); one.end()
        threading.Thread(target=work).start()
        raise KeyError("nobody caught it")
        """
    ran = run(tmp_path, program, directory=directory, start="")
    assert (ran.stdout, ran.returncode) == ("hooked KeyError\n", 1)
    assert ran.stderr.endswith("KeyError: 'nobody caught it'\n")
    blocks = blocks_of(tmp_path)
    assert {(block.kind, block.value("Client-Address"), block.value("Protocol")) for block in blocks} == {
        ("UNTIMELY DEATH", None, "process"),
        ("UNTIMELY DEATH", "192.0.2.2", None),
    }, "one ended well meanwhile"
    (two,) = (block for block in blocks if block.value("Client-Address"))
    assert shown(two)[0] == "x DEBUG: two"
    assert shown(two)[1].startswith("an exception escaped from the program#012Traceback")


def test_an_exception_that_ends_a_thread(tmp_path: Path, directory: bool):
    ran = run(
        tmp_path,
        """
        session = box.begin(Facts("192.0.2.1"))
        def work(): CURRENT.set(session); log.debug("in the thread"); 1 / 0
        thread = threading.Thread(target=work, name="T"); thread.start(); thread.join()
        CURRENT.set(session); log.debug("and on")
        print(session.over)
        """,
        directory=directory,
    )
    assert (ran.stdout, ran.returncode) == ("False\n", 0)
    assert "Exception in thread T:" in ran.stderr
    (block,) = blocks_of(tmp_path)
    assert shown(block)[0] == "x DEBUG: in the thread"
    assert shown(block)[1].startswith("an exception escaped from the thread T#012Traceback")


def test_an_exception_that_an_event_loop_is_told_of(tmp_path: Path, directory: bool):
    ran = run(
        tmp_path,
        """
        async def main():
            session = box.begin(Facts("192.0.2.1"))
            def callback(): CURRENT.set(session); log.debug("in the callback"); 1 / 0
            token = CURRENT.set(session)
            asyncio.get_running_loop().call_soon(callback)
            CURRENT.reset(token)
            await asyncio.sleep(0.01)
        asyncio.run(main())
        """,
        directory=directory,
    )
    assert ran.returncode == 0
    assert "ZeroDivisionError" in ran.stderr
    (block,) = blocks_of(tmp_path)
    assert block.value("Client-Address") == "192.0.2.1"
    assert shown(block)[0] == "x DEBUG: in the callback"
    assert any(line.startswith("an exception escaped from Exception in callback") for line in shown(block))


@pytest.mark.parametrize(
    ("death", "status"),
    [
        ("ctypes.string_at(0)", -signal.SIGSEGV),
        ("os.abort()", -signal.SIGABRT),
        ("os.kill(os.getpid(), signal.SIGFPE)", -signal.SIGFPE),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os._exit(7)", 7),
    ],
)
def test_a_death_that_the_program_cannot_tell_of(death: str, status: int, tmp_path: Path):
    ran = run(
        tmp_path,
        f"""
        def deep(): {death}
        with recorder.session(Facts("192.0.2.7")) as session:
            log.debug("a %d", 1); log.warning("b %s", [2]); deep()
        """,
    )
    assert (ran.stdout, ran.returncode) == ("", status)
    (block,) = blocks_of(tmp_path)
    assert (block.kind, block.complete, block.value("Client-Address")) == ("UNTIMELY DEATH", True, "192.0.2.7")
    lines = shown(block)
    assert lines[:2] == ["x DEBUG: a 1", "x WARNING: b [2]"]
    if status in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGFPE):
        assert lines[2].startswith("Fatal Python error: ")
        assert any("in deep" in line for line in lines)
    else:
        assert len(lines) == 2
    assert list((tmp_path / "rings").glob("*.fault")) == [], "recovered, and gone"


def test_faulthandler_that_the_program_has_turned_on_stays_its_own(tmp_path: Path):
    start = "faulthandler.enable()\n" + START
    ran = run(tmp_path, "with recorder.session(): log.debug('a'); os.abort()", start=start)
    assert ran.stderr.startswith("Fatal Python error: Aborted")
    (block,) = blocks_of(tmp_path)
    assert shown(block) == ["x DEBUG: a"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_stops_the_program_is_no_death(number: signal.Signals, tmp_path: Path, directory: bool):
    ran = run(
        tmp_path,
        f"with recorder.session(): log.debug('a'); os.kill(os.getpid(), {int(number)}); time.sleep(5)",
        directory=directory,
    )
    assert ran.returncode == -number
    assert blocks_of(tmp_path) == []


def test_a_handler_of_the_programs_own_stays(tmp_path: Path):
    ran = run(
        tmp_path,
        """
        os.kill(os.getpid(), signal.SIGTERM); os.kill(os.getpid(), signal.SIGHUP)
        recorder.stop()
        print(signal.getsignal(signal.SIGTERM) is own, signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
        """,
        start="def own(*_): print('own')\nsignal.signal(signal.SIGTERM, own); signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        + START,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("own\nTrue True\n", "", 0)


def test_a_signal_that_asks_for_blocks_of_all_sessions(tmp_path: Path, directory: bool):
    """Again and again, while the program logs; what handled it before is called as well, and is there again afterwards."""
    ran = run(
        tmp_path,
        """
        one, two = box.begin(Facts("192.0.2.1")), box.begin(Facts("192.0.2.2"))
        for turn in range(20):
            CURRENT.set(one); log.debug("one %d", turn)
            CURRENT.set(two); log.debug("two %d", turn)
            os.kill(os.getpid(), signal.SIGUSR2)
            for number in range(1000): log.debug("on %s", "x")
        for _ in range(100):
            if open(box.file).read().count("END ON DEMAND") >= 2: break
            time.sleep(0.05)
        recorder.stop()
        print(calls.count(signal.SIGUSR2), signal.getsignal(signal.SIGUSR2) is own)
        print(one.over, two.over)
        """,
        directory=directory,
        start="calls = []\ndef own(number, _): calls.append(number)\nsignal.signal(signal.SIGUSR2, own)\n"
        "recorder = Recorder(box, on_demand=signal.SIGUSR2).start()\n",
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("20 True\nFalse False\n", "", 0)
    blocks = blocks_of(tmp_path)
    assert {block.kind for block in blocks} == {"ON DEMAND"}
    assert {block.value("Client-Address") for block in blocks} == {"192.0.2.1", "192.0.2.2"}
    assert all(block.complete for block in blocks)


def test_a_child_answers_the_signal_for_itself(tmp_path: Path):
    ran = run(
        tmp_path,
        """
        child = os.fork()
        session = box.begin(Facts("192.0.2.1" if child else "192.0.2.2"))
        if child:
            print(os.waitpid(child, 0)[1])
        else:
            os.kill(os.getpid(), signal.SIGUSR2)
            while not os.path.exists(box.file) or b"END" not in open(box.file, "rb").read(): time.sleep(0.01)
            session.end(); box.close(); os._exit(0)
        """,
        start="recorder = Recorder(box, on_demand=signal.SIGUSR2).start()\n",
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("0\n", "", 0)
    (block,) = blocks_of(tmp_path)
    assert block.value("Client-Address") == "192.0.2.2"


def test_a_recorder_that_was_begun_twice_answers_once_in_a_child_and_has_no_descriptors(tmp_path: Path):
    ran = run(
        tmp_path,
        """
        before = os.listdir("/proc/self/fd")
        recorder = Recorder(box, on_demand=signal.SIGUSR2, deaths=False).start(); recorder.stop(); recorder.start()
        print(os.listdir("/proc/self/fd") == before)
        child = os.fork()
        if not child:
            session = box.begin(); print(threading.active_count(), flush=True)
            os.kill(os.getpid(), signal.SIGUSR2)
            recorder.stop(); session.end(); box.close(); os._exit(0)
        print(os.waitpid(child, 0)[1])
        """,
        start="",
    )
    assert (ran.stdout, ran.stderr) == ("True\n2\n0\n", "")
    assert [block.kind for block in blocks_of(tmp_path)] == ["ON DEMAND"]


def test_an_exception_out_of_a_recorder_is_in_the_block_of_its_process(tmp_path: Path):
    ran = run(
        tmp_path,
        """
        try:
            with Recorder(box, process=Facts("192.0.2.1")): log.debug("before"); raise RuntimeError("unexpected")
        except RuntimeError: pass
        """,
        start="",
    )
    assert (ran.stdout, ran.stderr) == ("", "")
    (block,) = blocks_of(tmp_path)
    assert block.kind == "UNTIMELY DEATH"
    assert shown(block)[0] == "x DEBUG: before"
    assert shown(block)[-1].endswith("RuntimeError: unexpected")


def test_a_loop_of_uvloop_tells_of_exceptions_too(tmp_path: Path):
    """As far as that is Python: its class `Loop` inherits the method from one that is not asyncio's."""
    ran = run(
        tmp_path,
        """
        import types
        class Compiled(asyncio.SelectorEventLoop):
            def call_exception_handler(self, context): print(context["message"])
        class Loop(Compiled): pass
        sys.modules["uvloop"] = types.SimpleNamespace(Loop=Loop)
        async def main():
            with recorder.session(Facts("192.0.2.1")):
                log.debug("before"); asyncio.get_running_loop().call_soon(lambda: 1 // 0); await asyncio.sleep(0.01)
        with Recorder(box) as recorder, asyncio.Runner(loop_factory=Loop) as runner: runner.run(main())
        print("call_exception_handler" in vars(Loop), Loop.call_exception_handler is Compiled.call_exception_handler)
        """,
        start="",
    )
    first, second = ran.stdout.splitlines()
    assert first.startswith("Exception in callback")
    assert second == "False True"
    (block,) = blocks_of(tmp_path)
    assert block.value("Client-Address") == "192.0.2.1"
    assert shown(block)[-1].endswith("ZeroDivisionError: integer division or modulo by zero")


def test_a_segmentation_fault_in_a_child_is_the_childs(tmp_path: Path):
    ran = run(
        tmp_path,
        """
        with recorder.session(Facts("192.0.2.1")): log.debug("parent")
        child = os.fork()
        if not child:
            def in_the_child(): ctypes.string_at(0)
            with recorder.session(Facts("192.0.2.2")): log.debug("child"); in_the_child()
        print(os.waitpid(child, 0)[1])
        """,
    )
    assert ran.stdout == f"{int(signal.SIGSEGV)}\n" or ran.stdout == f"{signal.SIGSEGV | 0x80}\n"
    (block,) = blocks_of(tmp_path)
    assert block.value("Client-Address") == "192.0.2.2"
    assert any("in in_the_child" in line for line in shown(block))


@pytest.mark.parametrize("way", ["Process", "ProcessPoolExecutor"])
def test_children_of_multiprocessing_end_well(way: str, tmp_path: Path):
    """They call os._exit, which is no death here. One whose function raises dies."""
    ran = run(
        tmp_path,
        f"""
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        fork = multiprocessing.get_context("fork")
        def work(number): log.debug("in a child"); return 1 // number
        with recorder.session(Facts("192.0.2.1")):
            log.debug("before")
            if {way!r} == "Process":
                for number in (1, 0):
                    child = fork.Process(target=work, args=(number,)); child.start(); child.join(); print(child.exitcode)
            else:
                with ProcessPoolExecutor(mp_context=fork) as executor: print(*executor.map(work, [1, 1, 1]))
        """,
    )
    assert ran.stdout == ("0\n1\n" if way == "Process" else "1 1 1\n")
    blocks = blocks_of(tmp_path)
    assert list((tmp_path / "rings").glob("*.ring")) == []
    if way == "Process":
        (block,) = blocks
        assert shown(block)[0] == "x DEBUG: in a child"
        assert shown(block)[1].endswith("ZeroDivisionError: integer division or modulo by zero")
    else:
        assert blocks == []


def test_everything_is_given_back(tmp_path: Path):
    ran = run(
        tmp_path,
        """
        def all_of():
            return (sys.excepthook, threading.excepthook, asyncio.BaseEventLoop.call_exception_handler, faulthandler.is_enabled(),
                    *(signal.getsignal(number) for number in signal.valid_signals() if number not in (32, 33)))
        before = all_of()
        recorder = Recorder(box, on_demand=signal.SIGUSR1).start()
        print(sum(one is not other for one, other in zip(before, all_of())))
        recorder.stop(); recorder.stop()
        print(all_of() == before, threading.active_count())
        """,
        start="",
    )
    assert (ran.stdout, ran.stderr) == ("6\nTrue 1\n", "")


def test_asking_for_a_signal_outside_of_the_main_thread_is_a_mistake(tmp_path: Path):
    ran = run(
        tmp_path,
        """
        def work():
            try: Recorder(box, on_demand=signal.SIGUSR1).start()
            except Exception as error: print(type(error).__name__, error)
        thread = threading.Thread(target=work); thread.start(); thread.join()
        try: Recorder(box, on_demand=signal.SIGKILL).start()
        except Exception as error: print(type(error).__name__)
        """,
        start="",
    )
    first, second = ran.stdout.splitlines()
    assert first.startswith("ConfigurationError signal")
    assert "main thread" in first
    assert second == "ConfigurationError"


def test_automatic_blocks_are_limited_and_those_that_are_asked_for_are_not(tmp_path: Path):
    ran = run(
        tmp_path,
        """
        box = BlackBox(box.file, dumps_per_minute=3)
        for _ in range(10):
            session = box.begin(); session.keep("SystemLog", 7, b"x"); session.failed_login("joe")
        print(sum(box.begin().dump("X", on_demand=True) for _ in range(5)))
        """,
        directory=False,
    )
    assert ran.stdout == "5\n"
    kinds = [block.kind for block in blocks_of(tmp_path)]
    assert kinds == ["FAILED LOGIN"] * 3 + ["X"] * 5
