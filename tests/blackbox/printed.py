"""Programs that log, run in processes of their own: what their handlers print, with the black box and without."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

LOGS = """
import logging, sys

class Counting:
    asked = 0
    def __str__(self):
        type(self).asked += 1
        return f"asked {self.asked} times"
    __repr__ = __str__

class Broken:
    def __str__(self):
        raise RuntimeError("no text")

def inner(log):
    try:
        {}["missing"]
    except KeyError as error:
        log.exception("it is %s", "missing")
        log.error("again", exc_info=error)
        log.debug("quietly", exc_info=True)
    return log

def logs(log):
    counting = Counting()
    log.debug("debug %s %d", "text", 1)
    log.info("info %s", counting)
    log.info("info %(a)s and %(b)r", {"a": counting, "b": [1, "x"]})
    log.warning("warning without arguments, 100%")
    log.warning("warning %s %r %x %5.2f %c", counting, counting, 255, 1.5, "c")
    log.error("error %s", "text", stack_info=True)
    log.error("error from elsewhere", stacklevel=2)
    log.critical("critical %s", None, extra={"user": "joe"})
    log.log(logging.INFO, "by number %s", counting)
    log.log(5, "below all %s", [1, 2])
    log.log(35, "between %s", b"bytes")
    log.fatal("fatal")
    log.info(counting)
    log.info(["a", "list"])
    log.info("too few %s %s", "one")
    log.info("too many", "one")
    log.info("wrong %d", "text")
    log.warning("broken %s", Broken())
    log.info("text \\u2028 \\udcff %s", "\\x1b[31m")
    log.info("long %s", "x" * 100000)
    log.debug("too few below %s %s", "one")
    log.debug("broken below %s", Broken())
    inner(log)
    log.info("disabled? %s", log.isEnabledFor(logging.DEBUG))

def all_of(log):
    logs(log)
    def local(): logs(log)
    local()
    (lambda: log.warning("in a lambda"))()
"""
RECORD = """
import signal
from vigilog.blackbox import BlackBox, Facts
from vigilog.blackbox.recorder import Recorder
from vigilog.blackbox.capture_loguru import capture_loguru
from vigilog.blackbox.capture_structlog import capture_structlog
from vigilog.blackbox.triggers import at_level
also = [eval(name) for name in {also!r}]
box = BlackBox({file!r}, directory={directory!r}, service="printed", dumps_per_minute=100000)
recorder = Recorder(box, also=also, triggers=[at_level(60)], process=Facts(),
    opaque=["logs.Counting"]).start()
work = recorder.session(Facts("192.0.2.1"))
session = work.__enter__()
"""
END = """
session.dump("TEST", on_demand=True)
work.__exit__(None, None, None)
recorder.stop()
box.close()
"""
ADDRESS = re.compile(rb"0x[0-9a-f]+")


def printed(
    folder: Path, program: str, *, recorded: bool, directory: bool = False, also: tuple[str, ...] = (), logs: str = LOGS
) -> tuple[bytes, bytes, int]:
    """Standard output, standard error (without addresses in memory), and status of a `program` whose last line is `main()`.

    `recorded`: the black box is on while main runs, and writes what it kept to `folder`/forensic.log; with `directory`
    what is kept is in a crash-proof file.
    """
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    before, after = ("", "")
    if recorded:
        kept = str(work / "ring") if directory else None
        before, after = RECORD.format(file=str(folder / "forensic.log"), directory=kept, also=also), END
    (work / "before.py").write_text(before)
    (work / "after.py").write_text(f"from before import *\n{after}" if after else "")
    (work / "logs.py").write_text(logs)
    script = "from logs import *\n" + dedent(program) + "\nimport before\nmain()\nimport after\n"
    (work / "program.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=work, env=environment, capture_output=True, check=False, timeout=120
    )
    return ADDRESS.sub(b"0x", done.stdout), ADDRESS.sub(b"0x", done.stderr), done.returncode
