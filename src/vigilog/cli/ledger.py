"""`vigilog ledger check`: the requests that began and did not end; check_forensic and what it cannot see."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from vigilog.cli.commands import Parser
from vigilog.cli.ledger_output import Output
from vigilog.cli.visible import visible
from vigilog.config.durations import seconds
from vigilog.core.clock import wall
from vigilog.core.errors import SourceError
from vigilog.ledger.check import by_id, unfinished
from vigilog.ledger.opened_lines import Opened
from vigilog.ledger_files import STANDARD_INPUT, LedgerFile, in_two
from vigilog.parse.forensic_pairs import began

HELP = "name the requests that began and did not end, as check_forensic does"
FINDINGS, UNREADABLE = 1, 2
HANGING = 30.0
"""Seconds after which --follow calls a request hanging, if nothing else is said."""


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog ledger check` takes."""
    parser.description = (
        "Prints the `+` line of each request that has no `-` line in a ledger: of Apache's mod_log_forensic, or of Vigilog's\n"
        "own. Takes the place of check_forensic. Files of one log are read as one ledger, oldest first."
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a ledger, packed or not; - is standard input")
    parser.add_argument(
        "--order",
        choices=("id", "file"),
        default="id",
        help="id: by ID, as check_forensic has it; file: as in the ledger. The last three options have orders of their own",
    )
    parser.add_argument(
        "--older-than", metavar="DURATION", type=duration, help="only requests that began so long ago (30s, 5m, 1h30m)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object to a line")
    parser.add_argument("--strict", action="store_true", help="status 1 if something was found")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument(
        "--all", action="store_true", help="all findings: also lone ends, IDs used twice, torn lines, damaged escapes"
    )
    modes.add_argument(
        "--blackbox",
        metavar="DIRECTORY",
        help="say which of them a process had when it died; its black box kept its record there",
    )
    modes.add_argument(
        "--follow", action="store_true", help=f"go on as the ledger grows, and name what hangs (longer than {HANGING:.0f}s)"
    )


def duration(text: str) -> float:
    """The seconds of a duration. Raises what argparse expects of a type."""
    found = seconds(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is no duration such as 30s, 5m or 1h30m")
    return found


def run(options: argparse.Namespace) -> int:
    """Checks, prints what was found, and gives the exit status."""
    output = Output(sys.stdout, as_json=options.format == "json")
    failed: list[str] = []

    def tell(text: str) -> None:
        failed.append(text)
        sys.stdout.flush()
        print(f"vigilog ledger check: {visible(text)}", file=sys.stderr)

    with ExitStack() as opened:
        found = followed(options, opened, output, tell) if options.follow else 0
        for paths in () if options.follow else kin(options.files):
            try:
                found += check(readable(paths, opened, tell), options, output)
            except SourceError as error:
                tell(str(error))
    if failed:
        return UNREADABLE
    return FINDINGS if found and options.strict else 0


def kin(paths: list[str]) -> list[list[str]]:
    """The files of each ledger, oldest first."""
    if len(paths) == 1:
        return [paths]
    from vigilog.watch.families import families  # noqa: PLC0415 - only where there is a choice

    return families(paths)


def readable(paths: Iterable[str], opened: ExitStack, tell: Callable[[str], None]) -> list[LedgerFile]:
    """Those of the files that can be opened; of the others it is told why not."""
    files = []
    for path in paths:
        try:
            file = LedgerFile(path, tell)
        except SourceError as error:
            tell(str(error))
        else:
            opened.callback(file.close)
            files.append(file)
    return files


def check(files: list[LedgerFile], options: argparse.Namespace, output: Output) -> int:
    """Checks one ledger and gives how much was found. Raises SourceError."""
    if options.all:
        return examined(files, options.older_than, output)
    found = unfinished(*in_two(files))
    now = wall()
    old = tuple(line for line in found if is_older(line.id, options.older_than, now))
    if options.blackbox:
        return flown(options.blackbox, old, output)
    for line in by_id(old) if options.order == "id" else old:
        output.opened(line)
    return len(old)


def examined(files: list[LedgerFile], least: float | None, output: Output) -> int:
    """Prints every finding, as it is found. Gives how many that are."""
    from vigilog.ledger.examine import examine  # noqa: PLC0415 - only then

    number = 0
    now = wall()
    for finding in examine([each for file in files for each in file.inputs()]):
        if finding.kind != "open" or is_older(finding.id, least, now):
            output.finding(finding)
            number += 1
    return number


def flown(directory: str, lines: Iterable[Opened], output: Output) -> int:
    """Prints the open requests by the processes that had them when they died."""
    from vigilog.in_flight import recorded  # noqa: PLC0415 - only then
    from vigilog.ledger.flight import flights  # noqa: PLC0415

    found = flights(tuple(lines), recorded(directory))
    for flight in found.died:
        if flight.lines:
            output.flight(flight)
    output.others(found.others)
    return len(found.others) + sum(len(flight.lines) for flight in found.died)


def is_older(identity: bytes, least: float | None, now: float) -> bool:
    """Whether a request began at least so many seconds before `now`; where its ID does not tell that, it may have."""
    moment = None if least is None else began(identity, now)
    return least is None or moment is None or moment <= now - least


def followed(options: argparse.Namespace, opened: ExitStack, output: Output, tell: Callable[[str], None]) -> int:
    """Prints what hangs, and ends when nothing can come any more. Gives how many there were. Raises SourceError."""
    from vigilog.ledger_follow import follow  # noqa: PLC0415 - only then

    ledgers = kin(options.files)
    older = [[each for file in readable(paths[:-1], opened, tell) for each in file.inputs()] for paths in ledgers]
    specs = [paths[-1] if paths[-1] == STANDARD_INPUT else f"file:{paths[-1]}" for paths in ledgers]
    least = HANGING if options.older_than is None else options.older_than
    found = 0
    for happened in follow(older, specs, least, wall, tell):
        found += happened.what == "hanging"
        output.happened(happened)
        sys.stdout.flush()
    return found
