"""What is taken from `logging`, and how it is shown."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.blackbox.recording import kept, recorded, written
from vigilog.blackbox import CURRENT, Facts, Message
from vigilog.blackbox.capture import Capture
from vigilog.blackbox.capture_logging import capture_logging
from vigilog.blackbox.memory import MemoryRing
from vigilog.blackbox.recorder import Recorder
from vigilog.blackbox.work import carried
from vigilog.core.errors import ConfigurationError

METHODS = ("debug", "info", "warning", "error", "critical", "log", "handle")


@pytest.fixture
def log():
    """A logger of level WARNING whose messages nobody prints."""
    logger = logging.getLogger("tests.quiet")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    handler = logging.NullHandler()
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


@pytest.fixture(params=["in memory", "crash-proof"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "rings" if request.param == "crash-proof" else None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "forensic.log"


def test_what_is_below_the_level_is_kept_and_what_is_above_it_too(log, file: Path, directory: Path | None):
    with recorded(file, directory=directory) as recorder, recorder.session() as session:
        log.debug("debug %s %d", "text", 1)
        log.info("info")
        log.warning("warning %s", 100)
        log.log(5, "five")
        log.critical("critical 100%")
        assert kept(file, session) == [
            "tests.quiet DEBUG: debug text 1",
            "tests.quiet INFO: info",
            "tests.quiet WARNING: warning 100",
            "tests.quiet Level 5: five",
            "tests.quiet CRITICAL: critical 100%",
        ]
    (block,) = written(file)
    assert [message.level for message in block.messages] == [7, 6, 4, 7, 2]
    assert all(re.match(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ", message.text) for message in block.messages)


def test_arguments_that_cannot_change_are_rendered_when_the_block_is_written(log, file: Path, directory: Path | None):
    values = (
        *("text", b"bytes", 7, 1.5, True, None, 2j, Decimal("1.10"), datetime(2026, 1, 2, tzinfo=UTC)),
        *((1, ("a", frozenset({3}))), uuid.UUID(int=5), Path("/etc")),
    )
    with recorded(file, directory=directory) as recorder, recorder.session() as session:
        for value in values:
            log.debug("%s %r", value, value)
        log.debug("%(a)s", {"a": 1})
        log.debug("%5.2f|%x|%c|%%", 1.239, 255, "c")
        assert kept(file, session) == [
            *(f"tests.quiet DEBUG: {value!s} {value!r}" for value in values),
            "tests.quiet DEBUG: 1",
            "tests.quiet DEBUG:  1.24|ff|c|%",
        ]


def test_arguments_that_change_are_rendered_at_once(log, file: Path, directory: Path | None):
    class Person:
        name = "joe"

        def __str__(self) -> str:
            return f"person {self.name}"

    person, rows, by_name = Person(), [1], {"a": [2]}
    with recorded(file, directory=directory) as recorder, recorder.session() as session:
        log.debug("%s has %s and %(nothing)s" if False else "%s has %s and %r", person, rows, by_name)
        log.debug("%(a)s", by_name)
        log.debug(person)
        person.name = "root"
        rows.append(9)
        by_name["a"].append(9)
        assert kept(file, session) == [
            "tests.quiet DEBUG: person joe has [1] and {'a': [2]}",
            "tests.quiet DEBUG: [2]",
            "tests.quiet DEBUG: person joe",
        ]


def test_what_is_kept_of_a_message_is_bounded(log, file: Path, directory: Path | None):
    loop: list[object] = []
    loop.append(loop)
    deep: list[object] = []
    for _ in range(100000):
        deep = [deep]
    with recorded(file, directory=directory) as recorder, recorder.session() as session:
        for argument in ("x" * 10**7, list(range(10**6)), {n: n for n in range(10**6)}, bytes(10**7), loop, deep, 10**5000):
            log.debug("%s", argument)
            log.debug(argument)
        log.debug("y" * 10**7)
        lines = kept(file, session)
    assert len(lines) == 15
    assert max(map(len, lines)) < 17000
    assert lines[0].startswith("tests.quiet DEBUG: xxxxx")
    assert "more]" in lines[0]
    assert lines[2].startswith("tests.quiet DEBUG: [0, 1, 2, 3")
    assert lines[4].startswith("tests.quiet DEBUG: {0: 0, 1: 1, ")


def test_tracebacks_and_stacks_are_part_of_the_message(log, file: Path):
    with recorded(file) as recorder, recorder.session() as session:
        try:
            dict[str, int]()["missing"]
        except KeyError as error:
            log.debug("below", exc_info=True)
            log.info("below, given", exc_info=error)
            log.exception("above")
        log.debug("below", stack_info=True)
        log.warning("above", stack_info=True)
        log.debug("nothing to show", exc_info=True)  # noqa: LOG014 - on purpose
        lines = kept(file, session)
    for line in lines[:3]:
        assert "#012Traceback (most recent call last):#012" in line
        assert line.endswith("#012KeyError: 'missing'")
    for line in lines[3:5]:
        assert "#012Stack (most recent call last):#012" in line
        assert "test_tracebacks_and_stacks_are_part_of_the_message" in line.rsplit("#012", 2)[-2]
    assert lines[5] == "tests.quiet DEBUG: nothing to show"


def test_nothing_is_kept_outside_of_a_session_unless_there_is_one_for_the_process(log, file: Path):
    with recorded(file) as recorder:
        log.debug("outside")
        with recorder.session() as session:
            assert CURRENT.get() is session
            log.debug("inside")
            assert kept(file, session) == ["tests.quiet DEBUG: inside"]
        assert CURRENT.get() is None
        log.debug("outside")
    with recorded(file, process=Facts(protocol="process")) as recorder:
        log.debug("outside")
        with recorder.session():
            log.debug("inside")
        thread = threading.Thread(target=log.debug, args=("in a thread",))
        thread.start()
        thread.join()
        assert recorder.process is not None
        assert kept(file, recorder.process) == ["tests.quiet DEBUG: outside", "tests.quiet DEBUG: in a thread"]


def test_threads_and_tasks_keep_theirs_apart(log, file: Path):
    async def task(recorder, name: str) -> list[str]:
        with recorder.session() as session:
            for number in range(5):
                log.debug("%s %d", name, number)
                await asyncio.sleep(0)
                await asyncio.create_task(child(name))
                await asyncio.to_thread(log.debug, "%s thread", name)
            return kept(file, session)

    async def child(name: str) -> None:
        log.debug("%s child", name)

    async def all_of(recorder) -> list[list[str]]:
        return await asyncio.gather(*(task(recorder, f"task {number}") for number in range(10)))

    def thread(recorder, name: str) -> None:
        with recorder.session() as session:
            barrier.wait()
            for number in range(100):
                log.debug("%s %d", name, number)
            found[name] = kept(file, session)

    found: dict[str, list[str]] = {}
    barrier = threading.Barrier(8)
    with recorded(file) as recorder:
        for number, lines in enumerate(asyncio.run(all_of(recorder))):
            assert len(lines) == 15
            assert all(f"task {number} " in line for line in lines)
        threads = [threading.Thread(target=thread, args=(recorder, f"thread {number}")) for number in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    for name, lines in found.items():
        assert lines == [f"tests.quiet DEBUG: {name} {number}" for number in range(100)]
    assert len(found) == 8


def test_an_executor_has_no_session_unless_it_is_carried_there(log, file: Path):
    with recorded(file) as recorder, recorder.session() as session, ThreadPoolExecutor() as executor:
        executor.submit(log.debug, "lost").result()
        executor.submit(carried(log.debug), "carried").result()
        executor.submit(log.debug, "lost again").result()
        assert kept(file, session) == ["tests.quiet DEBUG: carried"]


def test_log_types_are_chosen_by_the_names_of_loggers(file: Path):
    types = {"shop.access": "TransferLog", "shop.trace": "TraceLog", "": "syslog", "shop": "SystemLog"}
    loggers = ("shop.access", "shop.access.deep", "shop.accessory", "shop.trace.x", "shop", "other", "shopping")
    with recorded(file, types=types) as recorder, recorder.session() as session:
        for name in loggers:
            logging.getLogger(name).debug("x")
        logging.getLogger("shop.trace").log(3, "x")
        session.dump("TEST", on_demand=True)
    (block,) = written(file)
    assert [(message.log_type, message.level) for message in block.messages] == [
        *(("TransferLog", 0), ("TransferLog", 0), ("SystemLog", 7), ("TraceLog", 7), ("SystemLog", 7), ("syslog", 7)),
        *(("syslog", 7), ("TraceLog", 14)),
    ]


def test_types_that_the_box_does_not_capture_take_no_room(file: Path, directory: Path | None):
    box = {"capture": ("TransferLog",), "buffer_size": 2}
    with (
        recorded(file, directory=directory, box=box, types={"access": "TransferLog"}) as recorder,
        recorder.session() as session,
    ):
        logging.getLogger("access").debug("first")
        for _ in range(100):
            logging.getLogger("other").debug("x")
            logging.getLogger("other").critical("x %s", [1])
        assert kept(file, session) == ["access DEBUG: first"]


def test_an_unknown_log_type_is_a_mistake():
    with pytest.raises(ConfigurationError, match=r'log type "systemlog" of logger "x"; expected one of Unspec'):
        Capture(types={"x": "systemlog"})


def test_redaction_is_applied_before_anything_reaches_a_disk(log, file: Path, tmp_path: Path, directory: Path | None):
    def redact(text: bytes) -> bytes:
        return re.sub(rb"(password=)\S+", rb"\1***", text)

    with recorded(file, directory=directory, box={"redact": redact}) as recorder, recorder.session() as session:
        log.debug("password=%s", "geheim")
        log.warning("password=%s", ["geheim"])
        log.debug("password=geheim")
        assert len(kept(file, session)) == 3
        on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert b"geheim" not in on_disk
        assert b"password=***" in on_disk


def test_everything_is_restored_exactly():
    before = {name: logging.Logger.__dict__[name] for name in METHODS}
    adapter = logging.LoggerAdapter.__dict__["log"]
    replaced = capture_logging(Capture())
    assert all(logging.Logger.__dict__[name] is not before[name] for name in METHODS)
    replaced.undo()
    replaced.undo()
    assert {name: logging.Logger.__dict__[name] for name in METHODS} == before
    assert logging.LoggerAdapter.__dict__["log"] is adapter
    assert set(vars(logging.Logger)) >= set(METHODS)


def test_who_replaced_a_method_meanwhile_keeps_it(log, file: Path):
    """And ours, which theirs may call, does nothing of its own any more."""
    before = logging.Logger.debug
    calls = []
    with recorded(file) as recorder:
        ours = logging.Logger.debug

        def theirs(self, msg, *args, **kwargs):
            calls.append(msg)
            ours(self, msg, *args, **kwargs)

        logging.Logger.debug = theirs  # type: ignore[method-assign]
        with recorder.session() as session:
            log.debug("one")
            assert kept(file, session) == ["tests.quiet DEBUG: one"]
    try:
        assert logging.Logger.debug is theirs
        with recorded(file, also=()) as recorder:
            pass
        log.debug("two")
        assert calls == ["one", "two"]
    finally:
        logging.Logger.debug = before  # type: ignore[method-assign]


def test_a_method_that_somebody_replaced_before_is_called_still(log, file: Path):
    before = logging.Logger.debug
    calls = []

    def theirs(self, msg, *args, **kwargs):
        calls.append(msg)
        before(self, msg, *args, **kwargs)

    logging.Logger.debug = theirs  # type: ignore[method-assign]
    try:
        with recorded(file) as recorder, recorder.session() as session:
            log.debug("one %s", [1])
            assert kept(file, session) == ["tests.quiet DEBUG: one [1]"]
        assert logging.Logger.debug is theirs
        assert calls == ["one %s"]
    finally:
        logging.Logger.debug = before  # type: ignore[method-assign]


def test_one_recorder_at_a_time(log, file: Path):
    """Two would take each message twice. The one that is at work goes on, and there can be another afterwards."""
    for _ in range(2):
        with recorded(file) as recorder, recorder.session() as session:
            with pytest.raises(ConfigurationError, match="captured already; expected one recorder at a time; share it"):
                Recorder(recorder.box).start()
            log.debug("once")
            assert kept(file, session) == ["tests.quiet DEBUG: once"]


def test_messages_of_records_that_come_from_elsewhere(log, file: Path):
    """From a queue or a socket: they are handled without having been logged here."""
    with recorded(file) as recorder, recorder.session() as session:
        log.handle(logging.makeLogRecord({"name": "far", "levelno": 10, "levelname": "DEBUG", "msg": "a %d", "args": (1,)}))
        log.handle(logging.makeLogRecord({"name": "far", "msg": "%(x)s", "args": {"x": 2}, "levelno": 20, "levelname": "INFO"}))
        assert kept(file, session) == ["far DEBUG: a 1", "far INFO: 2"]


@pytest.mark.parametrize("where", ["memory", "file"])
def test_a_box_with_a_criterion_that_tests_messages(log, file: Path, where: str):
    from vigilog.blackbox import Criterion

    def test(message: Message) -> bool:
        return b"BREAK-IN" in message.text

    box = {"criteria": (Criterion("BreakIn", "BREAK IN", test),)}
    rings = file.parent / "rings" if where == "file" else None
    with recorded(file, directory=rings, box=box) as recorder, recorder.session():
        log.debug("before")
        log.debug("POSSIBLE %s ATTEMPT", "BREAK-IN")
        log.debug("after")
    (block,) = written(file)
    assert block.kind == "BREAK IN"
    assert len(block.messages) == 2


@pytest.mark.parametrize("message", ["y" * 200_000 + " %s", "%d"], ids=["a long template", "a large number"])
def test_what_a_message_is_made_of_counts_for_the_bound(log, file: Path, message: str):
    with recorded(file, box={"total_bytes": 1 << 20}) as recorder, recorder.session() as session:
        for number in range(100):
            template = f"{message} {number}"
            log.debug(template, 1 << 1_000_000)
        ring = session.ring
        assert isinstance(ring, MemoryRing)
        entries = [entry for batch in ring._batches for entry in batch.entries] + ring._open
        assert sum(sys.getsizeof(part) for *_, text, arguments in entries for part in (text, *arguments)) < 2 << 20
