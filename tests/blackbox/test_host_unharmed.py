"""Whatever goes wrong in the black box, the program that it is in goes on, and prints what it would have printed."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent

import pytest

from tests.blackbox.recording import kept, recorded, written
from vigilog.blackbox import BlackBox, Facts
from vigilog.blackbox.recorder import Recorder
from vigilog.blackbox.triggers import Trigger, at_level

LOG = logging.Logger("tests.unharmed", logging.WARNING)  # noqa: LOG001 - see below
"""Above it is no other, whose handlers might mind."""
LOG.addHandler(logging.NullHandler())


class Raises:
    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error("from __str__")

    __repr__ = __str__


class Logs:
    def __str__(self) -> str:
        LOG.debug("while %s is asked", self)
        LOG.warning("while %s is asked", self)
        return "logs"


class Recurs:
    def __str__(self) -> str:
        return str(self)


class Changes:
    """A mapping that another thread changes while it is looked at."""

    def __init__(self) -> None:
        self.values = {0: 0}

    def __str__(self) -> str:
        for value in self.values:
            self.values[value + 1] = 1
        return ""


@pytest.mark.parametrize(
    "argument",
    [Raises(RuntimeError), Raises(MemoryError), Raises(RecursionError), Raises(UnicodeError), Logs(), Recurs(), Changes()],
    ids=lambda argument: f"{type(argument).__name__} {getattr(argument, 'error', '')}",
)
@pytest.mark.parametrize("where", ["memory", "file"])
def test_objects_that_misbehave(argument: object, where: str, tmp_path: Path):
    file = tmp_path / "forensic.log"
    with recorded(file, directory=tmp_path / "rings" if where == "file" else None) as recorder, recorder.session() as session:
        LOG.debug("before")
        LOG.debug("%s", argument)
        LOG.debug(argument)
        LOG.debug("%s in %r", argument, [argument, {1: argument}])
        LOG.debug("%(a)s", {"a": argument})
        LOG.debug("%d", argument)
        LOG.warning("%s", argument)
        LOG.debug("after")
        lines = kept(file, session)
    assert lines[0] == "tests.unharmed DEBUG: before"
    assert lines[-1] == "tests.unharmed DEBUG: after"
    assert len(lines) >= 8


def test_what_is_thrown_at_the_program_itself_passes():
    """Control-C while an object is asked for its text is the program's, not the black box's."""
    with recorded(Path("/nonexistent/file"), box={"notice": lambda _: None}) as recorder, recorder.session():
        for error in (KeyboardInterrupt, SystemExit):
            with pytest.raises(error):
                LOG.debug("%s", Raises(error))
        LOG.debug("%s", [1])


@pytest.mark.parametrize("file", ["/dev/full", "/nonexistent/directory/file", "/proc/self/mem", "/", "/dev/null/x"], ids=str)
def test_blocks_that_cannot_be_written(file: str, tmp_path: Path):
    notices: list[str] = []
    box = {"notice": notices.append}
    with recorded(Path(file), box=box, triggers=[at_level(logging.ERROR)], process=Facts()) as recorder:
        with recorder.session() as session:
            LOG.debug("%s", [1])
            LOG.error("sets off a block")
            assert not session.failed_login("joe")
            assert not session.dump("X", on_demand=True)
        with pytest.raises(ZeroDivisionError), recorder.session():
            raise ZeroDivisionError
        assert recorder.dump() == 0
    assert notices


@pytest.mark.parametrize("directory", ["/proc/nowhere", "/dev/null", "/nonexistent/a/b"])
def test_a_directory_that_cannot_be_had(directory: str, tmp_path: Path):
    """Then messages are kept in memory."""
    file = tmp_path / "forensic.log"
    notices: list[str] = []
    box = BlackBox(str(file), directory=directory, notice=notices.append)
    with Recorder(box) as recorder, recorder.session() as session:
        LOG.debug("kept")
        assert kept(file, session) == ["tests.unharmed DEBUG: kept"]
    box.close()
    assert notices


def test_conditions_of_the_program_that_raise(tmp_path: Path):
    def when(_: object) -> bool:
        raise RuntimeError

    def redact(_: bytes) -> bytes:
        raise RuntimeError

    file = tmp_path / "forensic.log"
    box = {"redact": redact, "notice": lambda _: None}
    with recorded(file, box=box, triggers=[Trigger("X", when=when)]) as recorder, recorder.session() as session:
        LOG.debug("one")
        LOG.error("two %s", [1])
        session.dump("X", on_demand=True)
    assert all(b"one" not in message.text for block in written(file) for message in block.messages), "nothing unredacted"


def test_a_session_that_is_over_takes_what_comes_late(tmp_path: Path):
    file = tmp_path / "forensic.log"
    with recorded(file) as recorder:
        with recorder.session() as session:
            thread = threading.Timer(0, lambda: None)
        session.keep("SystemLog", 7, b"late")
        for _ in range(5000):
            session.keep("SystemLog", 7, b"late" * 100)
        assert not session.dump("X", on_demand=True)
        session.end()
        session.end("X")
        assert not session.failed_login("joe")
        thread.cancel()
    assert not written(file)


def test_every_descriptor_closed_under_it(tmp_path: Path):
    """By a program that closes whatever it does not know, as daemons do."""
    ran = run(
        """
        with recorder.session() as session:
            log.debug("before")
            os.closerange(3, 100)
            log.debug("after %s", [1])
            session.dump("X", on_demand=True)
            log.debug("after")
        print("alive")
        """,
        tmp_path,
    )
    assert (ran.stdout, ran.returncode) == ("alive\n", 0), ran.stderr


def test_files_of_the_programs_that_have_the_numbers_of_descriptors_that_it_closed(tmp_path: Path):
    """They are neither written to, nor made longer, nor closed."""
    ran = run(
        """
        import signal, faulthandler
        work = recorder.session(); session = work.__enter__()
        log.debug("before")
        os.closerange(3, 100)
        own = [os.open(f"own{number}", os.O_RDWR | os.O_CREAT) for number in range(20)]
        for number in range(5000): log.debug("after %s", "x" * 1000)
        os.rename(box.file, box.file + ".1")
        print(session.dump("X", on_demand=True))
        os.rename(box.file, box.file + ".2"); os.mkdir(box.file)
        print(session.dump("X", on_demand=True))
        os.rename(box.file, box.file + ".3"); os.closerange(own[-1] + 1, 100)
        others = [os.open(f"other{number}", os.O_RDWR | os.O_CREAT) for number in range(20)]; os.mkdir(box.file)
        print(session.dump("X", on_demand=True))
        work.__exit__(None, None, None); recorder.stop(); box.close()
        print([os.fstat(each).st_size for each in own + others] == [0] * 40)
        """,
        tmp_path,
    )
    assert (ran.stdout, ran.returncode) == ("True\nTrue\nFalse\nTrue\n", 0), ran.stderr


@pytest.mark.parametrize("where", ["rings", None])
def test_functions_of_the_programs_own_that_log(where: str | None, tmp_path: Path):
    """Each would be asked about what it logs itself, and two of them twice as often at each turn."""
    ran = run(
        f"""
        from vigilog.blackbox import CURRENT, Criterion
        from vigilog.blackbox.triggers import Trigger
        recorder.stop()
        def redact(text): log.debug("redacting %s", [1]); return text
        def test(message): log.debug("testing"); return b"boom" in message.text
        def when(captured): log.debug("asking"); return False
        class Dumps:
            def __str__(self): CURRENT.get().dump("FROM STR", on_demand=True); log.debug("inner %s", self); return "dumps"
        box = BlackBox({str(tmp_path / "forensic.log")!r}, directory={where and str(tmp_path / where)!r}, redact=redact,
            criteria=[Criterion("a", "AA", test), Criterion("b", "BB", test)])
        with Recorder(box, triggers=[Trigger("W", when=when), Trigger("V", when=when)]) as recorder, recorder.session() as session:
            log.debug("%s", Dumps()); log.debug(Dumps()); log.debug("before")
            log.debug("boom"); session.keep("SystemLog", 7, b"boom again")
        box.close(); print("alive")
        """,
        tmp_path,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("alive\n", "", 0)
    found = [block for block in written(tmp_path / "forensic.log") if block.kind == "AA"]
    assert len(found) == 2
    assert any(b"boom" in message.text for message in found[0].messages)
    assert any(b"boom again" in message.text for message in found[1].messages)


def test_logging_at_the_end_of_the_interpreter(tmp_path: Path):
    ran = run(
        """
        import atexit, weakref, threading, time
        class Last:
            def __del__(self): log.debug("in __del__ %s", [1]); log.warning("printed %s", (1,))
        last = Last()
        atexit.register(lambda: log.debug("at exit %s", [1]))
        work = recorder.session(); session = work.__enter__()
        def daemon():
            while True: log.debug("daemon %s", [1]); log.debug("daemon")
        threading.Thread(target=daemon, daemon=True).start()
        sys.stdout.write("alive\\n")
        """,
        tmp_path,
    )
    assert (ran.stdout, ran.returncode) == ("alive\n", 0), ran.stderr
    assert [line for line in ran.stderr.splitlines() if not line.startswith("printed")] == []


def test_a_fork_in_the_middle_of_a_session(tmp_path: Path):
    """The child writes its own block, of what it logged itself and what had been logged before; the parent's is its own."""
    ran = run(
        """
        with recorder.session() as session:
            log.debug("before")
            child = os.fork()
            log.debug("in the %s", "parent" if child else "child")
            if child:
                print(os.waitpid(child, 0)[1]); session.dump("PARENT", on_demand=True)
            else:
                session.dump("CHILD", on_demand=True); os._exit(0)
        """,
        tmp_path,
    )
    assert (ran.stdout, ran.returncode) == ("0\n", 0), ran.stderr
    child, parent = written(tmp_path / "forensic.log")
    assert (child.kind, parent.kind) == ("CHILD", "PARENT")
    assert [message.text[24:] for message in parent.messages] == [b"x DEBUG: before", b"x DEBUG: in the parent"]
    assert child.messages[-1].text[24:] == b"x DEBUG: in the child"


def test_short_of_memory(tmp_path: Path):
    """What the program cannot have, the black box cannot either; it says nothing, and the program goes on."""
    ran = run(
        """
        import resource
        class Large:
            def __str__(self): return "x" * (1 << 33)
        used = int(open("/proc/self/statm").read().split()[0]) * 4096
        resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20), used + (256 << 20)))
        with recorder.session() as session:
            for _ in range(3): log.debug("%s", Large())
            for number in range(300000): log.debug("%d %s", number, "y" * 1000)
            print(session.dump("X", on_demand=True))
        """,
        tmp_path,
    )
    assert (ran.stdout, ran.returncode) == ("True\n", 0), ran.stderr


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A program of its own, with a recorder."""
    script = dedent(
        f"""
            import logging, os, sys
            from vigilog.blackbox import BlackBox, Facts
            from vigilog.blackbox.recorder import Recorder
            log = logging.getLogger("x")
            box = BlackBox({str(folder / "forensic.log")!r}, directory={str(folder / "rings")!r}, service="test")
            recorder = Recorder(box).start()
            """
    ) + dedent(program)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120, cwd=folder)


def test_memory_of_many_sessions_is_bounded(tmp_path: Path):
    """10,000 sessions at once that log without end, in a process of their own."""
    ran = run(
        """
        import resource
        from vigilog.blackbox import CURRENT
        box = BlackBox(None, total_bytes=64 << 20)
        sessions = [box.begin(Facts("192.0.2.1")) for _ in range(10000)]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for turn in range(15):
            for session in sessions:
                CURRENT.set(session); log.debug("turn %d of %s", turn, "x" * 500)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
        """,
        tmp_path,
    )
    assert int(ran.stdout) < 96, "MB more than before the first message"
