"""structlog and loguru: what they print is the same, and what they drop is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blackbox.printed import printed
from tests.blackbox.recording import texts, written

STRUCTLOG = """
import asyncio, logging, sys
import structlog

class Counting:
    asked = 0
    def __str__(self):
        type(self).asked += 1
        return f"asked {self.asked} times"
    __repr__ = __str__

def logs(log):
    counting = Counting()
    log = log.bind(user="joe")
    log.debug("debug", number=1, rows=[1, 2])
    log.debug("by position %d", 5)
    log.info("info", counting=counting)
    log.info("by position %s", counting)
    log.warning("warning 100%", nothing=None)
    log.log(logging.DEBUG, "by number")
    log.log(logging.ERROR, "by number", x=1.5)
    try: {}["missing"]
    except KeyError: log.exception("it is missing")
    log.debug("quiet", exc_info=True)
    log.critical("critical", stack_info=True)
    asyncio.run(tasks(log))

async def tasks(log):
    await log.adebug("from a task", a=1)
    await log.ainfo("from a task", a=2)

CALLER = structlog.processors.CallsiteParameterAdder([
    structlog.processors.CallsiteParameter.LINENO, structlog.processors.CallsiteParameter.FUNC_NAME,
    structlog.processors.CallsiteParameter.FILENAME])
FIRST = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, structlog.processors.StackInfoRenderer(),
         structlog.processors.format_exc_info, CALLER]
"""
STRUCTLOG_PROGRAMS = {
    "filtering, as JSON": """
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO), logger_factory=structlog.PrintLoggerFactory(),
                    processors=[*FIRST, structlog.processors.JSONRenderer(default=str)])
def main(): logs(structlog.get_logger())
""",
    "filtering, for people, cached": """
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"), cache_logger_on_first_use=True,
                    logger_factory=structlog.WriteLoggerFactory(sys.stderr),
                    processors=[*FIRST, structlog.dev.ConsoleRenderer(colors=False)])
log = structlog.get_logger()
def main(): logs(log); logs(log.new(a=1))
""",
    "as bytes": """
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20), logger_factory=structlog.BytesLoggerFactory(),
                    processors=[*FIRST, lambda _, __, event: repr(sorted(event.items(), key=lambda pair: pair[0])).encode()])
def main(): logs(structlog.get_logger())
""",
    "into logging, by its level": """
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(funcName)s %(lineno)d %(message)s", stream=sys.stdout)
structlog.configure(wrapper_class=structlog.stdlib.BoundLogger, logger_factory=structlog.stdlib.LoggerFactory(),
                    processors=[structlog.stdlib.filter_by_level, structlog.stdlib.add_logger_name, *FIRST,
                                structlog.processors.KeyValueRenderer()])
def main(): logs(structlog.get_logger("through.logging"))
""",
    "into logging, formatted there": """
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[
    structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.dev.ConsoleRenderer(colors=False)]))
logging.getLogger().addHandler(handler); logging.getLogger().setLevel(logging.INFO)
structlog.configure(wrapper_class=structlog.stdlib.BoundLogger, logger_factory=structlog.stdlib.LoggerFactory(),
                    processors=[structlog.stdlib.filter_by_level, *FIRST, structlog.stdlib.ProcessorFormatter.wrap_for_formatter])
def main(): logs(structlog.get_logger("through.logging")); logging.getLogger("plain").info("plain")
""",
}
LOGURU = """
import sys
from loguru import logger

class Counting:
    asked = 0
    def __str__(self):
        type(self).asked += 1
        return f"asked {self.asked} times"
    __repr__ = __str__

def never(): raise RuntimeError("a lazy argument of a message below the level was asked for")

def logs():
    counting = Counting()
    logger.trace("trace")
    logger.debug("debug {} {name}", 1, name=[2])
    logger.debug("too few {} {}", 1)
    logger.debug("braces {x}")
    logger.opt(lazy=True).debug("lazy {}", never)
    logger.opt(lazy=True).info("lazy {}", lambda: counting)
    logger.info("info {} {counting}", counting, counting=counting)
    logger.success("success")
    logger.bind(user="joe").warning("bound {extra}", extra=1)
    logger.log("INFO", "by name {}", 5)
    logger.log(25, "by number")
    logger.log(3, "far below")
    logger.opt(depth=1).error("of the caller")
    logger.opt(colors=True).info("<red>{}</red>", "coloured")
    logger.opt(raw=True).info("raw {}\\n", 7)
    logger.opt(record=True).info("{record[line]}")
    logger.patch(lambda record: record["extra"].update(a=1)).info("patched")
    with logger.contextualize(task=3): logger.info("in a context")
    try: {}["missing"]
    except KeyError: logger.exception("it is missing"); logger.opt(exception=True).debug("quiet")
    try: logger.info("too few {} {}", 1)
    except IndexError as error: print(error)
    try: logger.log("NO SUCH LEVEL", "x")
    except ValueError as error: print(error)

FORMAT = "{level} {name}:{function}:{line} {message} {extra}"
"""
LOGURU_PROGRAMS = {
    "one handler": """
logger.remove(); logger.add(sys.stdout, level="INFO", format=FORMAT, diagnose=False)
def main(): logs()
""",
    "several, one of which is changed meanwhile": """
logger.remove(); first = logger.add(sys.stdout, level="ERROR", format=FORMAT, diagnose=False)
logger.add(sys.stderr, level="WARNING", format=FORMAT, serialize=False, diagnose=False, backtrace=False)
logger.configure(patcher=lambda record: record["extra"].update(count=len(record["message"])))
def main(): logs(); print(logger.add(sys.stdout, level="SUCCESS", format="{message}", diagnose=False)); logs(); logger.remove(first); logs()
""",
    "none": """
logger.remove()
def main(): logs(); print("nothing")
""",
    "a module that is switched off": """
logger.remove(); logger.add(sys.stdout, level="INFO", format=FORMAT, diagnose=False)
def main(): logger.disable("logs"); logs(); logger.info("here"); logger.enable("logs"); logs()
""",
}


@pytest.mark.parametrize("name", STRUCTLOG_PROGRAMS)
def test_what_structlog_prints(name: str, tmp_path: Path):
    program = STRUCTLOG_PROGRAMS[name]
    without = printed(tmp_path, program, recorded=False, logs=STRUCTLOG)
    assert without[0] + without[1]
    assert printed(tmp_path, program, recorded=True, logs=STRUCTLOG, also=("capture_structlog",)) == without
    (block,) = written(tmp_path / "forensic.log")
    lines = texts(block)
    logger = "through.logging" if "logging" in name else "structlog"
    assert f"{logger} DEBUG: debug user='joe' number=1 rows=[1, 2]" in lines
    assert f"{logger} DEBUG: by position 5 user='joe'" in lines or "logging" in name
    assert f"{logger} DEBUG: from a task user='joe' a=1" in lines or "logging" in name
    assert sum("warning 100%" in line for line in lines) == name.count("cached") + 1, "each once"


@pytest.mark.parametrize("name", LOGURU_PROGRAMS)
def test_what_loguru_prints(name: str, tmp_path: Path):
    program = LOGURU_PROGRAMS[name]
    without = printed(tmp_path, program, recorded=False, logs=LOGURU)
    assert without[2] == 0
    assert printed(tmp_path, program, recorded=True, logs=LOGURU, also=("capture_loguru",)) == without
    (block,) = written(tmp_path / "forensic.log")
    lines = texts(block)
    for line in ("DEBUG: debug 1 [2]", "DEBUG: too few {} {} (1) [IndexError]", "DEBUG: braces {x}", "Level 3: far below"):
        assert f"logs {line}" in lines
    assert "logs DEBUG: lazy {}" in lines


def test_both_are_restored(tmp_path: Path):
    """And neither is imported by the black box itself."""
    program = """
import subprocess
def main():
    probe = "import sys, vigilog.blackbox.recorder, vigilog.blackbox.capture_loguru, vigilog.blackbox.capture_structlog;"
    print(subprocess.run([sys.executable, "-c", probe + "print('loguru' in sys.modules, 'structlog' in sys.modules)"],
                         capture_output=True, text=True).stdout)
    from vigilog.blackbox.capture import Capture
    from vigilog.blackbox.capture_loguru import capture_loguru
    from vigilog.blackbox.capture_structlog import capture_structlog
    import structlog
    kind = type(logger)
    before = dict(vars(kind)), structlog.get_config()
    undos = [capture(Capture()) for capture in (capture_loguru, capture_structlog)]
    print(dict(vars(kind)) == before[0], structlog.get_config() == before[1])
    for each in undos: each.undo()
    print(dict(vars(kind)) == before[0], structlog.get_config() == before[1])
"""
    out, err, status = printed(tmp_path, program, recorded=False, logs=LOGURU)
    assert (out, err, status) == (b"False False\n\nFalse False\nTrue True\n", b"", 0)
