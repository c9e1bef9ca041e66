"""What a program's own handlers print is the same byte for byte with capture on and off."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blackbox.printed import printed
from vigilog.parse.forensics import blocks

FORMAT = "%(levelname)s %(name)s %(filename)s:%(lineno)d %(funcName)s %(threadName)s %(taskName)s| %(message)s"
FORMAT = FORMAT.replace(" %(taskName)s", "")
BASIC = f"""
logging.basicConfig(level=logging.INFO, format={FORMAT!r}, stream=sys.stdout)
"""
PROGRAMS = {
    "the root logger at INFO": BASIC
    + """
def main(): all_of(logging.getLogger())
""",
    "module-level functions": BASIC
    + """
def main():
    logging.debug("a %s", 1); logging.info("b %s", Counting()); logging.exception("c"); logging.log(30, "d %s", [1])
""",
    "a handler of DEBUG below a logger of WARNING": f"""
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(logging.Formatter({FORMAT!r}))
log = logging.getLogger("a.b.c")
log.addHandler(handler)
log.setLevel(logging.WARNING)
def main(): all_of(log)
""",
    "no handler at all: the handler of last resort": """
def main(): all_of(logging.getLogger("nobody"))
""",
    "a hierarchy, some of which does not propagate": f"""
out, err = logging.StreamHandler(sys.stdout), logging.StreamHandler(sys.stderr)
for handler in (out, err): handler.setFormatter(logging.Formatter({FORMAT!r}))
logging.getLogger().addHandler(out); logging.getLogger().setLevel(logging.ERROR)
logging.getLogger("a").addHandler(err); logging.getLogger("a").propagate = False
logging.getLogger("a.b").setLevel(logging.DEBUG)
def main():
    for name in ("", "a", "a.b", "a.b.c", "b"): all_of(logging.getLogger(name))
""",
    "logging.disable, and a logger that is disabled": BASIC
    + """
def main():
    logging.disable(logging.INFO); all_of(logging.getLogger("x"))
    logging.disable(logging.CRITICAL); all_of(logging.getLogger("x"))
    logging.disable(logging.NOTSET); logging.getLogger("x").disabled = True; all_of(logging.getLogger("x"))
    all_of(logging.getLogger("y"))
""",
    "filters that change records, and drop them": BASIC
    + """
class Masks(logging.Filter):
    def filter(self, record):
        record.user = "nobody"
        record.msg = str(record.msg).replace("warning", "WARN")
        return record.levelno != logging.ERROR
def main():
    logging.getLogger("x").addFilter(Masks()); logging.getLogger().handlers[0].addFilter(lambda record: "between" not in record.msg)
    all_of(logging.getLogger("x"))
""",
    "LoggerAdapters, one around the other": BASIC
    + """
class Prefix(logging.LoggerAdapter):
    def process(self, msg, kwargs):
        self.count = getattr(self, "count", 0) + 1
        return f"[{self.count}] {msg}", kwargs
def main():
    adapter = logging.LoggerAdapter(logging.getLogger("x"), {"user": "joe"})
    for log in (adapter, Prefix(logging.getLogger("y"), {}), Prefix(adapter, {})):
        log.debug("a %s", 1); log.info("b %s", Counting()); log.warning("c"); log.log(5, "d"); log.critical("e", stack_info=True)
        inner(log)
""",
    "a logger class with its own makeRecord, levels and findCaller": BASIC
    + """
class Record(logging.LogRecord):
    def getMessage(self): return "<" + super().getMessage() + ">"
class Logger(logging.Logger):
    def makeRecord(self, name, level, fn, lno, msg, args, exc_info, func=None, extra=None, sinfo=None):
        return Record(name, level, fn, lno, msg, args, exc_info, func, sinfo)
    def findCaller(self, stack_info=False, stacklevel=1):
        frame = sys._getframe(3)
        return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None
    def trace(self, msg, *args, **kwargs):
        if self.isEnabledFor(5): self._log(5, msg, args, **kwargs)
    def success(self, msg, *args, **kwargs):
        if self.isEnabledFor(25): self._log(25, msg, args, **kwargs)
    def debug(self, msg, *args, **kwargs):
        super().debug("sub " + str(msg), *args, **kwargs)
logging.addLevelName(5, "TRACE"); logging.addLevelName(25, "SUCCESS")
logging.setLoggerClass(Logger)
def main():
    log = logging.getLogger("own"); all_of(log); log.trace("t %s", 1); log.success("s %s", Counting())
    log.setLevel(1); all_of(log); log.trace("t %s", 1)
""",
    "a record factory": BASIC
    + """
former = logging.getLogRecordFactory()
def factory(*args, **kwargs):
    record = former(*args, **kwargs); record.number = factory.number = factory.number + 1
    return record
factory.number = 0
logging.setLogRecordFactory(factory)
logging.getLogger().handlers[0].setFormatter(logging.Formatter("%(number)d %(message)s"))
def main(): all_of(logging.getLogger("x"))
""",
    "formatters of the other styles, and one that keeps what it made": """
handlers = [logging.StreamHandler(sys.stdout) for _ in range(3)]
handlers[0].setFormatter(logging.Formatter("{levelname} {message} {lineno}", style="{"))
handlers[1].setFormatter(logging.Formatter("$levelname $message $lineno", style="$"))
class Shouts(logging.Formatter):
    def format(self, record):
        record.msg = super().format(record).upper(); record.args = ()
        return record.msg
handlers[2].setFormatter(Shouts())
logging.getLogger().handlers = handlers; logging.getLogger().setLevel(logging.INFO)
def main(): all_of(logging.getLogger("x"))
""",
    "a queue and its listener; a memory handler; a file that rotates": """
import logging.handlers, queue, glob
waiting = queue.Queue()
log = logging.getLogger("x"); log.setLevel(logging.INFO)
log.addHandler(logging.handlers.QueueHandler(waiting))
file = logging.handlers.RotatingFileHandler("log", maxBytes=20000, backupCount=9)
log.addHandler(logging.handlers.MemoryHandler(5, target=file))
listener = logging.handlers.QueueListener(waiting, logging.StreamHandler(sys.stdout))
def main():
    listener.start(); all_of(log); listener.stop(); logging.shutdown()
    for name in sorted(glob.glob("log*")): print(name, open(name, errors="surrogateescape").read().encode(errors="replace"))
""",
    "a handler that raises, and one that looks at the frames above it": BASIC
    + """
class Raises(logging.Handler):
    def emit(self, record):
        if "between" in str(record.msg): raise OSError("the handler's own")
class Depth(logging.Handler):
    def emit(self, record):
        names, frame = [], sys._getframe()
        while frame: names.append(frame.f_code.co_name); frame = frame.f_back
        print(names[:names.index("main")])
def main():
    logging.getLogger().addHandler(Depth())
    all_of(logging.getLogger("x")); logging.getLogger().addHandler(Raises())
    try: logs(logging.getLogger("x"))
    except OSError as error: print("raised", error)
""",
    "mistakes in a call": BASIC
    + """
import traceback
class Raises(logging.Handler):
    def emit(self, record): raise OSError("the handler's own")
def main():
    raises = logging.getLogger("raises"); raises.addHandler(Raises())
    for method in (raises.info, raises.error, raises.critical, raises.exception, logging.LoggerAdapter(raises, {}).warning):
        try: method("x")
        except OSError: logging.exception("raised")
    try: raises.log(30, "x")
    except OSError: logging.exception("raised")
    for call in (lambda log: log.log("INFO", "x"), lambda log: log.info("x", extra={"message": 1}), lambda log: log.info(),
                 lambda log: log.info("x", nonsense=1), lambda log: log.debug("x", nonsense=1), lambda log: log.debug()):
        try: print(call(logging.getLogger("x")))
        except Exception as error: print(type(error), str(error), traceback.format_exc())
""",
    "threads, and asyncio tasks": BASIC
    + """
import asyncio, threading
async def task(name):
    logs(logging.getLogger(name)); await asyncio.sleep(0); logs(logging.getLogger(name))
async def tasks(): await asyncio.gather(task("one"), task("two"))
def main():
    thread = threading.Thread(target=all_of, args=(logging.getLogger("thread"),), name="T"); thread.start(); thread.join()
    asyncio.run(tasks())
""",
    "configured by a dictionary": f"""
import logging.config
logging.config.dictConfig({{"version": 1, "formatters": {{"f": {{"format": {FORMAT!r}}}}},
  "handlers": {{"h": {{"class": "logging.StreamHandler", "formatter": "f", "stream": "ext://sys.stdout", "level": "WARNING"}}}},
  "loggers": {{"quiet": {{"level": "CRITICAL"}}}}, "root": {{"level": "INFO", "handlers": ["h"]}}}})
def main():
    all_of(logging.getLogger("quiet")); all_of(logging.getLogger("x"))
""",
    "warnings, and the deprecated methods": BASIC
    + """
import warnings
logging.captureWarnings(True)
def main():
    warnings.warn("a warning"); logging.getLogger("x").warn("deprecated"); logging.getLogger("x").fatal("fatal")
""",
}


@pytest.mark.parametrize("directory", [False, True], ids=["in memory", "crash-proof"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_printed(name: str, directory: bool, tmp_path: Path):
    program = PROGRAMS[name]
    without = printed(tmp_path, program, recorded=False)
    assert printed(tmp_path, program, recorded=True, directory=directory) == without
    assert without[0] or without[1], "the program printed nothing"
    with (tmp_path / "forensic.log").open("rb") as file:
        (block,) = blocks(file)
    assert block.complete
    assert block.messages, "and something was captured meanwhile"
