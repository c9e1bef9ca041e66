"""`vigilog blackbox run`: runs a program as verbosely as it can be, and keeps what it says until there is reason to write
it down."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from vigilog.cli import blackbox_rules
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.core.clock import wall
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

if TYPE_CHECKING:
    from vigilog.blackbox.around_log import OrdinaryLog

HELP = "run a program; keep all it says in memory, write it when something goes wrong"
LEVELS = ("none", "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", "all")
COUNT = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog blackbox run` takes."""
    parser.description = (
        "Runs COMMAND, keeps all that it writes to standard output and error in memory, apart for each session, and writes a\n"
        "session's last messages as a block to FILE when a criterion is met (a failed login, a death). Only what --pass says\n"
        "goes into the ordinary log. Signals, standard input and the exit status pass through, and COMMAND never waits for\n"
        "Vigilog."
    )
    parser.usage = "vigilog blackbox run [OPTION]... --file FILE -- COMMAND [ARGUMENT]..."
    parser.add_argument("--file", metavar="FILE", required=True, help="where blocks are written: a path from the root")
    parser.add_argument(
        "--as",
        dest="known",
        metavar="FILE",
        help="whose output it is: sshd, proftpd, nginx, or a rule file with a / in its name",
    )
    parser.add_argument("--by-process", action="store_true", help="each process that COMMAND begins is a session")
    for name, what in (
        ("session", "lines with the same field session (or process) are of one session; may be given several times"),
        ("begin", "a session begins with such a line"),
        ("end", "a session ends with such a line"),
        ("field", "the named fields of such a line go into the header of the block"),
        ("secret", "what the fields of such a line hold is in no block"),
        ("hold", "such a line does not go into the ordinary log"),
        ("also", "such a line goes into the ordinary log, whatever its level"),
    ):
        parser.add_argument(f"--{name}", metavar="PATTERN", action="append", default=[], help=what)
    parser.add_argument(
        "--criterion",
        metavar="KIND=PATTERN",
        action="append",
        default=[],
        help="such a line is reason for a block of that kind",
    )
    parser.add_argument(
        "--criteria",
        metavar="NAME",
        default="FailedLogin,UntimelyDeath",
        help="which of FailedLogin, UntimelyDeath and ModuleConfig are reasons for a block (default: %(default)s)",
    )
    parser.add_argument(
        "--pass",
        dest="passed",
        choices=LEVELS,
        help="the ordinary log gets lines of this syslog level and more severe ones (default: as the rule file says, or all)",
    )
    parser.add_argument(
        "--log", metavar="FILE", help="the ordinary log is appended to this file (default: standard output and error)"
    )
    parser.add_argument(
        "--service", metavar="NAME", help="the name of the service in blocks (default: the rule file's, or COMMAND's)"
    )
    parser.add_argument(
        "--directory", metavar="DIRECTORY", help="keep the messages in a file here, which outlives Vigilog's own death, too"
    )
    parser.add_argument(
        "--buffer-size",
        metavar="COUNT",
        type=positive,
        default=1024,
        help="messages kept for each session (default: %(default)s)",
    )
    parser.add_argument(
        "--total-size",
        metavar="SIZE",
        type=size,
        default=64 << 20,
        help="memory for the messages of all sessions (default: 64M)",
    )
    parser.add_argument(
        "--drain-size",
        metavar="SIZE",
        type=size,
        default=16 << 20,
        help="memory for output that was not looked at yet; what finds no room is dropped and counted (default: 16M)",
    )
    parser.add_argument(
        "--sessions", metavar="COUNT", type=positive, default=10_000, help="sessions open at once (default: %(default)s)"
    )
    parser.add_argument(
        "--dumps-per-minute",
        metavar="COUNT",
        type=positive,
        default=60,
        help="blocks written in a minute (default: %(default)s)",
    )
    parser.add_argument("command", metavar="COMMAND", nargs="+", help="the program and its arguments, after --")
    parser.epilog = "Patterns are Python's regular expressions (bytes), each about one line. See docs/blackbox-run.md."


def positive(text: str) -> int:
    """A number of 1 or more."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def size(text: str) -> int:
    """Bytes: a number, with K, M or G behind it or not; 64 KiB or more."""
    bare = text.strip().lower().removesuffix("b").removesuffix("i")
    unit = bare[-1:] if bare[-1:] in COUNT else ""
    number = int(bare.removesuffix(unit)) * COUNT[unit]
    if number < 1 << 16:
        raise ValueError
    return number


def run(options: argparse.Namespace) -> int:
    """Runs the program and gives its status; where a signal ended it, this process ends by the same, or 128 and its number
    is the status. Raises ConfigurationError for what is wrong before the program is started."""
    from vigilog import around_matching  # noqa: PLC0415 - wrong options need no engine
    from vigilog.blackbox import around  # noqa: PLC0415 - as above
    from vigilog.blackbox.around_program import CannotRun, end_like  # noqa: PLC0415 - as above
    from vigilog.blackbox.box import BlackBox  # noqa: PLC0415 - as above

    have_standard_descriptors()
    if not options.file.startswith("/"):
        raise ConfigurationError(f"--file {options.file}", expected="a path that begins with /")
    rules = blackbox_rules.known(options)
    made = around_matching.matchers(rules, blackbox_rules.passing(options, rules))
    service = options.service or rules.name or os.path.basename(options.command[0])
    notices: list[str] = []
    box = BlackBox(
        options.file,
        buffer_size=options.buffer_size,
        total_bytes=options.total_size,
        criteria=blackbox_rules.criteria(options.criteria),
        directory=options.directory,
        service=service,
        dumps_per_minute=options.dumps_per_minute,
        notice=notices.append,
    )
    log = ordinary_log(options.log, notices.append)
    outputs = (log.descriptor, log.descriptor) if log else (1, 2)
    look = log.look if log else around.no_look
    wanted = around.Wanted(options.command, outputs, options.drain_size, options.sessions, notices, look)
    sys.stdout.flush()
    # Some hundred thousand lines are held, none of which refers to anything: looking through them costs a sixth of all work.
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    try:
        status = around.run(wanted, rules, made, box, clock=wall, steady=time.monotonic)
    except CannotRun as error:
        print(f"vigilog blackbox run: {visible(options.command[0])}: {error}", file=sys.stderr)
        return error.status
    return end_like(status)


def have_standard_descriptors() -> None:
    """What is closed of 0, 1 and 2 leads to nowhere from now on: whatever is opened later must not get its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def ordinary_log(path: str | None, notice: Callable[[str], None]) -> OrdinaryLog | None:
    """The file that the ordinary log goes to, if any. Raises ConfigurationError if it cannot be written."""
    from vigilog.blackbox.around_log import OrdinaryLog  # noqa: PLC0415 - as above

    if path is None:
        return None
    try:
        return OrdinaryLog(path, notice)
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror}", place=Place(path), expected="a file") from error
