"""`vigilog blackbox recover`: writes the blocks of processes that died and could not do it themselves."""

from __future__ import annotations

import argparse
import os
import sys

from vigilog.cli.commands import Parser
from vigilog.cli.visible import visible
from vigilog.core.clock import local
from vigilog.core.errors import ConfigurationError, SourceError
from vigilog.core.nouns import Place

HELP = "write the blocks of processes that died, however they died"
DAMAGED = 1


def arguments(parser: Parser) -> None:
    """Tells `parser` what `vigilog blackbox recover` takes."""
    parser.description = (
        "Writes an UNTIMELY DEATH block for each session that was open in a process which is dead, out of what it kept in\n"
        "DIRECTORY, and says which processes these were. The next start of the same service does the same by itself, and so\n"
        "does `vigilog run`."
    )
    parser.add_argument("directory", metavar="DIRECTORY", help="where processes keep their messages")
    parser.add_argument("--file", metavar="FILE", help="where blocks are written (default: the file that each process named)")
    parser.add_argument("--service", metavar="NAME", help="processes of this service only")


def run(options: argparse.Namespace) -> int:
    """Recovers, says what was done, and gives 0; 1 if something was damaged or could not be written. Raises SourceError,
    ConfigurationError."""
    from vigilog.blackbox.recovery import recover  # noqa: PLC0415 - wrong options need nothing of this

    if options.file is not None and not options.file.startswith("/"):
        raise ConfigurationError(f"--file {options.file}", expected="a path from the root, beginning with /")
    troubles: list[str] = []
    try:
        done = recover(os.path.abspath(options.directory), options.file, service=options.service, notice=troubles.append)
    except OSError as error:
        raise SourceError(
            f"cannot be read: {error.strerror}", place=Place(options.directory), expected="a directory"
        ) from error
    for process in done.processes:
        service = f" ({process.service})" if process.service else ""
        seen = f"{local(process.last_seen):%Y-%m-%d %H:%M:%S}"
        print(visible(f"process {process.pid}{service}, begun {local(process.began):%Y-%m-%d %H:%M:%S}, last seen {seen}"))
    print(f"{len(done.processes)} dead, {done.blocks} blocks written")
    for trouble in troubles:
        print(f"vigilog blackbox recover: {visible(trouble)}", file=sys.stderr)
    return DAMAGED if troubles or done.damaged else 0
