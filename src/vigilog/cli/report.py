"""`vigilog report`: what services did over a range of days, with logwatch's switches and logwatch's files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from vigilog import __version__
from vigilog.cli import report_words
from vigilog.cli.check_arguments import count
from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible

if TYPE_CHECKING:
    from vigilog.core.clock import Clock
    from vigilog.reporting.asked import Asked
    from vigilog.reporting.frame import Frame
    from vigilog.reporting.log_files import Say

HELP = "report what services did over a range of days"
USAGE = 99
_VALUED: tuple[str, ...] = (
    "detail",
    "logfile",
    "logdir",
    "service",
    "mailto",
    "filename",
    "debug",
    "range",
    "hostname",
    "output",
    "format",
)
_VALUED += ("encode", "hostformat", "hostlimit", "html-wrap", "subject", "jobs", "logwatch-conf", "logwatch-base")
_SHORT = ("d", "l", "s", "m", "r", "o", "f", "e")
_PLAIN = ("archives", "numeric", "help", "usage", "version", "builtin", "compat-tai", "follow")


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog report` takes."""
    parser.usage_status = USAGE
    parser.usage = "vigilog report [--service NAME]... [--range RANGE] [--detail LEVEL] [--output WHERE] [OPTION]..."
    parser.description = (
        "Reports what services did over a range of time; without options what all of them did yesterday. Takes logwatch's\n"
        "switches and reads its files; what Vigilog counts itself needs none."
    )
    what = parser.add_argument_group("what is reported")
    what.add_argument(
        "--service",
        "-s",
        metavar="NAME",
        action="append",
        default=[],
        help="a service, `all`, or `-NAME` to leave one out of all",
    )
    what.add_argument(
        "--range",
        "-r",
        metavar="RANGE",
        help="yesterday (the default), today, all, a date, `between D and D`, ...; `help` tells more",
    )
    what.add_argument("--detail", "-d", metavar="LEVEL", help="low (0), med (5), high (10), or any number")
    what.add_argument("--numeric", "-n", action="store_true", help="addresses, ports and types stay numbers")
    what.add_argument("--builtin", action="store_true", help="what Vigilog can count itself it counts, scripts or not")
    what.add_argument(
        "--follow",
        action="store_true",
        help="running totals on the terminal: of today, or from the range's beginning on, and all that comes",
    )
    read = parser.add_argument_group("what is read")
    read.add_argument(
        "--logfile", "-l", metavar="GROUP", action="append", default=[], help="all services that read this log file group"
    )
    read.add_argument("--logdir", metavar="DIRECTORY", action="append", default=[], help="where logs are looked for, too")
    read.add_argument("--archives", "-a", action="store_true", help="read rotated logs, too (on unless logwatch.conf says no)")
    read.add_argument("--hostlimit", metavar="HOST,...", help="lines of these hosts only")
    read.add_argument(
        "--hostformat", metavar="FORMAT", help="none, split (a report for each host), or splitmail (a mail for each)"
    )
    read.add_argument(
        "--compat-tai", action="store_true", help="take TAI64N stamps for 10 seconds later than they are, as logwatch does"
    )
    read.add_argument(
        "--logwatch-conf", metavar="DIRECTORY", default="/etc/logwatch", help="the administrator's files (default: %(default)s)"
    )
    read.add_argument(
        "--logwatch-base", metavar="DIRECTORY", default="/usr/share/logwatch", help="the packaged files (default: %(default)s)"
    )
    read.add_argument("--jobs", metavar="NUMBER", type=count, default=1, help="processes that count (default: %(default)s)")
    where = parser.add_argument_group("where it goes")
    where.add_argument("--output", "-o", metavar="WHERE", help="stdout (the default), mail, or file")
    where.add_argument("--format", "-f", metavar="FORMAT", help="text (the default), html, or json")
    where.add_argument("--encode", "-e", metavar="ENCODING", help="none (the default), base64, 7bit, or 8bit")
    where.add_argument("--mailto", "-m", metavar="ADDRESS", help="mail it there; several addresses with blanks between them")
    where.add_argument("--subject", metavar="TEXT", help="the mail's subject")
    where.add_argument("--filename", metavar="FILE", help="write it there, over what is there")
    where.add_argument("--hostname", metavar="NAME", help="this host's name, as the report shows it")
    where.add_argument("--html-wrap", metavar="NUMBER", help="where words in HTML are parted at the latest (default: 80)")
    parser.add_argument(
        "--debug", metavar="LEVEL", help="what scripts find in LOGWATCH_DEBUG; from 5 on it is said what is done"
    )
    parser.add_argument("--usage", "-u", action="help", help="the same as --help")
    parser.add_argument("--version", "-v", action="store_true", help="the version, and that of logwatch whose report it is")


def prepared(words: list[str]) -> list[str]:
    """The words of a command line that logwatch would understand, for the parser."""
    return report_words.prepared(words, (*_VALUED, *_SHORT), _PLAIN)


def run(options: argparse.Namespace) -> int:
    """Reports, and gives 0. Raises core.errors."""
    from vigilog.reporting.frame import VERSION  # noqa: PLC0415 - `--help` needs nothing of this

    if options.version:
        print(f"vigilog {__version__} (reports like logwatch {VERSION})")
        return 0
    if options.range and "help" in options.range.lower():
        from vigilog.reporting.range_help import RANGE_HELP  # noqa: PLC0415 - for those who ask

        print(RANGE_HELP, file=sys.stderr)
        return 0
    from vigilog.core.clock import wall  # noqa: PLC0415
    from vigilog.reporting.delivery import deliver  # noqa: PLC0415
    from vigilog.reporting.producing import produce  # noqa: PLC0415

    if options.follow:
        from vigilog.cli.report_follow import followed  # noqa: PLC0415

        options.builtin = True
        options.range = options.range or "today"
        return followed(_asked(options, wall()), wall)
    asked = _asked(options, wall())
    read, finish = reading(options)
    try:
        reports = produce(asked, framed(wall), wall, read, say(asked))
    finally:
        finish()
    sys.stdout.flush()
    deliver(reports, asked, sys.stdout.buffer.write)
    return 0


def _asked(options: argparse.Namespace, now: float) -> Asked:
    from vigilog.config.logwatch import logwatch  # noqa: PLC0415
    from vigilog.report.services import SERVICES  # noqa: PLC0415
    from vigilog.reporting.asking import asked  # noqa: PLC0415

    own: tuple[str, ...] = (
        "range",
        "detail",
        "output",
        "format",
        "encode",
        "hostname",
        "hostlimit",
        "hostformat",
        "mailto",
        "subject",
    )
    own += ("filename", "html_wrap", "debug")
    given = {name: getattr(options, name) for name in own if getattr(options, name) is not None}
    given |= {name: "1" for name in ("archives", "numeric") if getattr(options, name)}
    return asked(
        logwatch(options.logwatch_base, options.logwatch_conf),
        given,
        now,
        services=options.service,
        groups=options.logfile,
        directories=options.logdir,
        built_in=SERVICES,
        prefer_built_in=options.builtin,
        compat_tai=options.compat_tai,
        jobs=options.jobs,
        terminal=sys.stdout.isatty(),
    )


def framed(clock: Clock) -> Callable[[Asked], Frame]:
    """What makes the frame that was asked for."""

    def frame(asked: Asked) -> Frame:
        from vigilog.reporting.frame import TextFrame  # noqa: PLC0415

        if asked.format == "json":
            from vigilog.reporting.frame_json import JsonFrame  # noqa: PLC0415 - one of three

            return JsonFrame(asked, clock)
        if asked.format == "html":
            from vigilog.reporting.frame_html import HtmlFrame  # noqa: PLC0415

            return HtmlFrame(asked, clock)
        return TextFrame(asked, clock)

    return frame


def say(asked: Asked) -> Say:
    """Where a line about files goes: before the report, as with logwatch, if it is text on standard output."""
    plain = asked.output == "stdout" and asked.format == "text" and asked.encode != "base64"
    return lambda line: print(visible(line), file=sys.stdout if plain else sys.stderr)


def reading(options: argparse.Namespace) -> tuple[Callable[[list[str], Say], Iterator[bytes]], Callable[[], None]]:
    """How files become blocks, told on a terminal as it goes, and what to call at the end."""
    from vigilog.reporting.log_files import blocks, size  # noqa: PLC0415

    if not sys.stderr.isatty() or options.debug:
        return blocks, lambda: None
    from vigilog.core.clock import wall  # noqa: PLC0415
    from vigilog.report.progress import Progress  # noqa: PLC0415 - on a terminal only

    def write(data: bytes) -> None:
        with suppress(OSError):
            sys.stderr.buffer.write(data)
            sys.stderr.buffer.flush()

    shown = [Progress(write, wall)]

    def told(paths: list[str], say: Say) -> Iterator[bytes]:
        shown[-1].finish()
        shown.append(Progress(write, wall, size(paths)))
        for block in blocks(paths, say):
            yield block
            shown[-1].advance(len(block), block.count(b"\n"))

    def finish() -> None:
        shown[-1].finish()

    return told, finish
